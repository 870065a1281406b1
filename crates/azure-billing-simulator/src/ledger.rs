//! Every row of the enrollment, generated when it is read: from the seed, its day and its place in
//! the day. Only counts and sums of days are kept, so that a million rows take no memory.

use std::{
    collections::{BTreeMap, HashMap},
    ops::{ControlFlow, RangeInclusive},
    sync::{Mutex, PoisonError},
};

use super::{
    amendment::Amendments, anomaly::CostAnomaly, calendar::date_of, cells::KnownCells, chance::mix,
    currency::Currency, enrollment::Scope, money::Money, options::Options, row::Row,
};

/// The hours from the start of a day until none of its rows changes any more.
pub(super) const SETTLED_HOURS: i64 = 24 + 96;

/// Counts that are kept before all are dropped: enough for years of days at every scope.
const MAX_COUNTS: usize = 100_000;

/// One of Azure's two views of reservations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum View {
    Actual,
    Amortized,
}

/// The rows that a reading covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Selection {
    pub(super) scope: Scope,
    pub(super) view: View,
    pub(super) rows: Rows,
}

/// The rows of its days that a reading covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Rows {
    /// By date: rows that are dated on its days.
    Dated,
    /// By billing period: also rows that are billed in another month than used.
    Billed,
    /// Only rows that are billed in another month than used.
    Late,
}

/// First and last day of a reading, in days since 1970.
pub(super) type Days = (i64, i64);

/// The rows of an enrollment.
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
    counts: Mutex<HashMap<(Selection, i64, i64), u64>>,
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

    /// Returns the number of rows that show at `as_of` (hours since 1970).
    pub(super) fn count(&self, selection: Selection, days: Days, as_of: i64) -> u64 {
        self.existing(days, as_of).map(|day| self.count_day(selection, day, as_of)).sum()
    }

    /// Returns the exact sums, by currency, of the rows that show at `as_of`.
    pub(super) fn totals(
        &self,
        selection: Selection,
        days: Days,
        as_of: i64,
    ) -> BTreeMap<String, Money> {
        let mut totals = BTreeMap::<String, Money>::new();
        for day in self.existing(days, as_of) {
            let _all = self.visit_day(selection, day, as_of, |index| {
                let row = Row::new(self, day, index, as_of);
                match totals.get_mut(row.currency) {
                    Some(total) => *total += row.cost(selection.view),
                    None => {
                        totals.insert(row.currency.into(), row.cost(selection.view));
                    }
                }
                ControlFlow::Continue(())
            });
        }
        totals
    }

    /// Returns up to `limit` rows after the first `skip`, as (day, place in the day).
    pub(super) fn page(
        &self,
        selection: Selection,
        days: Days,
        as_of: i64,
        skip: u64,
        limit: usize,
    ) -> Vec<(i64, u64)> {
        let (mut skip, mut found) = (skip, Vec::with_capacity(limit));
        for day in self.existing(days, as_of) {
            let count = self.count_day(selection, day, as_of);
            if count <= skip {
                skip -= count;
                continue;
            }
            let flow = self.visit_day(selection, day, as_of, |index| {
                if skip > 0 {
                    skip -= 1;
                } else {
                    found.push((day, index));
                }
                if found.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            });
            if flow.is_break() {
                break;
            }
        }
        found
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

    fn visit_day(
        &self,
        selection: Selection,
        day: i64,
        as_of: i64,
        mut visit: impl FnMut(u64) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let gone = self.gone(day);
        (0..self.rows_per_day)
            .filter(|index| !self.is_left_out(day, *index, gone))
            .filter(|index| self.shows(selection, day, *index, as_of))
            .try_for_each(&mut visit)
    }

    fn count_day(&self, selection: Selection, day: i64, as_of: i64) -> u64 {
        // A rounding row appears long after its day, and changes as any day of its month does.
        let rounded =
            self.rounding_after.is_some() && date_of(day).day() == date_of(day).days_in_month();
        let settled = if rounded { i64::MAX } else { self.settled_at(day) };
        let key = (selection, day, as_of.min(settled));
        let known = |counts: &Mutex<HashMap<_, u64>>| {
            counts.lock().unwrap_or_else(PoisonError::into_inner).get(&key).copied()
        };
        if let Some(count) = known(&self.counts) {
            return count;
        }
        let mut count = 0;
        let _all = self.visit_day(selection, day, as_of, |_| {
            count += 1;
            ControlFlow::Continue(())
        });
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= MAX_COUNTS {
            counts.clear();
        }
        counts.insert(key, count);
        count
    }

    /// Returns the days of a reading that can have rows.
    pub(super) fn existing(&self, (first, last): Days, as_of: i64) -> RangeInclusive<i64> {
        first.max(self.first_day)..=last.min(as_of.div_euclid(24) - self.outage_days)
    }
}
