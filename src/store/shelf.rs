//! The books of a scope together with its days: what a finished reading is entered in.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use tracing::warn;

use super::{Archive, Error};
use crate::billing::books::{Books, Orphans};
use crate::billing::facts::SlotFacts;
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
    /// What they tell beside their sums.
    pub facts: SlotFacts,
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
        let Answer { span, rows, facts, began, by_report } = answer;
        let mut orphans = self.books.begin(Period::of(day_of(*began)), *span);
        let mut doubted = Vec::new();
        for slot in self.books.slots(*span, rows.slots(), *began) {
            let items = rows.items(slot).map_err(lost)?;
            if self.books.doubts(slot, &items, *began, keeping.complete_after) {
                doubted.push(slot.date);
                continue;
            }
            if self.books.knows_slot(slot) {
                let books = &mut self.books;
                self.archive.day(slot, |old| books.take_out(slot, old, &mut orphans))?;
            }
            let is_kept = slot.date >= keeping.since;
            if is_kept {
                self.archive.begin(slot);
            }
            for part in rows.parts(slot) {
                let part = part.map_err(lost)?;
                self.books.put_in(slot, &part, &mut orphans);
                if is_kept {
                    self.archive.put(slot, &self.books.worth_keeping(slot, part))?;
                }
            }
            let facts = facts.get(&slot).cloned().unwrap_or_default();
            self.books.know(slot, &items, facts, *began);
        }
        self.find_names(orphans, keeping.since)?;
        self.books.finish(*span, *began, *by_report);
        if self.books.overflowed() {
            return Err(lost(SpoolError::TooManyTexts));
        }
        self.books.forget_before(keeping.since, keeping.complete_after);
        if let Some((first, last)) = doubted.first().zip(doubted.last()) {
            let range = DayRange { first: *first, last: *last };
            warn!(
                days = doubted.len(), between = %range,
                "Azure answered much less than before, or of days that were complete much more; the old costs of these days stay until a second answer agrees"
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::civil::date;

    use super::super::Store;
    use super::*;
    use crate::billing::charge::Charge;
    use crate::billing::ledger::{Slot, TagKeys};
    use crate::billing::scope::{CostType, ScopeId, ScopeType};

    const SLOT: Slot = Slot { date: date(2026, 11, 1), part: crate::billing::ledger::Part::Own };

    fn scope() -> ScopeId {
        ScopeId { scope_type: ScopeType::Department, id: "1".to_owned(), cost: CostType::Actual }
    }

    /// A page for each number, with so many resources.
    fn answer(pages: &[usize], began: &str) -> Answer {
        let mut rows = Spool::new(&TagKeys::default());
        for (page, resources) in pages.iter().enumerate() {
            for number in 0..*resources {
                let id = format!("/subscriptions/s/resourceGroups/g/x/{page}-{number}");
                rows.note(&Charge { instance_id: id.into(), ..Charge::default() }, SLOT);
            }
            rows.count();
        }
        let span = Span::Days(DayRange { first: SLOT.date, last: SLOT.date });
        let (facts, began) = (SlotFacts::new(), began.parse().unwrap());
        Answer { span, rows, facts, began, by_report: false }
    }

    #[test]
    fn more_texts_than_there_is_room_for_are_refused_and_not_told_for_others() {
        // A kilobyte of each resource: tests have room for 16 MiB.
        let long = |resources: std::ops::Range<usize>| {
            let mut rows = Spool::new(&TagKeys::default());
            for number in resources {
                let id = format!("{number:01000}");
                rows.note(&Charge { instance_id: id.into(), ..Charge::default() }, SLOT);
            }
            rows.count();
            rows
        };
        let says = "more than 2 GB of different texts";
        let too_long = long(0..18_000);
        assert!(too_long.overflowed() && !long(0..9_000).overflowed());
        assert_eq!(too_long.items(SLOT).unwrap_err().to_string(), says);
        let mut adopted = Spool::new(&TagKeys::default());
        adopted.adopt(too_long);
        assert_eq!(adopted.into_ledger().unwrap_err().to_string(), says);
        let mut shelf = Shelf::default();
        let keeping = Keeping { since: SLOT.date, complete_after: SignedDuration::from_hours(72) };
        let answer = Answer { rows: long(0..9_000), ..answer(&[], "2026-11-01T10:00:00Z") };
        shelf.keep(&answer, keeping).unwrap();
        // The texts of both are there for a moment.
        let others = Answer { rows: long(9_000..18_000), ..answer };
        let lost = shelf.keep(&others, keeping);
        assert!(matches!(lost, Err(Error::Lost(what)) if what == says));
    }

    fn stored(archive: &Archive) -> Vec<u64> {
        let mut parts = Vec::new();
        archive.day(SLOT, |part| parts.push(part.rows())).unwrap();
        parts
    }

    #[test]
    fn a_long_day_is_stored_in_parts_and_a_shorter_one_leaves_none_of_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.redb");
        let open = || {
            let store = Store::open(&path, Box::new(|| Timestamp::UNIX_EPOCH)).unwrap();
            let (archive, restored) = Archive::open(Arc::new(store), &scope());
            Shelf { books: restored.unwrap().books.unwrap_or_default(), archive }
        };
        let keeping = Keeping { since: SLOT.date, complete_after: SignedDuration::from_hours(72) };
        let mut shelf = open();
        shelf.keep(&answer(&[16_000, 100], "2026-11-01T10:00:00Z"), keeping).unwrap();
        let parts = stored(&shelf.archive);
        assert_eq!((parts.len(), parts.iter().sum()), (2, 16_100), "more than one part holds");
        drop(shelf);
        let mut shelf = open();
        assert_eq!(stored(&shelf.archive), parts);
        shelf.keep(&answer(&[14_000], "2026-11-01T11:00:00Z"), keeping).unwrap();
        assert_eq!(stored(&shelf.archive), [14_000]);
        assert_eq!(shelf.books.rows_of(SLOT.date), Some(14_000));
        drop(shelf);
        let mut shelf = open();
        assert_eq!(stored(&shelf.archive), [14_000]);
        // A day without rows is one all the same, once a second answer agrees that it has none.
        for began in ["2026-11-01T12:00:00Z", "2026-11-01T13:00:00Z"] {
            shelf.keep(&answer(&[], began), keeping).unwrap();
        }
        assert_eq!((stored(&shelf.archive), shelf.books.rows_of(SLOT.date)), (vec![0], Some(0)));
        drop(shelf);
        assert_eq!(stored(&open().archive), [0]);
    }
}
