//! Sums of a day by everything that Azure's own totals tell apart. A day is added up once for each
//! refresh that changes it; every total of every scope is made from these sums.

use std::sync::{Arc, PoisonError};

use super::{
    allocation,
    cell::{Cell, Cells},
    charges::Charge,
    enrollment::Scope,
    ledger::Ledger,
    row::Row,
    selection::{Rows, Selection, View},
    wire::meter_key,
};

/// The days whose sums are kept before all are dropped.
const MAX_DAYS: usize = 5_000;

impl Ledger {
    /// Returns the sums of the whole enrollment's rows of a day, with what a cost allocation rule
    /// moves, and without the rounding rows of closed months, which are made from these sums.
    pub(super) fn cells(&self, view: View, day: i64, as_of: i64) -> Arc<Cells> {
        let key = (view, day, as_of.min(self.settled_at(day)));
        let known = &self.known_cells.0;
        if let Some(cells) = known.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Arc::clone(cells);
        }
        let cells = Arc::new(self.added_up(view, day, as_of));
        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_DAYS {
            known.clear();
        }
        known.insert(key, Arc::clone(&cells));
        cells
    }

    fn added_up(&self, view: View, day: i64, as_of: i64) -> Cells {
        let selection = Selection { scope: Scope::BillingAccount, view, rows: Rows::Billed };
        let gone = self.gone(day);
        let mut cells = Cells::new();
        for index in 0..self.rows_per_day {
            let origin = self.origin(day, index);
            if matches!(origin.charge, Charge::Rounding(_))
                || self.is_left_out(day, index, gone)
                || !self.covers(selection, day, &origin)
                || !self.is_row(day, &origin, as_of)
            {
                continue;
            }
            let row = Row::new(self, day, index, as_of);
            let (cell, cost) = (Cell::of(&row), row.cost(view).units());
            let mut add = |cell, cost| *cells.entry(cell).or_default() += cost;
            add(cell, cost);
            let moved = self.allocates.then(|| allocation::moved(self, day, index, as_of));
            if let Some(moved) = moved.flatten() {
                let ruled = Cell { ruled: true, ..cell };
                add(Cell { subscription: Some(moved.source), ..ruled }, -cost);
                add(Cell { subscription: Some(moved.target), ..ruled }, cost);
            }
        }
        cells
    }
}

impl Cell {
    pub(super) fn of(row: &Row) -> Self {
        Self {
            currency: row.currency,
            charge_type: row.charge.charge_type(),
            part: row.charge.part(),
            subscription: row.subscription,
            meter: meter_key(row),
            late: row.charge == Charge::LateThirdParty,
            ruled: false,
            rounding: row.charge.is_rounding(),
        }
    }
}
