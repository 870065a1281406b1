//! Chooses a source for what is due, by what each offers. The poller and the backfill both
//! choose here, and know no source by name.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;

use super::kind::Source;
use super::need::{Due, Known};
use super::request::ReadRequest;
use super::{cost_details, usage_details};
use crate::azure::Error;
use crate::billing::period::{DayRange, Period};
use crate::billing::span::Span;
use crate::config::{self, Read};

/// The sources of a scope, as the configuration chooses among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sources {
    read: Read,
    /// The number of list pages after which a report is requested instead.
    most_pages: u64,
    /// The least time between two reports of a period.
    report_interval: Duration,
}

impl Sources {
    /// Returns the sources of a configured scope.
    pub fn new(read: Read, poll: &config::Poll) -> Self {
        Self {
            read,
            most_pages: poll.report_after_pages.into(),
            report_interval: poll.report_min_interval,
        }
    }

    /// Returns the least time between two polls that both have something to read.
    pub fn least_interval(&self) -> Duration {
        match self.read {
            Read::CostDetails => self.report_interval,
            Read::Auto | Read::UsageDetails => Duration::ZERO,
        }
    }

    /// Returns the readings of what is due of a period.
    pub fn of_due(&self, due: &Due, known: &Known<'_>, now: Timestamp) -> Vec<ReadRequest> {
        let list = || usage_details::offer(due, known);
        let report = || cost_details::offer(due, known, self.report_interval, now);
        match self.read {
            Read::UsageDetails | Read::Auto if known.knows_nothing(due.range) => {
                vec![self.of_period(due.period, false, known, now)]
            }
            Read::UsageDetails => list().requests,
            Read::CostDetails => match report() {
                Some(report) if report.is_due => report.requests,
                Some(_) => Vec::new(),
                None => list().requests,
            },
            Read::Auto => match report().filter(|_| may_report(due.period, known, now)) {
                Some(report) if list().calls > self.most_pages => {
                    if report.is_due {
                        report.requests
                    } else {
                        usage_details::newest(due, known, self.most_pages)
                    }
                }
                _ => list().requests,
            },
        }
    }

    /// Returns the reading of a day by itself, or of its period where Azure ignores dates, and the
    /// number of calls that it takes.
    pub fn once_more(&self, day: Date, known: &Known<'_>, now: Timestamp) -> (ReadRequest, u64) {
        if self.read == Read::CostDetails && cost_details::has_reports(Period::of(day), now) {
            let span = Span::Days(DayRange { first: day, last: day });
            return (ReadRequest::new(Source::CostDetails, span), cost_details::CALLS);
        }
        usage_details::once_more(day, known)
    }

    /// Returns the readings of days of closed periods, of which nothing is known.
    pub fn of_days(
        &self,
        days: &BTreeSet<Date>,
        known: &Known<'_>,
        now: Timestamp,
    ) -> Vec<ReadRequest> {
        if self.read == Read::CostDetails {
            let periods: BTreeSet<Period> = days.iter().copied().map(Period::of).collect();
            let of_period = |period| self.of_period(period, false, known, now);
            return periods.into_iter().rev().map(of_period).collect();
        }
        let limited = |request: ReadRequest| {
            let period = Period::of(request.span.days().first);
            ReadRequest { most_pages: self.most_pages_of(period, known, now), ..request }
        };
        usage_details::by_date(days, known).into_iter().map(limited).collect()
    }

    /// Returns the reading of a whole period of which nothing is known. `is_long` says that it is
    /// expected to be long, as others of the scope were.
    pub fn of_period(
        &self,
        period: Period,
        is_long: bool,
        known: &Known<'_>,
        now: Timestamp,
    ) -> ReadRequest {
        let span = Span::Period(period);
        let most_pages = self.most_pages_of(period, known, now);
        let by_report = match self.read {
            Read::UsageDetails => false,
            Read::CostDetails => cost_details::has_reports(period, now),
            Read::Auto => is_long && most_pages.is_some(),
        };
        if by_report {
            return ReadRequest::new(Source::CostDetails, span);
        }
        ReadRequest { most_pages, ..ReadRequest::new(Source::UsageDetails, span) }
    }

    /// Returns the number of pages after which a report is better than a list of unknown length;
    /// `None` if there is no report.
    fn most_pages_of(&self, period: Period, known: &Known<'_>, now: Timestamp) -> Option<u64> {
        let may_report = self.read == Read::Auto && may_report(period, known, now);
        may_report.then_some(self.most_pages)
    }

    /// Returns what to read instead of a reading that has turned out to be long.
    pub fn instead(&self, request: ReadRequest) -> Vec<ReadRequest> {
        cost_details::reports_of(request.span)
    }

    /// Returns the source that is read if another had no answer. Costs that are hidden are hidden in
    /// every source.
    pub fn fallback(&self, request: ReadRequest, error: &Error) -> Option<Source> {
        let may_leave = request.source == Source::CostDetails
            && self.read == Read::Auto
            && !matches!(error, Error::NoCharges(_));
        may_leave.then_some(Source::UsageDetails)
    }
}

/// Returns whether a report may be requested, as far as earlier answers show.
fn may_report(period: Period, known: &Known<'_>, now: Timestamp) -> bool {
    known.without != Some(Source::CostDetails)
        && !known.memory.is_refused(Source::CostDetails, now)
        && cost_details::has_reports(period, now)
}
