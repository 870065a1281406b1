//! The bytes that Azure sends. Their shapes never leave `decode`: the rest of the program sees
//! [`crate::billing::charge::Charge`].
//!
//! A row counts even if a text that the sum does not need is unreadable: the text is left out and
//! named in `Charge::degraded`. List and report produce the same charge for the same row.

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

use crate::billing::regions::Cloud;

/// The options for reading a page or report.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowOptions {
    /// True if tags are read, which costs as much as half a row.
    pub(crate) tags: bool,
    /// True if rows of cost allocation count, which only move costs. The list has none.
    pub(crate) cost_allocation: bool,
    /// The cloud that sends the rows: `CH North` is in China there and in Switzerland elsewhere.
    pub(crate) cloud: Cloud,
}

#[cfg(test)]
mod tests;
