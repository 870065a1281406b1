//! The data that the dashboards query: a demo at one moment with the months before it, in a
//! Prometheus that has one target, and in one that has everything twice.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;
use std::thread::{sleep, spawn};
use std::time::Duration;

use azure_billing_exporter::billing::period::{Period, day_of};
use azure_billing_exporter::poller::Clock;
use tempfile::TempDir;

use crate::process::{Running, get, program};
use crate::prometheus::Prometheus;

/// Enough months for one and the same one a year before.
const MONTHS: i32 = 15;
const SCOPES: usize = 4;

pub(crate) struct World {
    /// The exposition of the demo at that moment.
    pub(crate) exposition: String,
    pub(crate) once: Prometheus,
    pub(crate) twice: Prometheus,
    /// The moment of all queries, in seconds since 1970.
    pub(crate) now: i64,
}

impl World {
    pub(crate) fn start() -> Self {
        let mut demo = Running::start(&[
            "demo",
            "--days=500",
            "--resources=40",
            "--web.listen-address=127.0.0.1:0",
        ]);
        let azure = demo.line_with("endpoint=http://");
        let azure = azure.split("endpoint=").nth(1).expect("an endpoint").trim_matches(['"', '/']);
        let azure = azure.to_owned();
        let exposition = exposition_of(&demo.address());
        let history = history_of(&azure);
        let target = frozen(exposition.clone());
        let names = ["127.0.0.1", "localhost"].map(|host| format!("{host}:{}", target.port()));
        let once = prometheus(&[&history], &names[..1]);
        // Like a replica that wrote the same months, and a second one that is scraped.
        let other = history.replace("{scope=", "{instance=\"replica\",scope=");
        let twice = prometheus(&[&history, &other], &names);
        let world = Self { exposition, once, twice, now: Clock::system().now().as_second() };
        world.settled()
    }

    /// Waits until both have seen enough for a rate, and takes that moment.
    fn settled(mut self) -> Self {
        for (server, targets) in [(&self.once, 1), (&self.twice, 2)] {
            server.query_until_found(&format!(
                "count(count_over_time(azure_billing_exporter_build_info[1m]) > 3) == {targets}"
            ));
        }
        self.now = Clock::system().now().as_second();
        // Checks that everything really is there twice.
        let history = "count(last_over_time(azure_billing_account_pretax_cost[400d] offset 1d))";
        for asked in ["count(azure_billing_scope_info)", history] {
            let counts = [&self.once, &self.twice].map(|server| server.query(asked));
            let counts = counts.map(|samples| samples[0].value.parse::<u32>().expect("a number"));
            assert_eq!(2 * counts[0], counts[1], "{asked}");
        }
        self
    }
}

/// Returns the exposition once every scope knows its open and its previous period.
fn exposition_of(address: &str) -> String {
    for _ in 0..600 {
        let (status, body) = get(address, "/metrics");
        assert_eq!(status, 200);
        let settled = body.matches("\nazure_billing_previous_period_settled{").count();
        if settled == SCOPES && body.matches("\nazure_billing_poll_success{").count() == SCOPES {
            return body;
        }
        sleep(Duration::from_millis(100));
    }
    panic!("the demo did not read its months: {}", get(address, "/").1);
}

/// Returns the months before the open one, as `backfill` writes them.
fn history_of(azure: &str) -> String {
    let folder = TempDir::new().expect("a folder");
    let config = format!(
        "azure:\n  endpoint: {azure}\n  requests_per_minute: {{billing_account: 100000, department: 100000}}\n  auth: {{method: token, token: x}}\nscopes:\n  - {{billing_account: \"100000\", name: demo-contoso}}\n  - {{department: \"1003\", name: demo-operations}}\n"
    );
    fs::write(folder.path().join("config.yaml"), config).expect("room for a file");
    let last = Period::of(day_of(Clock::system().now())).before();
    let mut command = program();
    command.current_dir(&folder).args(["backfill", "--config.file=config.yaml"]);
    command.args(["--output=history.om", "--to", &last.to_string()]);
    command.args(["--from", &last.months_before(MONTHS - 1).to_string()]);
    let mut run = Running::of(command);
    assert!(run.end().success(), "{:#?}", run.lines_to_the_end());
    fs::read_to_string(folder.path().join("history.om")).expect("the history")
}

/// Answers every request with the same exposition, for as long as the test runs.
fn frozen(exposition: String) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.expect("a connection");
            let mut request = [0; 4096];
            // A scraper that gave up does not matter here.
            let _ = connection.read(&mut request);
            let length = exposition.len();
            let head = format!(
                "HTTP/1.0 200 OK\r\ncontent-type: text/plain; version=0.0.4\r\ncontent-length: {length}\r\n\r\n"
            );
            let _ = connection.write_all(head.as_bytes());
            let _ = connection.write_all(exposition.as_bytes());
        }
    });
    address
}

fn prometheus(histories: &[&str], targets: &[String]) -> Prometheus {
    let folder = TempDir::new().expect("a folder");
    for history in histories {
        create_blocks(history, folder.path());
    }
    let jobs: String = targets
        .iter()
        .map(|target| {
            format!("- job_name: {target}\n  static_configs: [{{targets: [\"{target}\"]}}]\n")
        })
        .collect();
    let config =
        format!("global: {{scrape_interval: 1s, scrape_timeout: 1s}}\nscrape_configs:\n{jobs}");
    Prometheus::of(folder, &config, &["--storage.tsdb.retention.time=5y"])
}

fn create_blocks(history: &str, folder: &Path) {
    let file = folder.join("history.om");
    fs::write(&file, history).expect("room for a file");
    let made = Command::new("promtool")
        .args(["tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=8760h"])
        .args([&file, &folder.join("data")])
        .output()
        .unwrap_or_else(|error| panic!("cannot start promtool ({error}): run `make tools`"));
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}
