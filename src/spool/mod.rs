//! A reading that may be longer than memory: sums by slot, which are written to a file without a
//! name whenever there are too many of them, and taken back slot by slot.
//!
//! Where no such file can be made, everything stays in memory. Nothing here outlives the process.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use jiff::civil::Date;
use thiserror::Error;
use tracing::warn;

use crate::billing::charge::Charge;
use crate::billing::gathering::{Extract, Gathering, Places};
use crate::billing::ledger::{Ledger, Part, Slot, TagKeys};
use crate::billing::period::{DayRange, Period};

/// Sums by resource that are held in memory: some 1 MB, beside their texts.
const MOST_SUMS: usize = 8_000;

/// Why there are no sums of what was read.
#[derive(Debug, Error)]
pub enum SpoolError {
    /// What was written cannot be read back.
    #[error("what was read cannot be taken back from the temporary file: {0}; is the disk full?")]
    Unreadable(String),
    /// There is no room for so many texts.
    #[error("more than 2 GB of different texts")]
    TooManyTexts,
}

/// Sums by slot, in memory and in files.
#[derive(Debug, Default)]
pub struct Spool {
    rows: Gathering,
    /// What was added up elsewhere.
    ledger: Ledger,
    written: BTreeMap<Slot, Written>,
    file: Option<(Arc<File>, u64)>,
    /// Whether no file can be made.
    in_memory: bool,
    /// Whether there was no room for a text of what was added up elsewhere.
    overflowed: bool,
}

/// What was written of a slot.
#[derive(Clone, Debug, Default)]
struct Written {
    rows: u64,
    pieces: Vec<Piece>,
}

/// Sums of a slot in a file.
#[derive(Clone, Debug)]
struct Piece {
    items: Extracted,
    resources: Extracted,
}

/// An extract in a file.
#[derive(Clone, Debug)]
struct Extracted {
    file: Arc<File>,
    at: u64,
    length: usize,
}

impl Spool {
    /// Empty.
    pub fn new(tag_keys: &TagKeys) -> Self {
        let rows = Gathering::new(tag_keys.clone());
        Self { rows, ledger: Ledger::new(tag_keys.clone()), ..Self::default() }
    }

    /// Notes a row of a page or part, which counts once that was read to its end.
    pub fn note(&mut self, charge: &Charge<'_>, slot: Slot) {
        self.rows.note(charge, slot);
    }

    /// The page or part broke off: what was noted of it does not count.
    pub fn discard(&mut self) {
        self.rows.discard();
    }

    /// The page or part was read to its end: what was noted of it counts. Writes what is more than
    /// memory may hold.
    pub fn count(&mut self) {
        self.rows.count();
        if self.rows.sums() > MOST_SUMS {
            self.settle();
        }
    }

    /// No row comes any more: a long reading makes room for those who look at it.
    pub fn finish(&mut self) {
        if !self.written.is_empty() {
            self.settle();
        }
        self.rows.finish();
    }

    /// Returns whether what was read has more texts than there is room for.
    pub fn overflowed(&self) -> bool {
        self.overflowed || self.rows.overflowed() || self.ledger.overflowed()
    }

    /// Adds another reading.
    pub fn adopt(&mut self, mut other: Self) {
        self.overflowed |= other.overflowed();
        other.settle();
        for (slot, theirs) in other.written {
            self.written.entry(slot).or_default().absorb(theirs);
        }
        // Empty where there are files.
        other.rows.enter_into(&mut self.ledger);
        self.ledger.absorb(&other.ledger);
    }

    /// Moves what is in memory to the file, if there can be one.
    fn settle(&mut self) {
        if self.in_memory {
            return;
        }
        if let Err(error) = self.write() {
            warn!("long readings stay in memory, no temporary file can be used: {error}");
            self.in_memory = true;
        }
    }

    /// Takes all rows for those of a period: what is dated elsewhere is its guests.
    pub fn into_period(mut self, period: Period) -> Self {
        self.rows = self.rows.into_period(period);
        self.ledger = self.ledger.into_period(period);
        for (slot, theirs) in std::mem::take(&mut self.written) {
            self.written.entry(slot.in_period(period)).or_default().absorb(theirs);
        }
        self
    }

    /// What the rows of a slot were billed for, whatever resource it was; empty where there are none.
    ///
    /// # Errors
    /// When the file cannot be read, or there are too many texts.
    pub fn items(&self, slot: Slot) -> Result<Ledger, SpoolError> {
        let mut sums = self.ledger.only(slot);
        sums.enter(slot, &self.rows.items(slot, &mut Places::default()));
        for piece in self.pieces(slot) {
            piece.items.enter_into(&mut sums, slot)?;
        }
        self.with_room(sums)
    }

    /// The sums of a slot, in as many parts as it takes so that none is large; one without rows where
    /// there are none.
    ///
    /// # Errors
    /// When the file cannot be read, or there are too many texts.
    pub fn parts(&self, slot: Slot) -> impl Iterator<Item = Result<Ledger, SpoolError>> {
        let mut in_memory = self.ledger.only(slot);
        self.rows.enter_slot_into(&mut in_memory, slot, &mut Places::default());
        let pieces = self.pieces(slot);
        let in_memory = Some(in_memory).filter(|sums| sums.rows() > 0 || pieces.is_empty());
        let written = pieces.iter().map(move |piece| {
            let mut sums = Ledger::new(self.ledger.tag_keys().clone());
            piece.enter_into(&mut sums, slot)?;
            self.with_room(sums)
        });
        in_memory.into_iter().map(|sums| self.with_room(sums)).chain(written)
    }

    fn with_room(&self, sums: Ledger) -> Result<Ledger, SpoolError> {
        if self.overflowed() || sums.overflowed() {
            return Err(SpoolError::TooManyTexts);
        }
        Ok(sums)
    }

    fn pieces(&self, slot: Slot) -> &[Piece] {
        self.written.get(&slot).map_or(&[], |written| &written.pieces)
    }

    /// The slots that have rows, oldest first.
    pub fn slots(&self) -> impl Iterator<Item = Slot> {
        self.rows_by_slot().into_keys()
    }

    /// All of it, in memory.
    ///
    /// # Errors
    /// When the file cannot be read, or there are too many texts.
    pub fn into_ledger(mut self) -> Result<Ledger, SpoolError> {
        self.overflowed = self.overflowed();
        let mut all = std::mem::take(&mut self.ledger);
        self.rows.enter_into(&mut all);
        for (slot, written) in &self.written {
            for piece in &written.pieces {
                piece.enter_into(&mut all, *slot)?;
            }
        }
        self.with_room(all)
    }

    /// Rows by the day they are dated on, outside of some days.
    pub fn rows_outside(&self, range: DayRange) -> BTreeMap<Date, u64> {
        let rows = self.rows_by_slot().into_iter();
        let outside = rows.filter(|(slot, _)| slot.part == Part::Own && !range.contains(slot.date));
        outside.map(|(slot, rows)| (slot.date, rows)).collect()
    }

    fn rows_by_slot(&self) -> BTreeMap<Slot, u64> {
        let mut all: BTreeMap<Slot, u64> =
            self.written.iter().map(|(slot, written)| (*slot, written.rows)).collect();
        for (slot, rows) in self.ledger.rows_by_slot().chain(self.rows.rows_by_slot()) {
            *all.entry(slot).or_default() += rows;
        }
        all
    }

    /// Moves what is in memory to the file. Where it fails all of it stays.
    fn write(&mut self) -> io::Result<()> {
        let (file, mut end) = match self.file.take() {
            Some(file) => file,
            None => (Arc::new(tempfile::tempfile()?), 0),
        };
        let (mut written, mut places) = (Vec::new(), Places::default());
        for (slot, rows) in self.rows.rows_by_slot() {
            let mut put = |extract: &Extract<'_>| -> io::Result<Extracted> {
                let bytes = postcard::to_allocvec(extract).map_err(io::Error::other)?;
                file.write_all_at(&bytes, end)?;
                let extracted = Extracted { file: file.clone(), at: end, length: bytes.len() };
                end += bytes.len() as u64;
                Ok(extracted)
            };
            let items = put(&self.rows.items(slot, &mut places))?;
            let resources = put(&self.rows.resources(slot, &mut places))?;
            written.push((slot, Written { rows, pieces: vec![Piece { items, resources }] }));
        }
        for (slot, of_slot) in written {
            self.written.entry(slot).or_default().absorb(of_slot);
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
    fn enter_into(&self, ledger: &mut Ledger, slot: Slot) -> Result<(), SpoolError> {
        self.items.enter_into(ledger, slot)?;
        self.resources.enter_into(ledger, slot)
    }
}

impl Extracted {
    /// Adds what was written to a slot.
    fn enter_into(&self, ledger: &mut Ledger, slot: Slot) -> Result<(), SpoolError> {
        let mut bytes = vec![0; self.length];
        let read = self.file.read_exact_at(&mut bytes, self.at);
        read.map_err(|error| SpoolError::Unreadable(error.to_string()))?;
        let extract = postcard::from_bytes(&bytes);
        ledger.enter(slot, &extract.map_err(|error| SpoolError::Unreadable(error.to_string()))?);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
