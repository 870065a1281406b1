//! From simulated pages of usage to a query of a real Prometheus.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::process::{Running, get};
use crate::prometheus::Prometheus;

/// Totals by scope and currency.
type Totals = BTreeMap<(String, String), f64>;

/// Returns what the simulator says it bills each scope in a billing period.
fn truth(simulator: &str, scopes: &[BTreeMap<String, String>], period: &str) -> Totals {
    let mut totals = Totals::new();
    for scope in scopes {
        let (kind, id) = (&scope["scope_type"], &scope["scope_id"]);
        let (status, body) =
            get(simulator, &format!("/simulator/totals?kind={kind}&id={id}&period={period}"));
        assert_eq!(status, 200, "{body}");
        let by_currency: BTreeMap<String, String> = serde_json::from_str(&body).expect("JSON");
        for (currency, total) in by_currency {
            totals.insert((scope["scope"].clone(), currency), total.parse().expect("a number"));
        }
    }
    totals
}

fn asked(prometheus: &Prometheus, promql: &str) -> Totals {
    let samples = prometheus.query(promql).into_iter();
    samples
        .map(|sample| {
            let labels = (sample.labels["scope"].clone(), sample.labels["currency"].clone());
            (labels, sample.value.parse().expect("a number"))
        })
        .collect()
}

/// Returns the billing period of the exposition and the previous one, as Azure names them.
fn periods(prometheus: &Prometheus) -> [String; 2] {
    let start = prometheus.query_until_found("azure_billing_period_start_timestamp_seconds");
    let start: f64 = start[0].value.parse().expect("a number");
    let start = jiff::Timestamp::from_second(start as i64).expect("a time");
    [start, start - jiff::SignedDuration::from_hours(24)]
        .map(|within| within.to_string()[..7].replace('-', ""))
}

/// Compares with a tolerance, because PromQL adds floats in no fixed order.
fn equal(asked: &Totals, truth: &Totals) -> bool {
    asked.keys().eq(truth.keys())
        && asked
            .iter()
            .all(|(labels, value)| (value - truth[labels]).abs() <= 1e-9 * truth[labels].abs())
}

#[test]
fn prometheus_adds_up_to_what_the_simulator_billed() {
    let mut demo = Running::start(&["demo", "--web.listen-address", "127.0.0.1:0"]);
    let line = demo.line_with("endpoint=http://");
    let simulator = line
        .split("endpoint=http://")
        .nth(1)
        .expect("an endpoint")
        .trim_end_matches(['/', '"'])
        .to_owned();
    let address = demo.address();
    let prometheus = Prometheus::start(address.parse().expect("an address"), "http", "/metrics");
    let info = prometheus.query_until_found("azure_billing_scope_info");
    let scopes: Vec<_> = info.into_iter().map(|sample| sample.labels).collect();
    assert_eq!(scopes.len(), 4, "an enrollment and its departments");
    assert!(scopes.iter().all(|scope| scope["scope"].starts_with("demo-")), "{scopes:?}");
    let (mut costs, mut billed) = Default::default();
    // Scrapes and polls take time, and the simulated source refreshes every fourth hour. On the
    // first of a month it may have billed nothing yet; the previous month always has costs.
    for _ in 0..45 {
        let [period, before] = periods(&prometheus);
        costs = [
            asked(&prometheus, "sum by (scope, currency) (azure_billing_instance_pretax_cost)"),
            asked(
                &prometheus,
                "sum by (scope, currency) (azure_billing_scope_previous_period_pretax_cost)",
            ),
        ];
        billed = [truth(&simulator, &scopes, &period), truth(&simulator, &scopes, &before)];
        if costs.iter().zip(&billed).all(|(costs, billed)| equal(costs, billed)) {
            break;
        }
        std::thread::sleep(Duration::from_secs(2));
    }
    assert!(!costs[1].is_empty(), "nothing was read");
    assert!(
        costs.iter().zip(&billed).all(|(costs, billed)| equal(costs, billed)),
        "{costs:#?}\n{billed:#?}"
    );
    let by_scope =
        asked(&prometheus, "sum by (scope, currency) (azure_billing_scope_pretax_cost) != 0");
    assert!(equal(&by_scope, &costs[0]), "{by_scope:#?}\n{costs:#?}");
    assert_eq!(prometheus.query("azure_billing_exporter_demo == 1").len(), 1);
    assert_eq!(prometheus.query("up == 1").len(), 1);
    demo.signal("TERM");
    assert!(demo.end().success());
}
