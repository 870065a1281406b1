//! The comparison of days with Azure's own totals.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::ScopeTotals;
use crate::billing::control::{
    Agreement, ByCurrency, DailyTotals, DayControl, DaySums, PeriodControl, add, difference,
};
use crate::billing::daily_sums::{DailySums, DayBucket};
use crate::billing::day_summary::DaySummary;
use crate::billing::families::{ScopeCost, Table};
use crate::billing::period::{Period, day_of, end_of};
use crate::billing::statement::Fact;

/// What Azure's totals of this poll say about an answer for a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Witness {
    /// Nothing.
    Silent,
    /// The new answer is right.
    New,
    /// What was known before is right, and the new answer is not.
    Old,
}

impl ScopeTotals {
    /// Enters Azure's totals. `complete_after` says when a day is complete.
    pub fn enter_control(&mut self, totals: &DailyTotals, complete_after: SignedDuration) {
        let DailyTotals { range, asked_at, days } = totals;
        let until = range.last.min(day_of(*asked_at));
        for day in range.iter().take_while(|day| *day <= until) {
            let totals = days.get(&day).cloned().unwrap_or_default();
            let control = match self.control.remove(&day) {
                // An older total that is the same again keeps what was found by it.
                Some(before) if before.totals == totals => {
                    DayControl { asked_at: *asked_at, is_exact: false, ..before }
                }
                before => DayControl {
                    totals,
                    asked_at: *asked_at,
                    changed_at: *asked_at,
                    state: Agreement::Unverified,
                    is_exact: false,
                    has_differed: before.is_some_and(|before| before.has_differed),
                },
            };
            self.control.insert(day, control);
            self.compare(day, complete_after, false);
        }
        self.control_asked_at = Some(*asked_at);
    }

    /// Compares a day with Azure's total, after one of the two has changed. If the day was just read
    /// and differs, that is remembered; if only the total is new, Azure may have restated the day.
    pub(super) fn compare(&mut self, day: Date, complete_after: SignedDuration, is_read: bool) {
        let is_visible = self.charges_visible();
        let Some(summary) = self.days.get(&DayBucket::own(day)) else { return };
        let ours = DaySums::of(&summary.scope_cost, summary.rows, &self.strings);
        let read_at = summary.read_at;
        let is_complete = is_late(read_at, day, complete_after);
        let Some(control) = self.control.get_mut(&day) else { return };
        let is_equal = ours.equals(&control.totals);
        control.is_exact = ours.equals_exactly(&control.totals);
        control.state = match &control.state {
            _ if is_equal && (is_visible || !ours.is_nothing(&control.totals)) => {
                Agreement::Verified
            }
            _ if is_equal || !is_complete || control.asked_at < read_at => Agreement::Unverified,
            Agreement::Differs { read_again: Some(then) } if *then == ours.costs => {
                control.state.clone()
            }
            _ => Agreement::Differs { read_again: None },
        };
        control.has_differed |= is_read && matches!(control.state, Agreement::Differs { .. });
    }

    /// Returns the days to read again because they differ, oldest first.
    pub fn differing(&self, now: Timestamp) -> Vec<Date> {
        let is_due = |day: Date, control: &DayControl| {
            let summary = self.days.get(&DayBucket::own(day));
            summary.is_some_and(|summary| control.is_due(summary.asked_at, now))
        };
        self.control.iter().filter(|(day, it)| is_due(**day, it)).map(|(day, _)| *day).collect()
    }

    /// Records that a day that differs was read once more.
    pub fn read_once_more(&mut self, day: Date) {
        let Some(summary) = self.days.get(&DayBucket::own(day)) else { return };
        let ours = DaySums::of(&summary.scope_cost, summary.rows, &self.strings);
        if let Some(DayControl { state: Agreement::Differs { read_again }, .. }) =
            self.control.get_mut(&day)
        {
            *read_again = Some(ours.costs);
        }
    }

    /// Returns what Azure's totals say about an answer, if they were asked for in the same poll.
    pub(super) fn witness(
        &self,
        bucket: DayBucket,
        answer: &DailySums,
        began: Timestamp,
    ) -> Witness {
        let control = self.control.get(&bucket.date).filter(|control| control.asked_at >= began);
        let Some(control) = control.filter(|_| bucket == DayBucket::own(bucket.date)) else {
            return Witness::Silent;
        };
        let nothing = Table::<ScopeCost>::default();
        let day = answer.days.get(&bucket);
        let (rows, costs) = day.map_or((0, &nothing), |day| (day.rows, &day.tables.scope_cost));
        let new = DaySums::of(costs, rows, &answer.strings);
        let is_visible = self.charges_visible();
        let says = |sums: &DaySums| {
            sums.equals(&control.totals) && (is_visible || !sums.is_nothing(&control.totals))
        };
        let old = self.days.get(&bucket);
        let old = old.map(|old| DaySums::of(&old.scope_cost, old.rows, &self.strings));
        match old {
            _ if says(&new) => Witness::New,
            Some(old) if says(&old) => Witness::Old,
            _ => Witness::Silent,
        }
    }

    /// Returns when a day was confirmed last: by its own reading, or by Azure's total that it
    /// equals.
    pub(in crate::billing) fn confirmed_at(&self, day: Date) -> Option<Timestamp> {
        let read_at = self.days.get(&DayBucket::own(day))?.read_at;
        let verified = self.control.get(&day).filter(|it| it.state == Agreement::Verified);
        Some(verified.map_or(read_at, |control| control.asked_at.max(read_at)))
    }

    /// Returns when Azure confirmed a day; `None` if it does not agree, or was not asked.
    pub fn verified_at(&self, day: Date) -> Option<Timestamp> {
        let control = self.control.get(&day)?;
        (control.state == Agreement::Verified).then_some(control.asked_at)
    }

    /// Returns whether a day equals Azure's total to the last decimal, so that nothing of it has
    /// changed.
    pub fn is_exact(&self, day: Date) -> bool {
        self.control.get(&day).is_some_and(|control| control.is_exact)
    }

    /// Returns when Azure's totals were last entered.
    pub fn control_asked_at(&self) -> Option<Timestamp> {
        self.control_asked_at
    }

    /// Replaces what a call has stated of a period.
    pub fn state(&mut self, call: &str, period: Period, facts: Vec<Fact>) {
        self.statement.put(call, period, facts);
    }

    /// Forgets the totals of days that are not kept any more.
    pub(super) fn forget_control(&mut self) {
        let days = &self.days;
        let first = days.keys().next().map(|bucket| bucket.date);
        self.control.retain(|day, _| first.is_some_and(|first| *day >= first));
    }

    /// Returns Azure's totals and the differences by period.
    pub(in crate::billing) fn period_controls(
        &self,
        complete_after: SignedDuration,
    ) -> BTreeMap<Period, PeriodControl> {
        let mut periods = BTreeMap::<Period, PeriodControl>::new();
        for (day, control) in &self.control {
            let period = periods.entry(Period::of(*day)).or_default();
            add(&mut period.totals, &control.totals);
            let own = self.days.get(&DayBucket::own(*day));
            let Some(own) = own.filter(|_| self.was_read_late(*day, complete_after)) else {
                continue;
            };
            let ours = self.sums_of(own).costs;
            add(period.difference.get_or_insert_default(), &difference(&ours, &control.totals));
            period.days.complete += 1;
            period.days.verified += u64::from(control.state == Agreement::Verified);
            if let Agreement::Differs { .. } = control.state {
                period.days.differing.insert(*day, (ours, control.totals.clone()));
            }
        }
        periods
    }

    /// Returns the difference of each day that has ever differed.
    pub(in crate::billing) fn day_differences(&self) -> BTreeMap<Date, ByCurrency> {
        let differed = self.control.iter().filter(|(_, control)| control.has_differed);
        let difference = |(day, control): (&Date, &DayControl)| {
            let own = self.days.get(&DayBucket::own(*day))?;
            let mut amounts = difference(&self.sums_of(own).costs, &control.totals);
            if control.state == Agreement::Verified {
                // What is within the bounds of a comparison is no difference.
                amounts.values_mut().for_each(|amount| *amount = Default::default());
            }
            Some((*day, amounts))
        };
        differed.filter_map(difference).collect()
    }

    /// Returns the cost of the complete days of a period that are verified.
    pub(in crate::billing) fn verified_cost(
        &self,
        period: Period,
        complete_after: SignedDuration,
    ) -> ByCurrency {
        let mut verified = ByCurrency::new();
        let days = self.control.range(period.days().first..=period.days().last);
        let days = days.filter(|(_, control)| control.state == Agreement::Verified);
        for (day, _) in days.filter(|(day, _)| self.was_read_late(**day, complete_after)) {
            if let Some(own) = self.days.get(&DayBucket::own(*day)) {
                add(&mut verified, &self.sums_of(own).costs);
            }
        }
        verified
    }

    pub(super) fn sums_of(&self, summary: &DaySummary) -> DaySums {
        DaySums::of(&summary.scope_cost, summary.rows, &self.strings)
    }
}

/// Returns whether a moment is so long after the end of a day that the day is complete.
pub(super) fn is_late(at: Timestamp, day: Date, after: SignedDuration) -> bool {
    end_of(day).saturating_add(after).is_ok_and(|due| at >= due)
}
