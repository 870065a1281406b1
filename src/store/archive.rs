//! The stored data of one scope: its totals, its days, and the record of its last poll.

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
use super::pending_writes::PendingWrites;
use super::tables::{DAYS, DayKey, POLLS, SOURCES, TOTALS};
use crate::billing::daily_sums::{DailySums, Dated, DayBucket};
use crate::billing::scope::ScopeId;
use crate::billing::scope_totals::ScopeTotals;

/// The days of a scope: in the store, and in memory until they are written.
#[derive(Debug, Default)]
pub struct Archive {
    /// The store; without one, all days stay in this process.
    store: Option<Arc<Store>>,
    /// The identity of the scope: days belong to it, whatever its name is.
    scope: String,
    pending_writes: PendingWrites,
    /// True if the store has all days that are not pending. Otherwise the next commit empties it
    /// first.
    based: bool,
}

/// The facts about polling that must survive a restart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PollRecord {
    /// The time at which the last poll began.
    pub began: Timestamp,
    /// The duration of that poll.
    pub took: Duration,
    /// The reason if it failed: that of the metric, and the message in the log.
    pub failure: Option<(String, String)>,
    /// The time at which the last successful poll ended.
    pub last_success: Option<Timestamp>,
    /// The number of rows of that successful poll.
    pub rows: Option<u64>,
}

/// The data of a scope that the store had.
#[derive(Debug, Default)]
pub struct Restored {
    /// Its totals.
    pub scope_totals: Option<ScopeTotals>,
    /// What was learnt of its sources.
    pub source_memory: Option<Vec<u8>>,
    /// The record of its last poll.
    pub poll: Option<PollRecord>,
}

impl Archive {
    /// Creates an archive in memory alone.
    pub fn in_memory(scope: &ScopeId) -> Self {
        let scope = scope.to_string();
        Self { store: None, scope, pending_writes: PendingWrites::default(), based: false }
    }

    /// Opens the archive of a scope, and returns what the store has of it: nothing, if the store
    /// cannot be opened.
    ///
    /// # Errors
    /// Returns an error if stored data cannot be read. The archive then starts empty.
    pub fn open(store: Arc<Store>, scope: &ScopeId) -> (Self, Result<Restored, String>) {
        let mut archive = Self { store: Some(store.clone()), ..Self::in_memory(scope) };
        let read = store.using(|database| stored(database, &archive.scope));
        let read = read.unwrap_or_else(|what| {
            // The error was logged when the store was opened.
            debug!(scope = archive.scope, "nothing is restored: {what}");
            Stored::default()
        });
        let restored = Ok(read).and_then(|Stored { totals, source_memory, poll }| {
            let scope_totals = totals.map(|bytes| decode::<ScopeTotals>(&bytes)).transpose()?;
            let poll = poll.map(|bytes| decode(&bytes)).transpose()?;
            Ok(Restored { scope_totals, source_memory, poll })
        });
        archive.based = restored.as_ref().is_ok_and(|restored| restored.scope_totals.is_some());
        (archive, restored)
    }

    /// Passes the sums of a bucket that is part of the totals, in the parts in which they were put.
    ///
    /// # Errors
    /// Returns [`Error::Lost`] if they cannot be read: without them the totals are unusable.
    pub fn day(&self, bucket: DayBucket, mut each: impl FnMut(&DailySums)) -> Result<(), Error> {
        let lost = |what: String| Error::Lost(format!("the stored {} {what}", bucket.date));
        let unreadable = |what: &dyn Display| lost(format!("cannot be read: {what}"));
        if self.pending_writes.contains(bucket) {
            for part in self.pending_writes.parts(bucket) {
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
            for part in days.range(parts_of(&self.scope, bucket, &bucket.date.to_string()))? {
                found = decode(part?.1.value()).map(|part| each(&part));
                if found.is_err() {
                    break;
                }
            }
            Ok(found)
        });
        read.map_err(|what| unreadable(&what))?.map_err(lost)
    }

    /// Begins a bucket: the rows that are put from now on replace those it had, with the next
    /// commit.
    pub(super) fn begin(&mut self, bucket: DayBucket) {
        self.pending_writes.begin(bucket);
    }

    /// Puts some rows of a bucket that was begun. A day without rows has one part without any.
    ///
    /// # Errors
    /// Returns [`Error::Lost`] if they cannot be encoded, which is a bug.
    pub(super) fn put(&mut self, bucket: DayBucket, part: &DailySums) -> Result<(), Error> {
        self.pending_writes.push(bucket, encode(part).map_err(Error::Lost)?);
        Ok(())
    }

    /// Writes the pending days, the totals that belong to them, and what was learnt of the sources,
    /// completely or not at all. Days that are not in the totals are removed.
    ///
    /// # Errors
    /// Returns [`Error::PendingWrites`] if the disk refuses: everything stays in memory. Returns
    /// [`Error::Lost`] if the store has lost days.
    pub fn commit(
        &mut self,
        scope_totals: &ScopeTotals,
        source_memory: &[u8],
    ) -> Result<(), Error> {
        self.pending_writes.retain(|bucket| scope_totals.knows_bucket(bucket));
        let Some(store) = &self.store else { return Ok(()) };
        debug!(scope = self.scope, days = self.pending_writes.len(), "committing");
        let written = store.using(|database| self.write(database, scope_totals, source_memory));
        match written {
            Ok(true) => {
                debug!(scope = self.scope, "committed");
                self.pending_writes.clear();
                self.based = true;
                Ok(())
            }
            Ok(false) => Err(Error::Lost("stored days are missing".to_owned())),
            Err(what) => Err(Error::PendingWrites(what)),
        }
    }

    /// Returns whether the store has all days of the totals afterwards. If not, nothing is written.
    fn write(
        &self,
        database: &Database,
        scope_totals: &ScopeTotals,
        source_memory: &[u8],
    ) -> Result<bool, redb::Error> {
        let writing = database.begin_write()?;
        let mut missing = scope_totals.known_buckets();
        {
            let mut days = writing.open_table(DAYS)?;
            let all = || (self.scope.as_str(), "", 0, 0)..=(self.scope.as_str(), "\u{7f}", 0, 0);
            days.retain_in(all(), |(_, date, part, _), _| {
                let is_kept = |bucket| {
                    scope_totals.knows_bucket(bucket) && !self.pending_writes.contains(bucket)
                };
                self.based && bucket(date, part).is_some_and(is_kept)
            })?;
            for bucket in self.pending_writes.buckets() {
                let date = bucket.date.to_string();
                for (number, bytes) in (0..).zip(self.pending_writes.parts(bucket)) {
                    days.insert(key(&self.scope, bucket, &date, number), bytes?.as_slice())?;
                }
            }
            for entry in days.range(all())? {
                let (_, _, _, number) = entry?.0.value();
                missing = missing.saturating_sub(usize::from(number == 0));
            }
            self.write_totals(scope_totals, writing.open_table(TOTALS)?)?;
            writing.open_table(SOURCES)?.insert(self.scope.as_str(), source_memory)?;
        }
        if missing > 0 {
            writing.abort()?;
            return Ok(false);
        }
        writing.commit()?;
        Ok(true)
    }

    fn write_totals(
        &self,
        scope_totals: &ScopeTotals,
        mut pieces: Table<'_, (&'static str, u32), &'static [u8]>,
    ) -> Result<(), redb::Error> {
        pieces.retain_in(pieces_of(&self.scope), |_, _| false)?;
        let (mut number, mut refused) = (0, None);
        let written = encode_in_pieces(scope_totals, |piece| {
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

    /// Starts again from nothing: the next commit replaces what is stored, which is not trusted any
    /// more.
    pub fn distrust(&mut self) {
        self.pending_writes.clear();
        self.based = false;
    }
}

impl Store {
    /// Writes the record of a poll of a scope.
    ///
    /// # Errors
    /// Returns an error if the disk refuses.
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

/// The bytes that the store has of a scope.
#[derive(Default)]
struct Stored {
    totals: Option<Vec<u8>>,
    source_memory: Option<Vec<u8>>,
    poll: Option<Vec<u8>>,
}

fn stored(database: &Database, scope: &str) -> Result<Stored, redb::Error> {
    let reading = database.begin_read()?;
    let mut totals = None;
    for piece in reading.open_table(TOTALS)?.range(pieces_of(scope))? {
        totals.get_or_insert_with(Vec::new).extend_from_slice(piece?.1.value());
    }
    let source_memory = reading.open_table(SOURCES)?.get(scope)?;
    let source_memory = source_memory.map(|bytes| bytes.value().to_vec());
    let poll = reading.open_table(POLLS)?.get(scope)?.map(|bytes| bytes.value().to_vec());
    Ok(Stored { totals, source_memory, poll })
}

fn pieces_of(scope: &str) -> RangeInclusive<(&str, u32)> {
    (scope, 0)..=(scope, u32::MAX)
}

fn key<'a>(scope: &'a str, bucket: DayBucket, date: &'a str, number: u32) -> DayKey<'a> {
    (scope, date, bucket.dated as u8, number)
}

fn parts_of<'a>(scope: &'a str, bucket: DayBucket, date: &'a str) -> RangeInclusive<DayKey<'a>> {
    key(scope, bucket, date, 0)..=key(scope, bucket, date, u32::MAX)
}

fn bucket(date: &str, dated: u8) -> Option<DayBucket> {
    let dated = *Dated::ALL.get(usize::from(dated))?;
    Some(DayBucket { date: date.parse().ok()?, dated })
}
