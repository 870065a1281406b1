//! The facts of a snapshot about its data, beside the families of costs and usage.

use super::charge::Degradation;
use super::control::DateState;
use super::period::Period;
use super::period_statement::PeriodStatement;
use super::reconciliation::Month;
use super::snapshot::Snapshot;

/// Facts about the data itself.
impl Snapshot {
    /// Returns the open period.
    pub fn period(&self) -> Period {
        self.period
    }

    /// Returns the end of the newest day with usage, of this period or an earlier one; never after
    /// the time of the reading.
    pub fn newest_usage(&self) -> Option<jiff::Timestamp> {
        self.newest_usage
    }

    /// Returns the end of the newest complete day.
    pub fn latest_complete_day(&self) -> Option<jiff::Timestamp> {
        self.latest_complete.map(super::period::end_of)
    }

    /// Returns the number of kept days in each state.
    pub fn dates(&self) -> impl Iterator<Item = (DateState, u64)> {
        DateState::ALL.into_iter().zip(self.dates)
    }

    /// Returns the number of rows of the kept days that count although a part could not be read, by
    /// reason.
    pub fn degraded_rows(&self) -> impl Iterator<Item = (Degradation, u64)> {
        Degradation::ALL.into_iter().zip(self.degraded_rows)
    }

    /// Returns the statements of the newest periods, the newest first.
    pub fn statements(&self) -> Vec<PeriodStatement> {
        let statement = |(period, month): (&Period, &Month)| {
            let days = self.period_controls.get(period).map(|control| control.days.clone());
            PeriodStatement::of(*period, month, days)
        };
        self.months.iter().rev().map(statement).collect()
    }

    /// Returns whether charges are visible, as far as is known.
    pub fn charges_visible(&self) -> bool {
        self.charges_visible
    }

    /// Returns the billing accounts to which rows are billed, as far as rows name them.
    pub fn billing_accounts(&self) -> &std::collections::BTreeSet<String> {
        &self.billing_accounts
    }

    /// Returns when the sums of the previous period last changed, as far as readings show.
    pub fn previous_changed(&self) -> Option<jiff::Timestamp> {
        self.previous_changed
    }

    /// Returns whether the previous period is settled, that is, not read again; `None` if it is not
    /// known.
    pub fn previous_settled(&self) -> Option<bool> {
        self.previous.as_ref().map(|_| self.previous_settled)
    }

    /// Returns the number of entities that were folded into `__other__`, by metric.
    pub fn folded(&self) -> impl Iterator<Item = (&'static str, usize)> {
        self.folded.iter().map(|(metric, count)| (*metric, *count))
    }
}
