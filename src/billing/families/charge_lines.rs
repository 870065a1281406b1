//! The lines of charges: what was charged how, for which meter and under which benefit, whatever the
//! resource. No family publishes them as they are; they answer
//!
//! - which part of a month a prepayment can pay, by seller, kind of charge and eligibility;
//! - what an invoice cuts off, which adds up by subscription and meter;
//! - which purchases recur, by subscription and product, less their refunds;
//! - whether costs changed by quantity or by price, by the id of the meter;
//! - what each benefit costs, and what its usage would have cost without it: its quantity at the
//!   list price, which is part of the key, because then it is multiplied once and not row by row.
//!
//! They are one table, because most lines answer several of these, and part of a bill, because
//! purchases and parts of closed months are asked for as well.

use std::ops::{Add, Neg};

use serde::{Deserialize, Serialize};

use super::measure::Measure;
use super::sums::Sums;
use crate::billing::amount::{Amount, CompactAmount};
use crate::billing::column::Column;
use crate::billing::interner::{Interner, Symbol};
use crate::billing::row::{ChargeAmounts, ChargeKey};

/// The sums of lines.
pub(crate) type ChargeLines = Sums<LineKey, LineAmounts>;

/// The key of a line; see [`line_key`].
pub(crate) type LineKey = [Symbol; 12];

/// Returns the line to which a charge belongs. Product, frequency and term are those of purchases
/// and refunds, and empty in other lines, so that usage has few.
pub(super) fn line_key(item: &ChargeKey, strings: &mut Interner) -> LineKey {
    let credit_eligible = strings.intern(match item.credit_eligible {
        Some(true) => "yes",
        Some(false) => "no",
        None => "",
    });
    // Azure adds up usage by the meter's id; where a row has none, its name is what there is.
    let empty = strings.intern("");
    let meter = Some(item[Column::MeterId]).filter(|id| *id != empty);
    let meter = meter.unwrap_or(item[Column::Meter]);
    [
        item.charge_type,
        item[Column::PublisherType],
        credit_eligible,
        meter,
        item[Column::Benefit],
        item[Column::ListPrice],
        item.subscription_id,
        item[Column::Product],
        item[Column::Frequency],
        item[Column::Term],
        item.unit,
        item.currency,
    ]
}

/// The amounts of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LineAmounts {
    pub(crate) cost: Amount,
    pub(crate) quantity: Amount,
    /// The cost at the effective price.
    pub(crate) effective_cost: Amount,
}

impl From<ChargeAmounts> for LineAmounts {
    fn from(amounts: ChargeAmounts) -> Self {
        let ChargeAmounts { sums, effective_cost } = amounts;
        Self { cost: sums.cost, quantity: sums.quantity, effective_cost }
    }
}

impl Add for LineAmounts {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            cost: self.cost + other.cost,
            quantity: self.quantity + other.quantity,
            effective_cost: self.effective_cost + other.effective_cost,
        }
    }
}

impl Neg for LineAmounts {
    type Output = Self;
    fn neg(self) -> Self {
        Self { cost: -self.cost, quantity: -self.quantity, effective_cost: -self.effective_cost }
    }
}

impl Measure for LineAmounts {
    type Compact = [CompactAmount; 3];
    const LONG: Self::Compact = [CompactAmount::LONG; 3];

    fn compact(self) -> Option<Self::Compact> {
        Some([self.cost.compact()?, self.quantity.compact()?, self.effective_cost.compact()?])
    }

    fn full([cost, quantity, effective_cost]: Self::Compact) -> Self {
        Self {
            cost: cost.amount(),
            quantity: quantity.amount(),
            effective_cost: effective_cost.amount(),
        }
    }

    fn checked_add(one: Self::Compact, other: Self::Compact) -> Option<Self::Compact> {
        let mut sums = one;
        for (sum, amount) in sums.iter_mut().zip(other) {
            *sum = sum.checked_add(amount)?;
        }
        Some(sums)
    }
}
