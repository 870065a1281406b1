//! Runs the program, and ends it by its id.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// Much longer than anything here takes, also while others use the machine.
const LIMIT: Duration = Duration::from_secs(120);

pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_azure-billing-exporter"));
    // It inherits nothing from the user who runs the tests.
    command.env_clear().stdin(Stdio::null());
    command
}

/// Runs a program that ends by itself: returns exit code, standard output, standard error.
pub(crate) fn run(arguments: &[&str], environment: &[(&str, &str)]) -> (i32, String, String) {
    let output = program()
        .args(arguments)
        .envs(environment.iter().copied())
        .output()
        .expect("the program starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (output.status.code().expect("an exit code"), text(output.stdout), text(output.stderr))
}

/// A running program, killed when dropped.
pub(crate) struct Running {
    child: Child,
    log: Receiver<String>,
    pub(crate) seen: Vec<String>,
}

impl Running {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_in(arguments, &[])
    }

    /// Starts the program with an environment.
    pub(crate) fn start_in(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut command = program();
        command.args(arguments).envs(environment.iter().copied());
        Self::of(command)
    }

    /// Starts a program that the caller has prepared.
    pub(crate) fn of(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let (sender, log) = channel();
        for stream in [
            Box::new(child.stderr.take().expect("a pipe")) as Box<dyn Read + Send>,
            Box::new(child.stdout.take().expect("a pipe")),
        ] {
            let sender = sender.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    if sender.send(line).is_err() {
                        break;
                    }
                }
            });
        }
        Self { child, log, seen: Vec::new() }
    }

    /// Returns the first line from now on that contains a text.
    pub(crate) fn line_with(&mut self, text: &str) -> String {
        let deadline = Instant::now() + LIMIT;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(line) = self.log.recv_timeout(left) else {
                panic!("no line with {text:?} in {:#?}", self.seen);
            };
            self.seen.push(line.clone());
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Returns all lines to the end, which the caller has caused.
    pub(crate) fn lines_to_the_end(&mut self) -> &[String] {
        self.seen.extend(self.log.iter());
        &self.seen
    }

    /// Returns the peak of its memory, in bytes.
    pub(crate) fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("a running process");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
        kilobytes.and_then(|number| number.parse::<u64>().ok()).expect("a number") * 1024
    }

    /// Returns the address that it logs.
    pub(crate) fn address(&mut self) -> String {
        let line = self.line_with("address=");
        let address = line.split("address=").nth(1).and_then(|rest| rest.split(' ').next());
        address.expect("an address").trim_matches('"').to_owned()
    }

    /// Returns the id of its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([&format!("-{signal}"), &id]).status().expect("kill");
        assert!(sent.success());
    }

    /// Waits for the end.
    pub(crate) fn end(&mut self) -> ExitStatus {
        let started = Instant::now();
        while started.elapsed() < LIMIT {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return status;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("still running after {LIMIT:?}: {:#?}", self.seen);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a request to the program's server, and returns status, head and body.
pub(crate) fn request(
    address: &str,
    method: &str,
    path: &str,
    accept: &str,
) -> (u16, String, String) {
    let mut socket = TcpStream::connect(address).expect("it listens");
    socket.set_read_timeout(Some(LIMIT)).expect("a timeout");
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\naccept: {accept}\r\nconnection: close\r\n\r\n"
    );
    socket.write_all(request.as_bytes()).expect("it reads");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).expect("it answers");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, head.to_lowercase(), body.to_owned())
}

pub(crate) fn get(address: &str, path: &str) -> (u16, String) {
    let (status, _, body) = request(address, "GET", path, "*/*");
    (status, body)
}
