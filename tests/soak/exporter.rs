//! The real program that is observed: started, scraped, killed, and its memory and descriptors.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::time::Duration;

use flate2::read::GzDecoder;

use crate::process::Running;

const TIMEOUT: Duration = Duration::from_secs(30);

/// The way in which an exporter ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Killed at once, at any point.
    Killed,
    /// Ended by the signal of a service manager.
    Terminated,
    /// Killed at once, and its stored days deleted.
    Forgotten,
}

/// An exporter with a folder of its own.
pub(crate) struct Exporter {
    folder: tempfile::TempDir,
    running: Running,
    address: String,
}

/// The resources that it uses at a moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    /// Resident memory in MB.
    pub(crate) memory: f64,
    pub(crate) descriptors: usize,
}

impl Exporter {
    /// Starts an exporter; `config` makes the configuration from the path of the stored days.
    pub(crate) fn start(config: impl FnOnce(PathBuf) -> String) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let text = config(folder.path().join("state.redb"));
        std::fs::write(folder.path().join("config.yaml"), text).expect("room for a file");
        let (running, address) = run(&folder);
        Self { folder, running, address }
    }

    /// Ends it in some way and starts it again.
    pub(crate) fn restart(&mut self, end: End) {
        self.running.signal(if end == End::Terminated { "TERM" } else { "KILL" });
        let status = self.running.end();
        assert!(end != End::Terminated || status.success(), "it ended with {status}");
        if end == End::Forgotten {
            std::fs::remove_file(self.folder.path().join("state.redb")).expect("stored days");
        }
        (self.running, self.address) = run(&self.folder);
    }

    /// Scrapes: in turns plain and compressed, in both formats. Returns `None` if there was no
    /// answer.
    pub(crate) fn scrape(&self, number: u64) -> Option<String> {
        let coding = if number.is_multiple_of(2) { "identity" } else { "gzip" };
        let format = match number % 4 {
            0 | 1 => "text/plain",
            _ => "application/openmetrics-text; version=1.0.0",
        };
        let mut socket = TcpStream::connect(&self.address).ok()?;
        socket.set_read_timeout(Some(TIMEOUT)).ok()?;
        let request = format!(
            "GET /metrics HTTP/1.1\r\nhost: {}\r\naccept: {format}\r\naccept-encoding: {coding}\r\nconnection: close\r\n\r\n",
            self.address
        );
        socket.write_all(request.as_bytes()).ok()?;
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).ok()?;
        let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
        let (head, body) = answer.split_at(end + 4);
        if !head.starts_with(b"HTTP/1.1 200") {
            return None;
        }
        let mut text = String::new();
        if coding == "gzip" {
            GzDecoder::new(body).read_to_string(&mut text).expect("a gzip member of text");
        } else {
            text = String::from_utf8(body.to_vec()).expect("text");
        }
        Some(text)
    }

    pub(crate) fn usage(&self) -> Usage {
        let folder = format!("/proc/{}", self.running.id());
        let status = std::fs::read_to_string(format!("{folder}/status")).expect("it runs");
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = resident.and_then(|line| line.trim().strip_suffix(" kB"));
        let kilobytes: f64 = kilobytes.and_then(|number| number.parse().ok()).expect("a number");
        let descriptors = std::fs::read_dir(format!("{folder}/fd")).expect("it runs").count();
        Usage { memory: kilobytes * 1024.0 / 1e6, descriptors }
    }

    /// Returns the peak of its memory, in MB.
    pub(crate) fn peak_memory(&self) -> f64 {
        self.running.peak_memory() as f64 / 1e6
    }
}

fn run(folder: &tempfile::TempDir) -> (Running, String) {
    let config = folder.path().join("config.yaml");
    let config = config.to_str().expect("a path");
    let arguments = ["serve", "--config.file", config, "--web.listen-address", "127.0.0.1:0"];
    let mut running = Running::start(&arguments);
    let address = running.address();
    (running, address)
}
