//! A Prometheus server for each test: free port, empty storage, removed with the test.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use url::form_urlencoded;

/// Far above what a busy machine needs, so that a timeout means a fault.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Prometheus {
    process: Child,
    address: SocketAddr,
    /// Configuration, storage and log; removed after the process.
    folder: TempDir,
}

/// One element of the answer to an instant query.
#[derive(Debug, PartialEq)]
pub(crate) struct Sample {
    pub(crate) labels: BTreeMap<String, String>,
    /// The value as Prometheus writes it, so that no digit is lost on the way to an assertion.
    pub(crate) value: String,
}

impl Prometheus {
    /// Starts to scrape `target` every second, and returns when queries are answered.
    pub(crate) fn start(target: SocketAddr, scheme: &str, path: &str) -> Self {
        let tls = "tls_config: {insecure_skip_verify: true}";
        Self::scraping(
            target,
            &[&format!("scheme: {scheme}"), &format!("metrics_path: {path}"), tls],
        )
    }

    /// Starts to scrape with settings for its scrape.
    pub(crate) fn scraping(target: SocketAddr, settings: &[&str]) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let config = scrape_config(target, settings);
        Self::of(folder, &config, &[])
    }

    /// Starts in a folder, which may have `data` already, and returns when queries are answered.
    pub(crate) fn of(folder: TempDir, config: &str, flags: &[&str]) -> Self {
        fs::write(folder.path().join("prometheus.yml"), config).expect("room for a file");
        let process = spawn(&folder, flags);
        let unknown = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut prometheus = Self { process, address: unknown, folder };
        prometheus.address = prometheus.wait_for("its port", Self::port_in_log);
        prometheus.wait_for("readiness", |prometheus| {
            send(prometheus.address, "GET", "/-/ready", b"").ok()
        });
        prometheus
    }

    /// Returns the samples that an instant query finds now.
    pub(crate) fn query(&self, promql: &str) -> Vec<Sample> {
        query(self.address, promql, None)
    }

    /// Returns the address it listens on.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Runs a query, but waits for the scrapes that fill it.
    pub(crate) fn query_until_found(&self, promql: &str) -> Vec<Sample> {
        self.wait_for(promql, |prometheus| {
            Some(prometheus.query(promql)).filter(|samples| !samples.is_empty())
        })
    }

    fn wait_for<T>(&self, what: &str, look: impl Fn(&Self) -> Option<T>) -> T {
        let start = Instant::now();
        loop {
            if let Some(found) = look(self) {
                return found;
            }
            assert!(
                start.elapsed() < PATIENCE,
                "Prometheus did not come to {what}:\n{}",
                self.log()
            );
            sleep(Duration::from_millis(50));
        }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).expect("the log")
    }

    /// Returns the port from the log. The system chose it, so that tests can run in parallel.
    fn port_in_log(&self) -> Option<SocketAddr> {
        let log = self.log();
        let line = log.lines().find(|line| line.contains("\"Listening on\""))?;
        line.split("address=").nth(1)?.split_whitespace().next()?.parse().ok()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        // It may have ended by itself; it has nothing to save in any case.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Returns a configuration that scrapes one target every second; VictoriaMetrics reads it too.
pub(crate) fn scrape_config(target: SocketAddr, settings: &[&str]) -> String {
    let settings: String = settings.iter().map(|setting| format!("  {setting}\n")).collect();
    format!(
        "global: {{scrape_interval: 1s, scrape_timeout: 1s}}\n\
         scrape_configs:\n\
         - job_name: exporter\n{settings}  \
           static_configs: [{{targets: [\"{target}\"]}}]\n"
    )
}

fn spawn(folder: &TempDir, flags: &[&str]) -> Child {
    let log = File::create(folder.path().join("log")).expect("room for a file");
    Command::new("prometheus")
        .current_dir(folder)
        .args([
            "--config.file=prometheus.yml",
            "--storage.tsdb.path=data",
            "--web.listen-address=127.0.0.1:0",
        ])
        .args(flags)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start prometheus ({error}): run `make tools`"))
}

/// Returns the samples that an instant query finds at a moment, or now. Others answer it as
/// Prometheus does.
pub(crate) fn query(address: SocketAddr, promql: &str, at: Option<i64>) -> Vec<Sample> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("query", promql);
    if let Some(at) = at {
        query.append_pair("time", &at.to_string());
    }
    let path = format!("/api/v1/query?{}", query.finish());
    let body = send(address, "GET", &path, b"").expect("an answer");
    let answer: Value = serde_json::from_str(&body).expect("JSON");
    let result = answer["data"]["result"].as_array().unwrap_or_else(|| panic!("{promql}: {body}"));
    result.iter().map(sample).collect()
}

/// Returns the body of a good answer. HTTP/1.0 keeps it in one piece, which ends with the
/// connection.
pub(crate) fn send(
    address: SocketAddr,
    method: &str,
    path: &str,
    body: &[u8],
) -> io::Result<String> {
    let mut connection = TcpStream::connect_timeout(&address, PATIENCE)?;
    connection.set_read_timeout(Some(PATIENCE))?;
    let length = body.len();
    write!(
        connection,
        "{method} {path} HTTP/1.0\r\nHost: {address}\r\nContent-Length: {length}\r\n\r\n"
    )?;
    connection.write_all(body)?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer)?;
    match answer.split_once("\r\n\r\n") {
        Some((head, body)) if matches!(head.split(' ').nth(1), Some("200" | "204")) => {
            Ok(body.to_owned())
        }
        _ => Err(io::Error::other(answer)),
    }
}

fn sample(result: &Value) -> Sample {
    let labels = result["metric"].as_object().expect("labels");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    Sample {
        labels: labels.iter().map(|(name, value)| (name.clone(), text(value))).collect(),
        value: text(&result["value"][1]),
    }
}
