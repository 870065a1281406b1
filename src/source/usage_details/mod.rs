//! The synchronous list of usage: a contiguous range of days, page by page.
//!
//! Facts: `Microsoft.Consumption/usageDetails` of the Azure REST API specifications, versions
//! 2018-03-31 to 2024-08-01. Pages have at most 1,000 rows. Paging is by offset over data that may
//! be refreshed meanwhile, so a reading is used whole or not at all.

mod offer;
mod probe;
mod url;

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use ::url::Url;

pub(super) use offer::{by_date, newest, offer, once_more};
pub use probe::{Probe, probe};

use self::url::usage_url;
use super::question::Question;
use super::request::{Access, ReadRequest};
use super::sink::{PageEnd, Sink};
use crate::azure::{Bucket, Call, Content, Error, RetryBudget, resolve_link, sanitize_line};
use crate::billing::span::Span;
use crate::decode::{Page, PageError, RowOptions, read_page, read_repaired_page};
use crate::status::Api;

/// The list, as calls to it are counted.
const API: Api = Api::new(0, "usage_details");
/// The service whose quota Azure throttles.
const SERVICE: &str = "Microsoft.Consumption";
/// The most pages. No enrollment has ten million rows a month, so the links form a circle.
const MOST_PAGES: u64 = 10_000;
/// The longest reason why a page is bad, in characters.
const LONGEST_REASON: usize = 300;

/// Reads all pages into the sink, or as many as the request allows.
pub(super) async fn read(
    access: &Access<'_>,
    request: &ReadRequest,
    sink: &mut Sink,
) -> Result<(), Error> {
    let question = Question::new(access.scope, request.span);
    // Ten thousand links are 2 MB, so only hashes are kept. Equal hashes are less likely than a
    // flipped bit.
    let (mut seen, numbers) = (HashSet::new(), RandomState::new());
    let mut url = usage_url(access.client, access.scope, question.asked())?;
    loop {
        if !seen.insert(numbers.hash_one(&url)) {
            return Err(Error::BadAnswer(format!(
                "page {} links to an earlier page",
                sink.pages()
            )));
        }
        // If the token is missing for a moment, the pages of an hour must not be lost.
        let begun = sink.pages() > 0;
        let again = !begun && access.client.is_failing(access.scope);
        let page = read_into(access, &url, RetryBudget::new(begun, again), sink).await?;
        let Some(link) = page.next_link else { return Ok(()) };
        if matches!(request.span, Span::Late(_)) && sink.outside() > 0 {
            // Azure ignored the filter: all rows of the period would follow.
            return Ok(());
        }
        let pages = sink.pages();
        if request.most_pages.is_some_and(|most| pages >= most) {
            return Err(Error::TooLong(pages));
        }
        if pages >= MOST_PAGES {
            return Err(Error::BadAnswer(format!("more than {MOST_PAGES} pages")));
        }
        url = resolve_link(&link, &access.client.endpoint).map_err(|error| {
            let error = sanitize_line(&error.to_string(), LONGEST_REASON);
            Error::BadAnswer(format!("page {pages}: {error}"))
        })?;
    }
}

/// Reads one page into the sink. A page that does not parse to its end is requested again.
async fn read_into(
    access: &Access<'_>,
    url: &Url,
    mut retry_budget: RetryBudget,
    sink: &mut Sink,
) -> Result<Page, Error> {
    // The list has no rows that only move costs.
    let options = RowOptions { cost_allocation: false, ..access.row_options() };
    let bucket = Bucket::of(access.scope.scope_type);
    let (mut failed, mut empty) = (0, false);
    loop {
        let call = Call::get(API, SERVICE, url);
        let body = match access.client.get(bucket, &call, &mut retry_budget).await? {
            Content::Body(body) => body,
            Content::Nothing if sink.pages() > 0 && !empty => {
                // The last page of a list has a body. This one may have lost its rows.
                empty = true;
                continue;
            }
            Content::Nothing => return Ok(Page::default()),
            Content::Later { .. } => {
                return Err(Error::BadAnswer("HTTP 202 to a list".to_owned()));
            }
        };
        match push_page(&body, options, sink) {
            Ok(page) => {
                if sink.pages() > 0 && page.rows == 0 && page.next_link.is_none() && !empty {
                    // As above: the page may have lost its rows.
                    empty = true;
                    sink.rollback_page();
                    continue;
                }
                let Page { rounded, unreadable_dates, .. } = page;
                sink.commit_page(PageEnd { rounded, unreadable_dates, allocated: 0 });
                return Ok(page);
            }
            Err(error) => {
                failed += 1;
                let number = sink.pages() + 1;
                // The error may quote a string that fills the page.
                let error = sanitize_line(&error.to_string(), LONGEST_REASON);
                let error =
                    Error::BadAnswer(format!("page {number} of {} bytes: {error}", body.len()));
                access.client.back_off(failed, error, &mut retry_budget).await?;
            }
        }
    }
}

/// Pushes the rows of a page. If its texts cannot be decoded, they are replaced and the page is
/// read again; if that fails too, returns the first error, and no row of the page stays.
fn push_page(body: &[u8], options: RowOptions, sink: &mut Sink) -> Result<Page, PageError> {
    let error = match read_page(body, options, |charge| sink.push(charge)) {
        Ok(page) => return Ok(page),
        Err(error) => error,
    };
    sink.rollback_page();
    if let Some(page) = read_repaired_page(body, options, |charge| sink.push(charge)) {
        return Ok(page);
    }
    sink.rollback_page();
    Err(error)
}
