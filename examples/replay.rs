//! Polls once with a saved answer of Azure in place of Azure, and prints the metrics: to see what
//! the exporter makes of a page of usageDetails, or of a report.
//!
//! `cargo run --example replay -- FILE DAY [TYPE/ID]`, for example
//! `cargo run --example replay -- tests/fixtures/legacy_page_1.json 2026-11-23`. Everything happens
//! as on that day; the rows of its month are the open period's. A report ends in `.csv`. The scope is
//! `billing_account/1` without one.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use azure_billing_exporter::azure::transport::Transport;
use azure_billing_exporter::azure::{Client, Timeouts};
use azure_billing_exporter::billing::rules::Rules;
use azure_billing_exporter::config::{Config, Control, Environment};
use azure_billing_exporter::metrics::{BuildFlags, Exposition, Format};
use azure_billing_exporter::poller::{Clock, PollContext, Poller, ScopeSpec};
use azure_billing_exporter::status::{ApiCalls, ScopeInfo, Status};
use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::value::RawValue;
use tower::util::BoxCloneSyncService;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Where the blob of a report is said to be; nothing is connected to.
const BLOB: &str = "http://127.0.0.1:9/replayed.csv";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, day, scope @ ..] = arguments.as_slice() else {
        return Err("give the file of an answer, and a day: page.json 2026-11-23".into());
    };
    let scope = scope.first().map_or("billing_account/1", String::as_str);
    let day: Date = day.parse()?;
    let now = day.at(12, 0, 0, 0).to_zoned(TimeZone::UTC)?.timestamp();
    // While time is paused, nobody waits for a quota.
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build()?;
    print!("{}", runtime.block_on(metrics(Path::new(file), scope, now))?);
    Ok(())
}

async fn metrics(file: &Path, scope: &str, now: Timestamp) -> Result<String> {
    let is_report = file.extension().is_some_and(|extension| extension == "csv");
    let mut config = config(scope, is_report)?;
    let scope = config.scopes.remove(0);
    let info = ScopeInfo { label: scope.label.clone(), id: scope.id.clone(), enrollment: None };
    let status = Arc::new(Status::new([info], config.poll.interval));
    let calls = Arc::new(ApiCalls::default());
    let flags = BuildFlags { demo: false, process: false };
    let exposition = Arc::new(Exposition::new(status.clone(), calls.clone(), flags)?);
    let answer =
        if is_report { std::fs::read(file)? } else { without_next(&std::fs::read(file)?)? };
    let context = PollContext {
        client: Arc::new(Client::new(
            &config.azure,
            replaying(answer.into(), is_report),
            Timeouts::default(),
            calls,
        )),
        poll: config.poll,
        control: Control::off(),
        clock: Clock::standing_at(now),
        status: status.clone(),
        exposition: exposition.clone(),
        store: None,
    };
    let rules = Rules::default();
    Poller::new(context, ScopeSpec { scope, rules, tag_keys: Vec::new().into() }).poll().await;
    let scopes = status.scopes();
    if let Some((reason, what)) =
        scopes[0].last_poll.as_ref().and_then(|poll| poll.failure.as_ref())
    {
        return Err(format!("{}: {what}", reason.as_str()).into());
    }
    Ok(exposition.scrape(Format::Text)?)
}

fn config(scope: &str, is_report: bool) -> Result<Config> {
    let (scope_type, id) = scope.split_once('/').ok_or("write the scope as TYPE/ID")?;
    let read = if is_report { "cost_details" } else { "usage_details" };
    let text = format!(
        "azure: {{endpoint: 'http://127.0.0.1:9', auth: {{method: token, token: x}}}}\nscopes: [{{{scope_type}: '{id}', read: {read}}}]\n"
    );
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), text)?;
    Ok(Config::from_file(file.path(), &Environment::default())?)
}

/// Removes the link to the page behind this one. All else stays as it was sent, to the last digit.
fn without_next(page: &[u8]) -> Result<Vec<u8>> {
    let mut page: std::collections::BTreeMap<String, Box<RawValue>> = serde_json::from_slice(page)?;
    page.remove("nextLink");
    Ok(serde_json::to_vec(&page)?)
}

/// Answers every request for a page with the same one. Rows of days that were not asked for are left
/// out by the exporter, as always.
fn replaying(answer: Bytes, is_report: bool) -> Transport {
    let manifest = format!(
        r#"{{"status":"Completed","manifest":{{"dataFormat":"Csv","blobCount":1,"blobs":[{{"blobLink":"{BLOB}","byteCount":{}}}]}}}}"#,
        answer.len()
    );
    let send = move |request: http::Request<Bytes>| {
        let is_manifest = is_report && request.uri() != BLOB;
        let body = if is_manifest { Bytes::from(manifest.clone()) } else { answer.clone() };
        let body = UnsyncBoxBody::new(Full::new(body).map_err(|never| match never {}));
        std::future::ready(Ok(http::Response::new(body)))
    };
    BoxCloneSyncService::new(tower::service_fn(send))
}
