//! How far Azure's own totals confirm the days of a scope, in short form for people.
//!
//! Verified means that no row was lost or repeated on the way. It does not say that the costs are
//! those of an invoice.

use jiff::Timestamp;
use jiff::civil::Date;

use super::control::DateState;

/// The maximum number of differing days that are shown.
pub(crate) const MOST_DAYS: usize = 5;
/// The maximum number of currencies that are shown of a day. Real scopes have one or two.
pub(crate) const MOST_CURRENCIES: usize = 5;

/// What Azure's own totals say about the kept days of a scope.
#[derive(Clone, Debug, PartialEq)]
pub struct Seal {
    /// The number of complete days, of which the others here are a part.
    pub complete: u64,
    /// The number of complete days by [`DateState`]; none of them is incomplete.
    pub days: [u64; DateState::ALL.len()],
    /// The newest verified day.
    pub newest_verified: Option<Date>,
    /// The days that differ, newest first, as far as they are shown.
    pub differing: Vec<DifferingDay>,
    /// The time at which Azure was asked for the newest of its totals.
    pub asked_at: Timestamp,
}

impl Seal {
    /// Returns the number of complete days in a state.
    pub fn days_in(&self, state: DateState) -> u64 {
        self.days[state as usize]
    }

    /// Returns the number of differing days that are not shown.
    pub fn more_differing(&self) -> u64 {
        self.days_in(DateState::Differs).saturating_sub(self.differing.len() as u64)
    }
}

/// A day whose rows do not add up to Azure's total.
#[derive(Clone, Debug, PartialEq)]
pub struct DifferingDay {
    /// The day.
    pub day: Date,
    /// Its sums in the currencies that differ, as far as they are shown.
    pub sums: Vec<DifferingSum>,
    /// The number of differing currencies that are not shown.
    pub more_currencies: usize,
}

/// Both sums of a day in one currency. They are `f64`, because they are shown and never added up.
#[derive(Clone, Debug, PartialEq)]
pub struct DifferingSum {
    /// The currency.
    pub currency: String,
    /// The sum of our rows.
    pub ours: f64,
    /// Azure's own total.
    pub azures: f64,
    /// Ours less Azure's, from the exact sums.
    pub difference: f64,
}
