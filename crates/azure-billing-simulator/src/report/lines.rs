//! The rows of a report one after the other, each generated on demand.

use std::{collections::HashMap, sync::Arc};

use super::super::{
    allocation::{self, RULE},
    ledger::Ledger,
    money::Money,
    row::Row,
    selection::{Days, Selection},
};

/// The content of a report, fixed when it was requested.
pub(in super::super) struct Reading {
    pub(in super::super) selection: Selection,
    /// First and last day, neither outside the days that exist.
    pub(in super::super) days: Days,
    /// The refresh that it shows, in hours since 1970.
    pub(in super::super) as_of: i64,
    /// The percentage of rows that were gone by then, by day.
    pub(in super::super) shrunk: HashMap<i64, u64>,
    /// True if the rows of the cost allocation rule are included.
    pub(in super::super) allocated: bool,
}

/// A row, and the values that only the report has.
pub(in super::super) struct Line {
    pub(super) row: Row,
    pub(super) cost: Money,
    /// The quantity in 10^-6 of the unit.
    pub(super) quantity: i64,
    /// The price in 10^-9 of the currency.
    pub(super) effective_price: i64,
    /// The cost allocation rule that made it, if any.
    pub(super) rule: Option<&'static str>,
    /// Name and group of its resource, which are in several columns; empty without a resource.
    pub(super) name: String,
    pub(super) group: String,
}

/// The place where a report continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Place {
    day: i64,
    index: u64,
    share: Share,
}

/// A line that a place of the ledger can give: its row, or one of the two that the rule adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Share {
    Row,
    Source,
    Target,
}

/// The rows from a place on.
pub(in super::super) struct Lines {
    ledger: Arc<Ledger>,
    reading: Arc<Reading>,
    next: Place,
}

impl Reading {
    pub(in super::super) fn start(&self) -> Place {
        Place { day: self.days.0, index: 0, share: Share::Row }
    }
}

impl Lines {
    pub(in super::super) fn new(ledger: &Arc<Ledger>, reading: &Arc<Reading>, from: Place) -> Self {
        Self { ledger: Arc::clone(ledger), reading: Arc::clone(reading), next: from }
    }

    /// Returns the place where the next row is searched.
    pub(super) fn place(&self) -> Place {
        self.next
    }

    /// Steps over a place and returns it; `None` after the last one.
    fn step(&mut self, rows_per_day: u64) -> Option<Place> {
        let here = self.next;
        if here.day > self.reading.days.1 {
            return None;
        }
        self.next = match here.share {
            Share::Row if self.reading.allocated => Place { share: Share::Source, ..here },
            Share::Source => Place { share: Share::Target, ..here },
            _ if here.index + 1 < rows_per_day => {
                Place { index: here.index + 1, share: Share::Row, ..here }
            }
            _ => Place { day: here.day + 1, index: 0, share: Share::Row },
        };
        Some(here)
    }
}

impl Iterator for Lines {
    type Item = Line;

    fn next(&mut self) -> Option<Line> {
        loop {
            let here = self.step(self.ledger.rows_per_day)?;
            let line = self.reading.line(&self.ledger, here);
            if line.is_some() {
                return line;
            }
        }
    }
}

impl Reading {
    fn line(&self, ledger: &Ledger, place: Place) -> Option<Line> {
        let Place { day, index, share } = place;
        let gone = self.shrunk.get(&day).copied().unwrap_or(0);
        if gone > 0 && ledger.is_left_out(day, index, gone) {
            return None;
        }
        let moved = match share {
            Share::Row if !ledger.shows(self.selection, day, index, self.as_of) => return None,
            Share::Row => None,
            share => Some((share, self.moved(ledger, day, index, share)?)),
        };
        let row = ledger.row(day, index, self.as_of);
        let view = self.selection.view;
        let cost = row.cost(view);
        let effective_price = row.effective_price(view);
        let (name, group) = row
            .resource
            .as_ref()
            .map(|resource| (resource.name(), resource.group()))
            .unwrap_or_default();
        let quantity = row.quantity;
        let line = Line { row, cost, quantity, effective_price, rule: None, name, group };
        Some(match moved {
            None => line,
            Some((share, subscription)) => line.moved(share, subscription),
        })
    }

    /// Returns the subscription that the rule takes the row's cost from, or gives it to, if it is
    /// in this scope.
    fn moved(&self, ledger: &Ledger, day: i64, index: u64, share: Share) -> Option<u8> {
        let moved = allocation::moved(ledger, day, index, self.as_of)?;
        let subscription = if share == Share::Target { moved.target } else { moved.source };
        self.selection.scope.contains(Some(subscription)).then_some(subscription)
    }
}

impl Line {
    /// Returns the line that moves its cost: without usage and, where the cost goes, without a
    /// resource.
    fn moved(self, share: Share, subscription: u8) -> Self {
        let mut moved = Self { quantity: 0, effective_price: 0, rule: Some(RULE), ..self };
        moved.row.subscription = Some(subscription);
        if share == Share::Source {
            moved.cost = Money::from_units(-moved.cost.units());
        } else {
            (moved.row.resource, moved.name, moved.group) = Default::default();
        }
        moved
    }
}
