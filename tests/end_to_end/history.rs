//! 36 months of a simulated enrollment in the servers that keep them: each month's total, queried
//! by PromQL, is what the simulator billed.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use azure_billing_exporter::billing::period::{Period, day_of};
use azure_billing_exporter::poller::Clock;
use tempfile::TempDir;

use crate::process::{Running, get, program};
use crate::prometheus::{Prometheus, query};
use crate::victoria_metrics::VictoriaMetrics;

const MONTHS: i32 = 36;
/// Kinds, ids and names. One of the scopes is billed in two currencies.
const SCOPES: [(&str, &str, &str); 2] =
    [("billing_account", "100000", "contoso"), ("department", "1003", "operations")];

/// Totals by scope and currency.
type Totals = BTreeMap<(String, String), f64>;

/// A simulated Azure, and a configuration that reads it.
struct Azure {
    _simulator: Running,
    address: String,
    folder: TempDir,
}

impl Azure {
    fn start() -> Self {
        let mut simulator = Running::start(&[
            "simulate",
            "--days=1100",
            "--resources=12",
            "--web.listen-address=127.0.0.1:0",
        ]);
        let address = simulator.address();
        let folder = TempDir::new().expect("a folder");
        let scopes =
            SCOPES.map(|(kind, id, name)| format!("  - {{{kind}: \"{id}\", name: {name}}}\n"));
        let text = format!(
            "azure:\n  endpoint: http://{address}\n  requests_per_minute: {{billing_account: 100000, department: 100000}}\n  auth: {{method: token, token: x}}\nscopes:\n{}",
            scopes.concat()
        );
        std::fs::write(folder.path().join("config.yaml"), text).expect("a file");
        Self { _simulator: simulator, address, folder }
    }

    /// Starts a backfill of so many months up to the last one.
    fn backfill(&self, months: i32, target: &[&str]) -> Running {
        let mut command = program();
        let [from, to] =
            [last_month().months_before(months - 1), last_month()].map(|m| m.to_string());
        command.current_dir(&self.folder);
        command.args(["backfill", "--config.file=config.yaml", "--from", &from, "--to", &to]);
        command.args(target);
        Running::of(command)
    }

    /// Runs a backfill to its successful end. Each step has its own time limit.
    fn backfilled(&self, target: &[&str]) {
        let mut run = self.backfill(MONTHS, target);
        for _ in 0..MONTHS as usize * SCOPES.len() {
            run.line_with("months_left=");
        }
        run.line_with("history is written");
        assert!(run.end().success());
    }

    fn history(&self) -> PathBuf {
        self.backfilled(&["--output", "history.om"]);
        self.folder.path().join("history.om")
    }

    /// Returns what was billed in each month.
    fn billed(&self) -> BTreeMap<Period, Totals> {
        let months = (0..MONTHS).map(|back| last_month().months_before(back));
        months.map(|month| (month, self.billed_in(month))).collect()
    }

    fn billed_in(&self, month: Period) -> Totals {
        let mut totals = Totals::new();
        for (kind, id, name) in SCOPES {
            let path = format!("/simulator/totals?kind={kind}&id={id}&period={}", month.name());
            let (status, body) = get(&self.address, &path);
            assert_eq!(status, 200, "{body}");
            let billed: BTreeMap<String, String> = serde_json::from_str(&body).expect("JSON");
            for (currency, total) in billed {
                let total = total.parse().expect("a number");
                totals.insert((name.to_owned(), currency), total);
            }
        }
        totals
    }
}

fn last_month() -> Period {
    Period::of(day_of(Clock::system().now())).before()
}

fn totals(server: SocketAddr, promql: &str, at: i64) -> Totals {
    let samples = query(server, promql, Some(at)).into_iter();
    let total = |sample: crate::prometheus::Sample| {
        let value: f64 = sample.value.parse().expect("a number");
        ((sample.labels["scope"].clone(), sample.labels["currency"].clone()), value)
    };
    samples.map(total).collect()
}

/// Compares with a tolerance, because PromQL adds floats in no fixed order.
fn assert_equal(asked: &Totals, billed: &Totals, what: &str) {
    // A total of 0 that is only there because the previous month had the currency counts as none.
    let mut asked = asked.clone();
    asked.retain(|labels, total| billed.contains_key(labels) || *total != 0.0);
    let close = |(labels, total): (&(String, String), &f64)| {
        billed.get(labels).is_some_and(|billed| (total - billed).abs() <= 1e-9 * billed.abs())
    };
    let equal = asked.keys().eq(billed.keys()) && asked.iter().all(close);
    assert!(equal, "{what}: {asked:#?} is not {billed:#?}");
}

/// Checks every month by itself, as it was at its end; and from the month after it, as the previous
/// one.
fn assert_every_month(server: SocketAddr, billed: &BTreeMap<Period, Totals>) {
    let full = billed.values().filter(|totals| totals.len() == 4).count();
    assert!(full >= 35, "only {full} months have two scopes and two currencies");
    assert!(billed.keys().any(|month| month.to_string().ends_with("-02")));
    for (month, billed) in billed {
        let evening = month.end().as_second() - 1;
        for family in ["scope", "account", "subscription", "service"] {
            let promql = format!(
                "sum by (scope, currency) (last_over_time(azure_billing_{family}_pretax_cost[1d]))"
            );
            let asked = totals(server, &promql, evening);
            assert_equal(&asked, billed, &format!("{month} by {family}"));
        }
        let promql = format!(
            "sum by (scope, currency) (last_over_time(azure_billing_scope_previous_period_pretax_cost{{period=\"{month}\"}}[3y]))"
        );
        if *month != last_month() {
            let asked = totals(server, &promql, last_month().end().as_second());
            assert_equal(&asked, billed, &format!("{month} as the previous one"));
        }
    }
}

/// Returns what was billed before and after some work. In the first days of a month the last month
/// still changes every fourth hour, as at the source: a test that meets that hour leaves it out.
fn billed_around<T>(azure: &Azure, done: impl FnOnce() -> T) -> (BTreeMap<Period, Totals>, T) {
    let before = azure.billed();
    let result = done();
    let mut billed = azure.billed();
    billed.retain(|month, totals| before[month] == *totals);
    assert!(billed.len() >= MONTHS as usize - 1, "closed months changed");
    (billed, result)
}

fn create_blocks(file: &Path, data: &Path) {
    let made = Command::new("promtool")
        .args(["tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=8760h"])
        .args([file, data])
        .output()
        .unwrap_or_else(|error| panic!("cannot start promtool ({error}): run `make tools`"));
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

#[test]
fn a_file_gives_every_month_to_prometheus_and_to_victoria_metrics() {
    let azure = Azure::start();
    let (billed, file) = billed_around(&azure, || azure.history());
    let folder = TempDir::new().expect("a folder");
    create_blocks(&file, &folder.path().join("data"));
    let prometheus = Prometheus::of(folder, "", &["--storage.tsdb.retention.time=5y"]);
    assert_every_month(prometheus.address(), &billed);
    let victoria_metrics = VictoriaMetrics::start("5y");
    victoria_metrics.import(&std::fs::read(&file).expect("the file"));
    assert_every_month(victoria_metrics.address, &billed);
}

#[test]
fn remote_write_gives_every_month_to_a_prometheus_that_takes_the_past() {
    let azure = Azure::start();
    let folder = TempDir::new().expect("a folder");
    let config = "storage: {tsdb: {out_of_order_time_window: 1200d}}\n";
    let flags = ["--web.enable-remote-write-receiver", "--storage.tsdb.retention.time=5y"];
    let prometheus = Prometheus::of(folder, config, &flags);
    let url = format!("http://{}/api/v1/write", prometheus.address());
    let (billed, ()) = billed_around(&azure, || azure.backfilled(&["--remote-write", &url]));
    assert_every_month(prometheus.address(), &billed);
}

#[test]
fn a_receiver_that_takes_no_past_is_told_by_the_settings_to_change() {
    let azure = Azure::start();
    let folder = TempDir::new().expect("a folder");
    // Its target does not exist, which gives a sample of the present.
    let config = "global: {scrape_interval: 1s}\nscrape_configs: [{job_name: none, static_configs: [{targets: [\"127.0.0.1:1\"]}]}]\n";
    let prometheus = Prometheus::of(folder, config, &["--web.enable-remote-write-receiver"]);
    prometheus.query_until_found("up");
    let url = format!("http://{}/api/v1/write", prometheus.address());
    let mut run = azure.backfill(2, &["--remote-write", &url]);
    let line = run.line_with("refuses");
    assert!(line.contains("HTTP 400 \"out of bounds\""), "{line}");
    for setting in [
        "storage.tsdb.out_of_order_time_window: ",
        "limits.out_of_order_time_window: ",
        "--tsdb.out-of-order.time-window=",
    ] {
        assert!(line.contains(setting), "{line}");
    }
    assert_eq!(run.end().code(), Some(1));
    let state = azure.folder.path().join("remote-write.backfill-state");
    assert!(state.join("settings").exists(), "what was read is kept");
}

#[test]
fn a_prometheus_that_is_no_receiver_is_found_out_before_anything_is_read() {
    let azure = Azure::start();
    let prometheus = Prometheus::of(TempDir::new().expect("a folder"), "", &[]);
    let url = format!("http://{}/api/v1/write", prometheus.address());
    let mut run = azure.backfill(2, &["--remote-write", &url]);
    let line = run.line_with("refuses");
    assert!(line.contains("--web.enable-remote-write-receiver"), "{line}");
    assert_eq!(run.end().code(), Some(1));
    assert_eq!(std::fs::read_dir(azure.folder.path()).expect("a folder").count(), 1);
}
