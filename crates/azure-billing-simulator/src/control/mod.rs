//! Azure's own totals: the daily query, balances, charges and reservation transactions.
//!
//! All are added up from the same rows as the list's, by sums of their own (`cells`), and trimmed
//! as an invoice is (`rounding`). They show one refresh, which can be another than the rows' by an
//! option or a fault. Not here: forecasts, budgets, filters, and sums in another currency.

mod balance;
mod charges;
mod columns;
mod order;
mod parameters;
mod query;
mod transactions;

use std::sync::atomic::Ordering;

use jiff::civil::Date;

use super::{
    calendar::{REFRESH_HOURS, day_of, refreshed_at},
    money::Money,
    rounding::minor_unit,
    simulator::Simulator,
};

pub(super) use self::{
    balance::balances, charges::charges, query::query, transactions::transactions,
};

/// The calls by which tests change totals, and ask about them.
impl Simulator {
    /// Restates a day from the next refresh on: its usage is then so many percent of what it was at
    /// first, in quantity and cost. Below zero it is a credit.
    pub fn restate_day(&self, date: Date, percent: i32) {
        let next = refreshed_at(self.now()) + REFRESH_HOURS;
        self.0.ledger.restate(day_of(date), percent, next);
    }

    /// Shows totals, from now on, of a refresh that is so many after that of the rows; below zero,
    /// before.
    pub fn set_totals_ahead(&self, refreshes: i32) {
        self.0.totals_ahead.store(refreshes.into(), Ordering::Relaxed);
    }

    /// Returns the parts of a month's balance: what the prepayment or an overage pays for, what is
    /// billed separately, and what other publishers charge.
    pub fn balance_parts(&self, year: i16, month: i8) -> [Money; 3] {
        let Ok(first) = Date::new(year, month, 1) else { return [Money::default(); 3] };
        let balance = balance::balance(self, first, self.totals_as_of(None));
        let parts = [balance.utilized + balance.overage, balance.separate, balance.marketplace];
        let ledger = &self.0.ledger;
        let unit = minor_unit(ledger.decimals(ledger.billing_currency()));
        parts.map(|minor| Money::from_units(minor * unit))
    }

    /// Lets every row of a day appear so many hours later than it would.
    pub fn delay_day(&self, date: Date, hours: u32) {
        self.0.ledger.delay(day_of(date), hours);
    }
}
