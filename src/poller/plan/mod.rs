//! Decides which days to read now, from the settings, what is known, and the time.
//!
//! Each day becomes due at its own time, so that a reading that broke off does not start again from
//! its beginning. Due days are combined into as few readings as possible, each no longer than what
//! may be lost when it fails: the sources say how ([`crate::source::Sources`]).

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::billing::budget::Only;
use crate::billing::caseless::same_name;
use crate::billing::daily_sums::{Dated, TagKeys};
use crate::billing::period::{DayRange, Period, day_of, end_of};
use crate::billing::rules::Rules;
use crate::billing::scope::ScopeType;
use crate::config;
use crate::source::{Due, Known, ReadRequest, Sources};
use crate::status::PollPart;

/// The days after its end on which a period is read again, as far as the settings allow and while
/// it is the previous period: daily while corrections are usual, then more and more rarely.
const REREADINGS: [i64; 14] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 21, 28, 35];

/// A reading to be made, with the part of the poll it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) part: PollPart,
    pub(super) request: ReadRequest,
}

/// The input of a plan, except the time.
#[derive(Clone, Copy)]
pub(super) struct Planner<'a> {
    pub(super) poll: &'a config::Poll,
    pub(super) rules: &'a Rules,
    pub(super) tag_keys: &'a TagKeys,
    pub(super) scope_type: ScopeType,
    pub(super) sources: Sources,
    pub(super) known: Known<'a>,
}

impl Planner<'_> {
    /// Returns what to read, the open period first: it is published before older days are read.
    pub(super) fn plan(&self, now: Timestamp) -> Vec<Step> {
        let today = day_of(now);
        let open = Period::of(today);
        let mut steps = Vec::new();
        let mut add = |part, requests: Vec<ReadRequest>| {
            steps.extend(requests.into_iter().map(|request| Step { part, request }));
        };
        add(PollPart::Open, self.of_due(self.open(open, now), now));
        add(PollPart::Previous, self.of_due(self.previous(open.before(), now), now));
        let mut days = self.window(open.before().days().first, now);
        let mut months = self.months(today);
        let counted = self.counted(today);
        let bill = |month: &Period| counted.contains(month) && self.known.totals.is_bill(*month);
        months.extend(days.iter().map(|day| Period::of(*day)).filter(bill));
        days.retain(|day| !months.contains(&Period::of(*day)));
        add(PollPart::Window, self.sources.of_days(&days, &self.known, now));
        let whole = |period| self.sources.of_period(period, false, &self.known, now);
        add(PollPart::Budgets, months.into_iter().map(whole).collect());
        steps
    }

    fn of_due(&self, due: Due, now: Timestamp) -> Vec<ReadRequest> {
        if due.days.is_empty() && !due.late {
            return Vec::new();
        }
        self.sources.of_due(&due, &self.known, now)
    }

    /// Returns whether a plan has nothing new to request: all that is published was read at some
    /// time.
    pub(super) fn is_complete(&self, now: Timestamp) -> bool {
        let known = |day: &Date| self.known.totals.knows_day(*day, self.tag_keys);
        let days = first_kept_day(self.rules, now).series(1.day());
        days.take_while(|day| *day < day_of(now)).all(|day| known(&day))
            && self.months(day_of(now)).is_empty()
    }

    /// Returns whether a closed period will not be read again.
    pub(super) fn is_settled(&self, period: Period) -> bool {
        let Some(last) = last_rereading(self.poll, period) else { return false };
        let is_suspect =
            self.known.totals.suspect().any(|bucket| period.days().contains(bucket.date));
        if is_suspect {
            return false;
        }
        let late = |asked: Option<Timestamp>| asked.is_some_and(|asked| asked >= last);
        let totals = self.known.totals;
        let confirmed = |day| totals.day_asked_at(day).max(totals.verified_at(day));
        period.days().iter().all(|day| late(confirmed(day)))
            && (!self.has_late() || late(self.known.totals.late_asked_at(period)))
    }

    /// Returns what is due in the open period: the newest days, which Azure still changes on every
    /// refresh, and all days that were not requested since the last full refresh.
    fn open(&self, period: Period, now: Timestamp) -> Due {
        let today = day_of(now);
        // The clock was set back: the resources of a closed period are not known any more.
        let closed = self.known.totals.open().is_some_and(|open| open > period);
        let full_refresh = signed(self.poll.full_refresh);
        let due = |asked: Timestamp| {
            let age = now.duration_since(asked);
            closed || age < SignedDuration::ZERO || age >= full_refresh
        };
        self.due(period, today, now, due)
    }

    /// Returns the first of the newest days, which Azure still changes on every refresh. They may
    /// start in the previous month: on the first, its last day is as new as it was the day before.
    fn recent(&self, now: Timestamp) -> Date {
        let overlap = i64::from(self.poll.overlap_days.saturating_sub(1));
        day_of(now).saturating_sub(overlap.days())
    }

    /// Returns what is due in the previous period, while Azure may still correct it.
    fn previous(&self, period: Period, now: Timestamp) -> Due {
        let due = |asked: Timestamp| {
            asked > now || rereadings(self.poll, period).any(|at| asked < at && at <= now)
        };
        self.due(period, period.days().last, now, due)
    }

    /// Returns the days of the window before the previous period that are unknown or suspect, or
    /// that were read before they were complete.
    fn window(&self, before: Date, now: Timestamp) -> BTreeSet<Date> {
        let partial = |day: Date| {
            let complete = end_of(day).saturating_add(self.rules.day_complete_after);
            let asked = self.known.totals.day_asked_at(day);
            asked.is_none_or(|asked| complete.is_ok_and(|complete| asked < complete.min(now)))
        };
        let suspect = self.suspect(Dated::InDay);
        let window =
            first_kept_day(self.rules, now).series(1.day()).take_while(|day| *day < before);
        window
            .filter(|day| {
                !self.known.totals.knows_day(*day, self.tag_keys)
                    || partial(*day)
                    || suspect.contains(day)
            })
            .collect()
    }

    /// Returns the closed periods that budgets count and that are not completely known.
    fn months(&self, today: Date) -> BTreeSet<Period> {
        let tags = self.rules.budgets.iter().filter_map(|budget| match &budget.only {
            Only::Tag { key, .. } => self.tag_keys.iter().find(|known| same_name(known, key)),
            _ => None,
        });
        let tags: TagKeys = tags.cloned().collect();
        let unknown = |period: &Period| {
            // Days that were read by date are known without late rows.
            !self.known.totals.knows(*period, &tags)
                || self.has_late() && self.known.totals.late_asked_at(*period).is_none()
        };
        self.counted(today).into_iter().filter(unknown).collect()
    }

    /// Returns the closed periods that budgets count, except the previous one, which is read
    /// anyway.
    fn counted(&self, today: Date) -> BTreeSet<Period> {
        let counted = self.rules.budgets.iter().filter_map(|budget| budget.periods(today));
        counted.flatten().filter(|period| *period < Period::of(today).before()).collect()
    }

    /// Returns the days of a period up to `until` that are unknown, suspect, due or among the newest,
    /// and whether its late rows are due. Days that Azure's totals of this poll verify are left out
    /// until their own refresh.
    fn due(
        &self,
        period: Period,
        until: Date,
        now: Timestamp,
        due: impl Fn(Timestamp) -> bool,
    ) -> Due {
        let range = DayRange { first: period.days().first, last: until };
        let suspect = self.suspect(Dated::InDay);
        let recent = self.recent(now);
        let is_due = |day: &Date| {
            if self.is_verified(*day, now) {
                return self.known.totals.day_asked_at(*day).is_none_or(|asked| {
                    let age = now.duration_since(asked);
                    age < SignedDuration::ZERO || age >= signed(self.poll.verified_refresh)
                });
            }
            *day >= recent
                || suspect.contains(day)
                || !self.known.totals.knows_day(*day, self.tag_keys)
                || self.known.totals.day_asked_at(*day).is_none_or(&due)
        };
        let late = self.has_late()
            && (self.known.totals.late_asked_at(period).is_none_or(&due)
                || self.suspect(Dated::Late).iter().any(|day| range.contains(*day)));
        let days = range.iter().filter(is_due).collect();
        Due { period, range, days, late, is_controlled: self.is_controlled(now) }
    }

    /// Returns whether Azure's totals of this poll show each change of a complete day. They do not
    /// show tags.
    fn is_controlled(&self, now: Timestamp) -> bool {
        self.tag_keys.is_empty()
            && self.known.totals.control_asked_at().is_some_and(|asked| asked >= now)
    }

    /// Returns whether a complete day equals Azure's total of this poll.
    fn is_verified(&self, day: Date, now: Timestamp) -> bool {
        let complete = end_of(day).saturating_add(self.rules.day_complete_after);
        self.is_controlled(now)
            && complete.is_ok_and(|complete| complete <= now)
            && self.known.totals.verified_at(day).is_some_and(|at| at >= now)
            && self.known.totals.is_exact(day)
            && self.known.totals.suspect().all(|bucket| bucket.date != day)
    }

    fn suspect(&self, part: Dated) -> BTreeSet<Date> {
        let suspect = self.known.totals.suspect().filter(|bucket| bucket.dated == part);
        suspect.map(|bucket| bucket.date).collect()
    }

    /// Returns whether the scope has late rows. A subscription's month is requested by date, which
    /// never returns late rows.
    fn has_late(&self) -> bool {
        self.scope_type != ScopeType::Subscription
    }
}

/// Returns the first day that is kept separately; older days are only kept in the bills of their
/// periods.
pub(super) fn first_kept_day(rules: &Rules, now: Timestamp) -> Date {
    let today = day_of(now);
    rules.window_start(today).min(Period::of(today).before().days().first)
}

fn signed(time: Duration) -> SignedDuration {
    SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX)
}

/// Returns when a period is read for the last time, after which Azure's corrections are over.
pub fn last_rereading(poll: &config::Poll, period: Period) -> Option<Timestamp> {
    rereadings(poll, period).last()
}

fn rereadings(poll: &config::Poll, period: Period) -> impl Iterator<Item = Timestamp> {
    let until = i64::from(poll.previous_period_until_days);
    let days = REREADINGS.into_iter().filter(move |day| *day <= until);
    let after = move |day| period.end().checked_add(SignedDuration::from_hours(24 * day)).ok();
    days.filter_map(after).take_while(move |moment| *moment < period.after().end())
}

#[cfg(test)]
mod tests;
