//! Which days to read now: a function of the settings, of what is known, and of the time.
//!
//! Each day has its own moment at which it is due, so that a reading that broke off is not begun
//! anew. The days that are due become as few readings as possible, none of them longer than what
//! may be lost when it fails.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::billing::books::Books;
use crate::billing::budget::Only;
use crate::billing::ledger::{Part, TagKeys};
use crate::billing::period::{DayRange, Period, day_of, end_of};
use crate::billing::rules::Rules;
use crate::billing::scope::ScopeType;
use crate::billing::span::Span;
use crate::config;

/// Days after its end on which a period is read again, as far as the settings let it and while it
/// is the one before: every day while corrections are usual, then ever more seldom.
const REREADINGS: [i64; 14] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 21, 28, 35];

/// The longest reading, as far as stored days tell: half an hour of calls in the narrowest quota.
const ROWS_A_READING: u64 = 30_000;

/// What a plan follows from, beside the time.
#[derive(Clone, Copy)]
pub(super) struct Outlook<'a> {
    pub(super) poll: &'a config::Poll,
    pub(super) rules: &'a Rules,
    pub(super) tag_keys: &'a TagKeys,
    pub(super) scope_type: ScopeType,
    pub(super) books: &'a Books,
}

impl Outlook<'_> {
    /// What to read, the open period first: it is published before older days are read.
    pub(super) fn plan(&self, now: Timestamp) -> Vec<Span> {
        let today = day_of(now);
        let open = Period::of(today);
        let mut spans = self.open(open, now);
        spans.extend(self.previous(open.before(), now));
        spans.extend(self.window(open.before().days().first, now));
        spans.extend(self.months(today).into_iter().map(Span::Period));
        spans
    }

    /// Whether a plan has nothing new to ask: all that is published was read at some time.
    pub(super) fn is_complete(&self, now: Timestamp) -> bool {
        let known = |day: &Date| self.books.knows_day(*day, self.tag_keys);
        let days = first_kept_day(self.rules, now).series(1.day());
        days.take_while(|day| *day < day_of(now)).all(|day| known(&day))
            && self.months(day_of(now)).is_empty()
    }

    /// Whether a period that is over will not be read again.
    pub(super) fn is_settled(&self, period: Period) -> bool {
        let Some(last) = rereadings(self.poll, period).last() else { return false };
        let late = |asked: Option<Timestamp>| asked.is_some_and(|asked| asked >= last);
        days(period.days()).all(|day| late(self.books.day_asked_at(day)))
            && (!self.has_guests() || late(self.books.guests_asked_at(period)))
    }

    /// The newest days, which Azure still changes on every refresh; and all days that have not been
    /// asked for since the last full refresh.
    fn open(&self, period: Period, now: Timestamp) -> Vec<Span> {
        let today = day_of(now);
        if self.books.open().is_some_and(|open| open > period) {
            // The clock was set back.
            return vec![Span::Period(period)];
        }
        let full_refresh = SignedDuration::try_from(self.poll.full_refresh);
        let full_refresh = full_refresh.unwrap_or(SignedDuration::MAX);
        let due = |asked: Timestamp| {
            let age = now.duration_since(asked);
            age < SignedDuration::ZERO || age >= full_refresh
        };
        let overlap = i64::from(self.poll.overlap_days.saturating_sub(1));
        let recent = today.saturating_sub(overlap.days());
        self.of_period(period, today, due, |day| day >= recent)
    }

    /// The period before, as long as it moves.
    fn previous(&self, period: Period, now: Timestamp) -> Vec<Span> {
        let due = |asked: Timestamp| {
            asked > now || rereadings(self.poll, period).any(|at| asked < at && at <= now)
        };
        self.of_period(period, period.days().last, due, |_| false)
    }

    /// The days of the window before the previous period that were never read, or read while they
    /// were not complete.
    fn window(&self, before: Date, now: Timestamp) -> Vec<Span> {
        let partial = |day: Date| {
            let complete = end_of(day).saturating_add(self.rules.day_complete_after);
            let asked = self.books.day_asked_at(day);
            asked.is_none_or(|asked| complete.is_ok_and(|complete| asked < complete.min(now)))
        };
        let doubted = self.doubted(Part::Own);
        let window =
            first_kept_day(self.rules, now).series(1.day()).take_while(|day| *day < before);
        let due = window.filter(|day| {
            !self.books.knows_day(*day, self.tag_keys) || partial(*day) || doubted.contains(day)
        });
        self.by_date(due.collect())
    }

    /// The closed periods that budgets count and nobody has read.
    fn months(&self, today: Date) -> BTreeSet<Period> {
        let budgets = self.rules.budgets.iter();
        let tags = budgets.clone().filter_map(|budget| match &budget.only {
            Only::Tag { key, .. } => {
                self.tag_keys.iter().find(|known| known.eq_ignore_ascii_case(key))
            }
            _ => None,
        });
        let tags: TagKeys = tags.cloned().collect();
        let counted = budgets.filter_map(|budget| budget.periods(today)).flatten();
        // The other two are read anyway.
        let closed = counted.filter(|period| *period < Period::of(today).before());
        closed.filter(|period| !self.books.knows(*period, &tags)).collect()
    }

    /// The days of a period up to one that are unknown, doubted, due or always read; and its guests.
    fn of_period(
        &self,
        period: Period,
        until: Date,
        due: impl Fn(Timestamp) -> bool,
        always: impl Fn(Date) -> bool,
    ) -> Vec<Span> {
        let range = DayRange { first: period.days().first, last: until };
        let doubted = self.doubted(Part::Own);
        let is_due = |day: &Date| {
            always(*day)
                || doubted.contains(day)
                || !self.books.knows_day(*day, self.tag_keys)
                || self.books.day_asked_at(*day).is_none_or(&due)
        };
        let wanted: BTreeSet<Date> = days(range).filter(is_due).collect();
        let guests = self.has_guests()
            && (self.books.guests_asked_at(period).is_none_or(&due)
                || self.doubted(Part::Guests).iter().any(|day| range.contains(*day)));
        let fits = self.rows(days(range)) <= ROWS_A_READING;
        let whole = if guests {
            fits || self.books.guests_unfiltered()
        } else {
            fits && wanted.len() == range.count()
        };
        if wanted.is_empty() && !guests {
            return Vec::new();
        }
        if whole {
            return vec![Span::Period(period)];
        }
        let mut spans = self.by_date(wanted);
        spans.extend((guests && !self.books.filter_ignored()).then_some(Span::Guests(period)));
        spans
    }

    /// Readings by date, the newest first. Where Azure ignores dates, of the periods they are in.
    fn by_date(&self, wanted: BTreeSet<Date>) -> Vec<Span> {
        if self.books.filter_ignored() {
            let periods: BTreeSet<Period> = wanted.into_iter().map(Period::of).collect();
            return periods.into_iter().rev().map(Span::Period).collect();
        }
        let mut spans: Vec<Span> = Vec::new();
        let mut reading: Option<DayRange> = None;
        for day in wanted.into_iter().rev() {
            let longer = reading.filter(|range| {
                range.first == day.saturating_add(1.day())
                    && self.rows(days(DayRange { first: day, ..*range })) <= ROWS_A_READING
            });
            let finished = if longer.is_none() { reading } else { None };
            spans.extend(finished.map(Span::Days));
            reading = Some(DayRange { first: day, last: longer.map_or(day, |range| range.last) });
        }
        spans.extend(reading.map(Span::Days));
        spans
    }

    /// Rows to expect of some days: what is known of them, and of an unknown day the most that is
    /// known of any.
    fn rows(&self, days: impl Iterator<Item = Date>) -> u64 {
        let known: Vec<Option<u64>> = days.map(|day| self.books.rows_of(day)).collect();
        let most = known.iter().flatten().max().copied().unwrap_or(0);
        known.into_iter().map(|rows| rows.unwrap_or(most)).sum()
    }

    fn doubted(&self, part: Part) -> BTreeSet<Date> {
        let doubted = self.books.doubted().filter(|slot| slot.part == part);
        doubted.map(|slot| slot.date).collect()
    }

    /// A subscription's month is asked for by date, which never shows guests.
    fn has_guests(&self) -> bool {
        self.scope_type != ScopeType::Subscription
    }
}

/// The first day that is kept by itself; older ones only as the bills of their periods.
pub(super) fn first_kept_day(rules: &Rules, now: Timestamp) -> Date {
    let today = day_of(now);
    rules.window_start(today).min(Period::of(today).before().days().first)
}

fn rereadings(poll: &config::Poll, period: Period) -> impl Iterator<Item = Timestamp> {
    let until = i64::from(poll.previous_period_until_days);
    let days = REREADINGS.into_iter().filter(move |day| *day <= until);
    let after = move |day| period.end().checked_add(SignedDuration::from_hours(24 * day)).ok();
    days.filter_map(after).take_while(move |moment| *moment < period.after().end())
}

fn days(range: DayRange) -> impl Iterator<Item = Date> {
    range.first.series(1.day()).take_while(move |day| *day <= range.last)
}

#[cfg(test)]
mod tests;
