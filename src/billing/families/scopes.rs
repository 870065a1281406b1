//! The cost of each scope, by the nature of the charge.

use super::family::{Family, InHistory, Keep, Metric, Previous};
use crate::billing::amount::Amount;
use crate::billing::column::Column;
use crate::billing::interner::Symbol;
use crate::billing::row::{Amounts, ChargeKey};

/// Cost by kind of charge, seller, pricing and currency.
pub(crate) enum ScopeCost {}

impl Family for ScopeCost {
    type Key = [Symbol; 4];

    type Part = ChargeKey;

    const KEEP: Keep = Keep::Bill;

    fn each(item: &ChargeKey, amounts: Amounts, mut add: impl FnMut(Self::Key, Amount)) {
        add(
            [
                item.charge_type,
                item[Column::PublisherType],
                item[Column::PricingModel],
                item.currency,
            ],
            amounts.cost,
        );
    }
}

impl Metric for ScopeCost {
    const NAME: &'static str = "azure_billing_scope_pretax_cost";
    const HELP: &'static str = "Cost before tax of the current billing period to date by scope, in `currency`, including rows without a resource. Cached from the last successful poll.";
    const LABELS: &'static [&'static str] =
        &["charge_type", "publisher_type", "pricing_model", "currency"];
    const HISTORY: InHistory = InHistory::Yes;
}

impl Previous for ScopeCost {
    const NAME: &'static str = "azure_billing_scope_previous_period_pretax_cost";
    const HELP: &'static str = "Cost before tax of the previous billing period by scope, in `currency`. Late usage and corrections can still change it. Cached from the last successful poll.";
    const LABELS: &'static [&'static str] =
        &["period", "charge_type", "publisher_type", "pricing_model", "currency"];
}

/// Purchases that recur in each period, by product: a forecast must expect them.
pub(crate) enum RecurringCost {}

impl Family for RecurringCost {
    type Key = [Symbol; 3];

    type Part = ChargeKey;

    const KEEP: Keep = Keep::Bill;

    fn each(item: &ChargeKey, amounts: Amounts, mut add: impl FnMut(Self::Key, Amount)) {
        if item.recurring {
            add([item.subscription_id, item[Column::Product], item.currency], amounts.cost);
        }
    }
}
