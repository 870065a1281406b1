//! The project's own pages, with sums that another program computed (`tests/fixtures/sums.py`).

use std::collections::BTreeMap;
use std::path::Path;

use azure_billing_exporter::billing::amount::Amount;
use serde_json::Value;

use crate::exporter::{Sums, read};
use crate::server::{Answer, Server};

pub(crate) fn fixture(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    std::fs::read_to_string(&path).expect("a fixture")
}

fn sums(of: &str) -> Value {
    let all: Value = serde_json::from_str(&fixture("sums.json")).expect("JSON");
    all[of].clone()
}

fn amounts(sums: &Value) -> BTreeMap<String, Amount> {
    // A sum is absent where nothing was added.
    let sums = sums.as_object().into_iter().flatten();
    let amount =
        |text: &Value| Amount::parse(text.as_str().expect("a text")).expect("an amount").amount;
    sums.map(|(key, text)| (key.clone(), amount(text))).collect()
}

/// Returns sums over one label of a family, with the last one (currency or unit), keyed as in
/// `sums.json`.
fn by(sums: &Sums, family: &str, label: usize) -> BTreeMap<String, Amount> {
    let mut by = BTreeMap::<String, Amount>::new();
    for (series, amount) in sums.series.iter().filter(|(series, _)| series[0] == family) {
        let last = series.last().expect("a label");
        *by.entry(format!("{} {last}", series[label])).or_default() += *amount;
    }
    by
}

async fn assert_sums(pages: &[&str], expected: &str) -> Sums {
    let server =
        Server::start(pages.iter().map(|page| Answer::page(fixture(page))).collect()).await;
    let read = read(&server.endpoint, "billing_account: \"1000000\"").await;
    assert_eq!(server.requests().len(), pages.len(), "one request a page");
    let expected = sums(expected);
    assert_eq!(read.rows, expected["rows"].as_u64().expect("a count"));
    assert_eq!(spent(read.scope.clone()), amounts(&expected["cost"]));
    assert_eq!(read.instances, read.scope, "every cost has a resource or the empty one");
    assert_eq!(spent(read.usage.clone()), spent(amounts(&expected["quantity"])));
    let by_instance = by(&read, "azure_billing_instance_pretax_cost", 3);
    assert_eq!(spent(by_instance), spent(amounts(&expected["cost_by_instance"])));
    let by_charge = by(&read, "azure_billing_scope_pretax_cost", 1);
    assert_eq!(spent(by_charge), spent(snake_case(amounts(&expected["cost_by_charge_type"]))));
    read
}

/// Removes the sums of nothing, which `sums.json` does not list for rows without a currency.
fn spent(mut amounts: BTreeMap<String, Amount>) -> BTreeMap<String, Amount> {
    amounts.retain(|_, amount| !amount.is_zero());
    amounts
}

/// Renames Azure's `UnusedReservation EUR` to our `unused_reservation EUR`.
fn snake_case(amounts: BTreeMap<String, Amount>) -> BTreeMap<String, Amount> {
    let snake = |key: String| {
        let (kind, currency) = key.split_once(' ').expect("two words");
        let mut snake = String::new();
        for c in kind.chars() {
            if c.is_uppercase() && !snake.is_empty() {
                snake.push('_');
            }
            snake.extend(c.to_lowercase());
        }
        format!("{snake} {currency}")
    };
    amounts.into_iter().map(|(key, amount)| (snake(key), amount)).collect()
}

#[tokio::test]
async fn old_rows_add_up_to_the_last_digit() {
    assert_sums(&["old_shape_page.json"], "old_shape_page.json").await;
}

#[tokio::test]
async fn rows_in_which_every_field_is_missing_are_rows() {
    assert_sums(&["old_shape_minimal.json"], "old_shape_minimal.json").await;
}

#[tokio::test]
async fn legacy_rows_over_two_pages_add_up_to_the_last_digit() {
    assert_sums(&["legacy_page_1.json", "legacy_page_2.json"], "legacy_page_*.json").await;
}

#[tokio::test]
async fn modern_rows_add_up_to_the_last_digit() {
    assert_sums(&["modern_page.json"], "modern_page.json").await;
}
