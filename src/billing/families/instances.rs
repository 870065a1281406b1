//! The cost and the usage of each resource.

use super::bound::Bound;
use super::family::{Family, InHistory, Keep, Metric, NamedId};
use crate::billing::amount::Amount;
use crate::billing::interner::Symbol;
use crate::billing::limits::Limit;
use crate::billing::names::Named;
use crate::billing::row::{Amounts, ResourceKey};

/// Cost by resource, region and currency.
pub(crate) enum InstanceCost {}

/// Usage by resource, region and unit.
pub(crate) enum InstanceUsage {}

/// Cost ranks; usage has the same entities.
const BOUND: Bound = Bound {
    metric: InstanceCost::NAME,
    limit: Limit { key: "instances", default: 10_000 },
    entity: 3,
    group: 0,
    other: 2,
    stay: 1,
};

/// The index of the resource id in the keys.
const ID: usize = 2;

impl Family for InstanceCost {
    type Key = [Symbol; 5];

    type Part = ResourceKey;

    const KEEP: Keep = Keep::Open;

    const BOUND: Option<Bound> = Some(BOUND);

    fn each(resource: &ResourceKey, amounts: Amounts, mut add: impl FnMut(Self::Key, Amount)) {
        add(
            [
                resource.subscription_id,
                resource.resource_group,
                resource.instance_id,
                resource.location,
                resource.currency,
            ],
            amounts.cost,
        );
    }
}

impl Metric for InstanceCost {
    const NAME: &'static str = "azure_billing_instance_pretax_cost";
    const HELP: &'static str = "Cost before tax of the current billing period to date by resource, in `currency`. Cached from the last successful poll.";
    const LABELS: &'static [&'static str] = &[
        "subscription_id",
        "resource_group",
        "instance_id",
        "instance_name",
        "location",
        "currency",
    ];
    const NAMED: Option<NamedId> = Some((ID, Named::Instance));
    const HISTORY: InHistory = InHistory::Resources;
}

impl Family for InstanceUsage {
    type Key = [Symbol; 5];

    type Part = ResourceKey;

    const KEEP: Keep = Keep::Open;

    const BOUND: Option<Bound> = Some(BOUND);

    fn each(resource: &ResourceKey, amounts: Amounts, mut add: impl FnMut(Self::Key, Amount)) {
        add(
            [
                resource.subscription_id,
                resource.resource_group,
                resource.instance_id,
                resource.location,
                resource.unit,
            ],
            amounts.quantity,
        );
    }
}

impl Metric for InstanceUsage {
    const NAME: &'static str = "azure_billing_instance_usage_quantity";
    const HELP: &'static str = "Usage of the current billing period to date by resource, in `unit` as Azure sends it. Quantities add up only within one meter. Cached from the last successful poll.";
    const LABELS: &'static [&'static str] =
        &["subscription_id", "resource_group", "instance_id", "instance_name", "location", "unit"];
    const NAMED: Option<NamedId> = Some((ID, Named::Instance));
    const HISTORY: InHistory = InHistory::Resources;
}
