//! Sums of buckets that were written to an unnamed temporary file, piece by piece. Pieces of the
//! open page stand behind those that count, so that a rollback forgets them.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use thiserror::Error;

use super::super::row_accumulator::{SumsView, SymbolRemap};
use crate::billing::bucket_export::BucketExport;
use crate::billing::daily_sums::{DailySums, DayBucket};
use crate::billing::period::Period;

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

/// The written pieces, in the order of the file.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    file: Option<Arc<File>>,
    pieces: Vec<Piece>,
    /// The number of pieces that count.
    committed: usize,
}

/// Sums of a bucket in a file, each part of them a [`BucketExport`] in a range of bytes.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) bucket: DayBucket,
    pub(super) rows: u64,
    file: Arc<File>,
    items: Range<u64>,
    resources: Range<u64>,
}

impl Pieces {
    /// Writes sums as pieces of the open page. After an error none of them is there.
    pub(super) fn write(&mut self, sums: SumsView<'_>) -> io::Result<()> {
        let before = self.pieces.len();
        let written = self.append(sums);
        if written.is_err() {
            self.pieces.truncate(before);
        }
        written
    }

    fn append(&mut self, sums: SumsView<'_>) -> io::Result<()> {
        let file = match &self.file {
            Some(file) => file,
            None => self.file.insert(Arc::new(tempfile::tempfile()?)),
        };
        let mut end = self.pieces.last().map_or(0, |piece| piece.resources.end);
        let mut put = |export: &BucketExport<'_>| -> io::Result<Range<u64>> {
            let bytes = postcard::to_allocvec(export).map_err(io::Error::other)?;
            file.write_all_at(&bytes, end)?;
            let start = end;
            end += bytes.len() as u64;
            Ok(start..end)
        };
        let mut places = SymbolRemap::default();
        for (bucket, rows) in sums.rows_by_bucket() {
            let items = put(&sums.items(bucket, &mut places))?;
            let resources = put(&sums.resources(bucket, &mut places))?;
            self.pieces.push(Piece { bucket, rows, file: file.clone(), items, resources });
        }
        Ok(())
    }

    /// Counts the pieces of the open page.
    pub(super) fn commit(&mut self) {
        self.committed = self.pieces.len();
    }

    /// Drops the pieces of the open page. The next ones are written over them.
    pub(super) fn rollback(&mut self) {
        self.pieces.truncate(self.committed);
    }

    /// Returns the pieces that count.
    pub(super) fn committed(&self) -> &[Piece] {
        &self.pieces[..self.committed]
    }

    /// Counts all rows in one billing period.
    pub(super) fn move_to(&mut self, period: Period) {
        for piece in &mut self.pieces {
            piece.bucket = piece.bucket.in_period(period);
        }
    }
}

impl Piece {
    /// Adds the sums by charge to daily sums.
    pub(super) fn enter_items_into(&self, daily_sums: &mut DailySums) -> Result<(), SpillError> {
        self.enter(&self.items, daily_sums)
    }

    /// Adds all sums to daily sums.
    pub(super) fn enter_into(&self, daily_sums: &mut DailySums) -> Result<(), SpillError> {
        self.enter(&self.items, daily_sums)?;
        self.enter(&self.resources, daily_sums)
    }

    fn enter(&self, range: &Range<u64>, daily_sums: &mut DailySums) -> Result<(), SpillError> {
        let unreadable = |error: &dyn ToString| SpillError::Unreadable(error.to_string());
        let length =
            usize::try_from(range.end - range.start).map_err(|error| unreadable(&error))?;
        let mut bytes = vec![0; length];
        let read = self.file.read_exact_at(&mut bytes, range.start);
        read.map_err(|error| unreadable(&error))?;
        let export = postcard::from_bytes(&bytes).map_err(|error| unreadable(&error))?;
        daily_sums.enter(self.bucket, &export);
        Ok(())
    }
}

#[cfg(test)]
impl Pieces {
    /// Replaces the file to which the next pieces are written.
    pub(super) fn write_to(&mut self, file: File) {
        self.file = Some(Arc::new(file));
    }

    /// Returns the number of pieces of the open page.
    pub(super) fn open(&self) -> usize {
        self.pieces.len() - self.committed
    }
}
