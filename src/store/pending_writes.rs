//! Encoded days that the store does not have yet, in their parts. Those of a long reading are too
//! large for memory, so they are in an unnamed temporary file. If none can be made, they stay in
//! memory.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use tracing::debug;

use crate::billing::daily_sums::DayBucket;

/// The maximum number of bytes that stay in memory: enough for the days of most enrollments.
const MOST_IN_MEMORY: usize = 1024 * 1024;
/// The maximum number of bytes of replaced days that may remain in the file.
const MOST_WASTE: u64 = 32 * 1024 * 1024;

/// Encoded days by bucket.
#[derive(Debug, Default)]
pub(super) struct PendingWrites {
    days: BTreeMap<DayBucket, Vec<Place>>,
    in_memory: usize,
    file: Option<File>,
    end: u64,
}

#[derive(Debug)]
enum Place {
    Memory(Vec<u8>),
    File { at: u64, length: usize },
}

impl Place {
    fn length(&self) -> usize {
        match self {
            Self::Memory(bytes) => bytes.len(),
            Self::File { length, .. } => *length,
        }
    }
}

impl PendingWrites {
    /// Begins a bucket, without the parts it had.
    pub(super) fn begin(&mut self, bucket: DayBucket) {
        self.remove(bucket);
        self.days.insert(bucket, Vec::new());
    }

    /// Adds a part to a bucket that was begun.
    pub(super) fn push(&mut self, bucket: DayBucket, bytes: Vec<u8>) {
        let place = if self.in_memory + bytes.len() <= MOST_IN_MEMORY {
            Place::Memory(bytes)
        } else {
            self.write(&bytes).unwrap_or_else(|error| {
                debug!("days stay in memory, no temporary file can be used: {error}");
                Place::Memory(bytes)
            })
        };
        if let Place::Memory(bytes) = &place {
            self.in_memory += bytes.len();
        }
        self.days.entry(bucket).or_default().push(place);
    }

    pub(super) fn contains(&self, bucket: DayBucket) -> bool {
        self.days.contains_key(&bucket)
    }

    /// Returns the parts of a bucket; none if it is not pending.
    pub(super) fn parts(&self, bucket: DayBucket) -> impl Iterator<Item = io::Result<Vec<u8>>> {
        self.days.get(&bucket).into_iter().flatten().map(|place| self.read(place))
    }

    /// Returns all buckets, oldest first.
    pub(super) fn buckets(&self) -> impl Iterator<Item = DayBucket> {
        self.days.keys().copied()
    }

    pub(super) fn len(&self) -> usize {
        self.days.len()
    }

    /// Removes the buckets that are no longer known.
    pub(super) fn retain(&mut self, mut known: impl FnMut(DayBucket) -> bool) {
        let gone: Vec<DayBucket> =
            self.days.keys().copied().filter(|bucket| !known(*bucket)).collect();
        gone.into_iter().for_each(|bucket| self.remove(bucket));
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    fn remove(&mut self, bucket: DayBucket) {
        for place in self.days.remove(&bucket).into_iter().flatten() {
            if let Place::Memory(bytes) = place {
                self.in_memory -= bytes.len();
            }
        }
    }

    fn read(&self, place: &Place) -> io::Result<Vec<u8>> {
        match (place, &self.file) {
            (Place::Memory(bytes), _) => Ok(bytes.clone()),
            (Place::File { at, length }, Some(file)) => {
                let mut bytes = vec![0; *length];
                file.read_exact_at(&mut bytes, *at)?;
                Ok(bytes)
            }
            (Place::File { .. }, None) => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<Place> {
        let live: usize = self.days.values().flatten().map(Place::length).sum();
        if self.end > live as u64 + MOST_WASTE {
            self.tidy()?;
        }
        let file = match self.file.take() {
            Some(file) => file,
            None => tempfile::tempfile()?,
        };
        let file = self.file.insert(file);
        file.write_all_at(bytes, self.end)?;
        let place = Place::File { at: self.end, length: bytes.len() };
        self.end += bytes.len() as u64;
        Ok(place)
    }

    /// Moves what is still needed to a new file.
    fn tidy(&mut self) -> io::Result<()> {
        let (file, mut end, mut moved) = (tempfile::tempfile()?, 0, Vec::new());
        for (bucket, parts) in &self.days {
            for (number, place) in parts.iter().enumerate() {
                if let Place::File { length, .. } = place {
                    file.write_all_at(&self.read(place)?, end)?;
                    moved.push((*bucket, number, Place::File { at: end, length: *length }));
                    end += *length as u64;
                }
            }
        }
        for (bucket, number, place) in moved {
            if let Some(old) = self.days.get_mut(&bucket).and_then(|parts| parts.get_mut(number)) {
                *old = place;
            }
        }
        (self.file, self.end) = (Some(file), end);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn day(day: i8) -> DayBucket {
        DayBucket::own(date(2026, 11, day))
    }

    #[test]
    fn days_come_back_from_wherever_they_are_and_replaced_ones_do_not_pile_up() {
        let mut pending_writes = PendingWrites::default();
        let of = |number: u8| [vec![number; 3 * 1024 * 1024], vec![number; 100]];
        for turn in 0..8 {
            for number in 1..9 {
                pending_writes.begin(day(number));
                of(number as u8 + turn)
                    .into_iter()
                    .for_each(|part| pending_writes.push(day(number), part));
            }
        }
        assert!(pending_writes.in_memory <= MOST_IN_MEMORY);
        assert!(pending_writes.end <= MOST_WASTE + 9 * 3 * 1024 * 1024, "{}", pending_writes.end);
        pending_writes.retain(|bucket| bucket != day(3));
        assert!(!pending_writes.contains(day(3)));
        assert_eq!(pending_writes.parts(day(3)).count(), 0);
        for number in [1, 2, 4, 5, 6, 7, 8] {
            let parts: Vec<Vec<u8>> =
                pending_writes.parts(day(number)).map(|part| part.unwrap()).collect();
            assert!(parts == of(number as u8 + 7));
        }
        assert_eq!(pending_writes.buckets().count(), pending_writes.len());
        pending_writes.clear();
        assert!(!pending_writes.contains(day(1)));
    }
}
