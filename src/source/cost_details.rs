//! The asynchronous cost details report: requested, waited for, and read as it arrives. A month of
//! a million rows costs a dozen calls instead of a thousand.
//!
//! Facts: `generateCostDetailsReport` of `Microsoft.CostManagement`, version 2023-11-01. A report
//! covers a month at most and reaches 13 months back. Its files are in a storage account, and
//! whoever has their link may read them: so no token is sent there, and no link is logged.

use std::time::Duration;

use bytes::Bytes;
use serde_json::json;
use tokio::task::coop::consume_budget;
use tokio::time::{Instant, sleep, timeout};
use tracing::debug;
use url::Url;

use super::file_limits::{FileLimits, FileStart};
use super::manifest::{Blob, files};
use super::reading::{PageCounts, PartRead, Question, Reading};
use super::usage_details::scope_path;
use crate::azure::{Call, Client, Content, Error, Failure, RetryBudget, in_words, resolve_link};
use crate::billing::charge::Charge;
use crate::billing::daily_sums::TagKeys;
use crate::billing::scope::{CostType, ScopeId};
use crate::billing::span::Span;
use crate::decode::{Report, ReportReader, RowOptions};
use crate::ingest::SpillBuffer;
use crate::status::Api;

const API_VERSION: &str = "2023-11-01";
/// The time between two checks whether a report is ready, if Azure names no time.
const USUAL_WAIT: Duration = Duration::from_secs(30);
/// The next wait is at least the time waited so far, divided by this: checks of a slow report
/// become rarer, because each is a call.
const SHARE_OF_WAIT: u32 = 4;

impl Client {
    /// Reads the usage of a scope in some days, a month at most, by a report. The rows of a failed
    /// reading must not be used.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if Azure has no reports for the scope; otherwise as
    /// [`Client::read_usage`].
    pub async fn read_report(
        &self,
        scope: &ScopeId,
        span: Span,
        tag_keys: &TagKeys,
        cost_allocation: bool,
    ) -> Result<Reading, Error> {
        let reading = self.read_blobs(scope, span, tag_keys, cost_allocation).await;
        self.ended(scope, &reading);
        reading
    }

    async fn read_blobs(
        &self,
        scope: &ScopeId,
        span: Span,
        tag_keys: &TagKeys,
        cost_allocation: bool,
    ) -> Result<Reading, Error> {
        let (mut reading, question) = (Reading::new(tag_keys), Question::new(scope, span));
        let wanted = RowOptions { tags: !tag_keys.is_empty(), cost_allocation, cloud: self.cloud };
        let read = async {
            for blob in self.order(scope, question.asked()).await? {
                self.blob(&blob, question, wanted, &mut reading).await?;
            }
            Ok(())
        };
        if let Ok(ended) = timeout(self.timeouts.reading, read).await {
            ended?;
            return reading.check(question);
        }
        Err(self.timeouts.no_end(&format!("{} files of the report", reading.pages)))
    }

    /// Requests a report and returns its files; none if there is no usage.
    async fn order(&self, scope: &ScopeId, span: Span) -> Result<Vec<Blob>, Error> {
        let path = format!(
            "{}/providers/Microsoft.CostManagement/generateCostDetailsReport?api-version={API_VERSION}",
            scope_path(scope)
        );
        let mut url = self.endpoint.join(&path).map_err(|error| {
            Error::BadAnswer(format!("cannot make a URL from the scope: {error}"))
        })?;
        let ordered = Instant::now();
        let mut retry_budget = RetryBudget::new(false, self.is_failing(scope));
        let body = Some(Bytes::from(question(scope, span).to_string()));
        let call = Call { api: Api::CostDetails, url: &url, body };
        let mut content = self.get(scope.scope_type, &call, &mut retry_budget).await?;
        let mut located = false;
        loop {
            match content {
                Content::Nothing => return Ok(Vec::new()),
                Content::Body(body) => return files(&body),
                Content::Later { location, wait } => {
                    if let Some(location) = location {
                        url = resolve_link(&location, &self.endpoint).map_err(|error| {
                            Error::BadAnswer(format!("the report's Location: {error}"))
                        })?;
                        located = true;
                    } else if !located {
                        return Err(Error::BadAnswer("HTTP 202 without a Location".to_owned()));
                    }
                    self.wait_for_report(wait, ordered).await?;
                }
            }
            // Each check starts with a new budget: a report may take longer than any page.
            let mut retry_budget = RetryBudget::new(true, false);
            let call = Call::get(Api::CostDetails, &url);
            content = self.get(scope.scope_type, &call, &mut retry_budget).await?;
        }
    }

    async fn wait_for_report(&self, wait: Option<Duration>, ordered: Instant) -> Result<(), Error> {
        let waited = ordered.elapsed();
        if waited > self.timeouts.report {
            let waited = in_words(waited);
            return Err(Error::Timeout(format!("the report was not ready after {waited}")));
        }
        let wait = wait.unwrap_or(USUAL_WAIT).max(waited / SHARE_OF_WAIT);
        debug!(wait_seconds = wait.as_secs(), "waiting for the report");
        sleep(wait.min(self.timeouts.report)).await;
        Ok(())
    }

    /// Reads one file into the reading. A file that breaks off is read again from its start; until
    /// it is complete its rows do not count, so that none counts twice.
    async fn blob(
        &self,
        blob: &Blob,
        question: Question,
        wanted: RowOptions,
        reading: &mut Reading,
    ) -> Result<(), Error> {
        let url = blob.url()?;
        let limits = FileLimits::new(blob.byte_count, &self.timeouts);
        let (mut retry_budget, mut failed) = (RetryBudget::of_file(limits.time), 0);
        loop {
            let mut tally = PageCounts::new(question);
            let (began, left) = (Instant::now(), limits.time.saturating_sub(retry_budget.spent));
            let count = (&mut tally, &mut reading.sums);
            let read = timeout(left, self.download(&url, limits, wanted, count)).await;
            retry_budget.spend(began.elapsed());
            if !matches!(read, Ok(Ok(_))) {
                reading.sums.rollback_page();
            }
            let error = match read {
                Ok(Ok(report)) => {
                    reading.sums.commit_page();
                    let Report { rounded, unreadable_dates, .. } = report;
                    reading.merge(&tally, PartRead { rounded, unreadable_dates });
                    reading.allocated += report.allocated;
                    return Ok(());
                }
                Err(_) => limits.too_late(),
                Ok(Err(Failure::Throttled { wait, what })) => {
                    let wait = wait.unwrap_or(USUAL_WAIT).min(self.timeouts.page);
                    debug!(wait_seconds = wait.as_secs(), "the storage throttles: {what}");
                    sleep(wait).await;
                    retry_budget.spend(wait);
                    Error::Unavailable(what)
                }
                Ok(Err(Failure::Transient(error))) => error,
                Ok(Err(
                    Failure::Final(error)
                    | Failure::NoToken(error)
                    | Failure::Unauthenticated(error),
                )) => return Err(error),
            };
            failed += 1;
            self.back_off(failed, error, &mut retry_budget).await?;
        }
    }

    async fn download(
        &self,
        url: &Url,
        limits: FileLimits,
        wanted: RowOptions,
        (tally, sums): (&mut PageCounts, &mut SpillBuffer),
    ) -> Result<Report, Failure> {
        let mut body = self.open(url).await?;
        let (mut reader, mut start) = (ReportReader::new(wanted), FileStart::default());
        let broken = |error: String| Failure::Transient(Error::BadAnswer(error));
        while let Some(part) = self.next_part(&mut body).await.map_err(Failure::Transient)? {
            start.check(&part).map_err(Failure::Final)?;
            limits.check(reader.bytes() + part.len() as u64).map_err(Failure::Final)?;
            let mut count = |charge: &Charge<'_>| sums.push(charge, tally.count(charge));
            reader.feed(&part, &mut count).map_err(|error| broken(error.to_string()))?;
            // If parts are always ready, neither the deadline nor other tasks would get a turn.
            consume_budget().await;
        }
        let bytes = reader.bytes();
        if let Some(announced) = limits.announced.filter(|announced| bytes < *announced) {
            return Err(broken(format!(
                "only {bytes} of the {announced} bytes of the report came"
            )));
        }
        let mut count = |charge: &Charge<'_>| sums.push(charge, tally.count(charge));
        reader.finish(&mut count).map_err(|error| broken(error.to_string()))
    }
}

/// Returns the body of the report request.
fn question(scope: &ScopeId, span: Span) -> serde_json::Value {
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
