//! What is known of whole months: whether they are over, and their sums as an invoice has them.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::ScopeTotals;
use crate::billing::month_sums::{MonthSums, month_sums};
use crate::billing::period::Period;
use crate::billing::period_statement::PeriodStatement;
use crate::billing::reconciliation::{Month, MonthRecord};

/// The number of months that are kept, the open one included.
const MONTHS: i32 = 13;

impl ScopeTotals {
    /// Records the open and the previous month after a reading, whether they are over, and the sums
    /// of those that were recorded before and are not read again by themselves. `settled` means that
    /// the previous period is not read again.
    pub fn record_months(&mut self, now: Timestamp, settled: bool) {
        let Some(open) = self.open else { return };
        let oldest = open.months_before(MONTHS - 1);
        self.months.retain(|period, _| *period >= oldest);
        self.statement.forget_before(oldest);
        let known = self.periods.range(oldest..=open).map(|(period, _)| *period);
        let known: Vec<Period> = known.filter(|it| *it == open || self.knows_bill(*it)).collect();
        for period in known {
            let is_older = period < open.before();
            // Which older months are known besides depends on the source: a report has whole ones.
            if is_older && !self.months.contains_key(&period) {
                continue;
            }
            let is_recorded = self.is_recorded(period);
            let sums = (is_older && !is_recorded).then(|| self.sums_of_month(period));
            let record = self.months.entry(period).or_default();
            if is_older || period == open.before() && settled {
                record.closed_at.get_or_insert(now);
            }
            if let Some(sums) = sums {
                (record.sums, record.summed_at) = (sums, Some(now));
            }
        }
    }

    /// Records a month that was read whole and is over.
    pub fn close_month(&mut self, period: Period, now: Timestamp) {
        let (sums, at) = (self.sums_of_month(period), Some(now));
        self.months.insert(period, MonthRecord { closed_at: at, summed_at: at, sums });
    }

    /// Returns whether the sums of a month are recorded and cannot have changed since.
    fn is_recorded(&self, period: Period) -> bool {
        let summed_at = self.months.get(&period).and_then(|record| record.summed_at);
        summed_at.is_some() && self.changed(period) <= summed_at
    }

    fn sums_of_month(&self, period: Period) -> BTreeMap<String, MonthSums> {
        let totals = self.periods.get(&period);
        totals.map(|it| month_sums(&it.tables.charge_lines, &self.strings)).unwrap_or_default()
    }

    /// Returns the statement of a month that is known.
    pub fn statement(
        &self,
        period: Period,
        complete_after: SignedDuration,
    ) -> Option<PeriodStatement> {
        let month = self.months().remove(&period)?;
        let days = self.period_controls(complete_after).remove(&period).map(|it| it.days);
        Some(PeriodStatement::of(period, &month, days))
    }

    /// Returns what is known of the newest months. The sums of the open and the previous one follow
    /// from their rows, and those of older ones are recorded.
    pub(in crate::billing) fn months(&self) -> BTreeMap<Period, Month> {
        let Some(open) = self.open else { return BTreeMap::new() };
        let mut records = self.months.clone();
        for period in [open.before(), open] {
            if period == open || self.knows_bill(period) {
                records.entry(period).or_default().sums = self.sums_of_month(period);
            }
        }
        let is_visible = self.charges_visible();
        let month = |(period, record): (Period, MonthRecord)| {
            (period, record.month(period, &self.statement, is_visible))
        };
        records.into_iter().map(month).collect()
    }
}
