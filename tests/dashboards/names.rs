//! Every name in a query is one that the exporter writes, and no query adds a series twice.

use std::collections::{BTreeMap, BTreeSet};

use azure_billing_exporter::billing::metric_families::FAMILIES;
use regex_lite::Regex;

use crate::dashboard::{Dashboard, text};
use crate::families::{read, series};

/// Returns every family with all its labels. Only `demo` writes `exporter_demo`.
fn families() -> BTreeMap<String, BTreeSet<String>> {
    let golden = read("tests/azure/golden.prom");
    let samples = golden.lines().filter(|line| line.starts_with("azure_billing_"));
    let mut families: BTreeMap<String, BTreeSet<String>> = samples
        .map(|sample| series(sample.rsplit_once(' ').expect("a value").0))
        .map(|(name, labels)| (name, labels.into_iter().collect()))
        .collect();
    for family in FAMILIES {
        let labels = family.labels.iter().chain(&["scope"]).map(|label| (*label).to_owned());
        families.insert(family.name.to_owned(), labels.collect());
    }
    families.insert("azure_billing_exporter_demo".to_owned(), BTreeSet::new());
    families
}

fn labels(list: &str) -> BTreeSet<String> {
    list.split(',').map(|label| label.trim().to_owned()).filter(|label| !label.is_empty()).collect()
}

/// Returns the labels of a selector's matchers.
fn matched(selector: &str) -> BTreeSet<String> {
    let matcher = Regex::new(r#"([a-z_]+)(=|!=|=~|!~)""#).expect("a pattern");
    matcher.captures_iter(selector).map(|found| found[1].to_owned()).collect()
}

#[test]
fn every_series_is_first_taken_once_by_its_own_labels() {
    let families = families();
    let metric = Regex::new(r"azure_billing_[a-z_]+").expect("a pattern");
    let once = Regex::new(
        r"max by \(([a-z_, ]*)\) \((?:increase\()?(azure_billing_[a-z_]+)(\{[^}]*\})?(?:\[1h\]\)|\[1d\]\))?\)",
    )
    .expect("a pattern");
    // Selects the exporter's targets, for metrics that every process has; a target has one such
    // series.
    let of_the_target = "and on (job, instance) azure_billing_exporter_build_info)";
    // Shows the worst of several replicas: a good one must not hide another's configuration.
    let of_any_target = "max(1 - azure_billing_exporter_config_last_reload_successful)";
    let mut asked = 0;
    for dashboard in Dashboard::all() {
        for query in dashboard.asked() {
            // A name in a pattern of `label_replace` is no series.
            let expression = query.expression.replace("\"azure_billing_(.*)\"", "");
            let expression = expression.replace(of_the_target, "").replace(of_any_target, "");
            let mut taken = 0;
            for found in once.captures_iter(&expression) {
                let name = &found[2];
                let own = families.get(name).unwrap_or_else(|| panic!("there is no {name}"));
                assert_eq!(&labels(&found[1]), own, "{}: {name}", query.panel);
                let selected = matched(found.get(3).map_or("", |selector| selector.as_str()));
                assert!(selected.is_subset(own), "{}: {name} {selected:?}", query.panel);
                taken += 1;
            }
            let named = metric.find_iter(&expression).count();
            assert_eq!(named, taken, "{}: {expression}", query.panel);
            asked += named;
        }
    }
    assert!(asked > 60, "only {asked} were found");
}

/// Only scopes that may be added are added, and money is of one currency.
#[test]
fn sums_are_of_counted_scopes_or_by_scope_and_of_one_currency() {
    let families = families();
    let selector = Regex::new(r"(azure_billing_[a-z_]+)(\{[^}]*\})?").expect("a pattern");
    let sum = Regex::new(r"sum(?: by \(([a-z_, ]*)\))? \(max by \([a-z_, ]*\) \((?:increase\()?azure_billing_([a-z_]*(?:pretax_cost|usage_quantity)[a-z_]*)(\{[^}]*\})").expect("a pattern");
    for dashboard in Dashboard::all() {
        for query in dashboard.asked() {
            let expression = query.expression.replace("\"azure_billing_(.*)\"", "");
            for found in selector.captures_iter(&expression) {
                let matchers = found.get(2).map_or("", |matchers| matchers.as_str());
                let own = &families[&found[1]];
                let exact = matchers.contains("currency=\"$currency\"");
                assert_eq!(own.contains("currency"), exact, "{}: {matchers}", query.panel);
            }
            for found in sum.captures_iter(&expression) {
                let by = labels(found.get(1).map_or("", |by| by.as_str()));
                let counted = found[3].contains("scope=~\"$counted\"");
                assert!(counted || by.contains("scope"), "{}: {expression}", query.panel);
            }
        }
    }
}

#[test]
fn variables_ask_for_series_that_there_are() {
    let families = families();
    let selector = Regex::new(r"(azure_billing_[a-z_]+)(\{[^}]*\})?").expect("a pattern");
    for dashboard in Dashboard::all() {
        for variable in dashboard.variables() {
            let asked = text(&variable["query"]["query"]);
            for found in selector.captures_iter(&asked) {
                let own = families.get(&found[1]).unwrap_or_else(|| panic!("there is no {asked}"));
                let selected = matched(found.get(2).map_or("", |selector| selector.as_str()));
                assert!(selected.is_subset(own), "{asked}");
            }
            if let Some((_, label)) = asked.strip_suffix(')').and_then(|a| a.rsplit_once(", "))
                && asked.starts_with("label_values(")
            {
                let name = selector.captures(&asked).expect("a metric")[1].to_owned();
                assert!(families[&name].contains(label), "{asked}");
            }
        }
    }
}
