//! The asynchronous cost details report: requested, waited for, and read as it arrives. A month of
//! a million rows costs a dozen calls instead of a thousand.
//!
//! Facts: `generateCostDetailsReport` of `Microsoft.CostManagement`, version 2023-11-01. A report
//! covers a month at most and reaches 13 months back. Its files are in a storage account, and
//! whoever has their link may read them: so no token is sent there, and no link is logged.

mod file_limits;
mod lenient;
mod manifest;
mod offer;

use std::time::Duration;

use bytes::Bytes;
use serde_json::json;
use tokio::task::coop::consume_budget;
use tokio::time::{Instant, sleep, timeout};
use tracing::debug;
use url::Url;

use file_limits::{FileLimits, FileStart};
#[cfg(any(test, fuzzing))]
pub(crate) use manifest::files as report_files;
use manifest::{Blob, files};
pub(super) use offer::{CALLS, has_reports, offer, reports_of};

use super::question::Question;
use super::request::{Access, ReadRequest};
use super::scope_path::scope_path;
use super::sink::{PageEnd, Sink};
use crate::azure::{Bucket, Call, Content, Error, Failure, RetryBudget, in_words, resolve_link};
use crate::billing::scope::{CostType, ScopeId};
use crate::billing::span::Span;
use crate::decode::{Report, ReportReader};
use crate::status::Api;

/// The request for a report and the calls that wait for it, as they are counted.
const API: Api = Api::new(1, "cost_details");
/// The files of a report. They count against no quota.
const FILES: Api = Api::new(2, "cost_details_blob");
/// The service whose quota Azure throttles.
const SERVICE: &str = "Microsoft.CostManagement";
const API_VERSION: &str = "2023-11-01";
/// The time between two checks whether a report is ready, if Azure names no time.
const USUAL_WAIT: Duration = Duration::from_secs(30);
/// The next wait is at least the time waited so far, divided by this: checks of a slow report
/// become rarer, because each is a call.
const SHARE_OF_WAIT: u32 = 4;

/// Reads the files of a report into the sink, each as one page. A report covers a month at most.
pub(super) async fn read(
    access: &Access<'_>,
    request: &ReadRequest,
    sink: &mut Sink,
) -> Result<(), Error> {
    let question = Question::new(access.scope, request.span);
    for blob in order(access, question.asked()).await? {
        read_into(access, &blob, sink).await?;
    }
    Ok(())
}

/// Requests a report and returns its files; none if there is no usage.
async fn order(access: &Access<'_>, span: Span) -> Result<Vec<Blob>, Error> {
    let Access { client, scope, .. } = access;
    let bucket = Bucket::of(scope.scope_type);
    let path = format!(
        "{}/providers/Microsoft.CostManagement/generateCostDetailsReport?api-version={API_VERSION}",
        scope_path(scope)
    );
    let mut url = client
        .endpoint
        .join(&path)
        .map_err(|error| Error::BadAnswer(format!("cannot make a URL from the scope: {error}")))?;
    let ordered = Instant::now();
    let mut retry_budget = RetryBudget::new(false, client.is_failing(scope));
    let body = Bytes::from(order_body(scope, span).to_string());
    let call = Call::post(API, SERVICE, &url, body);
    let mut content = client.get(bucket, &call, &mut retry_budget).await?;
    let mut located = false;
    loop {
        match content {
            Content::Nothing => return Ok(Vec::new()),
            Content::Body(body) => return files(&body),
            Content::Later { location, wait } => {
                if let Some(location) = location {
                    url = resolve_link(&location, &client.endpoint).map_err(|error| {
                        Error::BadAnswer(format!("the report's Location: {error}"))
                    })?;
                    located = true;
                } else if !located {
                    return Err(Error::BadAnswer("HTTP 202 without a Location".to_owned()));
                }
                wait_for_report(client.timeouts.report, wait, ordered).await?;
            }
        }
        // Each check starts with a new budget: a report may take longer than any page.
        let mut retry_budget = RetryBudget::new(true, false);
        content = client.get(bucket, &Call::get(API, SERVICE, &url), &mut retry_budget).await?;
    }
}

/// Returns the body of the request for a report.
fn order_body(scope: &ScopeId, span: Span) -> serde_json::Value {
    let metric = match scope.cost {
        CostType::Actual => "ActualCost",
        CostType::Amortized => "AmortizedCost",
    };
    match span {
        Span::Period(period) => json!({ "metric": metric, "billingPeriod": period.name() }),
        span => {
            let (start, end) = (span.days().first.to_string(), span.days().last.to_string());
            json!({ "metric": metric, "timePeriod": { "start": start, "end": end } })
        }
    }
}

async fn wait_for_report(
    longest: Duration,
    wait: Option<Duration>,
    ordered: Instant,
) -> Result<(), Error> {
    let waited = ordered.elapsed();
    if waited > longest {
        let waited = in_words(waited);
        return Err(Error::Timeout(format!("the report was not ready after {waited}")));
    }
    let wait = wait.unwrap_or(USUAL_WAIT).max(waited / SHARE_OF_WAIT);
    debug!(wait_seconds = wait.as_secs(), "waiting for the report");
    sleep(wait.min(longest)).await;
    Ok(())
}

/// Reads one file into the sink. A file that breaks off is read again from its start.
async fn read_into(access: &Access<'_>, blob: &Blob, sink: &mut Sink) -> Result<(), Error> {
    let (url, timeouts) = (blob.url()?, &access.client.timeouts);
    let limits = FileLimits::new(blob.byte_count, timeouts);
    let (mut retry_budget, mut failed) = (RetryBudget::of_file(limits.time), 0);
    loop {
        let (began, left) = (Instant::now(), limits.time.saturating_sub(retry_budget.spent));
        let read = timeout(left, download(access, &url, limits, sink)).await;
        retry_budget.spend(began.elapsed());
        let error = match read {
            Ok(Ok(report)) => {
                let Report { rounded, unreadable_dates, allocated, .. } = report;
                sink.commit_page(PageEnd { rounded, unreadable_dates, allocated });
                return Ok(());
            }
            Err(_) => limits.too_late(),
            Ok(Err(Failure::Throttled { wait, what })) => {
                let wait = wait.unwrap_or(USUAL_WAIT).min(timeouts.page);
                debug!(wait_seconds = wait.as_secs(), "the storage throttles: {what}");
                sleep(wait).await;
                retry_budget.spend(wait);
                Error::Unavailable(what)
            }
            Ok(Err(Failure::Transient(error))) => error,
            Ok(Err(
                Failure::Final(error) | Failure::NoToken(error) | Failure::Unauthenticated(error),
            )) => return Err(error),
        };
        sink.rollback_page();
        failed += 1;
        access.client.back_off(failed, error, &mut retry_budget).await?;
    }
}

async fn download(
    access: &Access<'_>,
    url: &Url,
    limits: FileLimits,
    sink: &mut Sink,
) -> Result<Report, Failure> {
    let mut body = access.client.open(FILES, url).await?;
    let (mut reader, mut start) = (ReportReader::new(access.row_options()), FileStart::default());
    let broken = |error: String| Failure::Transient(Error::BadAnswer(error));
    while let Some(part) = access.client.next_part(&mut body).await.map_err(Failure::Transient)? {
        start.check(&part).map_err(Failure::Final)?;
        limits.check(reader.bytes() + part.len() as u64).map_err(Failure::Final)?;
        reader
            .feed(&part, &mut |charge| sink.push(charge))
            .map_err(|error| broken(error.to_string()))?;
        // If parts are always ready, neither the deadline nor other tasks would get a turn.
        consume_budget().await;
    }
    let bytes = reader.bytes();
    if let Some(announced) = limits.announced.filter(|announced| bytes < *announced) {
        return Err(broken(format!("only {bytes} of the {announced} bytes of the report came")));
    }
    reader.finish(&mut |charge| sink.push(charge)).map_err(|error| broken(error.to_string()))
}
