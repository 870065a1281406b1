//! The cost allocation rule: which rows it moves, and where to. The report and the query show what
//! it moves; the list does not.

use super::{chance::mix, charges::Charge, enrollment, ledger::Ledger};

/// The name of the rule.
pub(super) const RULE: &str = "shared-platform";
/// The rule moves one in so many usage rows.
const ALLOCATED: u64 = 25;
/// Subscriptions that pay in the enrollment's first currency, among which cost can move.
const MOVABLE: u8 = 10;

/// A row's cost that the rule moves between two subscriptions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Move {
    pub(super) source: u8,
    pub(super) target: u8,
}

/// Returns what the rule does with the row at a place of a day, if it moves it.
pub(super) fn moved(ledger: &Ledger, day: i64, index: u64, as_of: i64) -> Option<Move> {
    let origin = ledger.origin(day, index);
    let drawn = mix(ledger.seed ^ 0xA110, day.unsigned_abs()).wrapping_add(index);
    if origin.charge != Charge::Usage
        || !drawn.is_multiple_of(ALLOCATED)
        || !ledger.has_appeared(day, origin.source, as_of)
    {
        return None;
    }
    let (number, _) = ledger.resource_number(day, origin.source);
    let source = enrollment::subscription_of(ledger.seed, number);
    (source < MOVABLE).then_some(Move { source, target: (source + MOVABLE / 2) % MOVABLE })
}
