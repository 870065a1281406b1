//! A VictoriaMetrics for one test: free port, empty storage, removed with the test.

use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::prometheus::send;

/// Far above what a busy machine needs.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct VictoriaMetrics {
    process: Child,
    pub(crate) address: SocketAddr,
    folder: TempDir,
}

impl VictoriaMetrics {
    /// Starts with a retention such as `5y`, and returns when it answers.
    pub(crate) fn start(retention: &str) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let log = File::create(folder.path().join("log")).expect("room for a file");
        // It does not report a port that the system chose.
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let address = free.expect("a port");
        let process = Command::new("victoria-metrics")
            .current_dir(&folder)
            .arg("-storageDataPath=data")
            .arg(format!("-retentionPeriod={retention}"))
            .arg(format!("-httpListenAddr={address}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| {
                panic!("cannot start victoria-metrics ({error}): run `make tools`")
            });
        let server = Self { process, address, folder };
        let start = Instant::now();
        while send(address, "GET", "/health", b"").is_err() {
            assert!(start.elapsed() < PATIENCE, "it does not answer:\n{}", server.log());
            sleep(Duration::from_millis(50));
        }
        server
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).expect("the log")
    }

    /// Imports a file as it is, and makes it visible.
    pub(crate) fn import(&self, file: &[u8]) {
        send(self.address, "POST", "/api/v1/import/prometheus", file).expect("it takes the file");
        send(self.address, "GET", "/internal/force_flush", b"").expect("it flushes");
    }
}

impl Drop for VictoriaMetrics {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
