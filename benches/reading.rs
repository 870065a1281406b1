//! The memory of a reading, by the list and by reports: the poller's way of reading over loopback,
//! entering in the totals and storing, without a publish. The simulator is a process of its own,
//! and so is each reader, so that the peak is of one reading alone. Asserts nothing.
//!
//! `cargo bench --bench reading [-- ROWS RESOURCES]`; a million rows of 30 days and 100,000 resources
//! without.

#![expect(clippy::expect_used, reason = "a bench fails by panicking")]

#[expect(dead_code, reason = "other benches use the rest")]
mod measure;
#[expect(dead_code, reason = "other benches use the rest")]
mod program;

use std::process::Command;
use std::sync::Arc;

use azure_billing_exporter::azure::{Client, Timeouts, transport};
use azure_billing_exporter::billing::period::{Period, day_of};
use azure_billing_exporter::billing::span::Span;
use azure_billing_exporter::config::{Config, Environment};
use azure_billing_exporter::poller::Clock;
use azure_billing_exporter::source::{self, Access, ReadRequest, Source};
use azure_billing_exporter::status::ApiCalls;
use azure_billing_exporter::store::{Archive, CompletedRead, RetentionPolicy, ScopeStore, Store};
use jiff::SignedDuration;
use measure::{cpu, grown};
use program::Program;

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    if let [by, endpoint] = arguments.as_slice()
        && endpoint.starts_with("http")
    {
        return read(by, endpoint);
    }
    let argument =
        |place: usize, usual: &'static str| arguments.get(place).map_or(usual, String::as_str);
    let (rows, resources) = (argument(0, "1000000"), argument(1, "100000"));
    println!("{rows} rows of 30 days, {resources} resources");
    let azure =
        Program::start(&["simulate", "--days", "30", "--rows", rows, "--resources", resources]);
    let endpoint = format!("http://{}", azure.address);
    let myself = std::env::current_exe().expect("a path");
    for by in ["list", "report"] {
        let ended = Command::new(&myself).args([by, &endpoint]).status().expect("it starts");
        assert!(ended.success());
    }
}

/// Reads the open period and the previous one.
fn read(by: &str, endpoint: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let folder = tempfile::tempdir().expect("a folder");
    let text = format!(
        "azure: {{endpoint: \"{endpoint}\", requests_per_minute: {{billing_account: 1000000}}, auth: {{method: token, token: x}}}}\nscopes: [{{billing_account: \"100000\"}}]\n"
    );
    let path = folder.path().join("config.yaml");
    std::fs::write(&path, text).expect("the file can be written");
    let config = Config::from_file(&path, &Environment::default()).expect("a configuration");
    let http = transport::client(&config.azure.endpoint, &[]).expect("a client");
    let calls = Arc::<ApiCalls>::default();
    let client = Client::new(&config.azure, transport::over(http), Timeouts::default(), calls);
    let scope = &config.scopes[0].id;
    let now = Clock::system().now();
    let store = Store::open(&folder.path().join("state.redb"), Box::new(move || now));
    let (archive, _) = Archive::open(Arc::new(store.expect("a store")), scope);
    let mut scope_store = ScopeStore { archive, ..ScopeStore::default() };
    let open = Period::of(day_of(now));
    let complete_after = SignedDuration::from_hours(72);
    let keeping = RetentionPolicy { since: open.before().days().first, complete_after };
    let (mut rows, mut reading_took) = (0, 0.0);
    let before = cpu();
    let (memory, ()) = grown(|| {
        for period in [open, open.before()] {
            let (span, no_tags, began) = (Span::Period(period), Vec::new().into(), cpu());
            let source = if by == "list" { Source::UsageDetails } else { Source::CostDetails };
            let access = Access::new(&client, scope, &no_tags);
            let reading = runtime.block_on(source::read(&access, &ReadRequest::new(source, span)));
            let reading = reading.expect("a reading");
            rows += reading.counts.counted;
            reading_took += cpu() - began;
            let (rows, facts) = (reading.sums, reading.facts);
            let answer = CompletedRead { span, rows, facts, began: now };
            scope_store.keep(&answer, &[], keeping).expect("room");
        }
    });
    println!(
        "{by}: {rows} rows; {memory:.0} MB over idle; {reading_took:.1} s of CPU to read, {:.1} s to enter and store",
        cpu() - before - reading_took
    );
}
