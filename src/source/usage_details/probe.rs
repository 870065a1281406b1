//! One page of a scope, read to check that it can be read.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::civil::Date;
use tokio::time::timeout;

use super::url::usage_url;
use super::{Access, Question, Sink, read_into};
use crate::azure::{Error, RetryBudget, in_words};
use crate::billing::period::DayRange;
use crate::billing::span::Span;
use crate::source::ChargesShown;

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

/// Reads one page of a scope to check that it can be read, which costs one call. A whole page costs
/// no more than one row, and shows hidden charges.
///
/// # Errors
/// As [`crate::source::read`]; [`Error::Throttled`] if Azure asks for a longer wait than `longest`,
/// and [`Error::Timeout`] if there is no answer by then.
pub async fn probe(
    access: &Access<'_>,
    days: DayRange,
    charges_are_free: bool,
    longest: Duration,
) -> Result<Probe, Error> {
    let question = Question::new(access.scope, Span::Days(days));
    let mut sink = Sink::new(question, access.tag_keys);
    let url = usage_url(access.client, access.scope, question.asked())?;
    let page = read_into(access, &url, RetryBudget::of_probe(longest), &mut sink);
    let page = timeout(longest, page).await;
    let page =
        page.map_err(|_| Error::Timeout(format!("no answer within {}", in_words(longest))))??;
    let reading = sink.finish()?;
    if !charges_are_free {
        reading.refuse_hidden()?;
    }
    let charges = if charges_are_free { ChargesShown::Yes } else { reading.charges_shown() };
    let rows = reading.counts.counted;
    let sums =
        reading.sums.into_daily_sums().map_err(|error| Error::BadAnswer(error.to_string()))?;
    Ok(Probe {
        rows,
        more: page.next_link.is_some(),
        newest: sums.newest_usage(days.last),
        currencies: sums.currencies(),
        charges,
    })
}
