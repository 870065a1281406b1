//! The cost of each cost center.

use super::bound::Bound;
use super::family::{Family, Keep, Metric, Previous};
use crate::billing::amount::Amount;
use crate::billing::column::Column;
use crate::billing::interner::Symbol;
use crate::billing::limits::Limit;
use crate::billing::row::{Amounts, ChargeKey};

/// Cost by cost center.
pub(crate) enum CostCenterCost {}

impl Family for CostCenterCost {
    type Key = [Symbol; 2];

    type Part = ChargeKey;

    const KEEP: Keep = Keep::Bill;

    const BOUND: Option<Bound> = Some(Bound {
        metric: <Self as Metric>::NAME,
        limit: Limit { key: "cost_centers", default: 1_000 },
        entity: 1,
        group: 0,
        other: 0,
        stay: 1,
    });

    fn each(item: &ChargeKey, amounts: Amounts, mut add: impl FnMut(Self::Key, Amount)) {
        add([item[Column::CostCenter], item.currency], amounts.cost);
    }
}

impl Metric for CostCenterCost {
    const NAME: &'static str = "azure_billing_cost_center_pretax_cost";
    const HELP: &'static str = "Cost before tax of the current billing period to date by cost center, in `currency`. Cached from the last successful poll.";
    const LABELS: &'static [&'static str] = &["cost_center", "currency"];
}

impl Previous for CostCenterCost {
    const NAME: &'static str = "azure_billing_cost_center_previous_period_pretax_cost";
    const HELP: &'static str = "Cost before tax of the previous billing period by cost center, in `currency`. Late usage and corrections can still change it. Cached from the last successful poll.";
    const LABELS: &'static [&'static str] = &["period", "cost_center", "currency"];
}
