//! The rows of a reading, added up by resource, by charge and by tags before any family is
//! computed. A row then costs one sum of each, not one of every family.
//!
//! Rows are pending at first, and count once the page that contains them was read to its end.

mod export;

use std::collections::{BTreeMap, HashMap};

use indexmap::{IndexMap, IndexSet};

pub(super) use export::SymbolRemap;
use export::TakenTexts;

use super::normalizer::{Normalizer, tags};
use crate::billing::bucket_export::BucketExport;
use crate::billing::charge::Charge;
use crate::billing::daily_sums::{DailySums, DayBucket, TagKeys};
use crate::billing::interner::{Interner, Symbol};
use crate::billing::period::Period;
use crate::billing::row::{Amounts, ChargeAmounts, ChargeKey, ResourceKey, Tag};

/// The number of pending rows from which on they are added up among themselves: a page has a
/// thousand, and a malicious answer millions.
const MOST_PENDING: usize = 8192;

/// The maximum number of texts that are kept for later sums: some 50 bytes each.
const MOST_TEXTS: usize = 50_000;

/// Distinct values by number.
type Each<T> = IndexSet<T, foldhash::fast::RandomState>;
type Map<K, V> = HashMap<K, V, foldhash::fast::RandomState>;
/// A map in the order in which keys came, which is that of their texts: writing them in another
/// order takes twice as long.
type Ordered<K, V> = IndexMap<K, V, foldhash::fast::RandomState>;

/// Sums of rows by bucket.
#[derive(Debug, Default)]
pub(super) struct RowAccumulator {
    strings: Interner,
    normal: Normalizer,
    tag_keys: TagKeys,
    items: Each<ChargeKey>,
    tags: Each<Vec<Tag>>,
    pending: Vec<PendingRow>,
    buckets: BTreeMap<DayBucket, Sums>,
    /// Cleared sums, whose memory the next bucket reuses: growing it again costs as much as the
    /// sums.
    spare: Sums,
}

/// The key by which rows are added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct RowKey {
    bucket: DayBucket,
    resource: ResourceKey,
    name: Symbol,
    item: u32,
    tags: u32,
}

/// One row or several that do not count yet.
#[derive(Clone, Copy, Debug)]
struct PendingRow {
    key: RowKey,
    amounts: ChargeAmounts,
}

/// The sums of a bucket.
#[derive(Debug, Default)]
struct Sums {
    resources: Ordered<ResourceKey, (Amounts, Symbol)>,
    items: Map<u32, ChargeAmounts>,
    tags: Map<Tag, Amounts>,
}

impl RowAccumulator {
    /// Creates an empty accumulator.
    pub(super) fn new(tag_keys: TagKeys) -> Self {
        Self { tag_keys, ..Self::default() }
    }

    /// Returns whether there were more texts than fit, which makes the sums unusable.
    pub(super) fn overflowed(&self) -> bool {
        self.strings.overflowed()
    }

    /// Adds a pending row.
    pub(super) fn push(&mut self, charge: &Charge<'_>, bucket: DayBucket) {
        let row = self.normal.row(charge, &mut self.strings);
        let tags = self.read_tags(charge, row.item.currency);
        let item = number(self.items.insert_full(row.item));
        let key = RowKey { bucket, resource: row.resource, name: row.name, item, tags };
        if self.pending.len() >= MOST_PENDING && self.pending.len() == self.pending.capacity() {
            self.add_up_pending();
        }
        self.pending.push(PendingRow { key, amounts: row.amounts });
    }

    fn read_tags(&mut self, charge: &Charge<'_>, currency: Symbol) -> u32 {
        if self.tag_keys.is_empty() {
            return 0;
        }
        let mut values = Vec::with_capacity(self.tag_keys.len());
        tags(charge, currency, &self.tag_keys, &mut self.strings, |tag| values.push(tag));
        number(self.tags.insert_full(values))
    }

    /// Adds up the pending rows that have equal keys, to save memory.
    fn add_up_pending(&mut self) {
        self.pending.sort_unstable_by_key(|pending| pending.key);
        self.pending.dedup_by(|later, first| {
            let same = later.key == first.key;
            if same {
                first.amounts += later.amounts;
            }
            same
        });
        if self.pending.len() > self.pending.capacity() / 2 {
            // Otherwise a few more rows would cause the next sort.
            self.pending.reserve(self.pending.capacity());
        }
    }

    /// Drops the pending rows: their page was not read to its end.
    pub(super) fn rollback_page(&mut self) {
        self.pending.clear();
    }

    /// Counts the pending rows: their page was read to its end.
    pub(super) fn commit_page(&mut self) {
        let Self { strings, tags, pending, buckets, spare, .. } = self;
        for same_bucket in pending.chunk_by(|one, other| one.key.bucket == other.key.bucket) {
            let bucket = same_bucket[0].key.bucket;
            let sums = buckets.entry(bucket).or_insert_with(|| std::mem::take(spare));
            for PendingRow { key, amounts } in same_bucket {
                sums.add_resource(key.resource, amounts.sums, key.name, strings);
                *sums.items.entry(key.item).or_default() += *amounts;
                for tag in tags.get_index(key.tags as usize).into_iter().flatten() {
                    *sums.tags.entry(*tag).or_default() += amounts.sums;
                }
            }
        }
        pending.clear();
        // Frees what a malicious answer took up.
        pending.shrink_to(MOST_PENDING);
    }

    /// Returns the number of sums by resource, as a measure of the memory they take up.
    pub(super) fn sums(&self) -> usize {
        self.buckets.values().map(|sums| sums.resources.len()).sum()
    }

    /// Returns the buckets that have rows, and the number of rows.
    pub(super) fn rows_by_bucket(&self) -> impl Iterator<Item = (DayBucket, u64)> {
        self.buckets.iter().map(|(bucket, sums)| (*bucket, sums.rows()))
    }

    /// Removes the sums, and keeps some of the memory.
    pub(super) fn clear(&mut self) {
        let buckets = std::mem::take(&mut self.buckets).into_values();
        let largest = buckets.max_by_key(|sums| sums.resources.capacity());
        self.spare = largest.unwrap_or_default();
        self.spare.clear();
        // Texts are kept unless there are too many: the next rows are of the same resources.
        if self.strings.texts().len() > MOST_TEXTS {
            self.strings.clear();
            self.normal = Normalizer::default();
            self.items.clear();
            self.tags.clear();
        }
    }

    /// Frees the memory that was kept for more rows.
    pub(super) fn finish(&mut self) {
        if self.buckets.is_empty() {
            *self = Self::new(std::mem::take(&mut self.tag_keys));
        }
        (self.normal, self.pending, self.spare) = Default::default();
    }

    /// Returns the sums of a bucket by charge.
    pub(super) fn items(&self, bucket: DayBucket, places: &mut SymbolRemap) -> BucketExport<'_> {
        let Some(sums) = self.buckets.get(&bucket) else { return BucketExport::default() };
        let mut taken = TakenTexts::of(&self.strings, places);
        let items = sums.items.iter().map(|(number, amounts)| {
            let item = &self.items[*number as usize];
            (item.translated(|symbol| taken.symbol(symbol)), *amounts)
        });
        let items = items.collect();
        BucketExport { items, texts: taken.texts, ..BucketExport::default() }
    }

    /// Returns the sums of a bucket by resource and by tag.
    pub(super) fn resources(
        &self,
        bucket: DayBucket,
        places: &mut SymbolRemap,
    ) -> BucketExport<'_> {
        let Some(sums) = self.buckets.get(&bucket) else { return BucketExport::default() };
        let mut taken = TakenTexts::of(&self.strings, places);
        let mut symbol = |symbol| taken.symbol(symbol);
        let resources = sums.resources.iter().map(|(resource, (amounts, name))| {
            (resource.translated(&mut symbol), *amounts, symbol(*name))
        });
        let resources = resources.collect();
        let tags = sums.tags.iter();
        let tags = tags.map(|(tag, amounts)| (tag.translated(&mut symbol), *amounts)).collect();
        BucketExport { resources, tags, texts: taken.texts, ..BucketExport::default() }
    }

    /// Adds everything to daily sums.
    pub(super) fn enter_into(&self, daily_sums: &mut DailySums) {
        let mut places = SymbolRemap::default();
        self.buckets
            .keys()
            .for_each(|bucket| self.enter_bucket_into(daily_sums, *bucket, &mut places));
    }

    /// Adds a bucket to daily sums.
    pub(super) fn enter_bucket_into(
        &self,
        daily_sums: &mut DailySums,
        bucket: DayBucket,
        places: &mut SymbolRemap,
    ) {
        daily_sums.enter(bucket, &self.items(bucket, places));
        daily_sums.enter(bucket, &self.resources(bucket, places));
    }

    /// Counts all rows in one billing period: rows that are dated outside of it become its late
    /// rows.
    pub(super) fn into_period(mut self, period: Period) -> Self {
        for (bucket, theirs) in std::mem::take(&mut self.buckets) {
            let ours = self.buckets.entry(bucket.in_period(period)).or_default();
            for (resource, (amounts, name)) in theirs.resources {
                ours.add_resource(resource, amounts, name, &self.strings);
            }
            for (item, amounts) in theirs.items {
                *ours.items.entry(item).or_default() += amounts;
            }
            for (tag, amounts) in theirs.tags {
                *ours.tags.entry(tag).or_default() += amounts;
            }
        }
        self
    }
}

/// Returns the number of a value. There are at most as many values as texts, which have a `u32`.
fn number((index, _): (usize, bool)) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
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

    fn clear(&mut self) {
        self.resources.clear();
        self.items.clear();
        self.tags.clear();
    }

    fn rows(&self) -> u64 {
        self.items.values().map(|amounts| u64::from(amounts.sums.rows)).sum()
    }
}

#[cfg(test)]
mod tests;
