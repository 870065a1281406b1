//! The queries of the totals: what is known, and since when.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::control::is_late;
use super::{Retention, ScopeTotals};
use crate::billing::daily_sums::{Dated, DayBucket, TagKeys};
use crate::billing::day_summary::DaySummary;
use crate::billing::families::{ScopeCost, Table};
use crate::billing::interner::Symbol;
use crate::billing::period::{DayRange, Period};

impl ScopeTotals {
    /// Returns whether there were more texts than fit, which makes the totals unusable.
    pub fn overflowed(&self) -> bool {
        self.strings.overflowed()
    }

    /// Returns whether a bucket was read, so that its old rows are part of the sums.
    pub fn knows_bucket(&self, bucket: DayBucket) -> bool {
        self.days.contains_key(&bucket)
    }

    /// Returns the number of buckets that were read.
    pub fn known_buckets(&self) -> usize {
        self.days.len()
    }

    /// Returns the first day that is known.
    pub fn first_day(&self) -> Option<Date> {
        self.days.keys().next().map(|bucket| bucket.date)
    }

    /// Returns the open period, which is published.
    pub fn open(&self) -> Option<Period> {
        self.open
    }

    /// Returns when the newest reading began.
    pub fn read_at(&self) -> Option<Timestamp> {
        self.read_at
    }

    /// Returns when the reading began that the rows dated on a day are from.
    pub fn day_read_at(&self, day: Date) -> Option<Timestamp> {
        self.days.get(&DayBucket::own(day)).map(|summary| summary.read_at)
    }

    /// Returns whether a day was read with all configured tag keys.
    pub fn knows_day(&self, day: Date, tag_keys: &TagKeys) -> bool {
        self.days
            .get(&DayBucket::own(day))
            .is_some_and(|summary| self.has_keys(&summary.tag_keys, tag_keys))
    }

    /// Returns the number of rows dated on a day; `None` if the day is not known.
    pub fn rows_of(&self, day: Date) -> Option<u64> {
        self.days.get(&DayBucket::own(day)).map(|summary| summary.rows)
    }

    /// Returns when a day was last requested, whether that answer counts or is suspect.
    pub fn day_asked_at(&self, day: Date) -> Option<Timestamp> {
        self.days.get(&DayBucket::own(day)).map(|summary| summary.asked_at)
    }

    /// Returns when the late rows of a period were last requested.
    pub fn late_asked_at(&self, period: Period) -> Option<Timestamp> {
        self.periods.get(&period)?.late_asked_at
    }

    /// Returns the buckets whose last answer is suspect.
    pub fn suspect(&self) -> impl Iterator<Item = DayBucket> {
        self.days.iter().filter(|(_, summary)| summary.suspect.is_some()).map(|(bucket, _)| *bucket)
    }

    /// Returns whether the bill of a period is known with all configured tag keys: from its days,
    /// or because the bill was kept.
    pub fn knows(&self, period: Period, tag_keys: &TagKeys) -> bool {
        let days = period.days().first.series(1.day());
        let mut days = days.take_while(|day| *day <= period.days().last);
        self.knows_bill(period)
            && (days.all(|day| self.knows_day(day, tag_keys))
                || self.kept_bill(period).is_some_and(|keys| self.has_keys(keys, tag_keys)))
    }

    /// Returns whether the bill of a period is known, with whatever tag keys.
    pub(in crate::billing) fn knows_bill(&self, period: Period) -> bool {
        match self.periods.get(&period).map(|period_totals| &period_totals.retention) {
            Some(Retention::Bill(_)) => true,
            Some(Retention::Rest) => false,
            Some(Retention::Days) | None => self.knows_all(period),
        }
    }

    /// Returns whether the sums of a period contain days that were forgotten: reading one by itself
    /// would invalidate the bill.
    pub fn is_bill(&self, period: Period) -> bool {
        self.kept_bill(period).is_some()
    }

    fn kept_bill(&self, period: Period) -> Option<&Vec<Symbol>> {
        match &self.periods.get(&period)?.retention {
            Retention::Bill(keys) => Some(keys),
            Retention::Days | Retention::Rest => None,
        }
    }

    /// Returns the sums of a period; `None` if there are none.
    #[cfg(test)]
    pub(crate) fn tables(&self, period: Period) -> Option<&crate::billing::families::Tables> {
        self.periods.get(&period).map(|period_totals| &period_totals.tables)
    }

    /// Returns the text of a symbol of these sums.
    #[cfg(test)]
    pub(crate) fn text(&self, symbol: Symbol) -> String {
        self.strings.get(symbol).into_owned()
    }

    fn knows_all(&self, period: Period) -> bool {
        let range = period.days();
        let known = self.buckets_of(range).filter(|(bucket, _)| bucket.dated == Dated::InDay);
        known.count() == range.count()
    }

    fn has_keys(&self, known: &[Symbol], wanted: &TagKeys) -> bool {
        wanted.iter().all(|key| known.iter().any(|known| self.strings.get(*known) == *key))
    }

    /// Returns the tag keys by which the whole of a period is known.
    pub(in crate::billing) fn known_tag_keys(&self, period: Period) -> Vec<Symbol> {
        if let Some(keys) = self.kept_bill(period) {
            return keys.clone();
        }
        let mut buckets = self.buckets_of(period.days()).map(|(_, summary)| &summary.tag_keys);
        let Some(first) = buckets.next() else { return Vec::new() };
        let rest: Vec<_> = buckets.collect();
        let everywhere = |key: &&Symbol| rest.iter().all(|keys| keys.contains(key));
        first.iter().filter(everywhere).copied().collect()
    }

    pub(in crate::billing) fn buckets_of(
        &self,
        range: DayRange,
    ) -> impl Iterator<Item = (&DayBucket, &DaySummary)> {
        let last = DayBucket { date: range.last, dated: Dated::Undated };
        self.days.range(DayBucket::own(range.first)..=last)
    }

    /// Returns when the sums of a period last changed.
    pub(in crate::billing) fn changed(&self, period: Period) -> Option<Timestamp> {
        self.periods.get(&period)?.changed
    }

    pub(in crate::billing) fn scope_cost(&self, period: Period) -> Option<&Table<ScopeCost>> {
        self.periods.get(&period).map(|period_totals| &period_totals.tables.scope_cost)
    }

    /// Returns every currency of a period.
    pub(in crate::billing) fn currencies_of(&self, period: Period) -> BTreeSet<String> {
        let keys = self.scope_cost(period).into_iter().flat_map(Table::<ScopeCost>::keys);
        keys.map(|[.., currency]| self.strings.get(*currency).into_owned()).collect()
    }

    pub(super) fn currencies(&self) -> BTreeSet<String> {
        let keys = self.days.values().flat_map(|summary| summary.scope_cost.keys());
        keys.map(|[.., currency]| self.strings.get(*currency).into_owned()).collect()
    }

    /// Returns the newest day up to today on which usage is dated. A purchase dated today, late
    /// usage that arrives today and a row dated tomorrow must not hide that usage has stopped
    /// arriving.
    pub(in crate::billing) fn newest_usage(&self, today: Date) -> Option<Date> {
        let used = |(bucket, summary): &(&DayBucket, &DaySummary)| {
            bucket.dated == Dated::InDay && summary.usage_rows > 0
        };
        let until_today = self.days.range(..=DayBucket { date: today, dated: Dated::Undated });
        until_today.rev().find(used).map(|(bucket, _)| bucket.date)
    }

    /// Returns whether the rows dated on a day were read so long after its end that they are
    /// complete.
    pub(in crate::billing) fn was_read_late(&self, day: Date, after: SignedDuration) -> bool {
        self.confirmed_at(day).is_some_and(|at| is_late(at, day, after))
    }

    /// Returns whether undated rows of a period are known, which only a reading of the whole period
    /// contains.
    pub fn has_undated(&self, period: Period) -> bool {
        self.days.get(&DayBucket::undated(period)).is_some_and(|summary| summary.rows > 0)
    }

    /// Returns whether Azure ignored the filter of a reading by date: for every other day of the
    /// period that has rows, its answer has at least four fifths of them.
    pub fn is_whole(&self, period: Period, asked: DayRange, outside: &BTreeMap<Date, u64>) -> bool {
        let known = self.buckets_of(period.days()).filter(|(bucket, summary)| {
            bucket.dated == Dated::InDay && summary.rows > 0 && !asked.contains(bucket.date)
        });
        let mut any = false;
        known.into_iter().all(|(bucket, summary)| {
            any = true;
            outside.get(&bucket.date).is_some_and(|rows| rows * 5 >= summary.rows * 4)
        }) && any
    }
}
