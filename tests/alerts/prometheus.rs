//! The rules as promtool checks them, and whether their tests cover every alert.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::families::read;
use crate::rules::{ALERTS, RECORDING, alerts, files, tool};

const TESTS: &str = "deploy/prometheus/tests";

#[derive(Deserialize)]
struct Tests {
    tests: Vec<Scenario>,
}

#[derive(Deserialize)]
struct Scenario {
    input_series: Vec<Input>,
    alert_rule_test: Vec<Case>,
}

#[derive(Deserialize)]
struct Input {
    series: String,
}

#[derive(Deserialize)]
struct Case {
    alertname: String,
    exp_alerts: Vec<serde_json::Value>,
}

fn scenarios() -> Vec<Scenario> {
    let names = files(TESTS).into_iter();
    names
        .flat_map(|path| {
            let text = std::fs::read_to_string(path).expect("a file");
            serde_saphyr::from_str::<Tests>(&text).expect("promtool's tests").tests
        })
        .collect()
}

#[test]
fn promtool_finds_nothing_to_complain_about() {
    tool("promtool", &["check", "rules", "--lint=all", RECORDING, ALERTS]).expect("rules");
    let whole = tool("promtool", &["check", "config", "deploy/prometheus/prometheus.yml"]);
    assert!(whole.expect("a configuration").contains("2 rule files found"));
    assert!(read("deploy/prometheus/prometheus.yml").contains("job_name: azure-billing\n"));
}

#[test]
fn every_alert_fires_where_it_should_and_nowhere_else() {
    let files = files(TESTS);
    let files: Vec<&str> = files.iter().map(|path| path.to_str().expect("text")).collect();
    assert!(!files.is_empty());
    // The files run in parallel, because some are weeks long.
    std::thread::scope(|scope| {
        let runs: Vec<_> = files
            .iter()
            .map(|file| scope.spawn(|| tool("promtool", &["test", "rules", file])))
            .collect();
        for run in runs {
            if let Err(complaint) = run.join().expect("a run") {
                panic!("{complaint}");
            }
        }
    });
}

#[test]
fn every_alert_is_tested_firing_and_not_firing() {
    let (mut firing, mut silent) = (BTreeSet::new(), BTreeSet::new());
    for case in scenarios().into_iter().flat_map(|scenario| scenario.alert_rule_test) {
        let set = if case.exp_alerts.is_empty() { &mut silent } else { &mut firing };
        set.insert(case.alertname);
    }
    assert_eq!(firing, alerts(), "firing");
    assert_eq!(silent, alerts(), "not firing");
}

/// A sum over the targets would show in every value.
#[test]
fn every_series_of_the_tests_comes_from_two_targets() {
    for scenario in scenarios() {
        let all: BTreeSet<&str> =
            scenario.input_series.iter().map(|input| input.series.as_str()).collect();
        let of_exporter = all.iter().filter(|series| series.contains("job=\"azure-billing\""));
        for series in of_exporter {
            let other = if series.contains("\"a:10540\"") {
                series.replace("\"a:10540\"", "\"b:10540\"")
            } else {
                series.replace("\"b:10540\"", "\"a:10540\"")
            };
            assert_ne!(*series, other);
            assert!(all.contains(other.as_str()), "only one target has {series}");
        }
    }
}
