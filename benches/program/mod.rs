//! The exporter's own program as a child, and requests to it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread;

/// The ticks of /proc in a second, the same on every Linux that the exporter is built for.
const TICKS: f64 = 100.0;

pub(crate) fn get(address: &str, path: &str, coding: &str) -> (String, Vec<u8>) {
    let mut connection = BufReader::new(TcpStream::connect(address).expect("it listens"));
    ask(&mut connection, path, coding, "close");
    answer(&mut connection)
}

pub(crate) fn ask(connection: &mut BufReader<TcpStream>, path: &str, coding: &str, then: &str) {
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: localhost\r\naccept-encoding: {coding}\r\nconnection: {then}\r\n\r\n"
    );
    connection.get_mut().write_all(request.as_bytes()).expect("it reads");
}

pub(crate) fn answer(connection: &mut BufReader<TcpStream>) -> (String, Vec<u8>) {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(connection.read_line(&mut head).expect("it answers"), 0, "it closed: {head}");
    }
    let small = head.to_ascii_lowercase();
    let length = small.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length = length.and_then(|length| length.parse().ok()).expect("a length");
    let mut body = vec![0; length];
    connection.read_exact(&mut body).expect("a whole body");
    (head, body)
}

/// The exporter's own program, ended when dropped.
pub(crate) struct Program {
    process: Child,
    pub(crate) address: String,
    /// The simulated billing account, where the program is `simulate`.
    pub(crate) account: String,
}

impl Program {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_azure-billing-exporter"))
            .args(arguments)
            .args(["--web.listen-address", "127.0.0.1:0"])
            .env_clear()
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut log = BufReader::new(process.stderr.take().expect("a pipe"));
        let (mut line, mut account) = (String::new(), String::new());
        let value = |line: &str, key: &str| {
            let rest = line.split(key).nth(1)?;
            Some(rest.split([' ', '\n']).next()?.trim_matches('"').to_owned())
        };
        let address = loop {
            line.clear();
            assert_ne!(log.read_line(&mut line).expect("a log"), 0, "it ended");
            if line.contains("kind=billing_account") {
                account = value(&line, " id=").expect("an id");
            }
            if let Some(address) = value(&line, "address=") {
                break address;
            }
        };
        thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Self { process, address, account }
    }

    fn proc(&self, file: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{file}", self.process.id())).expect("it runs")
    }

    /// Returns the seconds of CPU so far, user and system.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        let stat = self.proc("stat");
        let fields: Vec<&str> = stat.rsplit(") ").next().expect("fields").split(' ').collect();
        let ticks = |place: usize| fields[place].parse::<f64>().expect("a number");
        (ticks(11) + ticks(12)) / TICKS
    }

    /// Returns the resident memory now and at its peak, in MB.
    pub(crate) fn memory(&self) -> (f64, f64) {
        let status = self.proc("status");
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a line");
            let kilobytes = line.trim().trim_end_matches(" kB").parse::<f64>();
            kilobytes.expect("a number") * 1024.0 / 1e6
        };
        (field("VmRSS:"), field("VmHWM:"))
    }
}

/// Returns the number of samples in an exposition.
pub(crate) fn series(text: &[u8]) -> usize {
    let lines = text.split(|byte| *byte == b'\n');
    lines.filter(|line| line.first().is_some_and(u8::is_ascii_lowercase)).count()
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
