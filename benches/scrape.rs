//! Scrapes on loopback, of 10,000, 100,000 and 1,000,000 series: by scrapers that send requests as
//! fast as they can, with and without gzip, and by a real Prometheus. Prints the server's cost of a
//! scrape and the time it takes; asserts that none fails, and nothing about time.
//!
//! `cargo bench --bench scrape [-- SERIES…]`. `make bench-scrape`.

#![expect(clippy::expect_used, reason = "a bench fails by panicking")]

mod program;

use std::io::BufReader;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use program::{Program, answer, ask, get, series};

const SCRAPERS: usize = 50;
const SPAN: Duration = Duration::from_secs(5);
/// The interval at which Prometheus scrapes, and the time for which it is watched.
const INTERVAL: Duration = Duration::from_secs(5);
const WATCHED: Duration = Duration::from_secs(32);

fn main() {
    let arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with('-'));
    let mut sizes: Vec<u32> =
        arguments.map(|argument| argument.parse().expect("a number")).collect();
    if sizes.is_empty() {
        sizes = vec![10_000, 100_000, 1_000_000];
    }
    for size in sizes {
        measure(size);
    }
}

fn measure(size: u32) {
    let folder = tempfile::tempdir().expect("a folder");
    let server = server(folder.path(), size);
    let (_, text) = get(&server.address, "/metrics", "identity");
    let (_, packed) = get(&server.address, "/metrics", "gzip");
    println!(
        "{} series, {:.1} MB, {:.2} MB with gzip; peak memory of the server {:.0} MB",
        series(&text),
        text.len() as f64 / 1e6,
        packed.len() as f64 / 1e6,
        server.memory().1
    );
    drop((text, packed));
    for coding in ["gzip", "identity"] {
        load(&server, coding);
    }
    watch(&server, folder.path());
}

/// Starts an exporter that has read as many series, half of cost and half of usage.
fn server(folder: &Path, size: u32) -> Program {
    let (resources, rows) = ((size / 2).to_string(), (size * 2).to_string());
    let azure =
        Program::start(&["simulate", "--resources", &resources, "--days", "24", "--rows", &rows]);
    let config = format!(
        "azure:\n  endpoint: http://{}\n  auth: {{method: token, token: a-token}}\n  requests_per_minute: {{billing_account: 100000}}\nscopes:\n  - {{billing_account: \"{}\", read: cost_details}}\nmetrics: {{instances: {{max_series: 1000000}}}}\n",
        azure.address, azure.account
    );
    let path = folder.join("config.yaml");
    std::fs::write(&path, config).expect("room for a file");
    let path = path.to_str().expect("a path");
    let server = Program::start(&["serve", "--config.file", path, "--web.max-requests", "0"]);
    while !get(&server.address, "/-/ready", "identity").0.starts_with("HTTP/1.1 200") {
        thread::sleep(Duration::from_millis(200));
    }
    server
}

/// Scrapes as fast as possible.
fn load(server: &Program, coding: &'static str) {
    let before = server.cpu_seconds();
    let scrapers: Vec<_> = (0..SCRAPERS)
        .map(|_| {
            let address = server.address.clone();
            thread::spawn(move || scrape(&address, coding))
        })
        .collect();
    let mut took: Vec<Duration> =
        scrapers.into_iter().flat_map(|scraper| scraper.join().expect("no error")).collect();
    let cpu = server.cpu_seconds() - before;
    took.sort_unstable();
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    println!(
        "  {coding}: {} scrapes by {SCRAPERS} scrapers, no error; {:.3} ms of CPU each, p50 {:.1} ms, p99 {:.1} ms",
        took.len(),
        cpu * 1e3 / took.len() as f64,
        at(0.5),
        at(0.99)
    );
}

/// Returns the durations of the scrapes of one scraper, over one connection.
fn scrape(address: &str, coding: &str) -> Vec<Duration> {
    let mut connection = BufReader::new(TcpStream::connect(address).expect("it listens"));
    let start = Instant::now();
    let mut took = Vec::new();
    while start.elapsed() < SPAN {
        let began = Instant::now();
        ask(&mut connection, "/metrics", coding, "keep-alive");
        let (head, body) = answer(&mut connection);
        assert!(head.starts_with("HTTP/1.1 200 ") && !body.is_empty(), "{head}");
        took.push(began.elapsed());
    }
    took
}

/// A real Prometheus, ended when dropped.
struct Prometheus(Child);

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Measures a scrape by a real Prometheus, and the server's part of it.
fn watch(server: &Program, folder: &Path) {
    let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = free.local_addr().expect("an address").to_string();
    drop(free);
    let seconds = INTERVAL.as_secs();
    let config = format!(
        "global: {{scrape_interval: {seconds}s, scrape_timeout: {seconds}s}}\nscrape_configs: [{{job_name: x, static_configs: [{{targets: [\"{}\"]}}]}}]\n",
        server.address
    );
    let path = folder.join("prometheus.yaml");
    std::fs::write(&path, config).expect("room for a file");
    let process = Command::new("prometheus")
        .arg(format!("--config.file={}", path.display()))
        .arg(format!("--storage.tsdb.path={}", folder.join("data").display()))
        .arg(format!("--web.listen-address={address}"))
        .stderr(Stdio::null())
        .spawn()
        .expect("prometheus is installed: scripts/install-tools");
    let _prometheus = Prometheus(process);
    let before = server.cpu_seconds();
    thread::sleep(WATCHED);
    let cpu = server.cpu_seconds() - before;
    let query = |query: &str| -> f64 {
        let (_, body) = get(&address, &format!("/api/v1/query?query={query}"), "identity");
        let answer: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
        let value = answer["data"]["result"][0]["value"][1].as_str().expect("a value");
        value.parse().expect("a number")
    };
    let scrapes = query("count_over_time(scrape_duration_seconds[1m])");
    let took = query("avg_over_time(scrape_duration_seconds[1m])");
    let up = query("min_over_time(up[1m])");
    println!(
        "  Prometheus: {scrapes} scrapes of {:.0} ms (up {up}), {:.2} ms of CPU of the server each: {:.2} % of it",
        took * 1e3,
        cpu * 1e3 / scrapes,
        cpu / scrapes / took * 100.0
    );
}
