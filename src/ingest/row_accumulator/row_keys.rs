//! The keys of rows: every text becomes a symbol, every charge and every set of tags a number.

use foldhash::fast::RandomState;
use indexmap::IndexSet;

use super::super::normalizer::{Normalizer, tags};
use crate::billing::charge::Charge;
use crate::billing::daily_sums::{DayBucket, TagKeys};
use crate::billing::interner::{Interner, Symbol};
use crate::billing::row::{ChargeAmounts, ChargeKey, ResourceKey, Tag};

/// Distinct values by number.
type Each<T> = IndexSet<T, RandomState>;

/// The texts of rows, and the numbers of their charges and tags.
#[derive(Debug, Default)]
pub(super) struct RowKeys {
    strings: Interner,
    normal: Normalizer,
    tag_keys: TagKeys,
    items: Each<ChargeKey>,
    tags: Each<Vec<Tag>>,
    /// True if texts that were freed since did not fit.
    overflowed: bool,
}

/// A row that does not count yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct PendingRow {
    pub(super) bucket: DayBucket,
    pub(super) resource: ResourceKey,
    /// The name of the resource.
    pub(super) name: Symbol,
    /// The number of its charge.
    pub(super) item: u32,
    /// The number of its tags.
    pub(super) tags: u32,
    pub(super) amounts: ChargeAmounts,
}

impl RowKeys {
    pub(super) fn new(tag_keys: TagKeys) -> Self {
        Self { tag_keys, ..Self::default() }
    }

    /// Returns whether there were more texts than fit, which makes the sums unusable.
    pub(super) fn overflowed(&self) -> bool {
        self.overflowed || self.strings.overflowed()
    }

    pub(super) fn tag_keys(&self) -> &TagKeys {
        &self.tag_keys
    }

    pub(super) fn strings(&self) -> &Interner {
        &self.strings
    }

    /// Returns the charge with a number.
    pub(super) fn item(&self, number: u32) -> &ChargeKey {
        &self.items[number as usize]
    }

    /// Returns the tags with a number; none if no tags are counted.
    pub(super) fn tags(&self, number: u32) -> &[Tag] {
        self.tags.get_index(number as usize).map_or(&[], Vec::as_slice)
    }

    /// Returns a row in numbers.
    pub(super) fn row(&mut self, charge: &Charge<'_>, bucket: DayBucket) -> PendingRow {
        let row = self.normal.row(charge, &mut self.strings);
        let tags = self.read_tags(charge, row.item.currency);
        let item = number(self.items.insert_full(row.item));
        let (resource, name, amounts) = (row.resource, row.name, row.amounts);
        PendingRow { bucket, resource, name, item, tags, amounts }
    }

    fn read_tags(&mut self, charge: &Charge<'_>, currency: Symbol) -> u32 {
        if self.tag_keys.is_empty() {
            return 0;
        }
        let mut values = Vec::with_capacity(self.tag_keys.len());
        tags(charge, currency, &self.tag_keys, &mut self.strings, |tag| values.push(tag));
        number(self.tags.insert_full(values))
    }

    /// Forgets every key, if there are more texts than `most`. Keeps some of the memory.
    pub(super) fn forget_above(&mut self, most: usize) {
        if self.strings.texts().len() > most {
            self.strings.clear();
            self.normal = Normalizer::default();
            self.items.clear();
            self.tags.clear();
        }
    }

    /// Forgets every key, and frees the memory.
    pub(super) fn reset(&mut self) {
        let overflowed = self.overflowed();
        *self = Self { overflowed, ..Self::new(std::mem::take(&mut self.tag_keys)) };
    }

    /// Frees the memory that was kept for more rows.
    pub(super) fn finish(&mut self) {
        self.normal = Normalizer::default();
    }
}

/// Returns the number of a value. There are at most as many values as texts, which have a `u32`.
fn number((index, _): (usize, bool)) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
