//! How much each resource used.

use crate::billing::amount::Amount;
use crate::billing::ledger::{Names, Row};
use crate::billing::strings::{Strings, Symbol};

use super::Family;

/// One resource, where it ran and what its usage is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InstanceUsage {
    subscription_id: Symbol,
    resource_group: Symbol,
    instance_id: Symbol,
    location: Symbol,
    unit: Symbol,
}

impl Family for InstanceUsage {
    const NAME: &'static str = "azure_billing_instance_usage_quantity";
    const HELP: &'static str = "Usage of the current billing period to date by resource, in `unit` as Azure sends it. Quantities add up only within one meter. Cached from the last successful poll.";
    const LABELS: &'static [&'static str] =
        &["subscription_id", "resource_group", "instance_id", "instance_name", "location", "unit"];

    fn of(row: &Row) -> Option<(Self, Amount)> {
        let Row { subscription_id, resource_group, instance_id, location, unit, .. } = *row;
        Some((Self { subscription_id, resource_group, instance_id, location, unit }, row.quantity))
    }

    fn translate(self, symbol: &mut impl FnMut(Symbol) -> Symbol) -> Self {
        Self {
            subscription_id: symbol(self.subscription_id),
            resource_group: symbol(self.resource_group),
            instance_id: symbol(self.instance_id),
            location: symbol(self.location),
            unit: symbol(self.unit),
        }
    }

    fn values<'a>(&self, strings: &'a Strings, names: &'a Names, values: &mut Vec<&'a str>) {
        values.extend([
            strings.get(self.subscription_id),
            strings.get(self.resource_group),
            strings.get(self.instance_id),
            names.of(self.instance_id, strings),
            strings.get(self.location),
            strings.get(self.unit),
        ]);
    }
}
