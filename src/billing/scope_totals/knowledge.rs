//! What the totals can tell.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::{Retention, ScopeTotals};
use crate::billing::daily_sums::{Dated, DayBucket, TagKeys};
use crate::billing::day_summary::DaySummary;
use crate::billing::families::{ScopeCost, Table};
use crate::billing::interner::Symbol;
use crate::billing::period::{DayRange, Period, end_of};

impl ScopeTotals {
    /// Returns whether they have more texts than there is room for, so that they are worth nothing.
    pub fn overflowed(&self) -> bool {
        self.strings.overflowed()
    }

    /// Whether a bucket was read, so that its old rows are part of the sums.
    pub fn knows_bucket(&self, bucket: DayBucket) -> bool {
        self.days.contains_key(&bucket)
    }

    /// How many buckets were read.
    pub fn known_buckets(&self) -> usize {
        self.days.len()
    }

    /// The first day that is known.
    pub fn first_day(&self) -> Option<Date> {
        self.days.keys().next().map(|bucket| bucket.date)
    }

    /// The period that is published.
    pub fn open(&self) -> Option<Period> {
        self.open
    }

    /// When the newest reading began.
    pub fn read_at(&self) -> Option<Timestamp> {
        self.read_at
    }

    /// Whether readings by date are answered with whole periods.
    pub fn filter_ignored(&self) -> bool {
        self.filter_ignored
    }

    /// Whether readings of late rows are.
    pub fn late_unfiltered(&self) -> bool {
        self.late_unfiltered
    }

    /// When Azure last gave no report of this scope.
    pub fn reports_refused_at(&self) -> Option<Timestamp> {
        self.reports_refused_at
    }

    /// When a period was last read by a report.
    pub fn reported_at(&self, period: Period) -> Option<Timestamp> {
        self.periods.get(&period)?.reported_at
    }

    /// When the reading began that the rows dated on a day are of.
    pub fn day_read_at(&self, day: Date) -> Option<Timestamp> {
        self.days.get(&DayBucket::own(day)).map(|known| known.read_at)
    }

    /// Whether a day was read with all configured tag keys.
    pub fn knows_day(&self, day: Date, tag_keys: &TagKeys) -> bool {
        self.days
            .get(&DayBucket::own(day))
            .is_some_and(|known| self.has_keys(&known.tag_keys, tag_keys))
    }

    /// Rows dated on a day; `None` where it is not known.
    pub fn rows_of(&self, day: Date) -> Option<u64> {
        self.days.get(&DayBucket::own(day)).map(|known| known.rows)
    }

    /// When a day was last asked for, by an answer that counts or is suspect.
    pub fn day_asked_at(&self, day: Date) -> Option<Timestamp> {
        self.days.get(&DayBucket::own(day)).map(|known| known.asked_at)
    }

    /// When the late rows of a period were last asked for.
    pub fn late_asked_at(&self, period: Period) -> Option<Timestamp> {
        self.periods.get(&period)?.late_asked_at
    }

    /// The buckets whose last answer is not believed.
    pub fn suspect(&self) -> impl Iterator<Item = DayBucket> {
        self.days.iter().filter(|(_, known)| known.suspect.is_some()).map(|(bucket, _)| *bucket)
    }

    /// Whether the bill of a period can be told, by all configured tag keys: from its days or
    /// because it was kept.
    pub fn knows(&self, period: Period, tag_keys: &TagKeys) -> bool {
        let days = period.days().first.series(1.day());
        let mut days = days.take_while(|day| *day <= period.days().last);
        self.knows_bill(period)
            && (days.all(|day| self.knows_day(day, tag_keys))
                || self.kept_bill(period).is_some_and(|keys| self.has_keys(keys, tag_keys)))
    }

    /// Whether the bill of a period can be told, by whatever tag keys.
    pub(in crate::billing) fn knows_bill(&self, period: Period) -> bool {
        match self.periods.get(&period).map(|book| &book.left) {
            Some(Retention::Bill(_)) => true,
            Some(Retention::Rest) => false,
            Some(Retention::Days) | None => self.knows_all(period),
        }
    }

    /// Whether the sum of a period holds days that were forgotten: read by themselves, they would end
    /// it.
    pub fn is_bill(&self, period: Period) -> bool {
        self.kept_bill(period).is_some()
    }

    fn kept_bill(&self, period: Period) -> Option<&Vec<Symbol>> {
        match &self.periods.get(&period)?.left {
            Retention::Bill(keys) => Some(keys),
            Retention::Days | Retention::Rest => None,
        }
    }

    fn knows_all(&self, period: Period) -> bool {
        let range = period.days();
        let known = self.buckets_of(range).filter(|(bucket, _)| bucket.dated == Dated::InDay);
        known.count() == range.count()
    }

    fn has_keys(&self, known: &[Symbol], wanted: &TagKeys) -> bool {
        wanted.iter().all(|key| known.iter().any(|known| self.strings.get(*known) == *key))
    }

    /// The tag keys by which the whole of a period is known.
    pub(in crate::billing) fn known_tag_keys(&self, period: Period) -> Vec<Symbol> {
        if let Some(keys) = self.kept_bill(period) {
            return keys.clone();
        }
        let mut buckets = self.buckets_of(period.days()).map(|(_, known)| &known.tag_keys);
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

    /// When the sums of a period last changed.
    pub(in crate::billing) fn changed(&self, period: Period) -> Option<Timestamp> {
        self.periods.get(&period)?.changed
    }

    pub(in crate::billing) fn scope_cost(&self, period: Period) -> Option<&Table<ScopeCost>> {
        self.periods.get(&period).map(|book| &book.tables.scope_cost)
    }

    /// Every currency of a period.
    pub(in crate::billing) fn currencies_of(&self, period: Period) -> BTreeSet<String> {
        let keys = self.scope_cost(period).into_iter().flat_map(Table::<ScopeCost>::keys);
        keys.map(|[.., currency]| self.strings.get(*currency).into_owned()).collect()
    }

    pub(super) fn currencies(&self) -> BTreeSet<String> {
        let keys = self.days.values().flat_map(|known| known.scope_cost.keys());
        keys.map(|[.., currency]| self.strings.get(*currency).into_owned()).collect()
    }

    /// The newest day up to today with usage of its own: neither a purchase dated today, nor late usage
    /// that came today, nor a row dated tomorrow must hide that usage stopped coming.
    pub(in crate::billing) fn newest_usage(&self, today: Date) -> Option<Date> {
        let used = |(bucket, known): &(&DayBucket, &DaySummary)| {
            bucket.dated == Dated::InDay && known.usage_rows > 0
        };
        let until_today = self.days.range(..=DayBucket { date: today, dated: Dated::Undated });
        until_today.rev().find(used).map(|(bucket, _)| bucket.date)
    }

    /// Whether the rows dated on a day were read so long after its end that they are complete.
    pub(in crate::billing) fn was_read_late(&self, day: Date, after: SignedDuration) -> bool {
        let due = end_of(day).saturating_add(after);
        due.is_ok_and(|due| self.day_read_at(day).is_some_and(|read| read >= due))
    }

    /// Whether rows of a period without a date are known, which only a reading of all of it shows.
    pub fn has_undated(&self, period: Period) -> bool {
        self.days.get(&DayBucket::undated(period)).is_some_and(|known| known.rows > 0)
    }

    /// Whether an answer to a reading by date holds all that is known of a period outside of the
    /// days that were asked for: then the filter was ignored.
    pub fn is_whole(&self, period: Period, asked: DayRange, outside: &BTreeMap<Date, u64>) -> bool {
        let known = self.buckets_of(period.days()).filter(|(bucket, known)| {
            bucket.dated == Dated::InDay && known.rows > 0 && !asked.contains(bucket.date)
        });
        let mut any = false;
        known.into_iter().all(|(bucket, known)| {
            any = true;
            outside.get(&bucket.date).is_some_and(|rows| rows * 5 >= known.rows * 4)
        }) && any
    }
}
