//! The names and labels that rules use are those the exporter writes.

use std::collections::{BTreeMap, BTreeSet};

use crate::families::{families, series};
use crate::rules::{ALERTS, RECORDING, Rule, files, rules};

/// Families that the golden exposition cannot show: `serve` alone writes them.
const OF_SERVE: [&str; 2] = [
    "azure_billing_exporter_config_last_reload_successful",
    "azure_billing_exporter_web_certificate_expiry_timestamp_seconds",
];
/// Families of which the earliest counts: a process that forgets a moment has a later one.
const EARLIEST: [&str; 1] = ["azure_billing_period_closed_timestamp_seconds"];
/// Functions that may stand between the `max by` and its family.
const OVER_TIME: [&str; 4] = ["last_over_time(", "min_over_time(", "increase(", "rate("];

fn known() -> BTreeMap<String, BTreeSet<String>> {
    let with_scope = |name: &str, labels: Vec<String>| {
        let scope = (!without_scope(name)).then(|| "scope".to_owned());
        labels.into_iter().chain(scope).collect()
    };
    let families = families().into_iter();
    let mut known: BTreeMap<String, BTreeSet<String>> =
        families.map(|(name, labels)| (name.clone(), with_scope(&name, labels))).collect();
    known.extend(OF_SERVE.map(|name| (name.to_owned(), BTreeSet::new())));
    known
}

/// Returns whether a family belongs to the exporter or the tenant, not to a scope.
fn without_scope(name: &str) -> bool {
    ["azure_billing_api_", "azure_billing_exporter_"].iter().any(|prefix| name.starts_with(prefix))
        || name == "azure_billing_series"
}

fn is_part_of_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "_:".contains(letter)
}

/// Returns the families that an expression names: their positions and names.
fn named(expression: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (at, _) in expression.match_indices("azure_billing_") {
        let before = expression[..at].chars().next_back();
        if !before.is_some_and(is_part_of_name) {
            let rest = &expression[at..];
            let name = rest.split(|letter| !is_part_of_name(letter)).next().expect("a name");
            found.push((at, name));
        }
    }
    found
}

/// Returns the names within the parentheses that follow each occurrence of a keyword.
fn lists<'a>(expression: &'a str, keyword: &str) -> Vec<Vec<&'a str>> {
    let after = expression.split(keyword).skip(1);
    let inside = after.filter_map(|rest| rest.trim_start().strip_prefix('(')?.split_once(')'));
    inside
        .map(|(list, _)| list.split(',').map(str::trim).filter(|label| !label.is_empty()).collect())
        .collect()
}

/// Returns the labels of the matchers at the beginning of a text.
fn matched(rest: &str) -> Vec<&str> {
    let inside = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
    let matchers = inside.map_or("", |(matchers, _)| matchers).split(',');
    matchers
        .filter_map(|matcher| matcher.split(['=', '!']).next())
        .filter(|l| !l.is_empty())
        .collect()
}

#[test]
fn every_family_is_first_taken_once_by_all_of_its_labels() {
    let known = known();
    for rule in rules(RECORDING) {
        for (at, name) in named(&rule.expr) {
            check_is_taken_once(&rule, at, name, &known);
        }
    }
}

fn check_is_taken_once(
    rule: &Rule,
    at: usize,
    name: &str,
    known: &BTreeMap<String, BTreeSet<String>>,
) {
    let labels = known.get(name).unwrap_or_else(|| panic!("{}: no family {name}", rule.record));
    let mut before = rule.expr[..at].trim_end();
    for function in OVER_TIME {
        before = before.strip_suffix(function).unwrap_or(before);
    }
    let before = before.strip_suffix('(').unwrap_or_else(|| panic!("{}: {name}", rule.record));
    let (taken, by) = match name {
        name if OF_SERVE.contains(&name) => ("min", "job, instance"),
        name if EARLIEST.contains(&name) => ("min", ""),
        _ => ("max", ""),
    };
    let (rest, list) = before.trim_end().trim_end_matches(')').rsplit_once('(').expect("a list");
    assert!(rest.trim_end().ends_with(&format!("{taken} by")), "{}: {name}", rule.record);
    let list: BTreeSet<String> = list.split(',').map(|label| label.trim().to_owned()).collect();
    if by.is_empty() {
        assert_eq!(&list, labels, "{}: {name} is taken by", rule.record);
    } else {
        assert_eq!(list, by.split(", ").map(str::to_owned).collect(), "{}", rule.record);
    }
    for label in matched(&rule.expr[at + name.len()..]) {
        assert!(labels.contains(label), "{}: {name} has no {label}", rule.record);
    }
}

#[test]
fn alerts_are_made_of_recorded_series_alone() {
    let recorded: BTreeSet<String> = rules(RECORDING).into_iter().map(|rule| rule.record).collect();
    for rule in rules(ALERTS) {
        assert!(named(&rule.expr).iter().all(|(_, name)| name.contains(':')), "{}", rule.alert);
        let texts = rule.annotations.values().chain([&rule.expr]);
        for text in texts {
            let names = text.split(|letter| !is_part_of_name(letter));
            for name in
                names.filter(|name| name.contains(":azure_") || name.starts_with("azure_billing:"))
            {
                assert!(recorded.contains(name), "{}: nothing records {name}", rule.alert);
            }
        }
    }
}

#[test]
fn every_label_that_rules_join_by_or_show_is_one_of_the_exporter() {
    let mut labels: BTreeSet<String> = known().into_values().flatten().collect();
    labels.extend(["job", "instance"].map(str::to_owned));
    for rule in rules(RECORDING).into_iter().chain(rules(ALERTS)) {
        for keyword in ["by ", "on ", "without ", "group_left ", "group_right "] {
            for label in lists(&rule.expr, keyword).concat() {
                assert!(labels.contains(label), "{}{}: {label}", rule.record, rule.alert);
            }
        }
        for text in rule.annotations.values() {
            for shown in text.split("$labels.").skip(1) {
                let label = shown.split(|letter| !is_part_of_name(letter)).next().expect("a label");
                assert!(labels.contains(label), "{}: {label}", rule.alert);
            }
        }
    }
}

#[test]
fn every_threshold_and_every_record_is_used() {
    let all: Vec<Rule> = rules(RECORDING).into_iter().chain(rules(ALERTS)).collect();
    for record in rules(RECORDING).into_iter().map(|rule| rule.record) {
        let used = all.iter().any(|rule| {
            let texts = [&rule.expr].into_iter().chain(rule.annotations.values());
            let mut words = texts.flat_map(|text| text.split(|letter| !is_part_of_name(letter)));
            words.any(|word| word == record)
        });
        assert!(used, "nothing uses {record}");
    }
}

#[test]
fn every_series_of_the_tests_has_the_labels_that_the_exporter_writes() {
    let known = known();
    for path in files("deploy/prometheus/tests") {
        let text = std::fs::read_to_string(&path).expect("a file");
        for input in text.lines().filter_map(|line| line.trim().strip_prefix("- {series: '")) {
            let (name, labels) = series(input.split_once('\'').expect("an end").0);
            if name == "up" {
                continue;
            }
            let expected = known.get(&name).unwrap_or_else(|| panic!("no family {name}"));
            let own =
                labels.into_iter().filter(|label| !["job", "instance"].contains(&label.as_str()));
            assert_eq!(&own.collect::<BTreeSet<_>>(), expected, "{input}");
        }
    }
}
