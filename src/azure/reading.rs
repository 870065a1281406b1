//! What a reading comes to, by whichever API.

use jiff::civil::Date;
use tracing::{debug, warn};

use super::error::Error;
use crate::billing::amount::Amount;
use crate::billing::charge::Charge;
use crate::billing::ledger::{Slot, TagKeys};
use crate::billing::span::Span;
use crate::spool::Spool;

/// Rows of usage, all of them free, from which on we believe that their cost is hidden.
const HIDDEN_AFTER: u64 = 100;

/// A finished reading.
#[derive(Debug, Default)]
pub struct Reading {
    /// Its sums, also of rows that were dated outside the days that were asked for.
    pub sums: Spool,
    /// Rows that count.
    pub rows: u64,
    /// Rows that do not count, because they were dated outside the days that were asked for.
    pub outside: u64,
    /// Rows that do not count, because they only move costs from one place to another.
    pub allocated: u64,
    /// Amounts that had more decimals than are kept.
    pub rounded: u64,
    /// Pages or files, the answers that count.
    pub pages: u64,
    /// How long they are.
    pub bytes: u64,
    charged: u64,
    used: u64,
    /// Whether tags are looked at.
    pub(super) tags: bool,
}

/// What is counted of a page or file while it is read.
pub(super) struct Tally {
    span: Span,
    /// Where a row of a date counts, and whether it does: those behind each other have the same.
    last: Option<(Option<Date>, (Slot, bool))>,
    counted: u64,
    outside: u64,
    charged: u64,
    used: u64,
}

impl Tally {
    /// Of nothing yet.
    pub(super) fn new(span: Span) -> Self {
        Self { span, last: None, counted: 0, outside: 0, charged: 0, used: 0 }
    }

    /// Where a row counts, or where it would.
    pub(super) fn count(&mut self, charge: &Charge<'_>) -> Slot {
        let (slot, counts) = match self.last {
            Some((date, place)) if date == charge.date => place,
            _ => {
                let place = place(charge.date, self.span);
                self.last = Some((charge.date, place));
                place
            }
        };
        if counts {
            self.counted += 1;
        } else {
            self.outside += 1;
        }
        self.charged += u64::from(charge.cost != Amount::ZERO);
        self.used += u64::from(charge.quantity != Amount::ZERO);
        slot
    }
}

/// Where rows of a date count, or where they would, and whether they do.
fn place(date: Option<Date>, span: Span) -> (Slot, bool) {
    let range = span.days();
    let date = date.unwrap_or(range.first);
    match span {
        Span::Period(period) => (Slot::of_period(date, period), true),
        Span::Days(range) => (Slot::own(date), range.contains(date)),
        Span::Guests(period) => (Slot::of_period(date, period), !range.contains(date)),
    }
}

impl Reading {
    pub(super) fn new(tag_keys: &TagKeys) -> Self {
        let sums = Spool::new(tag_keys);
        Self { sums, tags: !tag_keys.is_empty(), ..Self::default() }
    }

    /// Adds what was counted of a page or file that was read to its end.
    pub(super) fn merge(&mut self, tally: &Tally, rounded: u64, bytes: u64) {
        self.rows += tally.counted;
        self.outside += tally.outside;
        self.charged += tally.charged;
        self.used += tally.used;
        self.rounded += rounded;
        self.bytes += bytes;
        self.pages += 1;
    }

    /// Refuses a reading whose costs are hidden: Azure then sends zeros, not an error.
    pub(super) fn check(mut self, span: Span) -> Result<Self, Error> {
        self.sums.finish();
        if self.charged == 0 && self.used >= HIDDEN_AFTER {
            let used = self.used;
            return Err(Error::HiddenCharges(format!("all {used} rows of usage cost nothing")));
        }
        if self.rounded > 0 {
            warn!(amounts = self.rounded, "amounts with more than 36 decimals were rounded");
        }
        debug!(rows = self.rows, pages = self.pages, days = %span.days(), "read usage");
        Ok(self)
    }
}
