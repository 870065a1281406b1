//! Every row of the enrollment, generated when it is read: from the seed, its day and its place in
//! the day.

use std::{
    collections::{BTreeMap, HashMap},
    ops::ControlFlow,
    sync::{Mutex, PoisonError},
};

use super::{
    calendar::date_of,
    charges::Charge,
    ledger::Ledger,
    money::Money,
    row::Row,
    selection::{Days, Selection},
};

/// Counts that are kept before all are dropped: enough for years of days at every scope.
const MAX_COUNTS: usize = 100_000;

impl Ledger {
    /// Makes the row at a place of a day, as restated until `as_of` (hours since 1970).
    pub(super) fn row(&self, day: i64, index: u64, as_of: i64) -> Row {
        let row = Row::new(self, day, index, as_of);
        match row.charge {
            Charge::Rounding(part) => {
                row.costing(Money::from_units(self.rounding(date_of(day), part, as_of)))
            }
            _ => row,
        }
    }

    /// Returns whether a reading at `as_of` contains the row. Cheap, as paging calls it for every
    /// row that it skips.
    pub(super) fn shows(&self, selection: Selection, day: i64, index: u64, as_of: i64) -> bool {
        let origin = self.origin(day, index);
        self.covers(selection, day, &origin)
            && match origin.charge {
                Charge::Rounding(part) => self.rounding_shows(day, part, as_of),
                _ => self.is_row(day, &origin, as_of),
            }
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
                let row = self.row(day, index, as_of);
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
}
