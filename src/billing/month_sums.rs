//! The sums of a month as Azure's invoice has them: by part, and with what the invoice cuts off.
//!
//! Azure adds up the usage of each meter in each subscription and cuts what is below the minor unit
//! of the currency, each part by itself; once the month is closed, rounding rows take the difference
//! away. The cut is known from our rows: it is published, and bounds by how much a month without
//! rounding rows may differ from its invoice.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::amount::Amount;
use super::charge::ChargeType;
use super::families::ChargeLines;
use super::interner::{Interner, Symbol};
use super::minor_unit::{decimals, minor_unit};
use super::statement::Part;

/// The sums of a month in one currency.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MonthSums {
    /// The sums by [`Part`], rounding rows included.
    pub(crate) parts: [Amount; 3],
    /// True if some rows do not say whether prepayment can pay them, so that only the sum of all
    /// parts is known.
    pub(crate) is_mixed: bool,
    /// The sum of the rounding rows; `None` if there are none.
    pub(crate) rounding_rows: Option<Amount>,
    /// What the invoice cuts off.
    pub(crate) rounding: Rounding,
}

/// What an invoice cuts off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rounding {
    /// What rounding rows will add to the other rows, by these rows.
    pub(crate) predicted: Amount,
    /// The most that is cut off: the minor unit for each group of a positive sum.
    pub(crate) up: Amount,
    /// The most by which the invoice is above the rows: the minor unit for each negative group.
    pub(crate) down: Amount,
}

/// What is cut by itself: a subscription, a meter, a part and a currency.
type Group = (Symbol, Symbol, Part, Symbol);

/// Returns the sums of a month by currency.
pub(crate) fn month_sums(lines: &ChargeLines, strings: &Interner) -> BTreeMap<String, MonthSums> {
    let known = Known::of(strings);
    let mut months = HashMap::<Symbol, MonthSums>::new();
    let mut groups = HashMap::<Group, Amount>::new();
    for (key, sum) in lines.iter() {
        let [kind, publisher, eligible, meter, _, _, subscription, .., currency] = *key;
        let part = known.part(publisher, eligible);
        let month = months.entry(currency).or_default();
        month.parts[part as usize] += sum.amount.cost;
        if Some(kind) == known.rounding {
            *month.rounding_rows.get_or_insert_default() += sum.amount.cost;
        } else {
            month.is_mixed |= known.is_unclear(part, eligible);
            *groups.entry((subscription, meter, part, currency)).or_default() += sum.amount.cost;
        }
    }
    let mut by_currency = HashMap::<Symbol, (String, MonthSums)>::new();
    for (currency, month) in months {
        by_currency.insert(currency, (strings.get(currency).into_owned(), month));
    }
    for ((.., currency), sum) in groups {
        if let Some((code, month)) = by_currency.get_mut(&currency) {
            month.rounding.cut(sum, code);
        }
    }
    by_currency.into_values().collect()
}

impl Rounding {
    /// Adds what an invoice cuts off the sum of a group.
    fn cut(&mut self, sum: Amount, currency: &str) {
        self.predicted += sum.truncated(decimals(currency)) - sum;
        let unit = minor_unit(currency);
        match sum.cmp(&Amount::ZERO) {
            Ordering::Less => self.down += unit,
            Ordering::Equal => {}
            Ordering::Greater => self.up += unit,
        }
    }
}

/// The symbols of texts that decide the part; `None` where no row has the text.
struct Known {
    rounding: Option<Symbol>,
    marketplace: Option<Symbol>,
    eligible: Option<Symbol>,
    not_eligible: Option<Symbol>,
}

impl Known {
    fn of(strings: &Interner) -> Self {
        Self {
            rounding: strings.find(ChargeType::RoundingAdjustment.as_str()),
            marketplace: strings.find("marketplace"),
            eligible: strings.find("yes"),
            not_eligible: strings.find("no"),
        }
    }

    fn part(&self, publisher: Symbol, eligible: Symbol) -> Part {
        if Some(publisher) == self.marketplace {
            Part::Marketplace
        } else if Some(eligible) == self.not_eligible {
            Part::ChargedSeparately
        } else {
            Part::Usage
        }
    }

    /// Returns whether usage may as well be charged separately.
    fn is_unclear(&self, part: Part, eligible: Symbol) -> bool {
        part == Part::Usage && Some(eligible) != self.eligible
    }
}
