//! The synchronous list of usage: a contiguous range of days, page by page.
//!
//! Facts: `Microsoft.Consumption/usageDetails` of the Azure REST API specifications, versions
//! 2018-03-31 to 2024-08-01. Pages have at most 1,000 rows. Paging is by offset over data that may
//! be refreshed meanwhile, so a reading is used whole or not at all.

use std::collections::{BTreeSet, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use jiff::civil::Date;
use tokio::time::timeout;
use url::Url;

use super::reading::{ChargesShown, PageCounts, PartRead, Question, Reading};
use crate::azure::{
    Call, Client, Content, Error, RetryBudget, in_words, resolve_link, sanitize_line,
};
use crate::billing::charge::Charge;
use crate::billing::daily_sums::TagKeys;
use crate::billing::period::DayRange;
use crate::billing::scope::{CostType, ScopeId, ScopeType};
use crate::billing::span::Span;
use crate::decode::{Page, PageError, RowOptions, read_page, read_repaired_page};
use crate::ingest::SpillBuffer;
use crate::status::Api;

/// The largest page that Azure sends.
const ROWS_PER_PAGE: u32 = 1000;
/// The most pages. No enrollment has ten million rows a month, so the links form a circle.
const MOST_PAGES: u64 = 10_000;
/// The longest reason why a page is bad, in characters.
const LONGEST_REASON: usize = 300;

/// The facts that one page shows about a scope.
#[derive(Debug)]
pub struct Probe {
    /// The number of rows of the page.
    pub rows: u64,
    /// True if further pages follow, which may contain newer days.
    pub more: bool,
    /// The newest day that has rows.
    pub newest: Option<Date>,
    /// The currencies of the rows.
    pub currencies: BTreeSet<String>,
    /// The judgement whether the charges of the scope can be seen.
    pub charges: ChargesShown,
}

impl Client {
    /// Reads all usage of a scope in some days. The rows of a failed reading must not be used.
    ///
    /// # Errors
    /// Every [`Error`]; all tries and waits are over by then.
    pub async fn read_usage(
        &self,
        scope: &ScopeId,
        span: Span,
        tag_keys: &TagKeys,
    ) -> Result<Reading, Error> {
        self.read_usage_within(scope, span, tag_keys, MOST_PAGES).await
    }

    /// Reads all usage of a scope in some days if the list has no more than `pages` pages.
    ///
    /// # Errors
    /// [`Error::TooLong`] if it has more; otherwise as [`Client::read_usage`].
    pub async fn read_usage_within(
        &self,
        scope: &ScopeId,
        span: Span,
        tag_keys: &TagKeys,
        pages: u64,
    ) -> Result<Reading, Error> {
        let reading = self.read_pages(scope, span, tag_keys, pages).await;
        self.ended(scope, &reading);
        reading
    }

    async fn read_pages(
        &self,
        scope: &ScopeId,
        span: Span,
        tag_keys: &TagKeys,
        pages: u64,
    ) -> Result<Reading, Error> {
        let (mut reading, question) = (Reading::new(tag_keys), Question::new(scope, span));
        let read = self.follow_links(scope, question, pages, &mut reading);
        if let Ok(ended) = timeout(self.timeouts.reading, read).await {
            ended?;
            return reading.check(question);
        }
        Err(self.timeouts.no_end(&format!("{} pages", reading.pages)))
    }

    async fn follow_links(
        &self,
        scope: &ScopeId,
        question: Question,
        pages: u64,
        reading: &mut Reading,
    ) -> Result<(), Error> {
        // Ten thousand links are 2 MB, so only hashes are kept. Equal hashes are less likely than a
        // flipped bit.
        let (mut seen, numbers) = (HashSet::new(), RandomState::new());
        let mut url = self.usage_url(scope, question.asked(), ROWS_PER_PAGE)?;
        loop {
            if !seen.insert(numbers.hash_one(&url)) {
                return Err(Error::BadAnswer(format!(
                    "page {} links to an earlier page",
                    reading.pages
                )));
            }
            // If the token is missing for a moment, the pages of an hour must not be lost.
            let begun = reading.pages > 0;
            let retry_budget = RetryBudget::new(begun, !begun && self.is_failing(scope));
            let page = self.page(scope, &url, question, reading, retry_budget).await?;
            let Some(link) = page.next_link else { return Ok(()) };
            if matches!(question.span, Span::Late(_)) && reading.outside > 0 {
                // Azure ignored the filter: all rows of the period would follow.
                return Ok(());
            }
            if reading.pages >= pages {
                return Err(match pages {
                    MOST_PAGES => Error::BadAnswer(format!("more than {MOST_PAGES} pages")),
                    pages => Error::TooLong(pages),
                });
            }
            url = resolve_link(&link, &self.endpoint).map_err(|error| {
                let error = sanitize_line(&error.to_string(), LONGEST_REASON);
                Error::BadAnswer(format!("page {}: {error}", reading.pages))
            })?;
        }
    }

    /// Reads one page of a scope to check that it can be read, which costs one call. A whole page
    /// costs no more than one row, and shows hidden charges.
    ///
    /// # Errors
    /// As [`Client::read_usage`]; [`Error::Throttled`] if Azure asks for a longer wait than
    /// `longest`, and [`Error::Timeout`] if there is no answer by then.
    pub async fn probe_usage(
        &self,
        scope: &ScopeId,
        days: DayRange,
        charges_are_free: bool,
        longest: Duration,
    ) -> Result<Probe, Error> {
        let mut reading = Reading::default();
        let question = Question::new(scope, Span::Days(days));
        let url = self.usage_url(scope, question.asked(), ROWS_PER_PAGE)?;
        let retry_budget = RetryBudget::of_probe(longest);
        let page = self.page(scope, &url, question, &mut reading, retry_budget);
        let page = timeout(longest, page).await;
        let page =
            page.map_err(|_| Error::Timeout(format!("no answer within {}", in_words(longest))))??;
        let reading = reading.check(question)?;
        if !charges_are_free {
            reading.refuse_hidden()?;
        }
        let charges = if charges_are_free { ChargesShown::Yes } else { reading.charges_shown() };
        let sums =
            reading.sums.into_daily_sums().map_err(|error| Error::BadAnswer(error.to_string()))?;
        Ok(Probe {
            rows: reading.rows,
            more: page.next_link.is_some(),
            newest: sums.newest_usage(days.last),
            currencies: sums.currencies(),
            charges,
        })
    }

    /// Reads one page into the reading. A page that does not parse to its end is requested again;
    /// until it does, its rows are only pending, so that none counts twice.
    async fn page(
        &self,
        scope: &ScopeId,
        url: &Url,
        question: Question,
        reading: &mut Reading,
        mut retry_budget: RetryBudget,
    ) -> Result<Page, Error> {
        let (mut failed, mut empty) = (0, false);
        loop {
            let call = Call::get(Api::UsageDetails, url);
            let body = match self.get(scope.scope_type, &call, &mut retry_budget).await? {
                Content::Body(body) => body,
                Content::Nothing if reading.pages > 0 && !empty => {
                    // The last page of a list has a body. This one may have lost its rows.
                    empty = true;
                    continue;
                }
                Content::Nothing => return Ok(Page::default()),
                Content::Later { .. } => {
                    return Err(Error::BadAnswer("HTTP 202 to a list".to_owned()));
                }
            };
            let wanted =
                RowOptions { tags: reading.tags, cost_allocation: false, cloud: self.cloud };
            match note_page(&body, wanted, question, &mut reading.sums) {
                Ok((page, tally)) => {
                    if reading.pages > 0 && page.rows == 0 && page.next_link.is_none() && !empty {
                        // As above: the page may have lost its rows.
                        empty = true;
                        continue;
                    }
                    reading.sums.commit_page();
                    let Page { rounded, unreadable_dates, .. } = page;
                    reading.merge(&tally, PartRead { rounded, unreadable_dates });
                    return Ok(page);
                }
                Err(error) => {
                    failed += 1;
                    let number = reading.pages + 1;
                    // The error may quote a string that fills the page.
                    let error = sanitize_line(&error.to_string(), LONGEST_REASON);
                    let error =
                        Error::BadAnswer(format!("page {number} of {} bytes: {error}", body.len()));
                    self.back_off(failed, error, &mut retry_budget).await?;
                }
            }
        }
    }

    fn usage_url(&self, scope: &ScopeId, span: Span, top: u32) -> Result<Url, Error> {
        let version = self.api_version.as_str();
        let mut path = scope_path(scope);
        let mut query = format!("api-version={version}&$expand=properties/meterDetails&$top={top}");
        if self.api_version.knows_amortized() {
            query.push_str(match scope.cost {
                CostType::Actual => "&metric=actualcost",
                CostType::Amortized => "&metric=amortizedcost",
            });
        }
        if let Span::Period(period) | Span::Late(period) = span {
            let name = period.name();
            path.push_str(&format!("/providers/Microsoft.Billing/billingPeriods/{name}"));
        }
        match span {
            Span::Period(_) => {}
            Span::Days(DayRange { first, last }) => query.push_str(&format!(
                "&$filter=properties/usageStart ge '{first}' and properties/usageEnd le '{last}'"
            )),
            Span::Late(period) => {
                let first = period.days().first;
                query.push_str(&format!("&$filter=properties/usageStart lt '{first}'"));
            }
        }
        path.push_str("/providers/Microsoft.Consumption/usageDetails");
        let mut url = self.endpoint.join(&path).map_err(|error| {
            Error::BadAnswer(format!("cannot make a URL from the scope: {error}"))
        })?;
        url.set_query(Some(&query));
        Ok(url)
    }
}

/// Adds the rows of a page. If its texts cannot be decoded, they are replaced and the page is read
/// again; if that fails too, returns the first error. After an error no row of the page stays
/// pending.
fn note_page(
    body: &[u8],
    wanted: RowOptions,
    question: Question,
    sums: &mut SpillBuffer,
) -> Result<(Page, PageCounts), PageError> {
    let mut tally = PageCounts::new(question);
    let count = |charge: &Charge<'_>| sums.push(charge, tally.count(charge));
    let error = match read_page(body, wanted, count) {
        Ok(page) => return Ok((page, tally)),
        Err(error) => error,
    };
    sums.rollback_page();
    let mut tally = PageCounts::new(question);
    let count = |charge: &Charge<'_>| sums.push(charge, tally.count(charge));
    if let Some(page) = read_repaired_page(body, wanted, count) {
        return Ok((page, tally));
    }
    sums.rollback_page();
    Err(error)
}

/// Returns the path of a scope in Azure's API.
pub(crate) fn scope_path(scope: &ScopeId) -> String {
    let id = &scope.id;
    match scope.scope_type {
        ScopeType::BillingAccount => format!("providers/Microsoft.Billing/billingAccounts/{id}"),
        ScopeType::Department => format!("providers/Microsoft.Billing/departments/{id}"),
        ScopeType::EnrollmentAccount => {
            format!("providers/Microsoft.Billing/enrollmentAccounts/{id}")
        }
        ScopeType::Subscription => format!("subscriptions/{id}"),
    }
}
