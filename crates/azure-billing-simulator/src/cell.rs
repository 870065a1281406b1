//! What Azure's own totals tell apart, and the sums of days that are known.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use super::{charges::Part, selection::View};

/// The properties by which rows are added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cell {
    pub(super) currency: &'static str,
    pub(super) charge_type: &'static str,
    pub(super) part: Part,
    pub(super) subscription: Option<u8>,
    pub(super) meter: u64,
    /// True if its rows are dated before the month that bills them.
    pub(super) late: bool,
    /// True if a cost allocation rule moved it.
    pub(super) ruled: bool,
    /// True for what takes a rounding away.
    pub(super) rounding: bool,
}

/// The sums of a day, in 10^-15 of the currency.
pub(super) type Cells = BTreeMap<Cell, i128>;

/// The sums that are known, by view, day and refresh.
#[derive(Default)]
pub(super) struct KnownCells(pub(super) Mutex<HashMap<(View, i64, i64), Arc<Cells>>>);

impl KnownCells {
    /// Forgets all, after a change that takes effect at refreshes that are past.
    pub(super) fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
