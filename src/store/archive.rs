//! What is stored of one scope: its books, its days, and how its last poll went.

use std::fmt::Display;
use std::io;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use redb::{Database, ReadableDatabase, ReadableTable, Table};
use serde::{Deserialize, Serialize};
use tracing::debug;

use super::Error;
use super::code::{decode, encode, encode_in_pieces};
use super::file::Store;
use super::tables::{BOOKS, DAYS, DayKey, POLLS};
use super::unwritten::Unwritten;
use crate::billing::books::Books;
use crate::billing::ledger::{Ledger, Part, Slot};
use crate::billing::scope::ScopeId;

/// The days of a scope: in the store, and in memory as far as they are not written.
#[derive(Debug, Default)]
pub struct Archive {
    /// Without one all days stay with this process.
    store: Option<Arc<Store>>,
    /// The identity of the scope: days belong to it whatever it is called.
    scope: String,
    unwritten: Unwritten,
    /// Whether the store holds what is not unwritten. If not, it is emptied first.
    based: bool,
}

/// What a restart must still know about polling.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PollRecord {
    /// When the last poll began.
    pub began: Timestamp,
    /// How long it took.
    pub took: Duration,
    /// Why it failed: the reason of the metric, and what the log said.
    pub failure: Option<(String, String)>,
    /// When the last successful one ended.
    pub last_success: Option<Timestamp>,
    /// Its rows.
    pub rows: Option<u64>,
}

/// What the store knew of a scope.
#[derive(Debug, Default)]
pub struct Restored {
    /// Its books.
    pub books: Option<Books>,
    /// How its last poll went.
    pub poll: Option<PollRecord>,
}

impl Archive {
    /// In memory alone.
    pub fn in_memory(scope: &ScopeId) -> Self {
        let scope = scope.to_string();
        Self { store: None, scope, unwritten: Unwritten::default(), based: false }
    }

    /// What a store has of a scope: nothing, where it cannot be opened.
    ///
    /// # Errors
    /// When it has something that cannot be read. The archive goes on from nothing.
    pub fn open(store: Arc<Store>, scope: &ScopeId) -> (Self, Result<Restored, String>) {
        let mut archive = Self { store: Some(store.clone()), ..Self::in_memory(scope) };
        let read = store.using(|database| stored(database, &archive.scope));
        let read = read.unwrap_or_else(|what| {
            // Told when the store was opened.
            debug!(scope = archive.scope, "nothing is restored: {what}");
            (None, None)
        });
        let restored = Ok(read).and_then(|(books, poll): (Bytes, Bytes)| {
            let books = books.map(|bytes| decode::<Books>(&bytes)).transpose()?;
            Ok(Restored { books, poll: poll.map(|bytes| decode(&bytes)).transpose()? })
        });
        archive.based = restored.as_ref().is_ok_and(|restored| restored.books.is_some());
        (archive, restored)
    }

    /// The rows of a slot that is part of the books, part by part: in as many as they were put.
    ///
    /// # Errors
    /// [`Error::Lost`] when they cannot be read: without them the books cannot go on.
    pub fn day(&self, slot: Slot, mut each: impl FnMut(&Ledger)) -> Result<(), Error> {
        let lost = |what: String| Error::Lost(format!("the stored {} {what}", slot.date));
        let unreadable = |what: &dyn Display| lost(format!("cannot be read: {what}"));
        if self.unwritten.contains(slot) {
            for part in self.unwritten.parts(slot) {
                let part = part.map_err(|error| unreadable(&error))?;
                each(&decode(&part).map_err(lost)?);
            }
            return Ok(());
        }
        let Some(store) = self.store.as_ref().filter(|_| self.based) else {
            return Err(lost("is missing".to_owned()));
        };
        let read = store.using(|database| {
            let days = database.begin_read()?.open_table(DAYS)?;
            let mut found = Err("is missing".to_owned());
            for part in days.range(parts_of(&self.scope, slot, &slot.date.to_string()))? {
                found = decode(part?.1.value()).map(|part| each(&part));
                if found.is_err() {
                    break;
                }
            }
            Ok(found)
        });
        read.map_err(|what| unreadable(&what))?.map_err(lost)
    }

    /// Rows that are put from now on take the place of those of their slot; written with the next
    /// commit.
    pub(super) fn begin(&mut self, slot: Slot) {
        self.unwritten.begin(slot);
    }

    /// Puts some rows of a slot that was begun. A day without rows has a part without any.
    ///
    /// # Errors
    /// [`Error::Lost`] when they cannot be kept at all, which is a bug.
    pub(super) fn put(&mut self, slot: Slot, part: &Ledger) -> Result<(), Error> {
        self.unwritten.push(slot, encode(part).map_err(Error::Lost)?);
        Ok(())
    }

    /// Writes what is not written, and the books that belong to it, at once or not at all. Days that
    /// the books do not know are removed.
    ///
    /// # Errors
    /// [`Error::Unwritten`] when the disk refuses: all stays in memory. [`Error::Lost`] when the
    /// store has lost days that it was trusted with.
    pub fn commit(&mut self, books: &Books) -> Result<(), Error> {
        self.unwritten.retain(|slot| books.knows_slot(slot));
        let Some(store) = &self.store else { return Ok(()) };
        debug!(scope = self.scope, days = self.unwritten.len(), "committing");
        let written = store.using(|database| self.write(database, books));
        match written {
            Ok(true) => {
                debug!(scope = self.scope, "committed");
                self.unwritten.clear();
                self.based = true;
                Ok(())
            }
            Ok(false) => Err(Error::Lost("stored days are missing".to_owned())),
            Err(what) => Err(Error::Unwritten(what)),
        }
    }

    /// Whether all days of the books are there in the end. If not, nothing is written.
    fn write(&self, database: &Database, books: &Books) -> Result<bool, redb::Error> {
        let writing = database.begin_write()?;
        let mut missing = books.known_slots();
        {
            let mut days = writing.open_table(DAYS)?;
            let all = || (self.scope.as_str(), "", 0, 0)..=(self.scope.as_str(), "\u{7f}", 0, 0);
            days.retain_in(all(), |(_, date, part, _), _| {
                let is_kept = |slot| books.knows_slot(slot) && !self.unwritten.contains(slot);
                self.based && slot(date, part).is_some_and(is_kept)
            })?;
            for slot in self.unwritten.slots() {
                let date = slot.date.to_string();
                for (number, bytes) in (0..).zip(self.unwritten.parts(slot)) {
                    days.insert(key(&self.scope, slot, &date, number), bytes?.as_slice())?;
                }
            }
            for entry in days.range(all())? {
                let (_, _, _, number) = entry?.0.value();
                missing = missing.saturating_sub(usize::from(number == 0));
            }
            self.write_books(books, writing.open_table(BOOKS)?)?;
        }
        if missing > 0 {
            writing.abort()?;
            return Ok(false);
        }
        writing.commit()?;
        Ok(true)
    }

    fn write_books(
        &self,
        books: &Books,
        mut pieces: Table<'_, (&'static str, u32), &'static [u8]>,
    ) -> Result<(), redb::Error> {
        pieces.retain_in(pieces_of(&self.scope), |_, _| false)?;
        let (mut number, mut refused) = (0, None);
        let written = encode_in_pieces(books, |piece| {
            let inserted = pieces.insert((self.scope.as_str(), number), piece);
            number += 1;
            refused = inserted.err();
            refused.as_ref().map_or(Ok(()), |_| Err(io::Error::other("refused")))
        });
        match refused {
            Some(refused) => Err(refused.into()),
            None => written.map_err(|what| redb::Error::Io(io::Error::other(what))),
        }
    }

    /// Begins anew: what is stored is not trusted any more, and replaced by the next commit.
    pub fn distrust(&mut self) {
        self.unwritten.clear();
        self.based = false;
    }
}

impl Store {
    /// Writes how a poll of a scope went.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn record(&self, scope: &ScopeId, poll: &PollRecord) -> Result<(), String> {
        let encoded = encode(poll)?;
        self.using(|database| {
            let writing = database.begin_write()?;
            writing.open_table(POLLS)?.insert(scope.to_string().as_str(), encoded.as_slice())?;
            writing.commit()?;
            Ok(())
        })
    }
}

type Bytes = Option<Vec<u8>>;

fn stored(database: &Database, scope: &str) -> Result<(Bytes, Bytes), redb::Error> {
    let reading = database.begin_read()?;
    let mut books = None;
    for piece in reading.open_table(BOOKS)?.range(pieces_of(scope))? {
        books.get_or_insert_with(Vec::new).extend_from_slice(piece?.1.value());
    }
    let poll = reading.open_table(POLLS)?.get(scope)?.map(|bytes| bytes.value().to_vec());
    Ok((books, poll))
}

fn pieces_of(scope: &str) -> RangeInclusive<(&str, u32)> {
    (scope, 0)..=(scope, u32::MAX)
}

fn key<'a>(scope: &'a str, slot: Slot, date: &'a str, number: u32) -> DayKey<'a> {
    (scope, date, slot.part as u8, number)
}

fn parts_of<'a>(scope: &'a str, slot: Slot, date: &'a str) -> RangeInclusive<DayKey<'a>> {
    key(scope, slot, date, 0)..=key(scope, slot, date, u32::MAX)
}

fn slot(date: &str, part: u8) -> Option<Slot> {
    let part = *Part::ALL.get(usize::from(part))?;
    Some(Slot { date: date.parse().ok()?, part })
}
