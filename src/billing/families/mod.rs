//! The metric families that are sums of rows: one file for each, with its name, help, labels, what
//! a row adds to it and how it is bounded.
//!
//! A new family needs its file, a field of `Tables` (with a line in the lists below it, in
//! `ranking` if it is bounded, and in `spelling` if its key has names), a line in
//! `metric_families::FAMILIES` and one in `docs/metrics.md`. Nothing here knows an output format.

mod accounts;
mod bound;
mod cost_centers;
mod estimated;
mod instances;
mod locations;
mod meters;
mod ranking;
mod resource_groups;
mod scopes;
mod services;
mod spelling;
mod subscriptions;
mod sums;
mod tags;

use std::hash::Hash;

pub(crate) use accounts::AccountCost;
pub(crate) use bound::{Bound, Folded, Kept, OTHER};
pub(crate) use cost_centers::CostCenterCost;
pub(crate) use estimated::EstimatedCost;
pub(crate) use instances::{InstanceCost, InstanceUsage};
pub(crate) use locations::LocationCost;
pub(crate) use meters::{MeterCost, MeterUsage};
pub(crate) use ranking::Ranking;
pub(crate) use resource_groups::ResourceGroupCost;
pub(crate) use scopes::{RecurringCost, ScopeCost};
pub(crate) use services::{SERVICE_DAYS, ServiceCharge, ServiceCost};
pub(crate) use spelling::{Spelled, spelled};
pub(crate) use subscriptions::SubscriptionCost;
pub(crate) use sums::Sums;
pub(crate) use tags::TagCost;

use serde::{Deserialize, Serialize};

use super::amount::Amount;
use super::interner::Symbol;
use super::names::Named;
use super::row::{Amounts, ChargeKey, ResourceKey, Tag};

/// The symbols of a series: its label values in order, so that sorted keys are sorted series. The
/// last one is the currency or the unit.
pub(crate) trait Key:
    Copy + Eq + Hash + Ord + AsRef<[Symbol]> + AsMut<[Symbol]> + 'static
{
    /// The number of symbols.
    const LENGTH: usize;
}

impl<const N: usize> Key for [Symbol; N] {
    const LENGTH: usize = N;
}

/// The index in a key of an id that has a name, and the kind of thing it identifies.
pub(crate) type NamedId = (usize, fn(Symbol) -> Named);

/// A family: sums of rows by some of their properties.
pub(crate) trait Family {
    /// The symbols of one series.
    type Key: Key;
    /// The part of a row that it uses. Rows with equal parts are added up first.
    type Part;
    /// The names in the key, which are caseless there. Series have their spellings instead.
    const SPELLED: &'static [Spelled<Self::Key>] = &[];

    /// Adds rows to the series to which they belong, if any.
    fn each(part: &Self::Part, amounts: Amounts, add: impl FnMut(Self::Key, Amount));
}

/// A family that is published as a metric.
pub(crate) trait Metric: Family {
    /// The metric's name.
    const NAME: &'static str;
    /// The help text: what the metric counts, and how not to use it.
    const HELP: &'static str;
    /// The labels besides `scope`: those of the key, and that of a name if `NAMED` is set.
    const LABELS: &'static [&'static str];
    /// The id in the key that has a name. The label of the name follows that of the id.
    const NAMED: Option<NamedId> = None;
}

/// A metric that is also published for the previous period.
pub(crate) trait Previous: Metric {
    /// The metric's name for the previous period.
    const NAME: &'static str;
    /// The help text for the previous period.
    const HELP: &'static str;
    /// The labels besides `scope`: `period`, then those of the open period.
    const LABELS: &'static [&'static str];
}

/// The sum of some rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sum {
    pub(crate) amount: Amount,
    /// The number of rows. A series without cost exists as long as it has a row, so an amount of
    /// zero does not show whether any row is left.
    pub(crate) rows: u32,
}

/// The sums of one family.
pub(crate) type Table<F> = Sums<<F as Family>::Key>;

/// The sums of every family over one set of rows.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Tables {
    pub(crate) instance_cost: Table<InstanceCost>,
    pub(crate) instance_usage: Table<InstanceUsage>,
    pub(crate) scope_cost: Table<ScopeCost>,
    pub(crate) estimated_cost: Table<EstimatedCost>,
    pub(crate) account_cost: Table<AccountCost>,
    pub(crate) subscription_cost: Table<SubscriptionCost>,
    pub(crate) resource_group_cost: Table<ResourceGroupCost>,
    pub(crate) location_cost: Table<LocationCost>,
    pub(crate) cost_center_cost: Table<CostCenterCost>,
    pub(crate) service_cost: Table<ServiceCost>,
    pub(crate) service_charge: Table<ServiceCharge>,
    pub(crate) meter_cost: Table<MeterCost>,
    pub(crate) meter_usage: Table<MeterUsage>,
    pub(crate) tag_cost: Table<TagCost>,
    pub(crate) recurring_cost: Table<RecurringCost>,
}

impl Tables {
    /// Adds rows to the families that depend on the resource.
    pub(crate) fn add_resource(&mut self, resource: &ResourceKey, amounts: Amounts) {
        count::<InstanceCost>(&mut self.instance_cost, resource, amounts);
        count::<InstanceUsage>(&mut self.instance_usage, resource, amounts);
        count::<SubscriptionCost>(&mut self.subscription_cost, resource, amounts);
        count::<ResourceGroupCost>(&mut self.resource_group_cost, resource, amounts);
        count::<LocationCost>(&mut self.location_cost, resource, amounts);
    }

    /// Adds rows to the families that depend on who pays for what.
    pub(crate) fn add_item(&mut self, item: &ChargeKey, amounts: Amounts) {
        count::<ScopeCost>(&mut self.scope_cost, item, amounts);
        count::<EstimatedCost>(&mut self.estimated_cost, item, amounts);
        count::<AccountCost>(&mut self.account_cost, item, amounts);
        count::<CostCenterCost>(&mut self.cost_center_cost, item, amounts);
        count::<ServiceCost>(&mut self.service_cost, item, amounts);
        count::<ServiceCharge>(&mut self.service_charge, item, amounts);
        count::<MeterCost>(&mut self.meter_cost, item, amounts);
        count::<MeterUsage>(&mut self.meter_usage, item, amounts);
        count::<RecurringCost>(&mut self.recurring_cost, item, amounts);
    }

    /// Adds rows to the family of tags, once for each key.
    pub(crate) fn add_tag(&mut self, tag: &Tag, amounts: Amounts) {
        count::<TagCost>(&mut self.tag_cost, tag, amounts);
    }

    /// Adds or subtracts other sums, whose symbols are translated.
    pub(crate) fn combine(
        &mut self,
        how: Combine,
        other: &Self,
        mut symbol: impl FnMut(Symbol) -> Symbol,
    ) {
        self.combine_bill(how, other, &mut symbol);
        let symbol = &mut symbol;
        merge::<InstanceCost>(how, &mut self.instance_cost, &other.instance_cost, symbol);
        merge::<InstanceUsage>(how, &mut self.instance_usage, &other.instance_usage, symbol);
        merge::<EstimatedCost>(how, &mut self.estimated_cost, &other.estimated_cost, symbol);
        merge::<LocationCost>(how, &mut self.location_cost, &other.location_cost, symbol);
        merge::<ServiceCharge>(how, &mut self.service_charge, &other.service_charge, symbol);
        merge::<MeterCost>(how, &mut self.meter_cost, &other.meter_cost, symbol);
        merge::<MeterUsage>(how, &mut self.meter_usage, &other.meter_usage, symbol);
    }

    /// Adds or subtracts only the sums that are still used when a period has closed: those that
    /// show who pays.
    pub(crate) fn combine_bill(
        &mut self,
        how: Combine,
        other: &Self,
        mut symbol: impl FnMut(Symbol) -> Symbol,
    ) {
        let symbol = &mut symbol;
        merge::<ScopeCost>(how, &mut self.scope_cost, &other.scope_cost, symbol);
        merge::<AccountCost>(how, &mut self.account_cost, &other.account_cost, symbol);
        merge::<SubscriptionCost>(
            how,
            &mut self.subscription_cost,
            &other.subscription_cost,
            symbol,
        );
        merge::<ResourceGroupCost>(
            how,
            &mut self.resource_group_cost,
            &other.resource_group_cost,
            symbol,
        );
        merge::<CostCenterCost>(how, &mut self.cost_center_cost, &other.cost_center_cost, symbol);
        merge::<ServiceCost>(how, &mut self.service_cost, &other.service_cost, symbol);
        merge::<TagCost>(how, &mut self.tag_cost, &other.tag_cost, symbol);
        merge::<RecurringCost>(how, &mut self.recurring_cost, &other.recurring_cost, symbol);
    }

    /// Frees the sums that are used for the open period only.
    pub(crate) fn drop_open_only(&mut self) {
        self.instance_cost = Table::<InstanceCost>::default();
        self.instance_usage = Table::<InstanceUsage>::default();
        self.estimated_cost = Table::<EstimatedCost>::default();
        self.location_cost = Table::<LocationCost>::default();
        self.meter_cost = Table::<MeterCost>::default();
        self.meter_usage = Table::<MeterUsage>::default();
    }
}

#[cfg(test)]
impl Tables {
    /// Passes every sum with the name of its table.
    pub(crate) fn each(&self, tell: &mut dyn FnMut(&str, &[Symbol], &Sum)) {
        fn table<const N: usize>(
            what: &str,
            sums: &Sums<[Symbol; N]>,
            tell: &mut dyn FnMut(&str, &[Symbol], &Sum),
        ) {
            sums.iter().for_each(|(key, sum)| tell(what, key, &sum));
        }
        table("instance_cost", &self.instance_cost, tell);
        table("instance_usage", &self.instance_usage, tell);
        table("scope_cost", &self.scope_cost, tell);
        table("estimated_cost", &self.estimated_cost, tell);
        table("account_cost", &self.account_cost, tell);
        table("subscription_cost", &self.subscription_cost, tell);
        table("resource_group_cost", &self.resource_group_cost, tell);
        table("location_cost", &self.location_cost, tell);
        table("cost_center_cost", &self.cost_center_cost, tell);
        table("service_cost", &self.service_cost, tell);
        table("service_charge", &self.service_charge, tell);
        table("meter_cost", &self.meter_cost, tell);
        table("meter_usage", &self.meter_usage, tell);
        table("tag_cost", &self.tag_cost, tell);
        table("recurring_cost", &self.recurring_cost, tell);
    }
}

/// The ways to combine sums with others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Combine {
    /// Adds the others.
    Add,
    /// Subtracts the others, which were added before. This is lossless because sums are exact.
    Deduct,
}

fn count<F: Family>(table: &mut Table<F>, part: &F::Part, amounts: Amounts) {
    let rows = amounts.rows;
    F::each(part, amounts, |key, amount| table.add(key, Sum { amount, rows }));
}

fn merge<F: Family>(
    how: Combine,
    table: &mut Table<F>,
    other: &Table<F>,
    symbol: &mut impl FnMut(Symbol) -> Symbol,
) {
    if table.len() == 0 {
        // Growing step by step would cost as much as adding all sums.
        table.reserve(other.len());
    }
    for (key, sum) in other.iter() {
        let mut key = *key;
        key.as_mut().iter_mut().for_each(|part| *part = symbol(*part));
        match how {
            Combine::Add => table.add(key, sum),
            Combine::Deduct => table.deduct(key, sum),
        }
    }
}
