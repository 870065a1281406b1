//! Sums of rows by bucket: by resource, by charge and by tag.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};

use foldhash::fast::RandomState;
use indexmap::IndexMap;

use super::row_keys::{PendingRow, RowKeys};
use crate::billing::daily_sums::DayBucket;
use crate::billing::interner::{Interner, Symbol};
use crate::billing::period::Period;
use crate::billing::row::{Amounts, ChargeAmounts, ResourceKey, Tag};

type Map<K, V> = HashMap<K, V, RandomState>;
/// A map in the order in which keys came, which is that of their texts: writing them in another
/// order takes twice as long.
type Ordered<K, V> = IndexMap<K, V, RandomState>;

/// Sums by bucket.
#[derive(Debug, Default)]
pub(super) struct BucketSums {
    buckets: BTreeMap<DayBucket, Sums>,
    /// Cleared sums, whose memory the next bucket reuses: growing it again costs as much as the
    /// sums.
    spare: Sums,
}

/// The sums of a bucket.
#[derive(Debug, Default)]
pub(super) struct Sums {
    /// The sums by resource, with its name.
    pub(super) resources: Ordered<ResourceKey, (Amounts, Symbol)>,
    /// The sums by the number of the charge.
    pub(super) items: Map<u32, ChargeAmounts>,
    pub(super) tags: Map<Tag, Amounts>,
}

impl BucketSums {
    /// Adds rows.
    pub(super) fn fold(&mut self, rows: &[PendingRow], keys: &RowKeys) {
        let Self { buckets, spare } = self;
        for same_bucket in rows.chunk_by(|one, other| one.bucket == other.bucket) {
            let bucket = same_bucket[0].bucket;
            let sums = buckets.entry(bucket).or_insert_with(|| std::mem::take(spare));
            for row in same_bucket {
                sums.add_resource(row.resource, row.amounts.sums, row.name, keys.strings());
                *sums.items.entry(row.item).or_default() += row.amounts;
                for tag in keys.tags(row.tags) {
                    *sums.tags.entry(*tag).or_default() += row.amounts.sums;
                }
            }
        }
    }

    /// Moves the sums of another here.
    pub(super) fn absorb(&mut self, other: &mut Self, strings: &Interner) {
        if self.buckets.is_empty() {
            std::mem::swap(self, other);
        }
        for (bucket, theirs) in std::mem::take(&mut other.buckets) {
            self.add(bucket, theirs, strings);
        }
    }

    fn add(&mut self, bucket: DayBucket, theirs: Sums, strings: &Interner) {
        match self.buckets.entry(bucket) {
            Entry::Vacant(free) => _ = free.insert(theirs),
            Entry::Occupied(mut ours) => ours.get_mut().absorb(theirs, strings),
        }
    }

    /// Counts all rows in one billing period: rows that are dated outside of it become its late
    /// rows.
    pub(super) fn into_period(self, period: Period, strings: &Interner) -> Self {
        let mut of_period = Self::default();
        for (bucket, theirs) in self.buckets {
            of_period.add(bucket.in_period(period), theirs, strings);
        }
        of_period
    }

    pub(super) fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }

    /// Returns the number of sums by resource, as a measure of the memory they take up.
    pub(super) fn resources(&self) -> usize {
        self.buckets.values().map(|sums| sums.resources.len()).sum()
    }

    /// Returns the buckets that have rows, and the number of rows.
    pub(super) fn rows_by_bucket(&self) -> impl Iterator<Item = (DayBucket, u64)> {
        self.buckets.iter().map(|(bucket, sums)| (*bucket, sums.rows()))
    }

    pub(super) fn get(&self, bucket: DayBucket) -> Option<&Sums> {
        self.buckets.get(&bucket)
    }

    /// Removes the sums, and keeps some of the memory.
    pub(super) fn clear(&mut self) {
        let buckets = std::mem::take(&mut self.buckets).into_values();
        if let Some(largest) = buckets.max_by_key(|sums| sums.resources.capacity()) {
            self.spare = largest;
            self.spare.clear();
        }
    }

    /// Frees the memory that was kept for more rows.
    pub(super) fn finish(&mut self) {
        self.spare = Sums::default();
    }
}

impl Sums {
    /// Adds rows of a resource. If rows of a day disagree on its name, the spelling that sorts
    /// first wins, as in `billing::names`.
    fn add_resource(
        &mut self,
        resource: ResourceKey,
        amounts: Amounts,
        name: Symbol,
        strings: &Interner,
    ) {
        let (sum, known) = self.resources.entry(resource).or_insert((Amounts::default(), name));
        *sum += amounts;
        if *known != name {
            let (mine, theirs) = (strings.get(name), strings.get(*known));
            if !mine.is_empty() && (theirs.is_empty() || mine < theirs) {
                *known = name;
            }
        }
    }

    fn absorb(&mut self, theirs: Self, strings: &Interner) {
        for (resource, (amounts, name)) in theirs.resources {
            self.add_resource(resource, amounts, name, strings);
        }
        for (item, amounts) in theirs.items {
            *self.items.entry(item).or_default() += amounts;
        }
        for (tag, amounts) in theirs.tags {
            *self.tags.entry(tag).or_default() += amounts;
        }
    }

    fn clear(&mut self) {
        self.resources.clear();
        self.items.clear();
        self.tags.clear();
    }

    fn rows(&self) -> u64 {
        self.items.values().map(|amounts| u64::from(amounts.sums.rows)).sum()
    }
}
