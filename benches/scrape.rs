//! A hundred thousand series under load, on loopback: 50 scrapers that ask for gzip as fast as they
//! can, for 10 seconds. Prints what a scrape costs the server and how long it takes; asserts that
//! none fails, and nothing about time. `make bench-scrape`.

#![expect(clippy::expect_used, reason = "a bench fails by panicking")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const SCRAPERS: usize = 50;
const SPAN: Duration = Duration::from_secs(10);
/// Two series each: cost and usage.
const RESOURCES: usize = 50_000;
/// Ticks of /proc a second, on every Linux that is built for.
const TICKS: f64 = 100.0;

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let resources = RESOURCES.to_string();
    let azure = Program::start(&[
        "simulate",
        "--resources",
        &resources,
        "--days",
        "31",
        "--rows",
        "200000",
    ]);
    let config = format!(
        "azure:\n  endpoint: http://{}\n  auth: {{method: token, token: a-token}}\n  requests_per_minute: {{billing_account: 100000, department: 1, enrollment_account: 1, subscription: 1}}\nscopes:\n  - {{billing_account: \"{}\"}}\nmetrics: {{instances: {{max_series: 1000000}}}}\n",
        azure.address, azure.account
    );
    let path = folder.path().join("config.yaml");
    std::fs::write(&path, config).expect("room for a file");
    let path = path.to_str().expect("a path");
    let server = Program::start(&["serve", "--config.file", path, "--web.max-requests", "0"]);
    while !get(&server.address, "/-/ready", "identity").0.starts_with("HTTP/1.1 200") {
        thread::sleep(Duration::from_millis(200));
    }
    let (_, text) = get(&server.address, "/metrics", "identity");
    let series = text
        .split(|byte| *byte == b'\n')
        .filter(|line| line.first().is_some_and(u8::is_ascii_lowercase))
        .count();
    let (_, packed) = get(&server.address, "/metrics", "gzip");
    println!("{series} series, {} bytes, {} bytes with gzip", text.len(), packed.len());
    println!(
        "peak memory of the server so far: {} (text body: {} kB)",
        server.peak_memory(),
        text.len() / 1024
    );
    let before = server.cpu_seconds();
    let scrapers: Vec<_> = (0..SCRAPERS)
        .map(|_| {
            let address = server.address.clone();
            thread::spawn(move || scrape(&address))
        })
        .collect();
    let mut took: Vec<Duration> =
        scrapers.into_iter().flat_map(|scraper| scraper.join().expect("no error")).collect();
    let cpu = server.cpu_seconds() - before;
    took.sort_unstable();
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize];
    println!("{} scrapes by {SCRAPERS} scrapers in {SPAN:?}, no error", took.len());
    println!("server CPU per scrape: {:.3} ms", cpu * 1e3 / took.len() as f64);
    println!("p50 {:?}, p99 {:?}", at(0.5), at(0.99));
}

/// How long each scrape of one scraper took, over one connection.
fn scrape(address: &str) -> Vec<Duration> {
    let mut connection = BufReader::new(TcpStream::connect(address).expect("it listens"));
    let start = Instant::now();
    let mut took = Vec::new();
    while start.elapsed() < SPAN {
        let began = Instant::now();
        ask(&mut connection, "/metrics", "gzip", "keep-alive");
        let (head, body) = answer(&mut connection);
        assert!(head.starts_with("HTTP/1.1 200 ") && !body.is_empty(), "{head}");
        took.push(began.elapsed());
    }
    took
}

fn get(address: &str, path: &str, coding: &str) -> (String, Vec<u8>) {
    let mut connection = BufReader::new(TcpStream::connect(address).expect("it listens"));
    ask(&mut connection, path, coding, "close");
    answer(&mut connection)
}

fn ask(connection: &mut BufReader<TcpStream>, path: &str, coding: &str, then: &str) {
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: x\r\naccept-encoding: {coding}\r\nconnection: {then}\r\n\r\n"
    );
    connection.get_mut().write_all(request.as_bytes()).expect("it reads");
}

fn answer(connection: &mut BufReader<TcpStream>) -> (String, Vec<u8>) {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(connection.read_line(&mut head).expect("it answers"), 0, "it closed: {head}");
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length = length.and_then(|length| length.parse().ok()).expect("a length");
    let mut body = vec![0; length];
    connection.read_exact(&mut body).expect("a whole body");
    (head, body)
}

/// The exporter's own program, ended with the value.
struct Program {
    process: Child,
    address: String,
    /// Of the simulated billing account, where it is `simulate`.
    account: String,
}

impl Program {
    fn start(arguments: &[&str]) -> Self {
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

    fn cpu_seconds(&self) -> f64 {
        let stat = self.proc("stat");
        let fields: Vec<&str> = stat.rsplit(") ").next().expect("fields").split(' ').collect();
        let ticks = |place: usize| fields[place].parse::<f64>().expect("a number");
        (ticks(11) + ticks(12)) / TICKS
    }

    fn peak_memory(&self) -> String {
        let status = self.proc("status");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak.expect("a peak").trim().to_owned()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
