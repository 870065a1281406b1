//! Decides how due days are requested: by list or by report, in readings no longer than what may be
//! lost when one fails. The parent module decides which days are due.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::{Due, Planner, ReadRequest, SourceKind, days};
use crate::billing::period::{DayRange, Period, day_of};
use crate::billing::span::Span;
use crate::config::Read;

/// The number of days of a report that does not cover a whole month.
const DAYS_A_REPORT: usize = 7;

/// The time for which no report is requested after Azure gave none. It may give one tomorrow.
const REFUSED_FOR: SignedDuration = SignedDuration::from_hours(24);

/// The number of periods that reports reach back.
const REPORTED_PERIODS: i32 = 13;

impl Planner<'_> {
    /// Returns what to read instead of a list that has turned out to be long.
    pub(in crate::poller) fn instead(&self, span: Span) -> Vec<ReadRequest> {
        let range = span.days();
        let report = |span| ReadRequest { span, by: SourceKind::Report };
        match span {
            Span::Days(_) => {
                let periods: BTreeSet<Period> = days(range).map(Period::of).collect();
                let within = |period: &Period| DayRange {
                    first: period.days().first.max(range.first),
                    last: period.days().last.min(range.last),
                };
                periods.iter().rev().map(|period| report(Span::Days(within(period)))).collect()
            }
            span => vec![report(span)],
        }
    }

    /// Returns the readings for what is due.
    pub(super) fn requests(&self, due: Due, now: Timestamp) -> Vec<ReadRequest> {
        if due.days.is_empty() && !due.late {
            return Vec::new();
        }
        if self.read == Read::CostDetails {
            let requests = self.is_report_due(&due, now).then(|| self.reports(&due));
            return requests.unwrap_or_default();
        }
        let nothing_known = days(due.range).all(|day| self.scope_totals.rows_of(day).is_none());
        if nothing_known {
            let by = self.source_of_unknown(due.period, now);
            return vec![ReadRequest { span: Span::Period(due.period), by }];
        }
        if !self.may_report(due.period, now)
            || self.rows(due.days.iter().copied()) <= self.rows_worth_a_report()
        {
            return self.lists(due);
        }
        if self.is_report_due(&due, now) {
            return self.reports(&due);
        }
        let mut rows = 0;
        let newest = due.days.into_iter().rev().take_while(|day| {
            rows += self.rows(std::iter::once(*day));
            rows <= self.rows_worth_a_report()
        });
        self.by_date(newest.collect())
    }

    /// Returns lists: of the whole period if that is as short, otherwise of its days and its late
    /// rows.
    fn lists(&self, due: Due) -> Vec<ReadRequest> {
        let fits = self.rows(days(due.range)) <= self.measures.reading;
        let whole = if due.late {
            fits || self.scope_totals.late_unfiltered() || self.scope_totals.has_undated(due.period)
        } else {
            fits && due.days.len() == due.range.count()
        };
        let list = |span| ReadRequest { span, by: SourceKind::List };
        if whole {
            return vec![list(Span::Period(due.period))];
        }
        let mut requests = self.by_date(due.days);
        let late = due.late && !self.scope_totals.filter_ignored();
        requests.extend(late.then(|| list(Span::Late(due.period))));
        requests
    }

    /// Returns reports: of the whole period, which costs no more calls than some of its days.
    fn reports(&self, due: &Due) -> Vec<ReadRequest> {
        let report = |span| ReadRequest { span, by: SourceKind::Report };
        if self.rows(days(due.range)) <= self.measures.report {
            return vec![report(Span::Period(due.period))];
        }
        let all: Vec<Date> = days(due.range).collect();
        let weeks = all.rchunks(DAYS_A_REPORT);
        let week = |days: &[Date]| DayRange { first: days[0], last: days[days.len() - 1] };
        let mut requests: Vec<ReadRequest> =
            weeks.map(|days| report(Span::Days(week(days)))).collect();
        let late = ReadRequest { span: Span::Late(due.period), by: SourceKind::List };
        requests.extend(due.late.then_some(late));
        requests
    }

    /// Returns the readings for days of closed periods, by date.
    pub(super) fn old(&self, spec: BTreeSet<Date>, now: Timestamp) -> Vec<ReadRequest> {
        if self.read != Read::CostDetails {
            let mut requests = self.by_date(spec);
            for request in &mut requests {
                request.by = self.source_of_unknown(Period::of(request.span.days().first), now);
            }
            return requests;
        }
        let periods: BTreeSet<Period> = spec.into_iter().map(Period::of).collect();
        let request = |period| ReadRequest {
            span: Span::Period(period),
            by: self.source_of_unknown(period, now),
        };
        periods.into_iter().rev().map(request).collect()
    }

    /// Returns the API for a reading of unknown length.
    pub(super) fn source_of_unknown(&self, period: Period, now: Timestamp) -> SourceKind {
        match self.read {
            Read::CostDetails if self.is_reported(period, now) => SourceKind::Report,
            Read::Auto if self.may_report(period, now) => SourceKind::ShortList,
            _ => SourceKind::List,
        }
    }

    fn may_report(&self, period: Period, now: Timestamp) -> bool {
        let refused = self.scope_totals.reports_refused_at().is_some_and(|at| {
            let age = now.duration_since(at);
            age >= SignedDuration::ZERO && age < REFUSED_FOR
        });
        self.read == Read::Auto
            && !self.without_reports
            && !refused
            && self.is_reported(period, now)
    }

    pub(super) fn is_reported(&self, period: Period, now: Timestamp) -> bool {
        period >= Period::of(day_of(now)).months_before(REPORTED_PERIODS - 1)
    }

    /// Returns whether the last report of a period is old enough, or was left incomplete.
    fn is_report_due(&self, due: &Due, now: Timestamp) -> bool {
        let Some(last) = self.scope_totals.reported_at(due.period) else { return true };
        let age = now.duration_since(last);
        let interval = SignedDuration::try_from(self.poll.report_min_interval);
        let left_out = |day: &Date| {
            *day <= day_of(last)
                && self.scope_totals.day_asked_at(*day).is_none_or(|asked| asked < last)
        };
        age < SignedDuration::ZERO
            || age >= interval.unwrap_or(SignedDuration::MAX)
            || due.days.iter().any(left_out)
    }

    fn rows_worth_a_report(&self) -> u64 {
        u64::from(self.poll.report_after_pages) * self.measures.page
    }

    /// Returns lists by date, the newest first; if Azure ignores dates, lists of the whole periods.
    fn by_date(&self, spec: BTreeSet<Date>) -> Vec<ReadRequest> {
        let list = |span| ReadRequest { span, by: SourceKind::List };
        if self.scope_totals.filter_ignored() {
            let periods: BTreeSet<Period> = spec.into_iter().map(Period::of).collect();
            return periods.into_iter().rev().map(|period| list(Span::Period(period))).collect();
        }
        let mut ranges: Vec<DayRange> = Vec::new();
        for day in spec.into_iter().rev() {
            match ranges.last_mut() {
                Some(range)
                    if range.first == day.saturating_add(1.day())
                        && self.rows(days(DayRange { first: day, ..*range }))
                            <= self.measures.reading =>
                {
                    range.first = day;
                }
                _ => ranges.push(DayRange { first: day, last: day }),
            }
        }
        ranges.into_iter().map(|range| list(Span::Days(range))).collect()
    }

    /// Returns the expected number of rows of some days: the known number, or for an unknown day
    /// the largest known number.
    fn rows(&self, days: impl Iterator<Item = Date>) -> u64 {
        let known: Vec<Option<u64>> = days.map(|day| self.scope_totals.rows_of(day)).collect();
        let most = known.iter().flatten().max().copied().unwrap_or(0);
        known.into_iter().map(|rows| rows.unwrap_or(most)).sum()
    }
}
