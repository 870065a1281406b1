//! The poll of a large enrollment by the whole program, over loopback: the cost of a first poll by
//! the list and by reports, of the next one, and the time from a restart until everything is served
//! again. The simulator is a process of its own. Asserts nothing about time.
//!
//! `cargo bench --bench poll [-- ROWS RESOURCES]`; a million rows of 30 days and 100,000 resources
//! without. `make bench-poll`.

#![expect(clippy::expect_used, reason = "a bench fails by panicking")]

mod program;

use std::thread;
use std::time::{Duration, Instant};

use program::{Program, get, series};

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let argument =
        |place: usize, usual: &'static str| arguments.get(place).map_or(usual, String::as_str);
    let (rows, resources) = (argument(0, "1000000"), argument(1, "100000"));
    let azure =
        Program::start(&["simulate", "--days", "30", "--rows", rows, "--resources", resources]);
    println!("{rows} rows of 30 days, {resources} resources");
    for read in ["usage_details", "cost_details"] {
        poll(&azure, read);
    }
}

fn poll(azure: &Program, read: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path().join("state.redb");
    let config = format!(
        "azure:\n  endpoint: http://{}\n  auth: {{method: token, token: a-token}}\n  requests_per_minute: {{billing_account: 100000}}\nscopes:\n  - {{billing_account: \"{}\", read: {read}}}\npoll: {{interval: 20s}}\nmetrics: {{instances: {{max_series: 1000000}}}}\nstate: {{path: {}}}\n",
        azure.address,
        azure.account,
        state.display()
    );
    let path = folder.path().join("config.yaml");
    std::fs::write(&path, config).expect("room for a file");
    let arguments = ["serve", "--config.file", path.to_str().expect("a path")];
    let began = Instant::now();
    let server = Program::start(&arguments);
    let idle = server.memory().0;
    while !get(&server.address, "/-/ready", "identity").0.starts_with("HTTP/1.1 200") {
        thread::sleep(Duration::from_millis(50));
    }
    let (wall, cpu, peak) = (began.elapsed(), server.cpu_seconds(), server.memory().1);
    let first = Metrics::of(&server);
    println!(
        "{read}: {} rows, {} series; {:.1} s, {cpu:.1} s of CPU, {:.0} MB over the idle {idle:.0} MB, {} API calls",
        first.rows,
        first.series,
        wall.as_secs_f64(),
        peak - idle,
        first.calls
    );
    if read == "usage_details" {
        let (before, cpu) = (Metrics::of(&server), server.cpu_seconds());
        let mut next = Metrics::of(&server);
        while next.polls == before.polls {
            thread::sleep(Duration::from_secs(5));
            next = Metrics::of(&server);
        }
        println!(
            "  next poll: {} rows, {:.1} s of CPU, {} API calls",
            next.rows,
            server.cpu_seconds() - cpu,
            next.calls - before.calls
        );
    }
    let size = std::fs::metadata(&state).expect("a file").len() as f64 / 1e6;
    drop(server);
    let began = Instant::now();
    let server = Program::start(&arguments);
    let mut restarted = Metrics::of(&server);
    while restarted.series < first.series * 99 / 100 {
        thread::sleep(Duration::from_millis(10));
        restarted = Metrics::of(&server);
    }
    println!(
        "  restart: {:.2} s to {} series, {:.2} s of CPU, {} API calls, {size:.0} MB of state",
        began.elapsed().as_secs_f64(),
        restarted.series,
        server.cpu_seconds(),
        restarted.calls
    );
}

/// The exporter's metrics about itself.
struct Metrics {
    series: usize,
    rows: f64,
    polls: f64,
    calls: f64,
}

impl Metrics {
    fn of(server: &Program) -> Self {
        let (_, body) = get(&server.address, "/metrics", "identity");
        let text = std::str::from_utf8(&body).expect("text");
        let sum = |name: &str| -> f64 {
            let lines = text.lines().filter(|line| line.starts_with(name));
            // The `sum` of no values is -0.
            lines
                .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
                .fold(0.0, |sum, value| sum + value)
        };
        Self {
            series: series(&body),
            rows: sum("azure_billing_poll_rows{"),
            polls: sum("azure_billing_polls_total{"),
            calls: sum("azure_billing_api_requests_total{"),
        }
    }
}
