//! The queries of the documentation, asked of Prometheus' own engine: what is shown is what was
//! tried, on series as the exporter writes them.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod families;

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

use azure_billing_exporter::billing::published::FAMILIES;
use families::{families, read, series};
use serde::Deserialize;

const QUERIES: &str = "tests/promql/queries.yaml";
/// Labels that Prometheus gives to what it scrapes.
const TARGET_LABELS: [&str; 2] = ["job", "instance"];

/// What matters here of promtool's file.
#[derive(Deserialize)]
struct Queries {
    tests: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    input_series: Vec<Input>,
    promql_expr_test: Vec<Case>,
}

#[derive(Deserialize)]
struct Input {
    series: String,
}

#[derive(Deserialize)]
struct Case {
    expr: String,
}

fn groups() -> Vec<Group> {
    serde_saphyr::from_str::<Queries>(&read(QUERIES)).expect("the queries").tests
}

/// Runs promtool and gives what it complains about.
fn promtool(arguments: &[&str], input: Stdio) -> Result<(), String> {
    let output = Command::new("promtool")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(arguments)
        .stdin(input)
        .output()
        .unwrap_or_else(|error| panic!("cannot start promtool ({error}): run `make tools`"));
    let told = [output.stdout, output.stderr].concat();
    let told = String::from_utf8_lossy(&told).into_owned();
    if output.status.success() { Ok(()) } else { Err(told) }
}

/// The expressions of the `promql` blocks of a document: a comment begins the next.
fn shown(document: &str) -> Vec<String> {
    let text = read(document);
    let blocks = text.split("```promql\n").skip(1);
    let blocks = blocks.map(|rest| rest.split_once("```").expect("the end of a block").0);
    let mut expressions = vec![String::new()];
    for line in blocks.flat_map(|block| ["#"].into_iter().chain(block.lines())) {
        match expressions.last_mut() {
            Some(expression) if !line.starts_with('#') => expression.push_str(line),
            _ => expressions.push(String::new()),
        }
    }
    expressions.retain(|expression| !expression.is_empty());
    expressions
}

/// Without blanks, which mean nothing.
fn bare(expression: &str) -> String {
    expression.split_whitespace().collect()
}

#[test]
fn every_query_answers_what_was_worked_out_by_hand() {
    if let Err(complaint) = promtool(&["test", "rules", QUERIES], Stdio::null()) {
        panic!("{complaint}");
    }
}

#[test]
fn every_query_that_is_shown_is_tested() {
    let groups = groups();
    let tested: BTreeSet<String> =
        groups.iter().flat_map(|group| &group.promql_expr_test).map(|c| bare(&c.expr)).collect();
    for document in ["docs/metrics.md", "README.md"] {
        let shown = shown(document);
        assert!(!shown.is_empty(), "{document} shows no query");
        for expression in shown {
            assert!(tested.contains(&bare(&expression)), "{document}, not tested: {expression}");
        }
    }
}

#[test]
fn every_family_of_the_bill_is_shown_in_a_query() {
    let shown = shown("docs/metrics.md").join("\n");
    let is_part_of_name = |byte: char| byte.is_ascii_alphanumeric() || byte == '_';
    let names: BTreeSet<&str> = shown.split(|byte| !is_part_of_name(byte)).collect();
    for family in FAMILIES {
        assert!(names.contains(family.name), "no query shows {}", family.name);
    }
}

#[test]
fn every_series_that_is_queried_has_the_labels_that_the_exporter_writes() {
    let families = families();
    for input in groups().iter().flat_map(|group| &group.input_series) {
        let (name, labels) = series(&input.series);
        let expected = families.get(&name).unwrap_or_else(|| panic!("there is no {name}"));
        let own = labels.iter().map(String::as_str).filter(|label| !TARGET_LABELS.contains(label));
        let own: Vec<&str> = own.filter(|label| *label != "scope").collect();
        assert_eq!(&own, expected, "{}", input.series);
    }
}

#[test]
fn prometheus_has_no_complaint_about_the_exposition() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/azure/golden.prom");
    let exposition = File::open(path).expect("the golden exposition");
    let complaint = promtool(&["check", "metrics"], exposition.into());
    // It counts days, and is none of the spans of time that the rule is about.
    let counts = "azure_billing_suspect_days use base unit \"seconds\" instead of \"days\"\n";
    assert_eq!(complaint, Err(counts.to_owned()));
}
