//! The user's decisions about publishing, besides what to read.

use jiff::civil::Date;
use jiff::{SignedDuration, ToSpan};

use super::budget::Budget;
use super::limits::Limits;

/// The settings from which a snapshot is made.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The maximum number of series of each family.
    pub limits: Limits,
    /// The number of days, up to today, that are published one by one.
    pub daily_window: i32,
    /// The time after its end at which a day must have been read to count as complete.
    pub day_complete_after: SignedDuration,
    /// True if the scope is known to cost nothing, so that its charges never count as hidden.
    pub charges_are_free: bool,
    /// The budgets of the scope.
    pub budgets: Vec<Budget>,
}

impl Rules {
    /// Returns the first day of the window that ends today.
    pub fn window_start(&self, today: Date) -> Date {
        today.saturating_sub((self.daily_window - 1).max(0).days())
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            daily_window: 35,
            day_complete_after: SignedDuration::from_hours(72),
            charges_are_free: false,
            budgets: Vec::new(),
        }
    }
}
