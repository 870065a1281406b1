//! From a cost that doubles at the source to the message at a webhook, by the shipped rules and
//! routes. Only what would take hours is shortened: minutes and hours become seconds, and addresses
//! those of the test.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;

use azure_billing_exporter::billing::period::day_of;
use azure_billing_exporter::poller::Clock;
use azure_billing_simulator::{Fault, Options, Simulator, Step};
use exporter_web::{Timeouts, serve};
use jiff::ToSpan;
use serde_json::Value;
use tempfile::TempDir;

use crate::alertmanager::{Alertmanager, Webhook, wait_for};
use crate::process::Running;
use crate::prometheus::{Prometheus, send};

const SERVICE: &str = "Log Analytics";

/// Keys of durations that a test cannot wait for.
const SPANS: [&str; 7] = [
    "interval",
    "for",
    "scrape_interval",
    "evaluation_interval",
    "group_wait",
    "group_interval",
    "repeat_interval",
];

/// A simulated Azure, the exporter, Prometheus and Alertmanager.
struct Stack {
    _exporter: Running,
    _folder: TempDir,
    prometheus: Prometheus,
    alertmanager: Alertmanager,
    webhook: Webhook,
}

impl Stack {
    /// Starts with an enrollment whose latest complete day is so many days ago, and cost twice as
    /// much. The source has no rows for the `outage` newest days.
    fn start(latest_day: i32, outage: u32) -> (Running, Self) {
        let first = day_of(Clock::system().now()).saturating_sub(latest_day.days());
        let mut simulator = Running::start(&[
            "simulate",
            "--web.listen-address=127.0.0.1:0",
            &format!("--surge={SERVICE}=200@{first}"),
            &format!("--outage-days={outage}"),
        ]);
        let azure = simulator.address();
        let stack = Self::of(&exporter_config(&azure));
        (simulator, stack)
    }

    /// Starts with a configuration of the exporter.
    fn of(exporter_config: &str) -> Self {
        let folder = TempDir::new().expect("a folder");
        let config = folder.path().join("config.yaml");
        fs::write(&config, exporter_config).expect("room for a file");
        let webhook = Webhook::start();
        let routes = shipped("alertmanager/alertmanager.yml")
            .replace("127.0.0.1:5001", &webhook.address.to_string())
            .replace("smtp.example.com:587", "127.0.0.1:1");
        let alertmanager = Alertmanager::start(&routes);
        let data = TempDir::new().expect("a folder");
        fs::create_dir(data.path().join("rules")).expect("a folder");
        for name in ["rules/recording.yml", "rules/alerts.yml"] {
            let rules = shipped(&format!("prometheus/{name}"));
            fs::write(data.path().join(name), rules).expect("room for a file");
        }
        let address = free_address();
        let prometheus_config = shipped("prometheus/prometheus.yml")
            .replace("scrape_timeout: 30s", "scrape_timeout: 1s")
            .replace("localhost:10540", &address.to_string())
            .replace("localhost:9093", &alertmanager.address.to_string());
        let flags = ["--rules.alert.resend-delay=1s"];
        let prometheus = Prometheus::of(data, &prometheus_config, &flags);
        // Alerts that fire before Prometheus finds Alertmanager arrive late and one by one, so that
        // only the later ones would be inhibited.
        wait_for("Alertmanager in Prometheus", || {
            let known = send(prometheus.address(), "GET", "/api/v1/alertmanagers", b"").ok()?;
            known.contains("\"activeAlertmanagers\":[{").then_some(())
        });
        let exporter = Running::start(&[
            "serve",
            &format!("--web.listen-address={address}"),
            &format!("--config.file={}", config.display()),
        ]);
        Self { _exporter: exporter, _folder: folder, prometheus, alertmanager, webhook }
    }

    /// Waits for an alert at the webhook; returns where it came, by what it was grouped, and
    /// itself.
    fn arrived(&self, name: &str) -> (String, Value, Value) {
        wait_for(&format!("{name} at the webhook"), || {
            let ((path, mut message), alert) = self.webhook.alerts(name).into_iter().next()?;
            Some((path, message["groupLabels"].take(), alert))
        })
    }

    /// Waits until an alert is firing in Prometheus.
    fn fires(&self, name: &str) {
        let firing = format!("ALERTS{{alertname=\"{name}\",alertstate=\"firing\"}}");
        wait_for(&firing, || self.prometheus.query(&firing).into_iter().next());
    }

    /// Waits until an alert has ended in Prometheus.
    fn ends(&self, name: &str) {
        let alert = format!("ALERTS{{alertname=\"{name}\"}}");
        wait_for(&format!("the end of {alert}"), || {
            self.prometheus.query(&alert).is_empty().then_some(())
        });
    }
}

/// Returns an address for the exporter, which Prometheus must know before the exporter starts.
fn free_address() -> SocketAddr {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    free.expect("a port")
}

/// Returns a configuration of the whole enrollment, with a budget that is long used up.
fn exporter_config(azure: &str) -> String {
    format!(
        "azure:
  endpoint: http://{azure}
  requests_per_minute: {{billing_account: 100000}}
  auth: {{method: token, token: x}}
scopes: [{{billing_account: \"100000\", name: contoso}}]
poll: {{interval: 10s}}
budgets: [{{name: platform, scope: contoso, amount: 100, currency: USD, grain: year, start: 2020-01-01}}]
"
    )
}

/// Returns a file of `deploy`, with its durations in seconds.
fn shipped(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(name);
    let text = fs::read_to_string(path).expect("a file");
    text.lines().map(|line| in_seconds(line) + "\n").collect()
}

fn in_seconds(line: &str) -> String {
    let span = line.trim_start().split_once(": ").filter(|(key, _)| SPANS.contains(key));
    match span {
        Some((_, span)) if span.ends_with(['m', 'h', 'd']) => {
            format!("{}s", &line[..line.len() - 1])
        }
        _ => line.to_owned(),
    }
}

fn labels(pairs: &[(&str, &str)]) -> Value {
    pairs.iter().map(|(name, value)| (*name, *value)).collect()
}

#[test]
fn a_service_that_doubles_and_a_budget_that_is_used_up_arrive_at_a_webhook() {
    let (_simulator, stack) = Stack::start(4, 0);
    let (path, grouped, alert) = stack.arrived("AzureBillingServiceCostAnomaly");
    assert_eq!(path, "/finops");
    assert_eq!(grouped, labels(&[("scope", "contoso"), ("team", "finops")]));
    let expected = labels(&[
        ("alertname", "AzureBillingServiceCostAnomaly"),
        ("currency", "USD"),
        ("scope", "contoso"),
        ("service_name", SERVICE),
        ("severity", "warning"),
        ("team", "finops"),
    ]);
    assert_eq!(alert["labels"], expected);
    let told = alert["annotations"]["description"].as_str().expect("a description");
    assert!(told.starts_with("The usage of Log Analytics in contoso cost "), "{told}");
    let (path, _, alert) = stack.arrived("AzureBillingBudgetExceeded");
    assert_eq!(path, "/finops-urgent");
    let expected = labels(&[
        ("alertname", "AzureBillingBudgetExceeded"),
        ("budget", "platform"),
        ("currency", "USD"),
        ("scope", "contoso"),
        ("severity", "critical"),
        ("team", "finops"),
    ]);
    assert_eq!(alert["labels"], expected);
    wait_for("a budget that is only nearly used, withheld", || {
        stack.alertmanager.withheld("AzureBillingBudgetNearlyUsed").pop()
    });
    let near = stack.webhook.alerts("AzureBillingBudgetNearlyUsed");
    assert!(near.is_empty(), "{near:#?}");
    assert!(stack.webhook.alerts("AzureBillingDataStale").is_empty());
    // Services with their usual cost cause no alert.
    let services = stack.webhook.alerts("AzureBillingServiceCostAnomaly");
    assert!(services.iter().all(|(_, alert)| alert["labels"]["service_name"] == SERVICE));
}

#[test]
fn a_source_that_stands_still_withholds_the_anomaly() {
    let (_simulator, stack) = Stack::start(5, 5);
    let (path, grouped, alert) = stack.arrived("AzureBillingDataStale");
    assert_eq!(path, "/platform");
    assert_eq!(grouped, labels(&[("scope", "contoso"), ("team", "platform")]));
    assert_eq!(alert["labels"]["severity"], "warning");
    stack.fires("AzureBillingServiceCostAnomaly");
    let withheld = wait_for("an anomaly that is withheld", || {
        stack.alertmanager.withheld("AzureBillingServiceCostAnomaly").pop()
    });
    assert_eq!(withheld["service_name"], SERVICE);
    // The budget alert is true whatever the source does, and comes in a message of the same team:
    // if the anomaly were not inhibited, it would have come as well.
    stack.arrived("AzureBillingBudgetExceeded");
    assert!(stack.webhook.alerts("AzureBillingServiceCostAnomaly").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_are_lost_ring_with_their_days_until_they_are_there_again() {
    // No day is older than those that every poll reads again.
    let options =
        Options { resources: 40, days: 25, late_third_party: false, ..Options::default() };
    let clock = Clock::system();
    let simulator = Simulator::new(options, Arc::new(move || clock.now()));
    let lost = Fault::DropRows { percent: 10 };
    simulator.set_fault_at(Step::List, "billing_account", "100000", Some(lost));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let azure = listener.local_addr().expect("an address");
    let router = simulator.router();
    let server = tokio::spawn(async move {
        let never = std::future::pending();
        serve(listener, router, Arc::default(), Timeouts::default(), never).await
    });
    // Every poll reads all days, as a full refresh would within a day.
    let config = format!(
        "azure:
  endpoint: http://{azure}
  requests_per_minute: {{billing_account: 100000}}
  auth: {{method: token, token: x}}
scopes: [{{billing_account: \"100000\", name: contoso, read: usage_details}}]
poll: {{interval: 10s, overlap: 31d}}
control: {{requests_per_minute: 100000}}
"
    );
    tokio::task::spawn_blocking(move || {
        let stack = Stack::of(&config);
        let (path, _, alert) = stack.arrived("AzureBillingDayDiffers");
        assert_eq!(path, "/platform");
        assert_eq!(alert["labels"]["scope"], "contoso");
        let date = alert["labels"]["date"].as_str().expect("a day");
        let told = alert["annotations"]["summary"].as_str().expect("a summary");
        assert!(
            told.starts_with(&format!("contoso: {date} differs from Azure's own total")),
            "{told}"
        );
        simulator.set_fault_at(Step::List, "billing_account", "100000", None);
        stack.ends("AzureBillingDayDiffers");
        let differs = "azure_billing_dates{state=\"differs\"} == 0";
        assert_eq!(stack.prometheus.query(differs).len(), 1, "all days are mended");
    })
    .await
    .expect("no panic");
    server.abort();
}
