//! The buffer of a reading that may be larger than memory: sums by bucket, which are written to an
//! unnamed temporary file whenever there are too many of them, and read back bucket by bucket.
//!
//! A page, which may be a whole file of a report, counts as a whole or not at all, however long it
//! is: its sums are kept apart from those of the pages before it, in memory and in the file.
//!
//! If no such file can be made, everything stays in memory. Nothing here outlives the process.

mod pieces;

use std::collections::BTreeMap;
use std::io;

use jiff::civil::Date;
pub use pieces::SpillError;
use pieces::{Piece, Pieces};
use tracing::warn;

use super::row_accumulator::{RowAccumulator, SymbolRemap};
use crate::billing::charge::Charge;
use crate::billing::daily_sums::{DailySums, Dated, DayBucket, TagKeys};
use crate::billing::period::{DayRange, Period};

/// Sums by bucket, in memory and in a file.
#[derive(Debug, Default)]
pub struct SpillBuffer {
    rows: RowAccumulator,
    pieces: Pieces,
    /// True if no file can be used.
    in_memory: bool,
    bounds: Bounds,
}

/// The most of each that is kept in memory.
#[derive(Debug)]
struct Bounds {
    /// Pending rows. Pages of the list have at most 1,000.
    pending: usize,
    /// Sums by resource: some 1 MB, besides their texts.
    sums: usize,
    /// Texts that are kept for later sums: some 50 bytes each.
    texts: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { pending: 1024, sums: 8_000, texts: 50_000 }
    }
}

impl SpillBuffer {
    /// Creates an empty buffer.
    pub fn new(tag_keys: &TagKeys) -> Self {
        Self { rows: RowAccumulator::new(tag_keys.clone()), ..Self::default() }
    }

    /// Adds a row to the open page. It counts once the page was read to its end.
    pub fn push(&mut self, charge: &Charge<'_>, bucket: DayBucket) {
        if self.rows.pending() >= self.bounds.pending {
            self.rows.fold_pending();
            self.spill_above(self.bounds.sums);
        }
        self.rows.push(charge, bucket);
    }

    /// Drops the rows of the open page: it was not read to its end.
    pub fn rollback_page(&mut self) {
        self.rows.rollback_page();
        self.pieces.rollback();
        self.rows.forget_texts_above(self.bounds.texts);
    }

    /// Counts the rows of the open page: it was read to its end.
    pub fn commit_page(&mut self) {
        self.rows.commit_page();
        self.pieces.commit();
        self.spill_above(self.bounds.sums);
    }

    /// Ends the reading, without the rows of an open page. A long one is written to the file, to
    /// free memory for those who read it.
    pub fn finish(&mut self) {
        self.rollback_page();
        if !self.pieces.committed().is_empty() {
            self.spill_above(0);
        }
        self.rows.finish();
    }

    /// Returns whether there were more texts than fit.
    pub fn overflowed(&self) -> bool {
        self.rows.overflowed()
    }

    /// Moves the sums in memory to the file if there are more than `most` and a file can be used.
    fn spill_above(&mut self, most: usize) {
        if self.in_memory || self.rows.sums() <= most {
            return;
        }
        if let Err(error) = self.spill() {
            warn!("long readings stay in memory, no temporary file can be used: {error}");
            self.in_memory = true;
        }
        self.rows.forget_texts_above(self.bounds.texts);
    }

    /// Moves the sums in memory to the file. What cannot be written stays.
    fn spill(&mut self) -> io::Result<()> {
        // A page that has pieces left no other sums in memory, so that those which count are always
        // written before any piece of the open page.
        if self.rows.committed().has_rows() {
            self.pieces.write(self.rows.committed())?;
            self.pieces.commit();
            self.rows.clear_committed();
        }
        self.pieces.write(self.rows.open())?;
        self.rows.clear_open();
        Ok(())
    }

    /// Counts all rows in one billing period: rows that are dated outside of it become its late
    /// rows. Drops the rows of an open page.
    pub fn into_period(mut self, period: Period) -> Self {
        self.rollback_page();
        self.rows = self.rows.into_period(period);
        self.pieces.move_to(period);
        self
    }

    /// Returns the sums of a bucket by charge; those by resource may be missing. Empty if it has no
    /// rows.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read, or if there are too many texts.
    pub fn items(&self, bucket: DayBucket) -> Result<DailySums, SpillError> {
        let mut sums = self.no_sums();
        let in_memory = self.rows.committed();
        sums.enter(bucket, &in_memory.items(bucket, &mut SymbolRemap::default()));
        for piece in self.pieces_of(bucket) {
            piece.enter_items_into(&mut sums)?;
        }
        self.with_room(sums)
    }

    /// Returns the sums of a bucket, in so many parts that none is large; one without rows if it
    /// has none.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read, or if there are too many texts.
    pub fn parts(&self, bucket: DayBucket) -> impl Iterator<Item = Result<DailySums, SpillError>> {
        let mut in_memory = self.no_sums();
        let rows = self.rows.committed();
        rows.enter_bucket_into(&mut in_memory, bucket, &mut SymbolRemap::default());
        let is_written = self.pieces_of(bucket).next().is_some();
        let in_memory = Some(in_memory).filter(|sums| sums.rows() > 0 || !is_written);
        let written = self.pieces_of(bucket).map(|piece| {
            let mut sums = self.no_sums();
            piece.enter_into(&mut sums)?;
            self.with_room(sums)
        });
        in_memory.into_iter().map(|sums| self.with_room(sums)).chain(written)
    }

    fn no_sums(&self) -> DailySums {
        DailySums::new(self.rows.tag_keys().clone())
    }

    fn with_room(&self, sums: DailySums) -> Result<DailySums, SpillError> {
        if self.overflowed() || sums.overflowed() {
            return Err(SpillError::TooManyTexts);
        }
        Ok(sums)
    }

    fn pieces_of(&self, bucket: DayBucket) -> impl Iterator<Item = &Piece> {
        self.pieces.committed().iter().filter(move |piece| piece.bucket == bucket)
    }

    /// Returns the buckets that have rows, oldest first.
    pub fn buckets(&self) -> impl Iterator<Item = DayBucket> {
        self.rows_by_bucket().into_keys()
    }

    /// Returns all sums, in memory.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read, or if there are too many texts.
    pub fn into_daily_sums(self) -> Result<DailySums, SpillError> {
        let mut all = self.no_sums();
        self.rows.committed().enter_into(&mut all);
        for piece in self.pieces.committed() {
            piece.enter_into(&mut all)?;
        }
        self.with_room(all)
    }

    /// Returns the number of rows by the day on which they are dated, outside of some days.
    pub fn rows_outside(&self, range: DayRange) -> BTreeMap<Date, u64> {
        let rows = self.rows_by_bucket().into_iter();
        let outside =
            rows.filter(|(bucket, _)| bucket.dated == Dated::InDay && !range.contains(bucket.date));
        outside.map(|(bucket, rows)| (bucket.date, rows)).collect()
    }

    fn rows_by_bucket(&self) -> BTreeMap<DayBucket, u64> {
        let mut all = BTreeMap::new();
        let written = self.pieces.committed().iter().map(|piece| (piece.bucket, piece.rows));
        for (bucket, rows) in written.chain(self.rows.committed().rows_by_bucket()) {
            *all.entry(bucket).or_default() += rows;
        }
        all
    }
}

#[cfg(test)]
mod tests;
