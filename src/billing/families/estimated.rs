//! The part of the cost that Azure calls estimated.

use super::family::{Family, Keep, Metric};
use crate::billing::amount::Amount;
use crate::billing::interner::Symbol;
use crate::billing::row::{Amounts, ChargeKey};

/// Cost of estimated rows. API versions without the field have no series.
pub(crate) enum EstimatedCost {}

impl Family for EstimatedCost {
    type Key = [Symbol; 1];

    type Part = ChargeKey;

    const KEEP: Keep = Keep::Open;

    fn each(item: &ChargeKey, amounts: Amounts, mut add: impl FnMut(Self::Key, Amount)) {
        if let Some(estimated) = item.estimated {
            add([item.currency], if estimated { amounts.cost } else { Amount::ZERO });
        }
    }
}

impl Metric for EstimatedCost {
    const NAME: &'static str = "azure_billing_scope_estimated_pretax_cost";
    const HELP: &'static str = "Cost before tax of the current billing period to date that Azure calls estimated, in `currency`; a part of the scope's cost. Cached from the last successful poll.";
    const LABELS: &'static [&'static str] = &["currency"];
}
