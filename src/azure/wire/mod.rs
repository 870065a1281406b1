//! What Azure sends, in bytes. Nothing of it leaves `azure`: the rest of the program sees
//! [`crate::billing::charge::Charge`].
//!
//! Money never hangs on a text that the sum does not need: what cannot be read of a row is left out
//! and named in `Charge::degraded`. List and report make the same charge of the same row.

mod amounts;
mod dates;
mod fields;
mod layout;
mod meter;
mod page;
mod properties;
mod repair;
mod report;
mod row;
mod tags;
mod text;

pub(crate) use page::{Page, PageError, read_page, read_repaired_page};
pub(crate) use report::{Report, ReportReader};

use crate::config::Cloud;

/// What is wanted of a page or report, and how it is to be understood.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowOptions {
    /// Whether tags are looked at. Reading them costs as much as half a row.
    pub(crate) tags: bool,
    /// Whether rows count that only move costs from one place to another. The list has none.
    pub(crate) cost_allocation: bool,
    /// The cloud that sends it: `CH North` is in China there and in Switzerland elsewhere.
    pub(crate) cloud: Cloud,
}

#[cfg(test)]
mod tests;
