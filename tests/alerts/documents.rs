//! Runbooks and documentation name every alert and every threshold, and no others.

use std::collections::{BTreeMap, BTreeSet};

use crate::families::read;
use crate::rules::{ALERTS, RECORDING, alerts, files, rules};

const RUNBOOKS: &str = "docs/runbooks";
const RUNBOOK_URL: &str =
    "https://github.com/azure-billing-exporter/azure-billing-exporter/blob/main/docs/runbooks";
const DASHBOARDS: [&str; 4] = ["overview", "explore", "history", "exporter"];

/// Returns the cells of those rows of a table whose first cell begins with a text.
fn rows(document: &str, first: &str) -> Vec<Vec<String>> {
    let text = read(document);
    let rows = text.lines().filter(|line| line.starts_with(&format!("| {first}")));
    rows.map(|row| row.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect())
        .collect()
}

#[test]
fn every_alert_says_how_bad_it_is_whom_it_concerns_and_where_to_look() {
    for rule in rules(ALERTS) {
        let name = &rule.alert;
        let label = |label: &str| rule.labels.get(label).map(String::as_str).unwrap_or_default();
        assert!(["critical", "warning", "info"].contains(&label("severity")), "{name}");
        assert!(["finops", "platform"].contains(&label("team")), "{name}");
        assert!(!rule.wait.is_empty(), "{name} has no for");
        let keys: Vec<&str> = rule.annotations.keys().map(String::as_str).collect();
        assert_eq!(keys, ["dashboard_url", "description", "runbook_url", "summary"], "{name}");
        assert_eq!(rule.annotations["runbook_url"], format!("{RUNBOOK_URL}/{name}.md"));
        let dashboard = rule.annotations["dashboard_url"]
            .strip_prefix("http://localhost:3000/d/azure-billing-")
            .and_then(|rest| rest.split('?').next());
        assert!(dashboard.is_some_and(|uid| DASHBOARDS.contains(&uid)), "{name}: {dashboard:?}");
    }
}

#[test]
fn every_alert_has_a_runbook_and_every_runbook_an_alert() {
    let mut pages = BTreeSet::new();
    for path in files(RUNBOOKS) {
        let name = path.file_stem().expect("a name").display().to_string();
        if name == "README" {
            continue;
        }
        let text = read(&format!("{RUNBOOKS}/{name}.md"));
        let headings: Vec<&str> = text.lines().filter(|line| line.starts_with('#')).collect();
        let title = format!("# {name}");
        let expected = [&title, "## What it means", "## How to look", "## What to do"];
        assert_eq!(headings, expected, "{name}");
        pages.insert(name);
    }
    assert_eq!(pages, alerts());
    let index = rows("docs/runbooks/README.md", "[AzureBilling");
    let index: BTreeSet<String> = index.into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(index, alerts().into_iter().map(|name| format!("[{name}]({name}.md)")).collect());
}

#[test]
fn the_documentation_lists_the_alerts_as_they_are() {
    let documented: BTreeSet<[String; 4]> = rows("docs/alerting.md", "[AzureBilling")
        .into_iter()
        .map(|row| [row[0].clone(), row[1].clone(), row[2].clone(), row[3].clone()])
        .collect();
    let expected = rules(ALERTS).into_iter().map(|rule| {
        let [severity, team] = ["severity", "team"].map(|label| rule.labels[label].clone());
        [format!("[{0}](runbooks/{0}.md)", rule.alert), severity, team, rule.wait]
    });
    assert_eq!(documented, expected.collect());
    for rule in rules(ALERTS) {
        let page = read(&format!("{RUNBOOKS}/{}.md", rule.alert));
        let [severity, team] = ["severity", "team"].map(|label| rule.labels[label].as_str());
        let told = format!("Severity {severity}, team {team}.");
        assert!(page.contains(&told), "{}: {told}", rule.alert);
    }
}

#[test]
fn the_documentation_lists_the_thresholds_as_they_are() {
    let is_threshold = |name: &str| {
        Some(name.strip_prefix("azure_billing:")?.strip_suffix(":threshold")?.to_owned())
    };
    let thresholds: BTreeMap<String, String> = rules(RECORDING)
        .into_iter()
        .filter_map(|rule| {
            let value = rule.expr.trim().strip_prefix("vector(")?.strip_suffix(')')?.to_owned();
            Some((is_threshold(&rule.record)?, value))
        })
        .collect();
    let documented: BTreeMap<String, String> = rows("docs/alerting.md", "`")
        .into_iter()
        .filter(|row| !row[0].contains('…'))
        .map(|row| (row[0].trim_matches('`').to_owned(), row[1].trim_matches('`').to_owned()))
        .collect();
    assert!(!documented.is_empty());
    assert_eq!(documented, thresholds);
}

/// The number of a threshold may be in one place only.
#[test]
fn no_alert_has_a_number_of_its_own() {
    for rule in rules(ALERTS) {
        let compared = rule.expr.split(['>', '<']).skip(1);
        let numbers = compared.filter_map(|right| {
            let right = right.trim_start_matches('=').trim_start();
            right
                .split_whitespace()
                .next()
                .filter(|word| word.starts_with(|c: char| c.is_ascii_digit()))
        });
        let numbers: Vec<&str> = numbers.collect();
        assert!(numbers.iter().all(|number| *number == "0"), "{}: {numbers:?}", rule.alert);
    }
}
