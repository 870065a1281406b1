//! The metric families that are sums of rows: one file for each, with its name, help, labels, what
//! a row adds to it, how long it is kept and how it is bounded.
//!
//! A new family needs its file, a line in the list of `tables`, a line in
//! `metric_families::FAMILIES` and one in `docs/metrics.md`. Nothing here knows an output format.

mod accounts;
mod bound;
mod charge_lines;
mod cost_centers;
mod estimated;
mod family;
mod instances;
mod key;
mod locations;
mod measure;
mod meters;
mod ranking;
mod resource_groups;
mod scopes;
mod services;
mod spelling;
mod subscriptions;
mod sums;
mod tables;
mod tags;

pub(crate) use accounts::AccountCost;
pub(crate) use bound::{Bound, Folded, Kept, OTHER};
pub(crate) use cost_centers::CostCenterCost;
pub(crate) use estimated::EstimatedCost;
pub use family::InHistory;
pub(crate) use family::{Family, Metric, NamedId, Previous};
pub(crate) use instances::{InstanceCost, InstanceUsage};
pub(crate) use key::Key;
pub(crate) use locations::LocationCost;
pub(crate) use meters::MeterUsage;
pub(crate) use ranking::Ranking;
pub(crate) use resource_groups::ResourceGroupCost;
pub(crate) use scopes::ScopeCost;
pub(crate) use services::{SERVICE_DAYS, ServiceCharge, ServiceCost};
pub(crate) use spelling::spelled;
pub(crate) use subscriptions::SubscriptionCost;
pub(crate) use sums::{Sum, Sums};
pub(crate) use tables::{Combine, Table, Tabled, Tables};
pub(crate) use tags::TagCost;
