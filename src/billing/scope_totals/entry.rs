//! Replaces what was known of day buckets with a reading.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::control::{Witness, is_late};
use super::{Retention, ScopeTotals};
use crate::billing::amount::Amount;
use crate::billing::daily_sums::{DailySums, Dated, DayBucket};
use crate::billing::day_summary::{DaySummary, Extent, usage};
use crate::billing::facts::DayFacts;
use crate::billing::families::{Combine, ScopeCost, Table};
use crate::billing::interner::{Symbol, Translation};
use crate::billing::names::{Named, Nameless};
use crate::billing::period::{DayRange, Period, day_of};
use crate::billing::span::Span;

/// The things whose name was on a replaced day, for [`ScopeTotals::name`].
#[derive(Debug, Default)]
pub struct Orphans(Nameless);

impl Orphans {
    /// Returns whether none is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The steps of entering a reading.
impl ScopeTotals {
    /// Makes the period of a reading the open one, before its buckets are entered. Returns what
    /// lost its name by that; the reading adds to it.
    pub fn begin(&mut self, period: Period, span: Span) -> Orphans {
        let nameless = self.advance(period);
        match span {
            Span::Period(read) => {
                if self.periods.get(&read).is_some_and(|period_totals| {
                    !matches!(period_totals.retention, Retention::Days)
                }) {
                    // Its sums contain days that are no longer stored.
                    self.periods.remove(&read);
                    let range = read.days();
                    self.days.retain(|bucket, _| !range.contains(bucket.date));
                }
            }
            Span::Days(range) => self.void_bills(range),
            Span::Late(_) => {}
        }
        Orphans(nameless)
    }

    /// Invalidates the bills of forgotten days that are read again by themselves: a bill contains
    /// these days already, so they would count twice.
    fn void_bills(&mut self, range: DayRange) {
        let forgotten = range.first.series(1.day()).take_while(|day| *day <= range.last);
        let forgotten = forgotten.filter(|day| !self.days.contains_key(&DayBucket::own(*day)));
        let periods: BTreeSet<Period> = forgotten.map(Period::of).collect();
        for period in periods {
            if let Some(period_totals) = self.periods.get_mut(&period)
                && matches!(period_totals.retention, Retention::Bill(_))
            {
                period_totals.retention = Retention::Rest;
            }
        }
    }

    /// Returns the buckets that a reading replaces, oldest first. Future days are left out unless
    /// the answer has rows of them.
    pub fn buckets(
        &self,
        span: Span,
        answered: impl Iterator<Item = DayBucket>,
        began: Timestamp,
    ) -> Vec<DayBucket> {
        let range = span.days();
        let wanted = |bucket: &DayBucket| match span {
            Span::Period(_) => true,
            Span::Days(_) => bucket.dated == Dated::InDay,
            Span::Late(_) => bucket.dated == Dated::Late,
        };
        let known = self.days.keys().copied().chain(answered);
        let known = known.filter(|bucket| range.contains(bucket.date));
        let today = day_of(began);
        let read = range.first.series(1.day()).take_while(|day| *day <= range.last.min(today));
        let buckets: BTreeSet<DayBucket> =
            known.chain(read.map(DayBucket::own)).filter(wanted).collect();
        buckets.into_iter().collect()
    }

    /// Returns whether an answer for a bucket does not count, and the old one stays. It is suspect
    /// if it contains so much less than the old one or, if the day was complete, so much more, that
    /// it is requested again. Azure's total of the same poll decides that if it equals one of both.
    /// `answer` has the sums by charge alone. If not suspect, the caller enters it:
    /// [`ScopeTotals::take_out`] if [`ScopeTotals::knows_bucket`], then [`ScopeTotals::put_in`] and
    /// [`ScopeTotals::put_summary`].
    pub fn suspects(
        &mut self,
        bucket: DayBucket,
        answer: &DailySums,
        began: Timestamp,
        complete_after: SignedDuration,
    ) -> bool {
        let witness = self.witness(bucket, answer, began);
        // Late rows keep arriving, so they are never complete.
        let was_complete = bucket.dated == Dated::InDay
            && self.was_read_late(bucket.date, complete_after)
            && self.newest_usage(day_of(began)).is_some_and(|newest| bucket.date <= newest);
        let period = self.scope_cost(Period::of(bucket.date));
        let period = period.map(|costs| usage(costs, &self.strings)).unwrap_or_default();
        let Some(summary) = self.days.get_mut(&bucket) else { return false };
        let nothing = Table::<ScopeCost>::default();
        let (rows, costs) = answer
            .days
            .get(&bucket)
            .map_or((0, &nothing), |day| (day.rows, &day.tables.scope_cost));
        let answer = Extent::new(rows, costs, &answer.strings);
        let before = summary.extent(&self.strings);
        // Undated rows are never suspect: a row that gets a date would count in both buckets.
        let is_odd = bucket.dated != Dated::Undated
            && (before.shrinks_to(&answer, &period)
                || was_complete && before.grows_to(&answer, &period));
        let is_suspect = is_odd
            && !summary.suspect.as_ref().is_some_and(|first| first.agrees_with(&answer, &period));
        summary.asked_at = began;
        let is_past = is_late(began, bucket.date, complete_after);
        let (is_suspect, is_refused) = match witness {
            Witness::New => (false, false),
            Witness::Old if is_suspect || is_past => (false, true),
            Witness::Old | Witness::Silent => (is_suspect, is_suspect),
        };
        summary.suspect = is_suspect.then_some(answer);
        is_refused
    }

    /// Subtracts some of a bucket's old rows.
    pub fn take_out(&mut self, bucket: DayBucket, old: &DailySums, orphans: &mut Orphans) {
        self.combine(Combine::Deduct, bucket, old);
        self.take_names(bucket, old, orphans);
    }

    /// Adds some of a bucket's new rows.
    pub fn put_in(&mut self, bucket: DayBucket, new: &DailySums, orphans: &mut Orphans) {
        self.combine(Combine::Add, bucket, new);
        self.add_names(bucket, new, orphans);
    }

    /// Stores the summary and the facts of a bucket, after all its rows were put in.
    pub fn put_summary(
        &mut self,
        bucket: DayBucket,
        answer: &DailySums,
        facts: DayFacts,
        (began, complete_after): (Timestamp, SignedDuration),
    ) {
        let summary = DaySummary { facts, ..self.summary(bucket, answer, began) };
        let nothing = Table::<ScopeCost>::default();
        let before = self.days.get(&bucket).map(|summary| &summary.scope_cost);
        // If a bucket is read for the first time, it is unknown whether it changed.
        let was_known = before.is_some()
            || bucket.dated != Dated::InDay
                && self.late_asked_at(Period::of(bucket.date)).is_some();
        let is_changed =
            was_known && !same_amounts(before.unwrap_or(&nothing), &summary.scope_cost);
        let period_totals = self.periods.entry(Period::of(bucket.date)).or_default();
        if is_changed {
            period_totals.changed = Some(began);
        }
        self.days.insert(bucket, summary);
        if bucket.dated == Dated::InDay {
            self.compare(bucket.date, complete_after, true);
        }
    }

    /// Records the end of a reading, after its buckets.
    pub fn finish(&mut self, span: Span, began: Timestamp) {
        if let Span::Period(period) | Span::Late(period) = span {
            self.periods.entry(period).or_default().late_asked_at = Some(began);
        }
        self.read_at = Some(began);
    }

    /// Returns the buckets since a day that may contain a lost name, newest first.
    pub fn name_buckets(&self, since: Date) -> Vec<DayBucket> {
        self.days.range(DayBucket::own(since)..).rev().map(|(bucket, _)| *bucket).collect()
    }

    /// Returns what is stored of a bucket's rows: for a closed period only what a bill needs.
    pub fn worth_keeping(&self, bucket: DayBucket, reading: DailySums) -> DailySums {
        if self.open == Some(Period::of(bucket.date)) {
            return reading;
        }
        let mut reading = reading;
        reading.drop_open_only();
        // Leaves out the texts of what was freed.
        reading.only(bucket)
    }

    /// Looks up lost names on an older day.
    pub fn name(&mut self, bucket: DayBucket, day: &DailySums, orphans: &mut Orphans) {
        let Some(named_day) = day.days.get(&bucket) else { return };
        let mut translation = Translation::new(day.strings.texts(), &mut self.strings);
        let translated = named_day.names.iter().map(|(named, name)| {
            let named = named.translated(|symbol| translation.translate(symbol));
            (named, translation.translate(name))
        });
        let found: Vec<_> = translated.filter(|(named, _)| orphans.0.contains(named)).collect();
        let is_open = self.open == Some(Period::of(bucket.date));
        for (named, name) in found {
            if is_open || !named.is_open_only() {
                self.names.add(named, name, bucket.date, |symbol| self.strings.get(symbol));
            }
        }
    }

    /// Removes from `orphans` what has a name again.
    pub fn named(&self, orphans: &mut Orphans) {
        orphans.0.retain(|named| !self.names.contains(named));
    }
}

/// Parts of these steps.
impl ScopeTotals {
    fn combine(&mut self, how: Combine, bucket: DayBucket, daily_sums: &DailySums) {
        let Some(day) = daily_sums.days.get(&bucket) else { return };
        let period = Period::of(bucket.date);
        let is_open = self.open == Some(period);
        let tables = &mut self.periods.entry(period).or_default().tables;
        let mut translation = Translation::new(daily_sums.strings.texts(), &mut self.strings);
        let symbol = |symbol| translation.translate(symbol);
        if is_open {
            tables.combine(how, &day.tables, symbol);
        } else {
            tables.combine_bill(how, &day.tables, symbol);
        }
    }

    fn take_names(&mut self, bucket: DayBucket, old: &DailySums, orphans: &mut Orphans) {
        let Some(day) = old.days.get(&bucket) else { return };
        let mut translation = Translation::new(old.strings.texts(), &mut self.strings);
        for (named, _) in day.names.iter() {
            let named = named.translated(|symbol| translation.translate(symbol));
            if self.names.remove(named, bucket.date) {
                orphans.0.insert(named);
            }
        }
    }

    fn add_names(&mut self, bucket: DayBucket, reading: &DailySums, orphans: &mut Orphans) {
        let Some(day) = reading.days.get(&bucket) else { return };
        // Other rows of the day may have a name that sorts first.
        let mut others = Dated::ALL.into_iter().filter(|part| *part != bucket.dated);
        let alone = others.all(|dated| !self.days.contains_key(&DayBucket { dated, ..bucket }));
        let is_open = self.open == Some(Period::of(bucket.date));
        let mut translation = Translation::new(reading.strings.texts(), &mut self.strings);
        // Entities of which only the open period has series need no names in other periods.
        let wanted = |(named, _): &(Named, Symbol)| is_open || !named.is_open_only();
        for (named, name) in day.names.iter().filter(wanted) {
            let named = named.translated(|symbol| translation.translate(symbol));
            let name = translation.translate(name);
            self.names.add(named, name, bucket.date, |symbol| translation.text(symbol));
            if alone {
                orphans.0.remove(&named);
            }
        }
    }

    fn summary(&mut self, bucket: DayBucket, reading: &DailySums, began: Timestamp) -> DaySummary {
        let tag_keys = reading.tag_keys().iter().map(|key| self.strings.intern(key)).collect();
        let mut summary = DaySummary {
            read_at: began,
            asked_at: began,
            rows: 0,
            usage_rows: 0,
            scope_cost: Table::<ScopeCost>::default(),
            service_charge: Default::default(),
            tag_keys,
            facts: DayFacts::default(),
            suspect: None,
        };
        if let Some(day) = reading.days.get(&bucket) {
            let mut translation = Translation::new(reading.strings.texts(), &mut self.strings);
            let mut symbol = |symbol| translation.translate(symbol);
            (summary.rows, summary.usage_rows) = (day.rows, day.usage_rows);
            let costs = day.tables.scope_cost.iter();
            summary.scope_cost = costs.map(|(key, sum)| (key.map(&mut symbol), sum)).collect();
            let services = day.tables.service_charge.iter();
            summary.service_charge =
                services.map(|(key, sum)| (key.map(&mut symbol), sum)).collect();
        }
        summary
    }
}

fn same_amounts(before: &Table<ScopeCost>, after: &Table<ScopeCost>) -> bool {
    let amounts = |costs: &Table<ScopeCost>| -> BTreeMap<[Symbol; 4], Amount> {
        let costs = costs.iter().filter(|(_, sum)| !sum.amount.is_zero());
        costs.map(|(key, sum)| (*key, sum.amount)).collect()
    };
    amounts(before) == amounts(after)
}
