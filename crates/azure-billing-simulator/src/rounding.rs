//! The trimming of a month to the minor unit of its currency, by which an invoice differs from the
//! rows, and the rows that take this difference away once the month is closed.
//!
//! Azure adds up usage for each meter and subscription and cuts what is below the minor unit. Each
//! part of a balance is trimmed by itself; a sum below zero is cut towards zero.

use std::collections::BTreeMap;

use jiff::{Span, civil::Date};

use super::{
    calendar::{date_of, day_of, month_of},
    cell::Cell,
    charges::{Charge, Part},
    enrollment::Scope,
    ledger::Ledger,
    selection::{Days, View},
};

/// The decimals of the ledger's amounts.
const DECIMALS: u32 = 15;

/// The amounts of the parts of a month, in any one unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) credit: i128,
    pub(super) separate: i128,
    pub(super) marketplace: i128,
}

impl Parts {
    fn add(&mut self, part: Part, amount: i128) {
        *match part {
            Part::Credit => &mut self.credit,
            Part::Separate => &mut self.separate,
            Part::Marketplace => &mut self.marketplace,
        } += amount;
    }
}

/// Returns the units of the ledger in a minor unit of so many decimals.
pub(super) fn minor_unit(decimals: u32) -> i128 {
    10_i128.pow(DECIMALS.saturating_sub(decimals))
}

impl Ledger {
    /// Returns the trimmed sums of a month at a scope, by currency, in minor units.
    pub(super) fn trimmed(
        &self,
        scope: Scope,
        month: Date,
        as_of: i64,
    ) -> BTreeMap<&'static str, Parts> {
        let mut trimmed = BTreeMap::<&'static str, Parts>::new();
        for (group, units) in self.groups(scope, month, as_of) {
            let minor = units / minor_unit(self.decimals(group.currency));
            trimmed.entry(group.currency).or_default().add(group.part, minor);
        }
        trimmed
    }

    /// Returns what a rounding row adds to a part of a month: what trimming cut off, below zero.
    pub(super) fn rounding(&self, month: Date, part: Part, as_of: i64) -> i128 {
        let cut = |(group, units): (Cell, i128)| {
            let unit = minor_unit(self.decimals(group.currency));
            -(units % unit)
        };
        let of_part = |(group, _): &(Cell, i128)| {
            group.part == part && group.currency == self.billing_currency()
        };
        let groups = self.groups(Scope::BillingAccount, month, as_of);
        groups.into_iter().filter(of_part).map(cut).sum()
    }

    /// Returns the sums of a month by currency, part, subscription and meter.
    fn groups(&self, scope: Scope, month: Date, as_of: i64) -> BTreeMap<Cell, i128> {
        let mut groups = BTreeMap::new();
        let days: Days = month_of(month);
        for day in self.existing(days, as_of) {
            for (cell, units) in self.cells(View::Actual, day, as_of).iter() {
                if cell.rounding || cell.ruled || !scope.contains(cell.subscription) {
                    continue;
                }
                let group = Cell { charge_type: "", late: false, ..*cell };
                *groups.entry(group).or_default() += *units;
            }
        }
        groups
    }

    /// Returns the rounding of a part as a sum of a day, if it shows on that day.
    pub(super) fn rounding_cell(&self, day: i64, part: Part, as_of: i64) -> Option<(Cell, i128)> {
        let date = date_of(day);
        if date.day() != date.days_in_month() || !self.rounding_shows(day, part, as_of) {
            return None;
        }
        let cell = Cell {
            currency: self.billing_currency(),
            charge_type: Charge::Rounding(part).charge_type(),
            part,
            subscription: None,
            meter: 0,
            late: false,
            ruled: false,
            rounding: true,
        };
        Some((cell, self.rounding(date, part, as_of)))
    }

    /// Returns whether the rounding row of a part has appeared on the last day of its month: some
    /// days after it, and only where something was cut off.
    pub(super) fn rounding_shows(&self, day: i64, part: Part, as_of: i64) -> bool {
        let closed = |after: i64| as_of >= 24 * (day + 1 + after);
        self.rounding_after.is_some_and(closed) && self.rounding(date_of(day), part, as_of) != 0
    }
}

/// Returns the first day of each month from the one of `first` to that of `last`.
pub(super) fn months_of(first: Date, last: Date) -> Vec<Date> {
    let mut month = first.first_of_month();
    let mut months = Vec::new();
    while day_of(month) <= day_of(last) && months.len() < 1200 {
        months.push(month);
        month = month.saturating_add(Span::new().months(1));
    }
    months
}
