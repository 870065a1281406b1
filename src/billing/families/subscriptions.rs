//! The cost of each subscription.

use super::bound::Bound;
use super::family::{Family, InHistory, Keep, Metric, NamedId, Previous};
use crate::billing::amount::Amount;
use crate::billing::interner::Symbol;
use crate::billing::limits::Limit;
use crate::billing::names::Named;
use crate::billing::row::{Amounts, ResourceKey};

/// Cost by subscription.
pub(crate) enum SubscriptionCost {}

impl Family for SubscriptionCost {
    type Key = [Symbol; 2];

    type Part = ResourceKey;

    const KEEP: Keep = Keep::Bill;

    const BOUND: Option<Bound> = Some(Bound {
        metric: <Self as Metric>::NAME,
        limit: Limit { key: "subscriptions", default: 1_000 },
        entity: 1,
        group: 0,
        other: 0,
        stay: 1,
    });

    fn each(resource: &ResourceKey, amounts: Amounts, mut add: impl FnMut(Self::Key, Amount)) {
        add([resource.subscription_id, resource.currency], amounts.cost);
    }
}

impl Metric for SubscriptionCost {
    const NAME: &'static str = "azure_billing_subscription_pretax_cost";
    const HELP: &'static str = "Cost before tax of the current billing period to date by subscription, in `currency`. Cached from the last successful poll.";
    const LABELS: &'static [&'static str] = &["subscription_id", "subscription_name", "currency"];
    const NAMED: Option<NamedId> = Some((0, Named::Subscription));
    const HISTORY: InHistory = InHistory::Yes;
}

impl Previous for SubscriptionCost {
    const NAME: &'static str = "azure_billing_subscription_previous_period_pretax_cost";
    const HELP: &'static str = "Cost before tax of the previous billing period by subscription, in `currency`. Late usage and corrections can still change it. Cached from the last successful poll.";
    const LABELS: &'static [&'static str] =
        &["period", "subscription_id", "subscription_name", "currency"];
}
