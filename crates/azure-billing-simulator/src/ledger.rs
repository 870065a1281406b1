//! What rows are made from: the seed, what the options say of every row, and the days that were
//! changed. Only counts and sums of days are kept, so that a million rows take no memory. Not here:
//! rows, which `rows` makes when they are read.

use std::{
    collections::HashMap,
    ops::RangeInclusive,
    sync::{Mutex, PoisonError},
};

use super::{
    amendment::Amendments,
    anomaly::CostAnomaly,
    cell::KnownCells,
    chance::mix,
    currency::Currency,
    options::Options,
    selection::{Days, Selection},
};

/// The hours from the start of a day until none of its rows changes any more.
pub(super) const SETTLED_HOURS: i64 = 24 + 96;

/// The facts of an enrollment that its rows follow from.
pub(super) struct Ledger {
    pub(super) seed: u64,
    pub(super) first_day: i64,
    pub(super) rows_per_day: u64,
    pub(super) resources: u64,
    pub(super) late_third_party: bool,
    pub(super) hide_charges: bool,
    pub(super) surges: Vec<CostAnomaly>,
    /// The currency of every row. `None`: that of each account.
    pub(super) currency: Option<Currency>,
    /// Days after the end of a month until its rounding rows appear. `None`: never.
    pub(super) rounding_after: Option<i64>,
    /// True if a cost allocation rule moves costs.
    pub(super) allocates: bool,
    /// True if refunds are no rows.
    pub(super) refunds_elsewhere: bool,
    outage_days: i64,
    pub(super) amendments: Amendments,
    pub(super) known_cells: KnownCells,
    /// Counts of rows that are known, by selection, day and refresh.
    pub(super) counts: Mutex<HashMap<(Selection, i64, i64), u64>>,
    /// Percent of the rows that are gone for good, by day.
    shrunk: Mutex<HashMap<i64, u64>>,
}

impl Ledger {
    /// Makes the enrollment of `options`, whose history ends with the day `today`.
    pub(super) fn new(options: &Options, today: i64) -> Self {
        Self {
            seed: options.seed,
            first_day: today - i64::from(options.days.max(1)) + 1,
            rows_per_day: options.rows_of_a_day(),
            resources: options.resources.max(1) as u64,
            late_third_party: options.late_third_party,
            hide_charges: options.hide_charges,
            surges: options.surges.clone(),
            currency: options.currency,
            rounding_after: options.control.rounding_rows_after.map(i64::from),
            allocates: options.report.cost_allocation,
            refunds_elsewhere: options.control.refunds_in_transactions,
            outage_days: options.outage_days.into(),
            amendments: Amendments::default(),
            known_cells: KnownCells::default(),
            counts: Mutex::default(),
            shrunk: Mutex::default(),
        }
    }

    /// Removes so many of 100 rows of a day for good.
    pub(super) fn shrink(&self, day: i64, percent: u8) {
        let mut shrunk = self.shrunk.lock().unwrap_or_else(PoisonError::into_inner);
        shrunk.insert(day, u64::from(percent));
        self.forget();
    }

    /// Lets the rows of a day appear so many hours later.
    pub(super) fn delay(&self, day: i64, hours: u32) {
        self.amendments.delay(day, hours);
        self.forget();
    }

    /// Restates the usage of a day from a refresh on, which totals may have shown already.
    pub(super) fn restate(&self, day: i64, percent: i32, since: i64) {
        self.amendments.restate(day, percent, since);
        self.forget();
    }

    fn forget(&self) {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.known_cells.forget();
    }

    /// Returns the code of the currency that balances are in.
    pub(super) fn billing_currency(&self) -> &'static str {
        self.currency.map_or("USD", Currency::code)
    }

    /// Returns the decimals of a currency's minor unit.
    pub(super) fn decimals(&self, code: &str) -> u32 {
        code.parse().map_or(2, Currency::decimals)
    }

    /// Returns how many of 100 rows are gone for good, by day.
    pub(super) fn shrunk(&self) -> HashMap<i64, u64> {
        self.shrunk.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns whether a row is among the `percent` of 100 rows that are left out.
    pub(super) fn is_left_out(&self, day: i64, index: u64, percent: u64) -> bool {
        mix(mix(self.seed, day.unsigned_abs()), index) % 100 < percent
    }

    /// Returns how many of 100 rows of a day are gone for good.
    pub(super) fn gone(&self, day: i64) -> u64 {
        let shrunk = self.shrunk.lock().unwrap_or_else(PoisonError::into_inner);
        shrunk.get(&day).copied().unwrap_or(0)
    }

    /// Returns the last refresh at which a day changes, as far as is known.
    pub(super) fn settled_at(&self, day: i64) -> i64 {
        self.amendments.settled_at(day, 24 * day + SETTLED_HOURS)
    }

    /// Returns the days of a reading that can have rows.
    pub(super) fn existing(&self, (first, last): Days, as_of: i64) -> RangeInclusive<i64> {
        first.max(self.first_day)..=last.min(as_of.div_euclid(24) - self.outage_days)
    }
}
