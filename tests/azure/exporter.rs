//! One scope polled by the real poller over real HTTP, with a clock that stands still and short
//! timeouts.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use azure_billing_exporter::azure::{Client, Timeouts, transport};

use azure_billing_exporter::billing::amount::Amount;
use azure_billing_exporter::billing::metric_families::{FAMILIES, Value};
use azure_billing_exporter::billing::period::{Period, start_of};
use azure_billing_exporter::billing::rules::Rules;
use azure_billing_exporter::billing::scope::ScopeId;
use azure_billing_exporter::billing::snapshot::Snapshot;
use azure_billing_exporter::billing::span::Span;
use azure_billing_exporter::config::{Config, Control, Environment};
use azure_billing_exporter::metrics::{BuildFlags, Exposition, Format};
use azure_billing_exporter::poller::{Clock, PollContext, Poller, ScopeSpec};
use azure_billing_exporter::source::{self, Access, ReadRequest, Reading, Source};
use azure_billing_exporter::status::ApiCalls;
use azure_billing_exporter::status::{ScopeInfo, Status};
use azure_billing_exporter::store::{CompletedRead, RetentionPolicy, ScopeStore};
use jiff::Timestamp;
use jiff::civil::date;

pub(crate) const NOW: &str = "2026-11-23T12:00:00Z";

pub(crate) const PATIENCE: Timeouts = Timeouts {
    answer: Duration::from_millis(1500),
    turn: Duration::from_secs(30),
    page: Duration::from_secs(60),
    reading: Duration::from_secs(600),
    report: Duration::from_secs(60),
    file: Duration::from_secs(60),
    tries: 3,
    backoff: Duration::from_millis(10),
};

/// Returns the configuration of one scope that reads from an endpoint.
pub(crate) fn config(endpoint: &str, scope: &str) -> Config {
    configuration(endpoint, scope, "token: a-token")
}

/// Returns such a configuration with a token that is read from a file at each use.
pub(crate) fn with_token_file(endpoint: &str, token: &Path) -> Config {
    configuration(endpoint, "department: \"1\"", &format!("token_file: {}", token.display()))
}

fn configuration(endpoint: &str, scope: &str, token: &str) -> Config {
    let text = format!(
        "azure:\n  endpoint: {endpoint}\n  usage_details_api_version: \"2021-10-01\"\n  requests_per_minute: {{billing_account: 100000, department: 100000, enrollment_account: 100000, subscription: 100000}}\n  auth: {{method: token, {token}}}\nscopes:\n  - {{{scope}}}\n"
    );
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), text).expect("the file can be written");
    Config::from_file(file.path(), &Environment::default()).expect("a valid configuration")
}

/// A poller and its exposition.
pub(crate) struct Exporter {
    pub(crate) poller: Poller,
    pub(crate) exposition: Arc<Exposition>,
    pub(crate) status: Arc<Status>,
}

impl Exporter {
    pub(crate) fn new(config: &Config, timeouts: Timeouts) -> Self {
        Self::with_rules(config, timeouts, Rules::default(), &[])
    }

    pub(crate) fn with_rules(
        config: &Config,
        timeouts: Timeouts,
        rules: Rules,
        tag_keys: &[&str],
    ) -> Self {
        let scope = config.scopes[0].clone();
        let info = ScopeInfo { label: scope.label.clone(), id: scope.id.clone(), enrollment: None };
        let status = Arc::new(Status::new([info], config.poll.interval));
        let calls = Arc::new(ApiCalls::default());
        let about = BuildFlags { demo: false, process: false };
        let exposition =
            Exposition::new(status.clone(), calls.clone(), about).expect("an exposition");
        let exposition = Arc::new(exposition);
        let now: Timestamp = NOW.parse().expect("a time");
        let context = PollContext {
            client: Arc::new(client(config, timeouts, calls)),
            poll: config.poll,
            control: Control::off(),
            clock: Clock::standing_at(now),
            status: status.clone(),
            exposition: exposition.clone(),
            store: None,
        };
        let tag_keys = tag_keys.iter().map(|&key| key.to_owned()).collect();
        let poller = Poller::new(context, ScopeSpec { scope, rules, tag_keys });
        Self { poller, exposition, status }
    }

    /// Returns the lines of the billing families that sum rows.
    pub(crate) fn costs(&self) -> Vec<String> {
        let text = self.exposition.scrape(Format::Text).expect("an exposition");
        let summed = |line: &&str| {
            line.starts_with("azure_billing_instance_")
                || line.starts_with("azure_billing_scope_pretax")
        };
        text.lines().filter(summed).map(str::to_owned).collect()
    }

    /// Returns why the last poll failed: the reason of the metric and the text of the log.
    pub(crate) fn failure(&self) -> Option<(String, String)> {
        let status = self.status.scopes();
        let (reason, what) = status[0].last_poll.as_ref()?.failure.as_ref()?;
        Some((reason.as_str().to_owned(), what.clone()))
    }
}

pub(crate) fn client(config: &Config, timeouts: Timeouts, calls: Arc<ApiCalls>) -> Client {
    let http = transport::client(&config.azure.endpoint, &[]).expect("an HTTP client");
    Client::new(&config.azure, transport::over(http), timeouts, calls)
}

/// Returns the period of [`NOW`].
pub(crate) fn november() -> Period {
    Period::of(date(2026, 11, 1))
}

/// The exact sums of a whole reading: cost by currency for each family, and quantity by unit.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) rows: u64,
    pub(crate) instances: BTreeMap<String, Amount>,
    pub(crate) scope: BTreeMap<String, Amount>,
    pub(crate) usage: BTreeMap<String, Amount>,
    /// Sums by the name and all labels of the family, in order.
    pub(crate) series: BTreeMap<Vec<String>, Amount>,
}

/// Reads a whole month of a scope: returns its number of rows, and what is published of it.
pub(crate) async fn snapshot(
    period: Period,
    endpoint: &str,
    scope: &str,
    rules: &Rules,
) -> (u64, Snapshot) {
    let config = config(endpoint, scope);
    let id: ScopeId = config.scopes[0].id.clone();
    let client = client(&config, PATIENCE, Arc::default());
    let no_tags = Vec::new().into();
    let span = Span::Period(period);
    let reading = source::read(
        &Access::new(&client, &id, &no_tags),
        &ReadRequest::new(Source::UsageDetails, span),
    )
    .await
    .expect("a reading");
    (reading.counts.counted, published_at(period.end(), span, reading, rules))
}

/// Returns what is published of a reading of November.
pub(crate) fn published(reading: Reading, rules: &Rules) -> Snapshot {
    published_at(NOW.parse().expect("a time"), Span::Period(november()), reading, rules)
}

fn published_at(now: Timestamp, span: Span, reading: Reading, rules: &Rules) -> Snapshot {
    let mut scope_store = ScopeStore::default();
    let (rows, facts) = (reading.sums, reading.facts);
    // A moment within the period, so that it is published.
    let began = now.min(start_of(span.days().last));
    let answer = CompletedRead { span, rows, facts, began };
    let since = span.days().first.min(date(2026, 10, 1));
    let keeping = RetentionPolicy { since, complete_after: Default::default() };
    scope_store.keep(&answer, &[], keeping).expect("memory is never full");
    let no_tags = Vec::new().into();
    scope_store.scope_totals.snapshot(rules, &no_tags, false).expect("a reading")
}

/// Reads a whole scope and adds up what is published of it.
pub(crate) async fn read(endpoint: &str, scope: &str) -> Sums {
    read_month(november(), endpoint, scope).await
}

/// Reads a whole scope in another month and adds up what is published of it.
pub(crate) async fn read_month(month: Period, endpoint: &str, scope: &str) -> Sums {
    let (rows, snapshot) = snapshot(month, endpoint, scope, &Rules::default()).await;
    let mut sums = Sums { rows, ..Sums::default() };
    for family in FAMILIES {
        family.each(&snapshot, &mut |values, value| {
            let Value::Exact(amount) = value else { return };
            let last = values.last().expect("a label");
            let total = match family.name {
                "azure_billing_instance_pretax_cost" => &mut sums.instances,
                "azure_billing_instance_usage_quantity" => &mut sums.usage,
                "azure_billing_scope_pretax_cost" => &mut sums.scope,
                _ => return,
            };
            *total.entry((*last).to_owned()).or_default() += amount;
            let series = [family.name].iter().chain(values).map(|&text| text.to_owned()).collect();
            sums.series.insert(series, amount);
        });
    }
    sums
}
