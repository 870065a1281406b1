//! The books of a scope together with its days: what a finished reading is entered in.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use tracing::warn;

use super::day::StoredDay;
use super::{Archive, Error};
use crate::billing::books::{Books, Orphans};
use crate::billing::period::{DayRange, Period, day_of};
use crate::billing::span::Span;
use crate::spool::{Spool, SpoolError};

/// What is known of a scope, and where its days are.
#[derive(Debug, Default)]
pub struct Shelf {
    /// What is known.
    pub books: Books,
    /// The days themselves.
    pub archive: Archive,
}

/// A reading that can be entered.
pub struct Answer {
    /// What it is about.
    pub span: Span,
    /// Its rows.
    pub rows: Spool,
    /// When the reading began.
    pub began: Timestamp,
    /// Whether a report gave it.
    pub by_report: bool,
}

fn lost(error: SpoolError) -> Error {
    Error::Lost(error.to_string())
}

/// How long days are kept, and from when on they are believed.
#[derive(Clone, Copy)]
pub struct Keeping {
    /// The first day that is kept by itself.
    pub since: Date,
    /// How long after its end a day is read whole.
    pub complete_after: SignedDuration,
}

impl Shelf {
    /// Enters an answer in the books and stores both.
    ///
    /// # Errors
    /// After [`Error::Unwritten`] it is entered all the same. After [`Error::Lost`] the books are
    /// not to be used: see [`Shelf::forget`].
    pub fn keep(&mut self, answer: &Answer, keeping: Keeping) -> Result<(), Error> {
        let Answer { span, rows, began, by_report } = answer;
        self.books.begin(Period::of(day_of(*began)), *span);
        let mut orphans = Orphans::default();
        let mut doubted = Vec::new();
        for slot in self.books.slots(*span, rows.slots(), *began) {
            let items = rows.items(slot).map_err(lost)?;
            if self.books.doubts(slot, &items, *began) {
                doubted.push(slot.date);
                continue;
            }
            if self.books.knows_slot(slot) {
                let books = &mut self.books;
                self.archive.day(slot, |old| books.take_out(slot, old, &mut orphans))?;
            }
            let mut day = StoredDay::default();
            for part in rows.parts(slot) {
                let part = part.map_err(lost)?;
                self.books.put_in(slot, &part, &mut orphans);
                if slot.date >= keeping.since {
                    day.push(&self.books.worth_keeping(slot, part))?;
                }
            }
            if slot.date >= keeping.since {
                self.archive.put(slot, day);
            }
            self.books.know(slot, &items, *began);
        }
        self.find_names(orphans, keeping.since)?;
        self.books.finish(*span, *began, *by_report);
        self.books.forget_before(keeping.since, keeping.complete_after);
        if let Some((first, last)) = doubted.first().zip(doubted.last()) {
            let range = DayRange { first: *first, last: *last };
            warn!(
                days = doubted.len(), between = %range,
                "Azure answered much less than before; the old costs of these days stay until a second answer agrees"
            );
        }
        self.archive.commit(&self.books)
    }

    /// Looks on older days for what is called nothing any more.
    fn find_names(&mut self, mut orphans: Orphans, since: Date) -> Result<(), Error> {
        let slots = if orphans.is_empty() { Vec::new() } else { self.books.name_slots(since) };
        for day in slots.chunk_by(|one, other| one.date == other.date) {
            for slot in day {
                let books = &mut self.books;
                self.archive.day(*slot, |part| books.name(*slot, part, &mut orphans))?;
            }
            self.books.named(&mut orphans);
            if orphans.is_empty() {
                break;
            }
        }
        Ok(())
    }

    /// Begins anew, because stored days cannot be read any more.
    pub fn forget(&mut self) {
        self.books = Books::default();
        self.archive.distrust();
    }
}
