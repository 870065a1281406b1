//! What is wanted of pages and reports.

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
