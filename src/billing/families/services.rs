//! The cost of each service.

use super::bound::Bound;
use super::family::{Family, InHistory, Keep, Metric, Previous, Spelled};
use crate::billing::amount::Amount;
use crate::billing::column::Column;
use crate::billing::interner::Symbol;
use crate::billing::limits::Limit;
use crate::billing::names::Named;
use crate::billing::row::{Amounts, ChargeKey};

/// The limit of all families of services.
const LIMIT: Limit = Limit { key: "services", default: 10_000 };

/// Cost by subscription and service.
pub(crate) enum ServiceCost {}

impl Family for ServiceCost {
    type Key = [Symbol; 3];

    type Part = ChargeKey;

    const KEEP: Keep = Keep::Bill;

    const BOUND: Option<Bound> = Some(Bound {
        metric: <Self as Metric>::NAME,
        limit: LIMIT,
        entity: 2,
        group: 0,
        other: 1,
        stay: 1,
    });

    const SPELLED: &'static [Spelled<Self::Key>] =
        &[(1, |key| Named::Column(Column::ServiceName, key[1]))];

    fn each(item: &ChargeKey, amounts: Amounts, mut add: impl FnMut(Self::Key, Amount)) {
        add([item.subscription_id, item[Column::ServiceName], item.currency], amounts.cost);
    }
}

impl Metric for ServiceCost {
    const NAME: &'static str = "azure_billing_service_pretax_cost";
    const HELP: &'static str = "Cost before tax of the current billing period to date by subscription and service, in `currency`. Cached from the last successful poll.";
    const LABELS: &'static [&'static str] = &["subscription_id", "service_name", "currency"];
    const HISTORY: InHistory = InHistory::Yes;
}

impl Previous for ServiceCost {
    const NAME: &'static str = "azure_billing_service_previous_period_pretax_cost";
    const HELP: &'static str = "Cost before tax of the previous billing period by subscription and service, in `currency`. Late usage and corrections can still change it. Cached from the last successful poll.";
    const LABELS: &'static [&'static str] =
        &["period", "subscription_id", "service_name", "currency"];
}

/// The bound of the daily families of services, which are ranked by the cost of the latest day.
pub(crate) const SERVICE_DAYS: Bound = Bound {
    metric: "azure_billing_service_latest_day_pretax_cost",
    limit: LIMIT,
    entity: 1,
    group: 0,
    other: 0,
    stay: 2,
};

/// Cost by service and kind of charge, from which the daily families of services are computed.
pub(crate) enum ServiceCharge {}

impl Family for ServiceCharge {
    type Key = [Symbol; 3];

    type Part = ChargeKey;

    const KEEP: Keep = Keep::Days;

    const SPELLED: &'static [Spelled<Self::Key>] =
        &[(0, |key| Named::Column(Column::ServiceName, key[0]))];

    fn each(item: &ChargeKey, amounts: Amounts, mut add: impl FnMut(Self::Key, Amount)) {
        add([item[Column::ServiceName], item.charge_type, item.currency], amounts.cost);
    }
}
