//! What each scope costs, by the nature of the charge.

use crate::billing::amount::Amount;
use crate::billing::charge::ChargeType;
use crate::billing::ledger::{Names, Row};
use crate::billing::strings::{Strings, Symbol};

use super::Family;

/// What kind of charge, sold by whom, priced how, billed in what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ScopeCost {
    charge_type: ChargeType,
    publisher_type: Symbol,
    pricing_model: Symbol,
    currency: Symbol,
}

impl ScopeCost {
    /// The usage of a currency that has no rows yet: a panel or an alert on it must not go blank.
    pub(crate) fn usage_in(currency: Symbol, none: Symbol) -> Self {
        Self { charge_type: ChargeType::Usage, publisher_type: none, pricing_model: none, currency }
    }

    /// The currency of the series.
    pub(crate) fn currency(&self) -> Symbol {
        self.currency
    }
}

impl Family for ScopeCost {
    const NAME: &'static str = "azure_billing_scope_pretax_cost";
    const HELP: &'static str = "Cost before tax of the current billing period to date by scope, in `currency`: all of it, rows without a resource included. Cached from the last successful poll.";
    const LABELS: &'static [&'static str] =
        &["charge_type", "publisher_type", "pricing_model", "currency"];

    fn of(row: &Row) -> Option<(Self, Amount)> {
        let Row { charge_type, publisher_type, pricing_model, currency, .. } = *row;
        Some((Self { charge_type, publisher_type, pricing_model, currency }, row.cost))
    }

    fn translate(self, symbol: &mut impl FnMut(Symbol) -> Symbol) -> Self {
        Self {
            charge_type: self.charge_type,
            publisher_type: symbol(self.publisher_type),
            pricing_model: symbol(self.pricing_model),
            currency: symbol(self.currency),
        }
    }

    fn values<'a>(&self, strings: &'a Strings, _: &'a Names, values: &mut Vec<&'a str>) {
        values.extend([
            self.charge_type.as_str(),
            strings.get(self.publisher_type),
            strings.get(self.pricing_model),
            strings.get(self.currency),
        ]);
    }
}
