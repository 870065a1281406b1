//! The rows of a reading, added up by what they share before any family is asked: what was billed,
//! what for, and by which tags. A row then costs one sum each, not one of every family.
//!
//! Rows are pending first and count once the page they are of was read to its end.

mod extract;

use std::collections::{BTreeMap, HashMap};

use indexmap::{IndexMap, IndexSet};

use extract::TakenTexts;
pub(crate) use extract::{BucketExport, SymbolRemap};

use super::charge::Charge;
use super::daily_sums::{DailySums, DayBucket, TagKeys};
use super::interner::{Interner, Symbol};
use super::period::Period;
use super::row::{Amounts, ChargeKey, Normalizer, ResourceKey, Tag, tags};

/// Pending rows are added up among themselves when there are so many: a page has a thousand, and an
/// answer made to harm millions.
const MOST_PENDING: usize = 8192;

/// Texts that are kept for the sums to come: some 50 bytes each.
const MOST_TEXTS: usize = 50_000;

/// Values by number, each once.
type Each<T> = IndexSet<T, foldhash::fast::RandomState>;
type Map<K, V> = HashMap<K, V, foldhash::fast::RandomState>;
/// In the order in which keys came, which is that of their texts: writing them out in another takes
/// twice as long.
type Ordered<K, V> = IndexMap<K, V, foldhash::fast::RandomState>;

/// Sums of rows by bucket.
#[derive(Debug, Default)]
pub struct RowAccumulator {
    strings: Interner,
    normal: Normalizer,
    tag_keys: TagKeys,
    items: Each<ChargeKey>,
    tags: Each<Vec<Tag>>,
    pending: Vec<PendingRow>,
    buckets: BTreeMap<DayBucket, Sums>,
    /// The memory of sums that were cleared, for the next bucket: growing it anew costs as much as the
    /// sums.
    spare: Sums,
}

/// What is added up alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct RowKey {
    bucket: DayBucket,
    resource: ResourceKey,
    name: Symbol,
    item: u32,
    tags: u32,
}

/// Rows that do not count yet.
#[derive(Clone, Copy, Debug)]
struct PendingRow {
    key: RowKey,
    amounts: Amounts,
}

/// The sums of a bucket.
#[derive(Debug, Default)]
struct Sums {
    resources: Ordered<ResourceKey, (Amounts, Symbol)>,
    items: Map<u32, Amounts>,
    tags: Map<Tag, Amounts>,
}

impl RowAccumulator {
    /// Of nothing.
    pub fn new(tag_keys: TagKeys) -> Self {
        Self { tag_keys, ..Self::default() }
    }

    /// Returns whether it has more texts than there is room for, so that its sums are worth nothing.
    pub fn overflowed(&self) -> bool {
        self.strings.overflowed()
    }

    /// Notes a row.
    pub fn push(&mut self, charge: &Charge<'_>, bucket: DayBucket) {
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

    /// Makes room among the pending rows, as far as they share anything.
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
            // Else the next row but a few would sort them again.
            self.pending.reserve(self.pending.capacity());
        }
    }

    /// Forgets the pending rows: their page broke off.
    pub fn rollback_page(&mut self) {
        self.pending.clear();
    }

    /// The pending rows count.
    pub fn commit_page(&mut self) {
        let Self { strings, tags, pending, buckets, spare, .. } = self;
        for same_bucket in pending.chunk_by(|one, other| one.key.bucket == other.key.bucket) {
            let bucket = same_bucket[0].key.bucket;
            let sums = buckets.entry(bucket).or_insert_with(|| std::mem::take(spare));
            for PendingRow { key, amounts } in same_bucket {
                sums.add_resource(key.resource, *amounts, key.name, strings);
                *sums.items.entry(key.item).or_default() += *amounts;
                for tag in tags.get_index(key.tags as usize).into_iter().flatten() {
                    *sums.tags.entry(*tag).or_default() += *amounts;
                }
            }
        }
        pending.clear();
        // What an answer made to harm took up.
        pending.shrink_to(MOST_PENDING);
    }

    /// How many sums by resource there are: what it takes up.
    pub fn sums(&self) -> usize {
        self.buckets.values().map(|sums| sums.resources.len()).sum()
    }

    /// The buckets that have rows, and how many.
    pub fn rows_by_bucket(&self) -> impl Iterator<Item = (DayBucket, u64)> {
        self.buckets.iter().map(|(bucket, sums)| (*bucket, sums.rows()))
    }

    /// Without sums, with some of its memory kept.
    pub(crate) fn clear(&mut self) {
        let buckets = std::mem::take(&mut self.buckets).into_values();
        let largest = buckets.max_by_key(|sums| sums.resources.capacity());
        self.spare = largest.unwrap_or_default();
        self.spare.clear();
        // The next rows are of the same resources.
        if self.strings.texts().len() > MOST_TEXTS {
            self.strings.clear();
            self.normal = Normalizer::default();
            self.items.clear();
            self.tags.clear();
        }
    }

    /// Frees what was kept for more rows.
    pub(crate) fn finish(&mut self) {
        if self.buckets.is_empty() {
            *self = Self::new(std::mem::take(&mut self.tag_keys));
        }
        (self.normal, self.pending, self.spare) = Default::default();
    }

    /// What the rows of a bucket were billed for.
    pub(crate) fn items(&self, bucket: DayBucket, places: &mut SymbolRemap) -> BucketExport<'_> {
        let Some(sums) = self.buckets.get(&bucket) else { return BucketExport::default() };
        let mut taken = TakenTexts::of(&self.strings, places);
        let items = sums.items.iter().map(|(number, amounts)| {
            let item = &self.items[*number as usize];
            (item.translated(|symbol| taken.symbol(symbol)), *amounts)
        });
        let items = items.collect();
        BucketExport { items, texts: taken.texts, ..BucketExport::default() }
    }

    /// What else there is of a bucket.
    pub(crate) fn resources(
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
    pub fn enter_into(&self, daily_sums: &mut DailySums) {
        let mut places = SymbolRemap::default();
        self.buckets
            .keys()
            .for_each(|bucket| self.enter_bucket_into(daily_sums, *bucket, &mut places));
    }

    /// Adds a bucket to daily sums.
    pub(crate) fn enter_bucket_into(
        &self,
        daily_sums: &mut DailySums,
        bucket: DayBucket,
        places: &mut SymbolRemap,
    ) {
        daily_sums.enter(bucket, &self.items(bucket, places));
        daily_sums.enter(bucket, &self.resources(bucket, places));
    }

    /// Takes all rows for those of a period: what is dated elsewhere is its late rows.
    pub fn into_period(mut self, period: Period) -> Self {
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

/// The number of a value. There are as many as texts at most, whose number is a `u32`.
fn number((index, _): (usize, bool)) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

impl Sums {
    /// Where rows of a day disagree on a name the lesser spelling wins, as in [`super::names`].
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
        self.items.values().map(|amounts| u64::from(amounts.rows)).sum()
    }
}

#[cfg(test)]
mod tests;
