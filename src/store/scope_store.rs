//! The totals of a scope together with its days, in which completed readings are entered.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use tracing::warn;

use super::{Archive, Error};
use crate::billing::facts::BucketFacts;
use crate::billing::period::{DayRange, Period, day_of};
use crate::billing::scope_totals::{Orphans, ScopeTotals};
use crate::billing::span::Span;
use crate::ingest::{SpillBuffer, SpillError};

/// The totals of a scope, and where its days are.
#[derive(Debug, Default)]
pub struct ScopeStore {
    /// The totals.
    pub scope_totals: ScopeTotals,
    /// The days themselves.
    pub archive: Archive,
}

/// A completed reading, which can be entered.
pub struct CompletedRead {
    /// The span that was read.
    pub span: Span,
    /// The sums of its rows.
    pub rows: SpillBuffer,
    /// Facts about its rows besides their sums.
    pub facts: BucketFacts,
    /// The time at which the reading began.
    pub began: Timestamp,
}

fn lost(error: SpillError) -> Error {
    Error::Lost(error.to_string())
}

/// The policy of how long days are kept, and when they are complete.
#[derive(Clone, Copy)]
pub struct RetentionPolicy {
    /// The first day that is kept by itself.
    pub since: Date,
    /// The time after its end from which on a day is read whole.
    pub complete_after: SignedDuration,
}

impl ScopeStore {
    /// Enters a completed reading in the totals, and stores both, with what was learnt of the
    /// sources in the form of whoever learnt it.
    ///
    /// # Errors
    /// After [`Error::PendingWrites`] it is entered nevertheless. After [`Error::Lost`] the totals
    /// must not be used: see [`ScopeStore::forget`].
    pub fn keep(
        &mut self,
        answer: &CompletedRead,
        source_memory: &[u8],
        keeping: RetentionPolicy,
    ) -> Result<(), Error> {
        self.enter(answer, keeping)?;
        self.commit(source_memory)
    }

    /// Enters a completed reading in the totals. It is stored with the next commit.
    ///
    /// # Errors
    /// After [`Error::Lost`] the totals must not be used: see [`ScopeStore::forget`].
    pub fn enter(&mut self, answer: &CompletedRead, keeping: RetentionPolicy) -> Result<(), Error> {
        let CompletedRead { span, rows, facts, began } = answer;
        let mut orphans = self.scope_totals.begin(Period::of(day_of(*began)), *span);
        let mut suspect = Vec::new();
        for bucket in self.scope_totals.buckets(*span, rows.buckets(), *began) {
            let items = rows.items(bucket).map_err(lost)?;
            if self.scope_totals.suspects(bucket, &items, *began, keeping.complete_after) {
                suspect.push(bucket.date);
                continue;
            }
            if self.scope_totals.knows_bucket(bucket) {
                let scope_totals = &mut self.scope_totals;
                self.archive.day(bucket, |old| scope_totals.take_out(bucket, old, &mut orphans))?;
            }
            let is_kept = bucket.date >= keeping.since;
            if is_kept {
                self.archive.begin(bucket);
            }
            for part in rows.parts(bucket) {
                let part = part.map_err(lost)?;
                self.scope_totals.put_in(bucket, &part, &mut orphans);
                if is_kept {
                    self.archive.put(bucket, &self.scope_totals.worth_keeping(bucket, part))?;
                }
            }
            let facts = facts.get(&bucket).cloned().unwrap_or_default();
            let read = (*began, keeping.complete_after);
            self.scope_totals.put_summary(bucket, &items, facts, read);
        }
        self.find_names(orphans, keeping.since)?;
        self.scope_totals.finish(*span, *began);
        if self.scope_totals.overflowed() {
            return Err(lost(SpillError::TooManyTexts));
        }
        self.scope_totals.forget_before(keeping.since, keeping.complete_after);
        if let Some((first, last)) = suspect.first().zip(suspect.last()) {
            let range = DayRange { first: *first, last: *last };
            warn!(
                days = suspect.len(), between = %range,
                "Azure returned much less than before, or much more for complete days; the old costs of these days stay until a second answer agrees"
            );
        }
        Ok(())
    }

    /// Looks up lost names on older days.
    fn find_names(&mut self, mut orphans: Orphans, since: Date) -> Result<(), Error> {
        let buckets =
            if orphans.is_empty() { Vec::new() } else { self.scope_totals.name_buckets(since) };
        for day in buckets.chunk_by(|one, other| one.date == other.date) {
            for bucket in day {
                let scope_totals = &mut self.scope_totals;
                self.archive.day(*bucket, |part| scope_totals.name(*bucket, part, &mut orphans))?;
            }
            self.scope_totals.named(&mut orphans);
            if orphans.is_empty() {
                break;
            }
        }
        Ok(())
    }

    /// Stores the totals, with what was entered since the last commit.
    ///
    /// # Errors
    /// As [`ScopeStore::keep`].
    pub fn commit(&mut self, source_memory: &[u8]) -> Result<(), Error> {
        self.archive.commit(&self.scope_totals, source_memory)
    }

    /// Starts again from nothing, because stored days cannot be read any more.
    pub fn forget(&mut self) {
        self.scope_totals = ScopeTotals::default();
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
    use crate::billing::daily_sums::{DayBucket, TagKeys};
    use crate::billing::scope::{CostType, ScopeId, ScopeType};

    const BUCKET: DayBucket =
        DayBucket { date: date(2026, 11, 1), dated: crate::billing::daily_sums::Dated::InDay };

    fn scope() -> ScopeId {
        ScopeId { scope_type: ScopeType::Department, id: "1".to_owned(), cost: CostType::Actual }
    }

    /// Returns a reading with a page for each number, which has so many resources.
    fn answer(pages: &[usize], began: &str) -> CompletedRead {
        let mut rows = SpillBuffer::new(&TagKeys::default());
        for (page, resources) in pages.iter().enumerate() {
            for number in 0..*resources {
                let id = format!("/subscriptions/s/resourceGroups/g/x/{page}-{number}");
                rows.push(&Charge { instance_id: id.into(), ..Charge::default() }, BUCKET);
            }
            rows.commit_page();
        }
        let span = Span::Days(DayRange { first: BUCKET.date, last: BUCKET.date });
        let (facts, began) = (BucketFacts::new(), began.parse().unwrap());
        CompletedRead { span, rows, facts, began }
    }

    #[test]
    fn more_texts_than_there_is_room_for_are_refused_and_not_confused_with_others() {
        // A kilobyte for each resource: in tests 16 MiB fit.
        let long = |resources: std::ops::Range<usize>| {
            let mut rows = SpillBuffer::new(&TagKeys::default());
            for number in resources {
                let id = format!("{number:01000}");
                rows.push(&Charge { instance_id: id.into(), ..Charge::default() }, BUCKET);
            }
            rows.commit_page();
            rows
        };
        let says = "more than 2 GB of different texts";
        let too_long = long(0..18_000);
        assert!(too_long.overflowed() && !long(0..9_000).overflowed());
        assert_eq!(too_long.items(BUCKET).unwrap_err().to_string(), says);
        assert_eq!(too_long.into_daily_sums().unwrap_err().to_string(), says);
        let mut scope_store = ScopeStore::default();
        let keeping =
            RetentionPolicy { since: BUCKET.date, complete_after: SignedDuration::from_hours(72) };
        let answer = CompletedRead { rows: long(0..9_000), ..answer(&[], "2026-11-01T10:00:00Z") };
        scope_store.keep(&answer, &[], keeping).unwrap();
        // For a moment the texts of both are there.
        let others = CompletedRead { rows: long(9_000..18_000), ..answer };
        let lost = scope_store.keep(&others, &[], keeping);
        assert!(matches!(lost, Err(Error::Lost(what)) if what == says));
    }

    fn stored(archive: &Archive) -> Vec<u64> {
        let mut parts = Vec::new();
        archive.day(BUCKET, |part| parts.push(part.rows())).unwrap();
        parts
    }

    #[test]
    fn a_long_day_is_stored_in_parts_and_a_shorter_one_leaves_none_of_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.redb");
        let open = || {
            let store = Store::open(&path, Box::new(|| Timestamp::UNIX_EPOCH)).unwrap();
            let (archive, restored) = Archive::open(Arc::new(store), &scope());
            ScopeStore { scope_totals: restored.unwrap().scope_totals.unwrap_or_default(), archive }
        };
        let keeping =
            RetentionPolicy { since: BUCKET.date, complete_after: SignedDuration::from_hours(72) };
        let mut scope_store = open();
        scope_store.keep(&answer(&[8_100, 100], "2026-11-01T10:00:00Z"), &[], keeping).unwrap();
        let parts = stored(&scope_store.archive);
        assert_eq!((parts.len(), parts.iter().sum()), (2, 8_200), "more than one part holds");
        drop(scope_store);
        let mut scope_store = open();
        assert_eq!(stored(&scope_store.archive), parts);
        scope_store.keep(&answer(&[7_000], "2026-11-01T11:00:00Z"), &[], keeping).unwrap();
        assert_eq!(stored(&scope_store.archive), [7_000]);
        assert_eq!(scope_store.scope_totals.rows_of(BUCKET.date), Some(7_000));
        drop(scope_store);
        let mut scope_store = open();
        assert_eq!(stored(&scope_store.archive), [7_000]);
        // A day without rows is stored as well, once a second answer agrees that it has none.
        for began in ["2026-11-01T12:00:00Z", "2026-11-01T13:00:00Z"] {
            scope_store.keep(&answer(&[], began), &[], keeping).unwrap();
        }
        assert_eq!(
            (stored(&scope_store.archive), scope_store.scope_totals.rows_of(BUCKET.date)),
            (vec![0], Some(0))
        );
        drop(scope_store);
        assert_eq!(stored(&open().archive), [0]);
    }
}
