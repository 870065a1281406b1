//! What the list offers: contiguous days, page by page, at once.

use std::collections::BTreeSet;

use jiff::ToSpan;
use jiff::civil::Date;

use crate::billing::period::{DayRange, Period};
use crate::billing::span::Span;
use crate::source::{Due, Known, Offer, ReadRequest, Source};

/// Returns the lists of what is due.
pub(in crate::source) fn offer(due: &Due, known: &Known<'_>) -> Offer {
    let rows = known.rows(due.days.iter().copied());
    let calls = rows.div_ceil(known.cost_model.page);
    Offer { requests: lists(due, known), calls, is_due: true }
}

/// Returns the lists of the newest due days, as many as take no more than some calls.
pub(in crate::source) fn newest(due: &Due, known: &Known<'_>, calls: u64) -> Vec<ReadRequest> {
    let mut rows = 0;
    let newest = due.days.iter().copied().rev().take_while(|day| {
        rows += known.rows(std::iter::once(*day));
        rows <= calls * known.cost_model.page
    });
    by_date(&newest.collect(), known)
}

/// Returns the list of a day by itself, or of its period where Azure ignores dates, and the number of
/// calls that it takes.
pub(in crate::source) fn once_more(day: Date, known: &Known<'_>) -> (ReadRequest, u64) {
    let (span, days) = if known.memory.filter_ignored() {
        let period = Period::of(day);
        (Span::Period(period), period.days())
    } else {
        let day = DayRange { first: day, last: day };
        (Span::Days(day), day)
    };
    (list(span), known.rows(days.iter()).div_ceil(known.cost_model.page).max(1))
}

/// Returns lists: of the whole period if that is as short, otherwise of its days and its late rows.
fn lists(due: &Due, known: &Known<'_>) -> Vec<ReadRequest> {
    let fits = known.rows(due.range.iter()) <= known.cost_model.reading;
    let is_all = due.days.len() == due.range.count();
    let whole = if due.late {
        fits && (is_all || !due.is_controlled)
            || known.memory.late_unfiltered()
            || known.totals.has_undated(due.period)
    } else {
        fits && is_all
    };
    if whole {
        return vec![list(Span::Period(due.period))];
    }
    let mut requests = by_date(&due.days, known);
    let late = due.late && !known.memory.filter_ignored();
    requests.extend(late.then(|| list(Span::Late(due.period))));
    requests
}

/// Returns lists by date, the newest first; if Azure ignores dates, lists of the whole periods.
pub(in crate::source) fn by_date(wanted: &BTreeSet<Date>, known: &Known<'_>) -> Vec<ReadRequest> {
    if known.memory.filter_ignored() {
        let periods: BTreeSet<Period> = wanted.iter().copied().map(Period::of).collect();
        return periods.into_iter().rev().map(|period| list(Span::Period(period))).collect();
    }
    let mut ranges: Vec<DayRange> = Vec::new();
    for day in wanted.iter().rev().copied() {
        match ranges.last_mut() {
            Some(range)
                if range.first == day.saturating_add(1.day())
                    && known.rows(DayRange { first: day, ..*range }.iter())
                        <= known.cost_model.reading =>
            {
                range.first = day;
            }
            _ => ranges.push(DayRange { first: day, last: day }),
        }
    }
    ranges.into_iter().map(|range| list(Span::Days(range))).collect()
}

fn list(span: Span) -> ReadRequest {
    ReadRequest::new(Source::UsageDetails, span)
}
