//! The queries of the documentation, run by Prometheus' own engine on series as the exporter writes
//! them: what is shown was tried.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod families;
#[path = "../documentation/pages.rs"]
#[expect(dead_code, reason = "only what is shown matters here")]
mod pages;

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

use azure_billing_exporter::billing::metric_families::FAMILIES;
use families::{families, read, series};
use pages::{Page, pages};
use serde::Deserialize;
use serde_json::Value;

/// The queries of the reference, and of the cookbook, which also work with a second target.
const QUERIES: [&str; 2] = ["tests/promql/queries.yaml", COOKBOOK];
const COOKBOOK: &str = "tests/promql/cookbook.yaml";
/// Labels that Prometheus adds to what it scrapes.
const TARGET_LABELS: [&str; 2] = ["job", "instance"];

/// The parts of promtool's file that matter here.
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
    let of = |file| serde_saphyr::from_str::<Queries>(&read(file)).expect("the queries").tests;
    QUERIES.into_iter().flat_map(of).collect()
}

/// Runs promtool and returns its complaints.
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

/// Returns the expressions of the `promql` blocks of a page: a comment begins the next.
fn shown(page: &Page) -> Vec<String> {
    let snippets = page.snippets();
    let blocks = snippets.iter().filter(|snippet| snippet.language == "promql");
    let mut expressions = vec![String::new()];
    for line in blocks.flat_map(|block| ["#"].into_iter().chain(block.text.lines())) {
        match expressions.last_mut() {
            Some(expression) if !line.starts_with('#') => {
                expression.push_str(line);
                expression.push('\n');
            }
            _ => expressions.push(String::new()),
        }
    }
    expressions.retain(|expression| !expression.is_empty());
    expressions
}

/// Removes blanks, which have no meaning.
fn bare(expression: &str) -> String {
    expression.split_whitespace().collect()
}

#[test]
fn every_query_answers_what_was_worked_out_by_hand() {
    for file in QUERIES {
        if let Err(complaint) = promtool(&["test", "rules", file], Stdio::null()) {
            panic!("{complaint}");
        }
    }
}

#[test]
fn a_query_of_the_cookbook_answers_the_same_while_two_targets_are_scraped() {
    let mut file: Value = serde_saphyr::from_str(&read(COOKBOOK)).expect("the queries");
    for group in file["tests"].as_array_mut().expect("groups") {
        let inputs = group["input_series"].as_array_mut().expect("series");
        let of_the_exporter = |input: &&Value| {
            input["series"].as_str().is_some_and(|series| series.starts_with("azure_"))
        };
        let twice: Vec<Value> = inputs.iter().filter(of_the_exporter).map(second_target).collect();
        assert!(!twice.is_empty());
        inputs.extend(twice);
    }
    let doubled = tempfile::NamedTempFile::new().expect("a file");
    serde_json::to_writer(&doubled, &file).expect("it can be written");
    let path = doubled.path().to_str().expect("a path");
    if let Err(complaint) = promtool(&["test", "rules", path], Stdio::null()) {
        panic!("{complaint}");
    }
}

/// Returns a series as another target has it.
fn second_target(input: &Value) -> Value {
    let series = input["series"].as_str().expect("a series").replacen('{', r#"{instance="b","#, 1);
    serde_json::json!({"series": series, "values": input["values"]})
}

#[test]
fn every_query_that_is_shown_is_tested() {
    let groups = groups();
    let tested: BTreeSet<String> =
        groups.iter().flat_map(|group| &group.promql_expr_test).map(|c| bare(&c.expr)).collect();
    let mut count = 0;
    for page in pages() {
        for expression in shown(&page) {
            let found = tested.contains(&bare(&expression));
            assert!(found, "{}, not tested: {expression}", page.path);
            count += 1;
        }
    }
    assert!(count > 80, "{count} queries are too few to believe it");
}

#[test]
fn every_family_of_the_bill_is_shown_in_a_query() {
    let pages = pages();
    let metrics = pages.iter().find(|page| page.path == "docs/metrics.md").expect("the reference");
    let shown = shown(metrics).join("\n");
    let is_part_of_name = |byte: char| byte.is_ascii_alphanumeric() || byte == '_';
    let names: BTreeSet<&str> = shown.split(|byte| !is_part_of_name(byte)).collect();
    for family in FAMILIES {
        assert!(names.contains(family.name), "no query shows {}", family.name);
    }
}

#[test]
fn every_series_that_is_queried_has_the_labels_that_the_exporter_writes() {
    let families = families();
    let groups = groups();
    let inputs = groups.iter().flat_map(|group| &group.input_series);
    // Series that costs are joined with come from other exporters.
    for input in inputs.filter(|input| input.series.starts_with("azure_")) {
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
    assert_eq!(complaint, Ok(()));
}
