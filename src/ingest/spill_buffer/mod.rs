//! The buffer of a reading that may be larger than memory: sums by bucket, which are written to an
//! unnamed temporary file whenever there are too many of them, and read back bucket by bucket.
//!
//! If no such file can be made, everything stays in memory. Nothing here outlives the process.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use jiff::civil::Date;
use thiserror::Error;
use tracing::warn;

use super::row_accumulator::{RowAccumulator, SymbolRemap};
use crate::billing::bucket_export::BucketExport;
use crate::billing::charge::Charge;
use crate::billing::daily_sums::{DailySums, Dated, DayBucket, TagKeys};
use crate::billing::period::{DayRange, Period};

/// The maximum number of sums by resource that are kept in memory: some 1 MB, besides their texts.
const MOST_SUMS: usize = 8_000;

/// The reason why a reading has no sums.
#[derive(Debug, Error)]
pub enum SpillError {
    /// The temporary file cannot be read back.
    #[error("what was read cannot be read back from the temporary file: {0}; is the disk full?")]
    Unreadable(String),
    /// There are more different texts than fit.
    #[error("more than 2 GB of different texts")]
    TooManyTexts,
}

/// Sums by bucket, in memory and in files.
#[derive(Debug, Default)]
pub struct SpillBuffer {
    rows: RowAccumulator,
    /// The sums of adopted buffers that are in memory.
    daily_sums: DailySums,
    written: BTreeMap<DayBucket, Written>,
    file: Option<(Arc<File>, u64)>,
    /// True if no file can be used.
    in_memory: bool,
    /// True if a text of an adopted buffer did not fit.
    overflowed: bool,
}

/// The part of a bucket that was written.
#[derive(Clone, Debug, Default)]
struct Written {
    rows: u64,
    pieces: Vec<Piece>,
}

/// Sums of a bucket in a file.
#[derive(Clone, Debug)]
struct Piece {
    items: Extracted,
    resources: Extracted,
}

/// A [`BucketExport`] in a file.
#[derive(Clone, Debug)]
struct Extracted {
    file: Arc<File>,
    at: u64,
    length: usize,
}

impl SpillBuffer {
    /// Creates an empty buffer.
    pub fn new(tag_keys: &TagKeys) -> Self {
        let rows = RowAccumulator::new(tag_keys.clone());
        Self { rows, daily_sums: DailySums::new(tag_keys.clone()), ..Self::default() }
    }

    /// Adds a pending row. It counts once its page or part was read to its end.
    pub fn push(&mut self, charge: &Charge<'_>, bucket: DayBucket) {
        self.rows.push(charge, bucket);
    }

    /// Drops the pending rows: their page or part was not read to its end.
    pub fn rollback_page(&mut self) {
        self.rows.rollback_page();
    }

    /// Counts the pending rows: their page or part was read to its end. Writes the sums to the file
    /// if there are too many for memory.
    pub fn commit_page(&mut self) {
        self.rows.commit_page();
        if self.rows.sums() > MOST_SUMS {
            self.settle();
        }
    }

    /// Ends the reading. A long one is written to the file, to free memory for those who read it.
    pub fn finish(&mut self) {
        if !self.written.is_empty() {
            self.settle();
        }
        self.rows.finish();
    }

    /// Returns whether there were more texts than fit.
    pub fn overflowed(&self) -> bool {
        self.overflowed || self.rows.overflowed() || self.daily_sums.overflowed()
    }

    /// Adds the sums of another buffer.
    pub fn adopt(&mut self, mut other: Self) {
        self.overflowed |= other.overflowed();
        other.settle();
        for (bucket, theirs) in other.written {
            self.written.entry(bucket).or_default().absorb(theirs);
        }
        // These rows are empty if they were written to a file.
        other.rows.enter_into(&mut self.daily_sums);
        self.daily_sums.absorb(&other.daily_sums);
    }

    /// Moves the rows in memory to the file, if one can be used.
    fn settle(&mut self) {
        if self.in_memory {
            return;
        }
        if let Err(error) = self.write() {
            warn!("long readings stay in memory, no temporary file can be used: {error}");
            self.in_memory = true;
        }
    }

    /// Counts all rows in one billing period: rows that are dated outside of it become its late
    /// rows.
    pub fn into_period(mut self, period: Period) -> Self {
        self.rows = self.rows.into_period(period);
        self.daily_sums = self.daily_sums.into_period(period);
        for (bucket, theirs) in std::mem::take(&mut self.written) {
            self.written.entry(bucket.in_period(period)).or_default().absorb(theirs);
        }
        self
    }

    /// Returns the sums of a bucket by charge; those by resource may be missing. Empty if it has no
    /// rows.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read, or if there are too many texts.
    pub fn items(&self, bucket: DayBucket) -> Result<DailySums, SpillError> {
        let mut sums = self.daily_sums.only(bucket);
        sums.enter(bucket, &self.rows.items(bucket, &mut SymbolRemap::default()));
        for piece in self.pieces(bucket) {
            piece.items.enter_into(&mut sums, bucket)?;
        }
        self.with_room(sums)
    }

    /// Returns the sums of a bucket, in so many parts that none is large; one without rows if it
    /// has none.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read, or if there are too many texts.
    pub fn parts(&self, bucket: DayBucket) -> impl Iterator<Item = Result<DailySums, SpillError>> {
        let mut in_memory = self.daily_sums.only(bucket);
        self.rows.enter_bucket_into(&mut in_memory, bucket, &mut SymbolRemap::default());
        let pieces = self.pieces(bucket);
        let in_memory = Some(in_memory).filter(|sums| sums.rows() > 0 || pieces.is_empty());
        let written = pieces.iter().map(move |piece| {
            let mut sums = DailySums::new(self.daily_sums.tag_keys().clone());
            piece.enter_into(&mut sums, bucket)?;
            self.with_room(sums)
        });
        in_memory.into_iter().map(|sums| self.with_room(sums)).chain(written)
    }

    fn with_room(&self, sums: DailySums) -> Result<DailySums, SpillError> {
        if self.overflowed() || sums.overflowed() {
            return Err(SpillError::TooManyTexts);
        }
        Ok(sums)
    }

    fn pieces(&self, bucket: DayBucket) -> &[Piece] {
        self.written.get(&bucket).map_or(&[], |written| &written.pieces)
    }

    /// Returns the buckets that have rows, oldest first.
    pub fn buckets(&self) -> impl Iterator<Item = DayBucket> {
        self.rows_by_bucket().into_keys()
    }

    /// Returns all sums, in memory.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read, or if there are too many texts.
    pub fn into_daily_sums(mut self) -> Result<DailySums, SpillError> {
        self.overflowed = self.overflowed();
        let mut all = std::mem::take(&mut self.daily_sums);
        self.rows.enter_into(&mut all);
        for (bucket, written) in &self.written {
            for piece in &written.pieces {
                piece.enter_into(&mut all, *bucket)?;
            }
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
        let mut all: BTreeMap<DayBucket, u64> =
            self.written.iter().map(|(bucket, written)| (*bucket, written.rows)).collect();
        for (bucket, rows) in self.daily_sums.rows_by_bucket().chain(self.rows.rows_by_bucket()) {
            *all.entry(bucket).or_default() += rows;
        }
        all
    }

    /// Moves the rows in memory to the file. If that fails, all of them stay.
    fn write(&mut self) -> io::Result<()> {
        let (file, mut end) = match self.file.take() {
            Some(file) => file,
            None => (Arc::new(tempfile::tempfile()?), 0),
        };
        let (mut written, mut places) = (Vec::new(), SymbolRemap::default());
        for (bucket, rows) in self.rows.rows_by_bucket() {
            let mut put = |extract: &BucketExport<'_>| -> io::Result<Extracted> {
                let bytes = postcard::to_allocvec(extract).map_err(io::Error::other)?;
                file.write_all_at(&bytes, end)?;
                let extracted = Extracted { file: file.clone(), at: end, length: bytes.len() };
                end += bytes.len() as u64;
                Ok(extracted)
            };
            let items = put(&self.rows.items(bucket, &mut places))?;
            let resources = put(&self.rows.resources(bucket, &mut places))?;
            written.push((bucket, Written { rows, pieces: vec![Piece { items, resources }] }));
        }
        for (bucket, of_bucket) in written {
            self.written.entry(bucket).or_default().absorb(of_bucket);
        }
        self.file = Some((file, end));
        self.rows.clear();
        Ok(())
    }
}

impl Written {
    fn absorb(&mut self, other: Self) {
        self.rows += other.rows;
        self.pieces.extend(other.pieces);
    }
}

impl Piece {
    fn enter_into(&self, daily_sums: &mut DailySums, bucket: DayBucket) -> Result<(), SpillError> {
        self.items.enter_into(daily_sums, bucket)?;
        self.resources.enter_into(daily_sums, bucket)
    }
}

impl Extracted {
    /// Reads what was written, and adds it to a bucket.
    fn enter_into(&self, daily_sums: &mut DailySums, bucket: DayBucket) -> Result<(), SpillError> {
        let mut bytes = vec![0; self.length];
        let read = self.file.read_exact_at(&mut bytes, self.at);
        read.map_err(|error| SpillError::Unreadable(error.to_string()))?;
        let extract = postcard::from_bytes(&bytes);
        daily_sums
            .enter(bucket, &extract.map_err(|error| SpillError::Unreadable(error.to_string()))?);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
