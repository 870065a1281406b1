//! What strangers send, each as a function of bytes that must hold whatever they are: no panic, no
//! memory without bound, and what is stated below. `make fuzz` runs them on made-up bytes, the test
//! below on the seeds they start from. Built for these two only.
//!
//! A further target is a line of [`TARGETS`], a folder of seeds and a file in `fuzz/targets`.

mod reports;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use jiff::civil::date;
use secrecy::ExposeSecret;
use url::Url;

use crate::azure::wire::{RowOptions, read_page, read_repaired_page};
use crate::azure::{Failure, classify, classify_file, resolve_next_link};
use crate::billing::amount::Amount;
use crate::billing::charge::Charge;
use crate::billing::daily_sums::{DayBucket, TagKeys};
use crate::billing::facts::BucketFacts;
use crate::billing::metric_families::{FAMILIES, Value};
use crate::billing::period::Period;
use crate::billing::rules::Rules;
use crate::billing::scope::{CostType, ScopeId, ScopeType};
use crate::billing::snapshot::Snapshot;
use crate::billing::span::Span;
use crate::config::{Cloud, Config, Environment, web_config_of_stranger};
use crate::metrics::{ApiCalls, BuildFlags, Exposition, Format};
use crate::server::negotiated_content_type;
use crate::spill_buffer::SpillBuffer;
use crate::status::{ScopeInfo, Status};
use crate::store::{CompletedRead, RetentionPolicy, ScopeStore};

pub use self::reports::{manifest, report};

/// What must hold of bytes.
pub type Target = fn(&[u8]);

/// Every target by its name.
pub const TARGETS: &[(&str, Target)] = &[
    ("page", page),
    ("report", report),
    ("manifest", manifest),
    ("error_body", error_body),
    ("retry_headers", retry_headers),
    ("next_link", next_link),
    ("configuration", configuration),
    ("web_config", web_config),
    ("accept", accept),
];

/// A page of usage, to the exposition: every value is a number, no text of a row begins a line, and
/// what the scope costs is what its rows cost, as all of them count.
/// The same holds of a page that is only read once its texts are repaired.
pub fn page(bytes: &[u8]) {
    let wanted = RowOptions { tags: true, cost_allocation: false, cloud: Cloud::Public };
    if !publish(|fold| read_page(bytes, wanted, fold).is_ok()) {
        publish(|fold| read_repaired_page(bytes, wanted, fold).is_some());
    }
}

/// Publishes what can be read, and returns whether it can.
fn publish(read: impl FnOnce(&mut dyn FnMut(&Charge<'_>)) -> bool) -> bool {
    let period = Period::of(date(2026, 11, 20));
    let tag_keys: TagKeys = Arc::new(["team".to_owned()]);
    let mut rows = SpillBuffer::new(&tag_keys);
    let (mut total, mut costs) = (Amount::ZERO, BTreeMap::<String, Amount>::new());
    let is_read = read(&mut |charge| {
        total += charge.cost;
        *costs.entry(charge.currency.trim().to_uppercase()).or_default() += charge.cost;
        let date = charge.date.unwrap_or(period.days().first);
        rows.push(charge, DayBucket::of_period(date, period));
    });
    assert!(total.to_f64().is_finite());
    if is_read {
        rows.commit_page();
        rows.finish();
        hold(rows, &costs, period, &tag_keys);
    }
    is_read
}

fn hold(rows: SpillBuffer, costs: &BTreeMap<String, Amount>, period: Period, tag_keys: &TagKeys) {
    let Some(snapshot) = snapshot(rows, period, tag_keys) else { return };
    let mut published = BTreeMap::<String, Amount>::new();
    for family in FAMILIES {
        (family.each)(&snapshot, &mut |values, value| {
            assert!(value.to_f64().is_finite());
            if let ("azure_billing_scope_pretax_cost", [.., currency], Value::Exact(cost)) =
                (family.name, values, value)
            {
                *published.entry((*currency).to_owned()).or_default() += cost;
            }
        });
    }
    assert_eq!(published, *costs);
    for line in exposition(snapshot).lines() {
        assert!(line.starts_with("azure_billing_") || line.starts_with("# "), "{line}");
    }
}

fn snapshot(rows: SpillBuffer, period: Period, tag_keys: &TagKeys) -> Option<Snapshot> {
    let rules = Rules::default();
    let (span, began) = (Span::Period(period), period.start());
    let answer = CompletedRead { span, rows, facts: BucketFacts::new(), began, by_report: false };
    let since = period.days().first;
    let mut scope_store = ScopeStore::default();
    let kept = scope_store
        .keep(&answer, RetentionPolicy { since, complete_after: rules.day_complete_after });
    assert!(kept.is_ok(), "{kept:?}");
    scope_store.scope_totals.snapshot(&rules, tag_keys, false)
}

fn exposition(snapshot: Snapshot) -> String {
    let id = ScopeId { scope_type: ScopeType::Department, id: "1".into(), cost: CostType::Actual };
    let info = ScopeInfo { label: "shop".into(), id: id.clone(), enrollment: None };
    let status = Arc::new(Status::new([info], Duration::from_secs(60)));
    let about = BuildFlags { demo: false, process: false };
    let written = Exposition::new(status, Arc::<ApiCalls>::default(), about).and_then(|text| {
        text.publish(&id, snapshot)?;
        text.scrape(Format::Text)
    });
    assert!(written.is_ok(), "{written:?}");
    written.unwrap_or_default()
}

/// An answer that is no success: what is said of it is a line, and a short one. The status stands in
/// the first two bytes.
pub fn error_body(bytes: &[u8]) {
    let Some((&[high, low], body)) = bytes.split_first_chunk() else { return };
    let status = 100 + u16::from_be_bytes([high, low]) % 500;
    let Ok(status) = StatusCode::from_u16(status) else { return };
    for classify in [classify, classify_file] {
        let said = match classify(status, &HeaderMap::new(), body) {
            Failure::Throttled { what, .. } => what,
            Failure::NoToken(error)
            | Failure::Unauthenticated(error)
            | Failure::Transient(error)
            | Failure::Final(error) => error.to_string(),
        };
        assert!(said.chars().count() < 450 && !said.contains(char::is_control), "{said:?}");
    }
}

/// The headers of a throttled answer, one a line: nobody waits for more than a day.
pub fn retry_headers(bytes: &[u8]) {
    let mut headers = HeaderMap::new();
    for line in bytes.split(|byte| *byte == b'\n').take(100) {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let (Some(name), Some(value)) = (parts.next(), parts.next()) else { continue };
        let name = HeaderName::from_bytes(name);
        let value = HeaderValue::from_bytes(value.trim_ascii());
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    if let Failure::Throttled { wait: Some(wait), .. } =
        classify(StatusCode::TOO_MANY_REQUESTS, &headers, b"")
    {
        assert!(wait <= Duration::from_secs(24 * 3600));
    }
}

/// A link to the next page: what is followed leads to the endpoint, for each of the two parsers that
/// an address goes through on its way out.
pub fn next_link(bytes: &[u8]) {
    let (Ok(link), Ok(endpoint)) =
        (std::str::from_utf8(bytes), Url::parse("https://management.azure.com"))
    else {
        return;
    };
    let Ok(url) = resolve_next_link(link, &endpoint) else { return };
    assert_eq!(url.origin(), endpoint.origin(), "{link}");
    assert!(url.username().is_empty() && url.password().is_none(), "{link}");
    if let Ok(uri) = url.as_str().parse::<Uri>() {
        let authority = uri.authority().map(|authority| authority.as_str());
        assert_eq!(authority, Some("management.azure.com"), "{link}");
        assert_eq!(uri.scheme_str(), Some("https"), "{link}");
    }
}

/// A configuration file: it is one, or what is wrong is said of its lines.
pub fn configuration(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Err(error) = Config::from_yaml(text, &Environment::default()) {
        assert!(!error.problems().is_empty() && !error.to_string().is_empty());
    }
}

/// A web config file: it is one, or what is wrong is said of its lines. No password and no hash is
/// ever shown, of the file's own users and of one whose hash the bytes are.
pub fn web_config(bytes: &[u8]) {
    const PLANTED: &str = "planted-";
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let hash = serde_json::Value::from(format!("{PLANTED}{text}"));
    let planted = web_config_of_stranger(&format!("basic_auth_users: {{a: {hash}}}\n"));
    assert!(planted.is_err_and(|error| !error.to_string().contains(PLANTED)), "{hash}");
    // Files of this machine say nothing of the reader, and some have no end.
    if text.contains("_file") && text.contains('/') {
        return;
    }
    match web_config_of_stranger(text) {
        Ok(config) => {
            let shown = format!("{config:?}");
            let mut hashes = config.users.values().map(ExposeSecret::expose_secret);
            assert!(hashes.all(|hash| hash.len() == 60 && !shown.contains(hash)), "{shown}");
            assert!(
                config.rate_limit.is_none_or(|limit| limit.burst > 0 && !limit.interval.is_zero())
            );
        }
        Err(error) => assert!(!error.problems().is_empty() && !error.to_string().is_empty()),
    }
}

/// What a scraper accepts: the answer's type is one of ours, whatever was asked for.
pub fn accept(bytes: &[u8]) {
    let Ok(header) = std::str::from_utf8(bytes) else { return };
    let content_type = negotiated_content_type(header);
    let ours = ["text/plain; version=0.0.4;", "application/openmetrics-text; version="];
    assert!(ours.iter().any(|ours| content_type.starts_with(ours)), "{content_type}");
    assert!(HeaderValue::from_str(&content_type).is_ok() && content_type.len() < 120);
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_target_has_seeds_that_it_holds_for_and_a_binary() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        for (name, target) in TARGETS {
            let seeds = fs::read_dir(folder.join("seeds").join(name)).unwrap();
            let seeds: Vec<_> = seeds.map(|seed| fs::read(seed.unwrap().path()).unwrap()).collect();
            assert!(seeds.len() >= 3, "{name} has {} seeds", seeds.len());
            seeds.iter().for_each(|seed| target(seed));
            let binary = format!("name = \"{name}\"\npath = \"targets/{name}.rs\"");
            assert!(manifest.contains(&binary), "fuzz/Cargo.toml has no binary of {name}");
        }
        assert_eq!(manifest.matches("[[bin]]").count(), TARGETS.len());
    }
}
