//! The cost of each region.

use super::bound::Bound;
use super::family::{Family, Keep, Metric};
use crate::billing::amount::Amount;
use crate::billing::interner::Symbol;
use crate::billing::limits::Limit;
use crate::billing::row::{Amounts, ResourceKey};

/// Cost by region.
pub(crate) enum LocationCost {}

impl Family for LocationCost {
    type Key = [Symbol; 2];

    type Part = ResourceKey;

    const KEEP: Keep = Keep::Open;

    const BOUND: Option<Bound> = Some(Bound {
        metric: <Self as Metric>::NAME,
        limit: Limit { key: "locations", default: 1_000 },
        entity: 1,
        group: 0,
        other: 0,
        stay: 1,
    });

    fn each(resource: &ResourceKey, amounts: Amounts, mut add: impl FnMut(Self::Key, Amount)) {
        add([resource.location, resource.currency], amounts.cost);
    }
}

impl Metric for LocationCost {
    const NAME: &'static str = "azure_billing_location_pretax_cost";
    const HELP: &'static str = "Cost before tax of the current billing period to date by region, in `currency`. Cached from the last successful poll.";
    const LABELS: &'static [&'static str] = &["location", "currency"];
}
