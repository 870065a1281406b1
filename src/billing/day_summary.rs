//! The summary of a day without its rows: when it was read, what it cost, and whether its last
//! answer is suspect. It is small enough to be kept in memory for every day of the window.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::amount::Amount;
use super::charge::ChargeType;
use super::facts::DayFacts;
use super::families::{ScopeCost, ServiceCharge, Sums, Table};
use super::interner::{Interner, Symbol};

/// An answer is suspect if more than this share of the rows is gone.
const ROWS_LOST: (u64, u64) = (1, 5);
/// An answer is suspect if the number of rows or the cost has grown by more than this share.
const GROWTH: (u64, u64) = (4, 5);
/// The number of rows must also grow by more than this: a day of few rows doubles easily.
const ROWS_GAINED: u64 = 100;
/// A change of cost is ignored if it is at most the cost of the period divided by this.
const SHARE_OF_PERIOD: i128 = 100;

/// The summary of a day bucket.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct DaySummary {
    /// The time at which the reading began that the sums are from.
    pub(crate) read_at: Timestamp,
    /// The time at which the last reading began, even if its answer is suspect.
    pub(crate) asked_at: Timestamp,
    pub(crate) rows: u64,
    pub(crate) usage_rows: u64,
    pub(crate) scope_cost: Table<ScopeCost>,
    pub(crate) service_charge: Table<ServiceCharge>,
    /// The tag keys by which its rows were counted.
    pub(crate) tag_keys: Vec<Symbol>,
    /// Facts about its rows besides their sums.
    pub(crate) facts: DayFacts,
    /// The extent of the last answer, if that is suspect.
    pub(crate) suspect: Option<Extent>,
}

/// The extent of a bucket, which distinguishes a restated day from a truncated answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Extent {
    rows: u64,
    /// Cost of usage by currency. Purchases come and go as a whole, so they indicate nothing.
    usage: BTreeMap<String, Amount>,
}

impl Extent {
    pub(crate) fn new(rows: u64, costs: &Table<ScopeCost>, strings: &Interner) -> Self {
        Self { rows, usage: usage(costs, strings) }
    }

    /// Returns whether a later answer contains so much less that it is probably truncated, not
    /// restated. `period` is the usage of the whole period by currency.
    pub(crate) fn shrinks_to(&self, later: &Self, period: &BTreeMap<String, Amount>) -> bool {
        let lost = self.rows.saturating_sub(later.rows);
        lost * ROWS_LOST.1 > self.rows * ROWS_LOST.0
            || self.usage.iter().any(|(currency, before)| {
                let of = |costs: &BTreeMap<String, Amount>| {
                    costs.get(currency).copied().unwrap_or_default()
                };
                let after = of(&later.usage);
                let lost = *before - after;
                *before > Amount::ZERO && after + after < *before && matters(lost, of(period))
            })
    }

    /// Returns whether a later answer contains so much more that it probably repeats rows. Only
    /// used for days that were complete: other days grow by nature.
    pub(crate) fn grows_to(&self, later: &Self, period: &BTreeMap<String, Amount>) -> bool {
        let gained = later.rows.saturating_sub(self.rows);
        gained > ROWS_GAINED && gained * GROWTH.1 > self.rows * GROWTH.0
            || later.usage.iter().any(|(currency, after)| {
                let of = |costs: &BTreeMap<String, Amount>| {
                    costs.get(currency).copied().unwrap_or_default()
                };
                let before = of(&self.usage);
                let gained = *after - before;
                gained.times(GROWTH.1.into()) > before.abs().times(GROWTH.0.into())
                    && matters(gained, of(period))
            })
    }

    /// Returns whether two answers agree, apart from the usual small changes.
    pub(crate) fn agrees_with(&self, other: &Self, period: &BTreeMap<String, Amount>) -> bool {
        !self.shrinks_to(other, period) && !other.shrinks_to(self, period)
    }
}

/// Returns whether a change of the cost of usage is more than one unit and more than a hundredth of
/// that of the period.
fn matters(change: Amount, period: Amount) -> bool {
    change > Amount::ONE && change.times(SHARE_OF_PERIOD) > period.abs()
}

/// Returns the cost of usage by currency.
pub(crate) fn usage(costs: &Table<ScopeCost>, strings: &Interner) -> BTreeMap<String, Amount> {
    let mut usage = BTreeMap::<String, Amount>::new();
    for ([charge_type, _, _, currency], sum) in costs.iter() {
        if ChargeType::parse(&strings.get(*charge_type)) == ChargeType::Usage {
            *usage.entry(strings.get(*currency).into_owned()).or_default() += sum.amount;
        }
    }
    usage
}

impl DaySummary {
    pub(crate) fn extent(&self, strings: &Interner) -> Extent {
        Extent::new(self.rows, &self.scope_cost, strings)
    }

    /// Replaces every symbol.
    pub(crate) fn translated(&self, mut symbol: impl FnMut(Symbol) -> Symbol) -> Self {
        fn keys<const N: usize>(
            sums: &Sums<[Symbol; N]>,
            mut symbol: impl FnMut(Symbol) -> Symbol,
        ) -> Sums<[Symbol; N]> {
            sums.iter().map(|(key, sum)| (key.map(&mut symbol), sum)).collect()
        }
        Self {
            scope_cost: keys(&self.scope_cost, &mut symbol),
            service_charge: keys(&self.service_charge, &mut symbol),
            tag_keys: self.tag_keys.iter().map(|key| symbol(*key)).collect(),
            facts: self.facts.clone(),
            suspect: self.suspect.clone(),
            ..*self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extent(rows: u64, usage: &[(&str, &str)]) -> Extent {
        let amount = |text: &str| Amount::parse(text).unwrap().amount;
        let usage = usage.iter().map(|(currency, cost)| ((*currency).to_owned(), amount(cost)));
        Extent { rows, usage: usage.collect() }
    }

    #[test]
    fn only_a_strong_rise_is_suspect() {
        let period = extent(0, &[("EUR", "1000"), ("USD", "1")]).usage;
        for (before, after, suspect) in [
            (extent(200, &[]), extent(360, &[]), false),
            (extent(200, &[]), extent(361, &[]), true),
            (extent(100, &[]), extent(200, &[]), false),
            (extent(100, &[]), extent(201, &[]), true),
            (extent(0, &[]), extent(101, &[]), true),
            (extent(9, &[("EUR", "100")]), extent(9, &[("EUR", "180")]), false),
            (extent(9, &[("EUR", "100")]), extent(9, &[("EUR", "180.01")]), true),
            (extent(9, &[]), extent(9, &[("EUR", "10")]), false),
            (extent(9, &[]), extent(9, &[("EUR", "10.01")]), true),
            (extent(9, &[("USD", "1")]), extent(9, &[("USD", "2")]), false),
            (extent(9, &[("USD", "1")]), extent(9, &[("USD", "2.01")]), true),
            (extent(9, &[("EUR", "100")]), extent(9, &[("EUR", "10")]), false),
        ] {
            assert_eq!(before.grows_to(&after, &period), suspect, "{before:?} to {after:?}");
        }
    }

    #[test]
    fn only_a_strong_fall_is_suspect() {
        let period = extent(0, &[("EUR", "1000"), ("USD", "1")]).usage;
        for (before, after, suspect) in [
            (extent(100, &[]), extent(80, &[]), false),
            (extent(100, &[]), extent(79, &[]), true),
            (extent(100, &[]), extent(0, &[]), true),
            (extent(9, &[]), extent(7, &[]), true),
            (extent(1, &[]), extent(0, &[]), true),
            (extent(0, &[]), extent(9, &[]), false),
            (extent(9, &[("EUR", "100")]), extent(9, &[("EUR", "50")]), false),
            (extent(9, &[("EUR", "100")]), extent(9, &[("EUR", "49.99")]), true),
            (extent(9, &[("EUR", "100")]), extent(9, &[]), true),
            // A fall by 10 or less of 1000 is ignored.
            (extent(9, &[("EUR", "10")]), extent(9, &[]), false),
            (extent(9, &[("EUR", "12")]), extent(9, &[("EUR", "5")]), false),
            (extent(9, &[("EUR", "10.01")]), extent(9, &[]), true),
            // A fall by one unit or less is ignored, however small the period is.
            (extent(9, &[("USD", "1")]), extent(9, &[]), false),
            (extent(9, &[("USD", "1.01")]), extent(9, &[("USD", "0.005")]), true),
            (extent(9, &[("EUR", "100"), ("USD", "9")]), extent(9, &[("EUR", "100")]), true),
            (extent(9, &[("EUR", "-5")]), extent(9, &[("EUR", "-500")]), false),
        ] {
            assert_eq!(before.shrinks_to(&after, &period), suspect, "{before:?} to {after:?}");
        }
    }
}
