//! Every row of the enrollment, generated when it is read: from the seed, its day and its place in
//! the day. Only counts are kept, so that a million rows take no memory.

use std::{
    collections::{BTreeMap, HashMap},
    ops::{ControlFlow, RangeInclusive},
    sync::{Mutex, PoisonError},
};

use super::{
    anomaly::CostAnomaly,
    calendar::date_of,
    chance::{Chance, mix},
    charges::{self, Charge},
    enrollment::{self, Scope},
    money::Money,
    options::Options,
    row::Row,
};

/// The hours from the start of a day until none of its rows changes any more.
const SETTLED_HOURS: i64 = 24 + 96;

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
    outage_days: i64,
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
            outage_days: options.outage_days.into(),
            counts: Mutex::default(),
            shrunk: Mutex::default(),
        }
    }

    /// Removes so many of 100 rows of a day for good.
    pub(super) fn shrink(&self, day: i64, percent: u8) {
        let mut shrunk = self.shrunk.lock().unwrap_or_else(PoisonError::into_inner);
        shrunk.insert(day, u64::from(percent));
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clear();
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

    /// Returns the charge of a place, and the place that its content is taken from: some rows are
    /// equal to the one before them, some differ from it in their quantity alone.
    pub(super) fn origin(&self, day: i64, index: u64) -> Origin {
        let usage = self.rows_per_day - charges::PLACES;
        if index >= usage {
            let charge = match charges::due(date_of(day), index - usage) {
                Charge::LateThirdParty if !self.late_third_party => Charge::Usage,
                charge => charge,
            };
            return Origin { charge, source: index, twin: false };
        }
        match (index % 97, index % 89) {
            (50, _) => self.origin(day, index - 1),
            (_, 40) => Origin { twin: true, ..self.origin(day, index - 1) },
            _ => Origin { charge: Charge::Usage, source: index, twin: false },
        }
    }

    /// Returns the resource of a place, and the number of rows before it of the same day or, where
    /// a day has no room for all resources and they take turns, of the same resource.
    pub(super) fn resource_number(&self, day: i64, source: u64) -> (u64, u64) {
        let place = if self.rows_per_day >= self.resources {
            source
        } else {
            day.unsigned_abs() * self.rows_per_day + source
        };
        (place % self.resources, place / self.resources)
    }

    /// Returns whether a reading at `as_of` contains the row. Cheap, as paging calls it for every
    /// row that it skips.
    pub(super) fn shows(&self, selection: Selection, day: i64, index: u64, as_of: i64) -> bool {
        let Origin { charge, source, .. } = self.origin(day, index);
        let scope = selection.scope;
        let belongs = scope == Scope::BillingAccount || {
            let (number, _) = self.resource_number(day, source);
            let subscription = || enrollment::subscription_of(self.seed, number);
            scope.contains(charge.has_subscription().then(subscription))
        };
        belongs
            && match selection.rows {
                Rows::Billed => true,
                Rows::Dated => charge != Charge::LateThirdParty,
                Rows::Late => charge == Charge::LateThirdParty,
            }
            && (selection.view == View::Actual || !charge.is_reservation_purchase())
            && self.has_appeared(day, source, as_of)
    }

    /// Returns whether a row has appeared. Most usage shows 4 to 12 hours after it, a little of it
    /// up to three days after its day.
    pub(super) fn has_appeared(&self, day: i64, source: u64, as_of: i64) -> bool {
        if as_of >= 24 * day + SETTLED_HOURS {
            return true;
        }
        let mut chance = Chance::new(mix(mix(self.seed ^ 0xFA7E, day.unsigned_abs()), source));
        let late = chance.percent(3);
        let delay = if late { 48 + chance.below(48) } else { 4 + chance.below(32) };
        24 * day + delay as i64 <= as_of
    }

    fn visit_day(
        &self,
        selection: Selection,
        day: i64,
        as_of: i64,
        mut visit: impl FnMut(u64) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let shrunk = self.shrunk.lock().unwrap_or_else(PoisonError::into_inner);
        let gone = shrunk.get(&day).copied().unwrap_or(0);
        drop(shrunk);
        (0..self.rows_per_day)
            .filter(|index| !self.is_left_out(day, *index, gone))
            .filter(|index| self.shows(selection, day, *index, as_of))
            .try_for_each(&mut visit)
    }

    fn count_day(&self, selection: Selection, day: i64, as_of: i64) -> u64 {
        let key = (selection, day, as_of.min(24 * day + SETTLED_HOURS));
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

/// The place that the content of a row comes from.
pub(super) struct Origin {
    pub(super) charge: Charge,
    pub(super) source: u64,
    /// True for the second instance of a scale set: the same row with another quantity.
    pub(super) twin: bool,
}
