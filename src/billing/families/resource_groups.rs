//! The cost of each resource group.

use super::bound::Bound;
use super::family::{Family, Keep, Metric, Previous};
use crate::billing::amount::Amount;
use crate::billing::interner::Symbol;
use crate::billing::limits::Limit;
use crate::billing::row::{Amounts, ResourceKey};

/// Cost by resource group.
pub(crate) enum ResourceGroupCost {}

impl Family for ResourceGroupCost {
    type Key = [Symbol; 3];

    type Part = ResourceKey;

    const KEEP: Keep = Keep::Bill;

    const BOUND: Option<Bound> = Some(Bound {
        metric: <Self as Metric>::NAME,
        limit: Limit { key: "resource_groups", default: 10_000 },
        entity: 2,
        group: 0,
        other: 1,
        stay: 1,
    });

    fn each(resource: &ResourceKey, amounts: Amounts, mut add: impl FnMut(Self::Key, Amount)) {
        add([resource.subscription_id, resource.resource_group, resource.currency], amounts.cost);
    }
}

impl Metric for ResourceGroupCost {
    const NAME: &'static str = "azure_billing_resource_group_pretax_cost";
    const HELP: &'static str = "Cost before tax of the current billing period to date by resource group, in `currency`. Cached from the last successful poll.";
    const LABELS: &'static [&'static str] = &["subscription_id", "resource_group", "currency"];
}

impl Previous for ResourceGroupCost {
    const NAME: &'static str = "azure_billing_resource_group_previous_period_pretax_cost";
    const HELP: &'static str = "Cost before tax of the previous billing period by resource group, in `currency`. Late usage and corrections can still change it. Cached from the last successful poll.";
    const LABELS: &'static [&'static str] =
        &["period", "subscription_id", "resource_group", "currency"];
}
