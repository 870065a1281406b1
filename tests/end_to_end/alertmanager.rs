//! An Alertmanager for one test, with the receiver of its webhooks.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::prometheus::send;

/// Far above what a busy machine needs.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) struct Alertmanager {
    process: Child,
    pub(crate) address: SocketAddr,
    _folder: TempDir,
}

impl Alertmanager {
    /// Starts with a configuration, and returns when it is ready.
    pub(crate) fn start(config: &str) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        fs::write(folder.path().join("alertmanager.yml"), config).expect("room for a file");
        let log = File::create(folder.path().join("log")).expect("room for a file");
        let process = Command::new("prometheus-alertmanager")
            .current_dir(&folder)
            .args([
                "--config.file=alertmanager.yml",
                "--storage.path=data",
                "--web.listen-address=127.0.0.1:0",
                "--cluster.listen-address=",
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| {
                panic!("cannot start prometheus-alertmanager ({error}): run `make tools`")
            });
        let unknown = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut server = Self { process, address: unknown, _folder: folder };
        let log = server._folder.path().join("log");
        server.address = wait_for("its port", || {
            let log = fs::read_to_string(&log).expect("the log");
            let line = log.lines().find(|line| line.contains("\"Listening on\""))?.to_owned();
            line.split("address=").nth(1)?.split_whitespace().next()?.parse().ok()
        });
        wait_for("readiness", || send(server.address, "GET", "/-/ready", b"").ok());
        server
    }

    /// Returns the labels of the alerts of a name that another one inhibits.
    pub(crate) fn withheld(&self, name: &str) -> Vec<Value> {
        let body = send(self.address, "GET", "/api/v2/alerts", b"").expect("an answer");
        let alerts: Vec<Value> = serde_json::from_str(&body).expect("JSON");
        let is_withheld = |alert: &Value| {
            alert["labels"]["alertname"] == name
                && alert["status"]["inhibitedBy"].as_array().is_some_and(|by| !by.is_empty())
        };
        alerts.into_iter().filter(is_withheld).map(|mut alert| alert["labels"].take()).collect()
    }
}

impl Drop for Alertmanager {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Repeats a check until it finds something.
pub(crate) fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < PATIENCE, "there is no {what}");
        sleep(Duration::from_millis(100));
    }
}

/// A message: the path of the webhook, and what was sent there.
pub(crate) type Message = (String, Value);

/// The receiver of Alertmanager's messages.
pub(crate) struct Webhook {
    pub(crate) address: SocketAddr,
    messages: Arc<Mutex<Vec<Message>>>,
}

impl Webhook {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let messages = Arc::new(Mutex::new(Vec::new()));
        let kept = messages.clone();
        // It ends with the process: nothing waits for it.
        std::thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                if let Some(message) = receive(connection) {
                    kept.lock().expect("no panic").push(message);
                }
            }
        });
        Self { address, messages }
    }

    /// Returns the firing alerts of a name, with the message that they came in.
    pub(crate) fn alerts(&self, name: &str) -> Vec<(Message, Value)> {
        let messages = self.messages.lock().expect("no panic").clone();
        let firing = messages.into_iter().flat_map(|message| {
            let alerts = message.1["alerts"].as_array().cloned().unwrap_or_default();
            alerts.into_iter().map(move |alert| (message.clone(), alert))
        });
        firing
            .filter(|(_, alert)| {
                alert["status"] == "firing" && alert["labels"]["alertname"] == name
            })
            .collect()
    }
}

fn receive(connection: TcpStream) -> Option<Message> {
    connection.set_read_timeout(Some(PATIENCE)).ok()?;
    let mut reader = BufReader::new(connection);
    let (mut line, mut length) = (String::new(), 0);
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        match line.trim().to_lowercase().split_once(": ") {
            Some(("content-length", value)) => length = value.parse().ok()?,
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    reader.get_mut().write_all(answer).ok()?;
    Some((path, serde_json::from_slice(&body).ok()?))
}
