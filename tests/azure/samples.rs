//! Real and official answers, if they are beside the project: every one parses, and the sums equal
//! those that are computed here from the JSON text by other means.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::value::RawValue;

use azure_billing_exporter::billing::period::Period;

use crate::exporter::read_month;
use crate::server::{Answer, Server};

fn samples() -> Vec<PathBuf> {
    let neighbour = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/azure/samples");
    let folders = ["official", "recorded"].map(|folder| neighbour.join(folder));
    let files = folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten();
    files.map(|entry| entry.expect("a file").path()).collect()
}

/// Returns the page of a sample: an answer as it was recorded, the answer within an official
/// example, or a single row.
fn page(text: &str) -> String {
    #[derive(Deserialize)]
    struct Shapes<'a> {
        #[serde(borrow)]
        value: Option<&'a RawValue>,
        #[serde(borrow)]
        responses: Option<BTreeMap<&'a str, Response<'a>>>,
    }
    #[derive(Deserialize)]
    struct Response<'a> {
        #[serde(borrow)]
        body: Option<&'a RawValue>,
    }
    let shapes: Shapes<'_> = serde_json::from_str(text).expect("JSON");
    match (shapes.value, shapes.responses) {
        (Some(rows), _) => format!("{{\"value\":{rows}}}"),
        (_, Some(responses)) => responses["200"].body.expect("a body").get().to_owned(),
        _ => format!("{{\"value\":[{text}]}}"),
    }
}

#[derive(Deserialize)]
struct Page {
    value: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    properties: BTreeMap<String, Box<RawValue>>,
}

/// Returns the first of the fields that the row has, as it is written in the text.
fn field<'a>(row: &'a Row, names: &[&str]) -> &'a str {
    let raw = names.iter().find_map(|name| row.properties.get(*name));
    raw.map_or("0", |raw| raw.get())
}

/// Returns the month that a sample was requested for, according to the first row that names it.
fn month(page: &Page) -> Period {
    let day = |row: &Row| {
        let day = field(row, &["billingPeriodStartDate", "date", "usageStart"]);
        let month = day.trim_matches('"').get(..7)?;
        month.parse::<Period>().ok().filter(|month| !month.to_string().starts_with("0001"))
    };
    page.value.iter().find_map(day).expect("a date")
}

/// Returns a decimal in units of 10^-30.
fn scaled(text: &str) -> i128 {
    if let Some((digits, exponent)) = text.split_once(['e', 'E']) {
        let places: u32 =
            exponent.strip_prefix('-').expect("a small number").parse().expect("digits");
        let scaled = scaled(digits);
        assert_eq!(scaled % 10_i128.pow(places), 0, "{text} has more than 30 decimals");
        return scaled / 10_i128.pow(places);
    }
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let (integer, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    format!("{integer}{decimals:0<30}").parse::<i128>().expect("digits") * sign
}

#[tokio::test]
async fn every_sample_adds_up_to_what_its_text_says() {
    for path in samples() {
        let text = std::fs::read_to_string(&path).expect("a sample");
        let body = page(&text);
        let rows: Page = serde_json::from_str(&body).expect("a page");
        let mut expected = BTreeMap::<String, i128>::new();
        for row in &rows.value {
            let currency = field(row, &["billingCurrencyCode", "billingCurrency", "currency"]);
            let cost = field(row, &["costInBillingCurrency", "cost", "pretaxCost"]);
            *expected.entry(currency.trim_matches('"').to_owned()).or_default() += scaled(cost);
        }
        let last = body.replacen("\"nextLink\"", "\"aNextLink\"", 1);
        let server = Server::start(vec![Answer::page(last)]).await;
        let read = read_month(month(&rows), &server.endpoint, "billing_account: \"1000000\"").await;
        let sums: BTreeMap<_, _> = read
            .scope
            .iter()
            .map(|(currency, sum)| (currency.clone(), scaled(&sum.to_string())))
            .collect();
        assert_eq!(sums, expected, "{}", path.display());
        assert_eq!(read.instances, read.scope, "{}", path.display());
        assert_eq!(read.rows, rows.value.len() as u64, "{}", path.display());
    }
}
