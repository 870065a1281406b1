//! The domain: what a charge is, how charges add up, and what is published of them.
//!
//! There is no input or output, no `async` and no clock here: the same rows always make the same
//! snapshot. `azure` reads rows, `poller` decides when to read, and `metrics` writes metrics.

pub mod amount;
pub(crate) mod arm_id;
pub(crate) mod bucket_export;
pub mod budget;
pub(crate) mod caseless;
pub mod charge;
pub mod column;
pub mod control;
mod control_families;
pub mod daily_sums;
mod day_summary;
mod days;
pub mod facts;
mod families;
mod forecast;
pub mod history;
pub(crate) mod interner;
pub(crate) mod label_value;
pub mod limits;
pub mod metric_families;
mod minor_unit;
mod month_sums;
mod names;
pub mod overview;
pub mod period;
pub mod period_statement;
mod published_family;
pub mod reconciliation;
pub mod regions;
pub(crate) mod row;
pub mod rules;
mod sample;
pub mod scope;
pub mod scope_totals;
pub mod seal;
pub(crate) mod shape;
pub(crate) mod short_str_eq;
pub mod snapshot;
mod snapshot_facts;
pub mod span;
mod squeezed;
pub mod statement;
pub(crate) mod text_form;
