//! What the user decided about publishing, beside what to read.

use jiff::civil::Date;
use jiff::{SignedDuration, ToSpan};

use super::budget::Budget;
use super::limits::Limits;

/// The settings a snapshot is made by.
#[derive(Clone, Debug)]
pub struct Rules {
    /// How many series each family may have.
    pub limits: Limits,
    /// How many days, up to today, are published one by one.
    pub daily_window: i32,
    /// How long after its end a day must have been read to count as complete.
    pub day_complete_after: SignedDuration,
    /// Whether the scope is known to cost nothing, so that nobody doubts that its charges are shown.
    pub charges_are_free: bool,
    /// The budgets of the scope.
    pub budgets: Vec<Budget>,
}

impl Rules {
    /// The first day of the window that ends today.
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
