//! Parses and aggregates what Azure sends, by the call that the poller makes, without a network:
//! pages of the list in their three shapes beside `serde_json`, which only validates the same
//! bytes, and reports beside the `csv` crate, which only splits them into records. Asserts nothing
//! about time.
//!
//! `cargo bench --bench parse [-- ROWS RESOURCES SHAPE…]`; the shapes are old, legacy, modern and CSV

#![expect(clippy::expect_used, reason = "a bench fails by panicking")]

mod measure;
mod replay;

use std::sync::Arc;

use azure_billing_exporter::azure::Client;

use azure_billing_exporter::billing::daily_sums::TagKeys;
use azure_billing_exporter::billing::period::Period;
use azure_billing_exporter::billing::scope::{CostType, ScopeId, ScopeType};
use azure_billing_exporter::billing::span::Span;
use azure_billing_exporter::source::{self, Access, ReadRequest, Reading, Source};
use azure_billing_exporter::store::{Archive, CompletedRead, RetentionPolicy, ScopeStore, Store};
use azure_billing_simulator::Options;
use bytes::Bytes;
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use measure::{grown, median, timed};
use replay::{Answers, client, run, simulated};
use serde::de::IgnoredAny;
use serde_json::{Value, json};

/// The number of measurements of each kind, made in turns, of which the median is taken.
const TURNS: usize = 5;
/// A moment at which all of November has been sent, so that one period is the whole history.
const NOW: &str = "2026-12-01T00:30:00Z";
const LEGACY: &str = "2021-10-01";

fn main() {
    let arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with('-'));
    let (numbers, shapes): (Vec<_>, Vec<_>) =
        arguments.partition(|argument| argument.bytes().all(|byte| byte.is_ascii_digit()));
    let number = |place: usize| numbers.get(place).map(|text| text.parse::<u64>().expect("rows"));
    let rows = number(0).unwrap_or(200_000);
    let resources = number(1).unwrap_or(rows / 10) as usize;
    let wanted = |shape: &str| shapes.is_empty() || shapes.iter().any(|wanted| wanted == shape);
    let options = Options { resources, days: 30, ..Options::default() }.total_rows(rows);
    let now: Timestamp = NOW.parse().expect("a time");
    println!(
        "{:<8} {:>9} {:>8} {:>13} {:>13} {:>7}",
        "", "rows", "MB", "merely read", "aggregated", "times"
    );
    for (shape, version, change) in [
        ("old", "2018-06-30", same as fn(Bytes) -> Bytes),
        ("legacy", LEGACY, same),
        ("modern", LEGACY, modern),
    ] {
        if !wanted(shape) {
            continue;
        }
        let answers = Answers::of(simulated(options.clone(), now), version, list, change);
        compare(shape, version, &answers, list, validate);
    }
    if wanted("CSV") {
        let answers = Answers::of(simulated(options, now), LEGACY, report, same);
        compare("CSV", LEGACY, &answers, report, split);
    }
}

fn compare(
    shape: &str,
    version: &str,
    answers: &Answers,
    read: impl AsyncFn(&Client, &ScopeId) -> Reading,
    merely: fn(&[u8]),
) {
    let bodies = answers.bodies();
    let bytes: usize = bodies.iter().map(Bytes::len).sum();
    let (mut least, mut ours, mut rows) = (Vec::new(), Vec::new(), 0);
    for _ in 0..TURNS {
        least.push(timed(|| bodies.iter().for_each(|body| merely(body))).0);
        let (client, scope) = client(answers.replayed(), version);
        let (seconds, reading) = timed(|| run(read(&client, &scope)));
        ours.push(seconds);
        rows = reading.counts.counted;
    }
    let (client, scope) = client(answers.replayed(), version);
    let (memory, ()) = grown(|| keep(run(read(&client, &scope))));
    let times = ours.iter().zip(&least).map(|(ours, least)| ours / least).collect();
    println!(
        "{shape:<8} {rows:>9} {:>8.0} {:>10.0} ms {:>10.0} ms {:>7.2} {memory:>10.0} MB",
        bytes as f64 / 1e6,
        median(least) * 1e3,
        median(ours) * 1e3,
        median(times)
    );
}

/// Reads November page by page.
async fn list(client: &Client, scope: &ScopeId) -> Reading {
    source::read(
        &Access::new(client, scope, &tag_keys()),
        &ReadRequest::new(Source::UsageDetails, november()),
    )
    .await
    .expect("a reading")
}

/// Reads November as a report.
async fn report(client: &Client, scope: &ScopeId) -> Reading {
    source::read(
        &Access::new(client, scope, &tag_keys()),
        &ReadRequest::new(Source::CostDetails, november()),
    )
    .await
    .expect("a reading")
}

/// Enters a reading in totals, as the poller does, and stores them.
fn keep(reading: Reading) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state.redb");
    let store = Store::open(&path, Box::new(|| Timestamp::UNIX_EPOCH)).expect("a store");
    let id = ScopeId {
        scope_type: ScopeType::BillingAccount,
        id: "100000".to_owned(),
        cost: CostType::Actual,
    };
    let (archive, _) = Archive::open(Arc::new(store), &id);
    let mut scope_store = ScopeStore { archive, ..ScopeStore::default() };
    let began = "2026-11-30T23:00:00Z".parse().expect("a time");
    let azure_billing_exporter::source::Reading { sums: rows, facts, .. } = reading;
    let answer = CompletedRead { span: november(), rows, facts, began };
    let complete_after = SignedDuration::from_hours(72);
    scope_store
        .keep(&answer, &[], RetentionPolicy { since: date(2026, 10, 27), complete_after })
        .expect("room");
}

fn november() -> Span {
    Span::Period(Period::of(date(2026, 11, 1)))
}

fn tag_keys() -> TagKeys {
    Vec::new().into()
}

fn validate(body: &[u8]) {
    let text = std::str::from_utf8(body).expect("UTF-8");
    serde_json::from_str::<IgnoredAny>(text).expect("JSON");
}

fn split(body: &[u8]) {
    let mut reader = csv::Reader::from_reader(body);
    let mut record = csv::ByteRecord::new();
    while reader.read_byte_record(&mut record).expect("CSV") {}
}

fn same(body: Bytes) -> Bytes {
    body
}

/// Returns a page of an enrollment in the shape of a Microsoft Customer Agreement.
fn modern(body: Bytes) -> Bytes {
    let mut page: Value = serde_json::from_slice(&body).expect("JSON");
    for row in page["value"].as_array_mut().into_iter().flatten() {
        row["kind"] = json!("modern");
        let old = row["properties"].take();
        let mut new = serde_json::Map::new();
        for (name, value) in old.as_object().into_iter().flatten() {
            let name = match name.as_str() {
                "cost" => "costInBillingCurrency",
                "billingCurrency" => "billingCurrencyCode",
                "subscriptionId" => "subscriptionGuid",
                "resourceId" => "instanceName",
                "invoiceSection" => "invoiceSectionName",
                "resourceName" | "accountName" | "accountOwnerId" => continue,
                "meterDetails" => {
                    new.extend(value.as_object().cloned().unwrap_or_default());
                    continue;
                }
                name => name,
            };
            new.insert(name.to_owned(), value.clone());
        }
        for name in ["costInPricingCurrency", "costInUSD", "paygCostInBillingCurrency"] {
            new.insert(name.to_owned(), old["cost"].clone());
        }
        row["properties"] = Value::Object(new);
    }
    page.to_string().into()
}
