//! The rows of a reading in memory, added up by resource, by charge and by tags before any family
//! is computed. A row then costs one sum of each, not one of every family.
//!
//! Rows are pending at first. The pending rows of a page that is too long are added up as sums of
//! the open page; both count once the page was read to its end. Nothing here is written to a file:
//! the spill buffer does that.

mod export;
mod row_keys;
mod sums;

pub(super) use export::{SumsView, SymbolRemap};
use row_keys::{PendingRow, RowKeys};
use sums::BucketSums;

use crate::billing::charge::Charge;
use crate::billing::daily_sums::{DayBucket, TagKeys};
use crate::billing::period::Period;

/// Sums of rows by bucket.
#[derive(Debug, Default)]
pub(super) struct RowAccumulator {
    keys: RowKeys,
    /// The newest rows of the open page.
    pending: Vec<PendingRow>,
    /// The sums of the other rows of the open page. Empty unless the page is long.
    open: BucketSums,
    /// The sums of the pages that were read to their end.
    committed: BucketSums,
}

impl RowAccumulator {
    /// Creates an empty accumulator.
    pub(super) fn new(tag_keys: TagKeys) -> Self {
        Self { keys: RowKeys::new(tag_keys), ..Self::default() }
    }

    /// Returns whether there were more texts than fit, which makes the sums unusable.
    pub(super) fn overflowed(&self) -> bool {
        self.keys.overflowed()
    }

    /// Returns the tag keys that are counted.
    pub(super) fn tag_keys(&self) -> &TagKeys {
        self.keys.tag_keys()
    }

    /// Adds a pending row.
    pub(super) fn push(&mut self, charge: &Charge<'_>, bucket: DayBucket) {
        self.pending.push(self.keys.row(charge, bucket));
    }

    /// Returns the number of pending rows.
    pub(super) fn pending(&self) -> usize {
        self.pending.len()
    }

    /// Adds up the pending rows of a page that goes on.
    pub(super) fn fold_pending(&mut self) {
        self.open.fold(&self.pending, &self.keys);
        self.pending.clear();
    }

    /// Counts the rows of the open page: it was read to its end.
    pub(super) fn commit_page(&mut self) {
        self.committed.absorb(&mut self.open, self.keys.strings());
        self.committed.fold(&self.pending, &self.keys);
        self.pending.clear();
    }

    /// Drops the rows of the open page: it was not read to its end.
    pub(super) fn rollback_page(&mut self) {
        self.pending.clear();
        self.open.clear();
    }

    /// Returns the number of sums by resource, as a measure of the memory they take up.
    pub(super) fn sums(&self) -> usize {
        self.committed.resources() + self.open.resources()
    }

    /// Returns the sums that count.
    pub(super) fn committed(&self) -> SumsView<'_> {
        SumsView::new(&self.keys, &self.committed)
    }

    /// Returns the sums of the open page, without its pending rows.
    pub(super) fn open(&self) -> SumsView<'_> {
        SumsView::new(&self.keys, &self.open)
    }

    /// Removes the sums that count.
    pub(super) fn clear_committed(&mut self) {
        self.committed.clear();
    }

    /// Removes the sums of the open page.
    pub(super) fn clear_open(&mut self) {
        self.open.clear();
    }

    /// Forgets the texts if nothing uses them and there are more than `most`. A few are kept: the
    /// next rows are of the same resources.
    pub(super) fn forget_texts_above(&mut self, most: usize) {
        if self.pending.is_empty() && self.open.is_empty() && self.committed.is_empty() {
            self.keys.forget_above(most);
        }
    }

    /// Frees the memory that was kept for more rows, and drops what does not count.
    pub(super) fn finish(&mut self) {
        (self.pending, self.open) = Default::default();
        self.committed.finish();
        self.keys.finish();
        if self.committed.is_empty() {
            self.keys.reset();
        }
    }

    /// Counts all rows that count in one billing period: those that are dated outside of it become
    /// its late rows.
    pub(super) fn into_period(mut self, period: Period) -> Self {
        self.committed = self.committed.into_period(period, self.keys.strings());
        self
    }
}

#[cfg(test)]
pub(super) mod tests;
