//! What reports offer: a month or a week in a dozen calls, some minutes later, and only so often.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::billing::period::{DayRange, Period, day_of};
use crate::billing::span::Span;
use crate::source::{Due, Known, Offer, ReadRequest, Source};

/// The number of days of a report that does not cover a whole month.
const DAYS_A_REPORT: usize = 7;
/// The number of periods that reports reach back.
const REPORTED_PERIODS: i32 = 13;
/// The calls for one report, as far as they count against a quota: the request, and checks whether
/// it is ready.
pub(in crate::source) const CALLS: u64 = 8;

/// Returns whether Azure writes reports of a period.
pub(in crate::source) fn has_reports(period: Period, now: Timestamp) -> bool {
    period >= Period::of(day_of(now)).months_before(REPORTED_PERIODS - 1)
}

/// Returns the reports of what is due; `None` if Azure writes none of the period.
pub(in crate::source) fn offer(
    due: &Due,
    known: &Known<'_>,
    least_interval: Duration,
    now: Timestamp,
) -> Option<Offer> {
    let requests = reports(due, known);
    let calls = requests.len() as u64 * CALLS;
    let is_due = is_due(due, known, least_interval, now);
    has_reports(due.period, now).then_some(Offer { requests, calls, is_due })
}

/// Returns the reports of some days: one for each of their periods.
pub(in crate::source) fn reports_of(span: Span) -> Vec<ReadRequest> {
    let Span::Days(range) = span else { return vec![report(span)] };
    let periods: BTreeSet<Period> = range.iter().map(Period::of).collect();
    let within = |period: &Period| DayRange {
        first: period.days().first.max(range.first),
        last: period.days().last.min(range.last),
    };
    periods.iter().rev().map(|period| report(Span::Days(within(period)))).collect()
}

/// Returns reports: of the whole period, which costs no more calls than some of its days, or of its
/// weeks if it is large.
fn reports(due: &Due, known: &Known<'_>) -> Vec<ReadRequest> {
    if known.rows(due.range.iter()) <= known.cost_model.report {
        return vec![report(Span::Period(due.period))];
    }
    let all: Vec<Date> = due.range.iter().collect();
    let weeks = all.rchunks(DAYS_A_REPORT);
    let week = |days: &[Date]| DayRange { first: days[0], last: days[days.len() - 1] };
    let mut requests: Vec<ReadRequest> = weeks.map(|days| report(Span::Days(week(days)))).collect();
    // A report by date has no late rows.
    let late = ReadRequest::new(Source::UsageDetails, Span::Late(due.period));
    requests.extend(due.late.then_some(late));
    requests
}

/// Returns whether the last report of a period is old enough, or was left incomplete.
fn is_due(due: &Due, known: &Known<'_>, least_interval: Duration, now: Timestamp) -> bool {
    let Some(last) = known.memory.reported_at(due.period) else { return true };
    let age = now.duration_since(last);
    let interval = SignedDuration::try_from(least_interval).unwrap_or(SignedDuration::MAX);
    let left_out = |day: &Date| {
        *day <= day_of(last) && known.totals.day_asked_at(*day).is_none_or(|asked| asked < last)
    };
    age < SignedDuration::ZERO || age >= interval || due.days.iter().any(left_out)
}

fn report(span: Span) -> ReadRequest {
    ReadRequest::new(Source::CostDetails, span)
}
