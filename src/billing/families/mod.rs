//! The questions that are answered by adding up rows: one file a metric family, with its name,
//! help, labels, what a row adds to it and how it is bounded.
//!
//! A new one needs its file, a field of `Tables` (and its line in the three lists below it), a line
//! in `published::FAMILIES` and a line in `docs/metrics.md`. Nothing here knows a format.

mod accounts;
mod bound;
mod cost_centers;
mod estimated;
mod instances;
mod locations;
mod meters;
mod resource_groups;
mod scopes;
mod services;
mod subscriptions;
mod tags;

use std::collections::HashMap;
use std::hash::Hash;
use std::ops::{AddAssign, SubAssign};

pub(crate) use accounts::AccountCost;
pub(crate) use bound::{Bound, Folded, Kept, OTHER};
pub(crate) use cost_centers::CostCenterCost;
pub(crate) use estimated::EstimatedCost;
pub(crate) use instances::{InstanceCost, InstanceUsage};
pub(crate) use locations::LocationCost;
pub(crate) use meters::{MeterCost, MeterUsage};
pub(crate) use resource_groups::ResourceGroupCost;
pub(crate) use scopes::{RecurringCost, ScopeCost};
pub(crate) use services::{SERVICE_DAYS, ServiceCharge, ServiceCost};
pub(crate) use subscriptions::SubscriptionCost;
pub(crate) use tags::TagCost;

use serde::{Deserialize, Serialize};

use super::amount::Amount;
use super::limits::Limits;
use super::names::Named;
use super::row::Row;
use super::strings::{Strings, Symbol};

/// The symbols of a series: its label values in order, so that sorted keys are sorted series. The
/// last one is the currency or the unit.
pub(crate) trait Key: Copy + Eq + Hash + Ord + AsRef<[Symbol]> + AsMut<[Symbol]> {}

impl<const N: usize> Key for [Symbol; N] {}

/// Sums of rows by some of their properties.
pub(crate) trait Family {
    /// The symbols of one series.
    type Key: Key;

    /// Tells what a row adds to which series. A row can add to none or, by its tags, to several.
    fn each(row: &Row<'_>, add: impl FnMut(Self::Key, Amount));
}

/// A family that is published as a metric.
pub(crate) trait Metric: Family {
    /// The metric's name.
    const NAME: &'static str;
    /// What it counts and what not to do with it.
    const HELP: &'static str;
    /// Its labels besides `scope`; those of the key, and the name of what `NAMED` names.
    const LABELS: &'static [&'static str];
    /// The symbol of the key that has a name, and what it names. The name's label stands behind it.
    const NAMED: Option<(usize, Named)> = None;
}

/// A metric that is published of the billing period before as well.
pub(crate) trait Previous: Metric {
    /// The metric's name there.
    const NAME: &'static str;
    /// What it counts there.
    const HELP: &'static str;
    /// `period`, then the labels of the current one.
    const LABELS: &'static [&'static str];
}

/// What some rows add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sum {
    pub(crate) amount: Amount,
    /// How many rows there are. What costs nothing has a series as long as there is a row of it, so
    /// a sum of zero does not tell whether anything is left.
    pub(crate) rows: u32,
}

impl From<Amount> for Sum {
    fn from(amount: Amount) -> Self {
        Self { amount, rows: 1 }
    }
}

impl AddAssign for Sum {
    fn add_assign(&mut self, other: Self) {
        self.amount += other.amount;
        self.rows = self.rows.saturating_add(other.rows);
    }
}

impl SubAssign for Sum {
    fn sub_assign(&mut self, other: Self) {
        self.amount -= other.amount;
        self.rows = self.rows.saturating_sub(other.rows);
    }
}

/// Sums by key.
pub(crate) type Sums<K> = HashMap<K, Sum, foldhash::fast::RandomState>;

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
    /// Adds one row to every family that counts it.
    pub(crate) fn add(&mut self, row: &Row<'_>) {
        count::<InstanceCost>(&mut self.instance_cost, row);
        count::<InstanceUsage>(&mut self.instance_usage, row);
        count::<ScopeCost>(&mut self.scope_cost, row);
        count::<EstimatedCost>(&mut self.estimated_cost, row);
        count::<AccountCost>(&mut self.account_cost, row);
        count::<SubscriptionCost>(&mut self.subscription_cost, row);
        count::<ResourceGroupCost>(&mut self.resource_group_cost, row);
        count::<LocationCost>(&mut self.location_cost, row);
        count::<CostCenterCost>(&mut self.cost_center_cost, row);
        count::<ServiceCost>(&mut self.service_cost, row);
        count::<ServiceCharge>(&mut self.service_charge, row);
        count::<MeterCost>(&mut self.meter_cost, row);
        count::<MeterUsage>(&mut self.meter_usage, row);
        count::<TagCost>(&mut self.tag_cost, row);
        count::<RecurringCost>(&mut self.recurring_cost, row);
    }

    /// Adds other sums or takes them away, their symbols translated.
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

    /// The same only for what is still asked of a period when it is over: who pays the bill.
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

    /// Empty again, with its memory kept.
    pub(crate) fn clear(&mut self) {
        self.instance_cost.clear();
        self.instance_usage.clear();
        self.scope_cost.clear();
        self.estimated_cost.clear();
        self.account_cost.clear();
        self.subscription_cost.clear();
        self.resource_group_cost.clear();
        self.location_cost.clear();
        self.cost_center_cost.clear();
        self.service_cost.clear();
        self.service_charge.clear();
        self.meter_cost.clear();
        self.meter_usage.clear();
        self.tag_cost.clear();
        self.recurring_cost.clear();
    }

    /// Frees what is asked of the open period only.
    pub(crate) fn thin(&mut self) {
        self.instance_cost = Table::<InstanceCost>::default();
        self.instance_usage = Table::<InstanceUsage>::default();
        self.estimated_cost = Table::<EstimatedCost>::default();
        self.location_cost = Table::<LocationCost>::default();
        self.meter_cost = Table::<MeterCost>::default();
        self.meter_usage = Table::<MeterUsage>::default();
    }

    /// Folds what is beyond the limits into `__other__`. Symbols must be in the order of their
    /// texts, which breaks ties.
    pub(crate) fn fold(&mut self, limits: &Limits, strings: &Strings, folded: &mut Folded) {
        let fold = &mut |bound: Bound| bound.of(limits, strings);
        let bound = fold(instances::BOUND);
        let kept = bound.fold(&mut self.instance_cost, folded);
        bound.follow(&kept, &mut self.instance_usage);
        let bound = fold(meters::BOUND);
        let kept = bound.fold(&mut self.meter_cost, folded);
        bound.follow(&kept, &mut self.meter_usage);
        fold(accounts::BOUND).fold(&mut self.account_cost, folded);
        fold(subscriptions::BOUND).fold(&mut self.subscription_cost, folded);
        fold(resource_groups::BOUND).fold(&mut self.resource_group_cost, folded);
        fold(locations::BOUND).fold(&mut self.location_cost, folded);
        fold(cost_centers::BOUND).fold(&mut self.cost_center_cost, folded);
        fold(services::BOUND).fold(&mut self.service_cost, folded);
        fold(tags::BOUND).fold(&mut self.tag_cost, folded);
    }
}

/// What happens to sums that meet others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Combine {
    /// They are added.
    Add,
    /// They were part of the sums and are taken out again, which exact sums make lossless.
    Deduct,
}

fn count<F: Family>(table: &mut Table<F>, row: &Row<'_>) {
    F::each(row, |key, amount| *table.entry(key).or_default() += Sum::from(amount));
}

fn merge<F: Family>(
    how: Combine,
    table: &mut Table<F>,
    other: &Table<F>,
    symbol: &mut impl FnMut(Symbol) -> Symbol,
) {
    for (key, sum) in other {
        let mut key = *key;
        key.as_mut().iter_mut().for_each(|part| *part = symbol(*part));
        let total = table.entry(key).or_default();
        match how {
            Combine::Add => *total += *sum,
            Combine::Deduct => {
                *total -= *sum;
                if total.rows == 0 {
                    table.remove(&key);
                }
            }
        }
    }
}
