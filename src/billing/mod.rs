//! The domain: what a charge is, how charges add up, what is published of them.
//!
//! No input or output, no `async` and no clock here: the same rows always make the same snapshot.
//! Reading rows is `azure`'s, deciding when to read is `poller`'s, writing metrics is `metrics`'s.

pub mod amount;
mod arm_id;
pub mod books;
pub mod budget;
pub(crate) mod caseless;
pub mod charge;
mod columns;
mod days;
pub mod facts;
mod families;
mod forecast;
pub mod gathering;
pub mod history;
mod known;
mod label_value;
pub mod ledger;
pub mod limits;
mod names;
pub mod overview;
pub mod period;
pub mod published;
pub(crate) mod regions;
mod row;
pub mod rules;
pub(crate) mod same;
pub mod scope;
pub mod snapshot;
pub mod span;
mod strings;
