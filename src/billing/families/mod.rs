//! The metric families that are sums of rows: one file for each, with its name, help, labels, what
//! a row adds to it, how long it is kept and how it is bounded.
//!
//! A new family needs its file, its module and its line in the list here, and a line in
//! `docs/metrics.md`. Nothing here knows an output format.

pub(super) mod accounts;
mod bound;
mod charge_lines;
pub(super) mod cost_centers;
pub(super) mod estimated;
mod family;
pub(super) mod instances;
mod key;
pub(super) mod locations;
mod measure;
pub(super) mod meters;
mod ranking;
pub(super) mod resource_groups;
pub(super) mod scopes;
pub(super) mod services;
mod spelling;
pub(super) mod subscriptions;
mod sums;
mod tables;
pub(super) mod tags;

/// Passes the list of all families to a macro: of each the name of its table, where it is, and for
/// which periods it is published, if it is. The order is that of publication.
macro_rules! families {
    ($macro:ident) => {
        $macro! {
            instance_cost: instances::InstanceCost, current;
            instance_usage: instances::InstanceUsage, current;
            scope_cost: scopes::ScopeCost, current, previous;
            estimated_cost: estimated::EstimatedCost, current;
            account_cost: accounts::AccountCost, current, previous;
            subscription_cost: subscriptions::SubscriptionCost, current, previous;
            resource_group_cost: resource_groups::ResourceGroupCost, current, previous;
            location_cost: locations::LocationCost, current;
            cost_center_cost: cost_centers::CostCenterCost, current, previous;
            service_cost: services::ServiceCost, current, previous;
            meter_cost: meters::MeterCost;
            meter_usage: meters::MeterUsage, current;
            tag_cost: tags::TagCost, current, previous;
            service_charge: services::ServiceCharge;
            recurring_cost: scopes::RecurringCost;
        }
    };
}

pub(crate) use bound::{Bound, Folded, Kept, OTHER};
pub(crate) use charge_lines::ChargeLines;
pub(super) use families;
pub use family::InHistory;
pub(crate) use family::{Family, Metric, NamedId, Previous};
pub(crate) use key::Key;
pub(crate) use ranking::Ranking;
pub(crate) use scopes::ScopeCost;
pub(crate) use services::{SERVICE_DAYS, ServiceCharge};
pub(crate) use spelling::spelled;
pub(crate) use sums::{Sum, Sums};
pub(crate) use tables::{Combine, Table, Tabled, Tables};
