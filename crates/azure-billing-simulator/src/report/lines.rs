//! The rows of a report one after the other, each made when it is asked for.

use std::{collections::HashMap, sync::Arc};

use super::super::{
    Simulator,
    chance::mix,
    charges::Charge,
    enrollment,
    ledger::{Days, Ledger, Selection},
    money::Money,
    row::Row,
};

/// One in so many usage rows is moved by the cost allocation rule.
const ALLOCATED: u64 = 25;
/// What the rule is called.
const RULE: &str = "shared-platform";
/// Subscriptions that pay in the enrollment's first currency, among which cost can move.
const MOVABLE: u8 = 10;

/// What a report was at the moment it was asked for.
pub(super) struct Reading {
    pub(super) selection: Selection,
    /// None before the first that exists, none after the last.
    pub(super) days: Days,
    /// The refresh that it shows, in hours since 1970.
    pub(super) as_of: i64,
    /// How many of 100 rows of which days were gone by then.
    pub(super) shrunk: HashMap<i64, u64>,
    /// With the rows of the cost allocation rule.
    pub(super) allocated: bool,
}

/// A row and what only the report knows of it.
pub(super) struct Line {
    pub(super) row: Row,
    pub(super) cost: Money,
    /// In 10^-6 of the unit.
    pub(super) quantity: i64,
    /// In 10^-9 of the currency.
    pub(super) effective_price: i64,
    /// The cost allocation rule that made it.
    pub(super) rule: Option<&'static str>,
    /// Name and group of its resource, which stand in several columns; empty without one.
    pub(super) name: String,
    pub(super) group: String,
}

/// Where a report goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    day: i64,
    index: u64,
    share: Share,
}

/// What a place of the ledger gives: its row, and what the rule makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Share {
    Row,
    Source,
    Target,
}

/// The rows from a place on.
pub(super) struct Lines {
    simulator: Simulator,
    reading: Arc<Reading>,
    next: Place,
}

impl Reading {
    pub(super) fn start(&self) -> Place {
        Place { day: self.days.0, index: 0, share: Share::Row }
    }
}

impl Lines {
    pub(super) fn new(simulator: &Simulator, reading: &Arc<Reading>, from: Place) -> Self {
        Self { simulator: simulator.clone(), reading: Arc::clone(reading), next: from }
    }

    /// Where the next row is looked for.
    pub(super) fn place(&self) -> Place {
        self.next
    }

    /// Steps over a place, which is returned; `None` after the last one.
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
            let here = self.step(self.simulator.ledger().rows_per_day)?;
            let line = self.reading.line(self.simulator.ledger(), here);
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
        let row = Row::new(ledger, day, index, self.as_of);
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

    /// The subscription that the rule takes the row's cost from, or gives it to, if it is this
    /// scope's.
    fn moved(&self, ledger: &Ledger, day: i64, index: u64, share: Share) -> Option<u8> {
        let origin = ledger.origin(day, index);
        let drawn = mix(ledger.seed ^ 0xA110, day.unsigned_abs()).wrapping_add(index);
        if origin.charge != Charge::Usage
            || !drawn.is_multiple_of(ALLOCATED)
            || !ledger.has_appeared(day, origin.source, self.as_of)
        {
            return None;
        }
        let (number, _) = ledger.resource_number(day, origin.source);
        let source = enrollment::subscription_of(ledger.seed, number);
        let subscription = match share {
            Share::Target => (source + MOVABLE / 2) % MOVABLE,
            _ => source,
        };
        let scope = self.selection.scope;
        (source < MOVABLE && scope.contains(Some(subscription))).then_some(subscription)
    }
}

impl Line {
    /// The line that moves its cost: no usage, and where it goes no resource.
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
