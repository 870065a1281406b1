//! What is known of whole months: whether they are over, and their sums as an invoice has them.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::ScopeTotals;
use crate::billing::month_sums::month_sums;
use crate::billing::period::Period;
use crate::billing::period_statement::PeriodStatement;
use crate::billing::reconciliation::{Month, MonthRecord};

/// The number of months that are kept, the open one included.
const MONTHS: i32 = 13;

impl ScopeTotals {
    /// Records what is known of months after a reading. `settled` means that the previous period is
    /// not read again. Returns whether a month has closed by that.
    pub fn record_months(&mut self, now: Timestamp, settled: bool) -> bool {
        let Some(open) = self.open else { return false };
        let oldest = open.months_before(MONTHS - 1);
        self.months.retain(|period, _| *period >= oldest);
        self.statement.forget_before(oldest);
        let mut has_closed = false;
        let known = self.periods.range(oldest..=open).map(|(period, _)| *period);
        let known: Vec<Period> = known.filter(|it| *it == open || self.knows_bill(*it)).collect();
        for period in known {
            let is_closed = period < open.before() || period == open.before() && settled;
            let is_summed = self.is_summed(period);
            let record = self.months.entry(period).or_default();
            if is_closed && record.closed_at.is_none() {
                (record.closed_at, has_closed) = (Some(now), true);
            }
            if let (false, Some(totals)) = (is_summed, self.periods.get(&period)) {
                record.sums = month_sums(&totals.tables.charge_lines, &self.strings);
                record.summed_at = Some(now);
            }
        }
        has_closed
    }

    /// Returns whether the sums of a month are recorded and cannot have changed since.
    fn is_summed(&self, period: Period) -> bool {
        let Some(open) = self.open else { return false };
        let summed_at = self.months.get(&period).and_then(|record| record.summed_at);
        period < open.before() && summed_at.is_some() && self.changed(period) <= summed_at
    }

    /// Returns the statement of a recorded month.
    pub fn statement(
        &self,
        period: Period,
        complete_after: SignedDuration,
    ) -> Option<PeriodStatement> {
        let month = self.months().remove(&period)?;
        let days = self.period_controls(complete_after).remove(&period).map(|it| it.days);
        Some(PeriodStatement::of(period, &month, days))
    }

    /// Returns what is known of the recorded months.
    pub(in crate::billing) fn months(&self) -> BTreeMap<Period, Month> {
        let is_visible = self.charges_visible();
        let month = |(period, record): (&Period, &MonthRecord)| {
            (*period, record.month(*period, &self.statement, is_visible))
        };
        self.months.iter().map(month).collect()
    }
}
