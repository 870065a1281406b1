//! What each resource costs.

use crate::billing::amount::Amount;
use crate::billing::ledger::{Names, Row};
use crate::billing::strings::{Strings, Symbol};

use super::Family;

/// One resource, where it ran and what it is billed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InstanceCost {
    subscription_id: Symbol,
    resource_group: Symbol,
    instance_id: Symbol,
    location: Symbol,
    currency: Symbol,
}

impl Family for InstanceCost {
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

    fn of(row: &Row) -> Option<(Self, Amount)> {
        let Row { subscription_id, resource_group, instance_id, location, currency, .. } = *row;
        Some((Self { subscription_id, resource_group, instance_id, location, currency }, row.cost))
    }

    fn translate(self, symbol: &mut impl FnMut(Symbol) -> Symbol) -> Self {
        Self {
            subscription_id: symbol(self.subscription_id),
            resource_group: symbol(self.resource_group),
            instance_id: symbol(self.instance_id),
            location: symbol(self.location),
            currency: symbol(self.currency),
        }
    }

    fn values<'a>(&self, strings: &'a Strings, names: &'a Names, values: &mut Vec<&'a str>) {
        values.extend([
            strings.get(self.subscription_id),
            strings.get(self.resource_group),
            strings.get(self.instance_id),
            names.of(self.instance_id, strings),
            strings.get(self.location),
            strings.get(self.currency),
        ]);
    }
}
