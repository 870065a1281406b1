//! What is needed of a period, and what is known of it: the input of every offer.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::Source;
use super::memory::SourceMemory;
use crate::billing::period::{DayRange, Period};
use crate::billing::scope_totals::ScopeTotals;

/// The due days of a period.
#[derive(Clone, Debug)]
pub struct Due {
    /// The period.
    pub period: Period,
    /// The days of the period that have begun.
    pub range: DayRange,
    /// The days of these that are due.
    pub days: BTreeSet<Date>,
    /// True if the late rows of the period are due.
    pub late: bool,
    /// True if Azure's own totals show which days changed, so that late rows are no reason to read
    /// the whole period.
    pub is_controlled: bool,
}

/// The sizes by which readings are planned, in rows.
#[derive(Clone, Copy, Debug)]
pub struct CostModel {
    /// The rows of one list page, which is one call.
    pub page: u64,
    /// The longest reading by the list, as far as stored days show: half an hour of calls in the
    /// smallest quota.
    pub reading: u64,
    /// The largest month that is read in one report. Larger reports are slow or fail, so they are
    /// requested week by week.
    pub report: u64,
}

impl CostModel {
    /// The sizes of Azure.
    pub const USUAL: Self = Self { page: 1_000, reading: 30_000, report: 2_000_000 };
}

/// What is known before a reading.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// The totals, which have the number of rows of each day.
    pub totals: &'a ScopeTotals,
    /// What was learnt of the sources.
    pub memory: &'a SourceMemory,
    /// The sizes by which readings are planned.
    pub cost_model: CostModel,
    /// The source that had no answer in this poll, so that others are used.
    pub without: Option<Source>,
}

impl Known<'_> {
    /// Returns the expected number of rows of some days: the known number, or for an unknown day
    /// the largest known number.
    pub(super) fn rows(&self, days: impl Iterator<Item = Date>) -> u64 {
        let known: Vec<Option<u64>> = days.map(|day| self.totals.rows_of(day)).collect();
        let most = known.iter().flatten().max().copied().unwrap_or(0);
        known.into_iter().map(|rows| rows.unwrap_or(most)).sum()
    }

    /// Returns whether no day of a range was ever read.
    pub(super) fn knows_nothing(&self, range: DayRange) -> bool {
        range.iter().all(|day| self.totals.rows_of(day).is_none())
    }
}
