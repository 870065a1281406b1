//! The rows of a reading, added up by what they share before any family is asked: what was billed,
//! what for, and by which tags. A row then costs one sum each, not one of every family.
//!
//! Rows are first noted and count once the page they are of was read to its end.

mod extract;

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use indexmap::IndexMap;

use extract::Taken;
pub(crate) use extract::{Extract, Places};

use super::charge::Charge;
use super::ledger::{Ledger, Slot, TagKeys};
use super::period::Period;
use super::row::{Amounts, Item, Normal, Resource, Tag, tags};
use super::strings::{Strings, Symbol};

/// Noted rows are added up among themselves when there are so many: a page has a thousand, and an
/// answer made to harm millions.
const MOST_NOTED: usize = 8192;

/// Texts that are kept for the sums to come: some 50 bytes each.
const MOST_TEXTS: usize = 50_000;

type Map<K, V> = HashMap<K, V, foldhash::fast::RandomState>;
/// In the order in which keys came, which is that of their texts: writing them out in another takes
/// twice as long.
type Ordered<K, V> = IndexMap<K, V, foldhash::fast::RandomState>;

/// Sums of rows by slot.
#[derive(Debug, Default)]
pub struct Gathering {
    strings: Strings,
    normal: Normal,
    tag_keys: TagKeys,
    items: Numbered<Item>,
    tags: Numbered<Vec<Tag>>,
    noted: Vec<Noted>,
    slots: BTreeMap<Slot, Sums>,
    /// The memory of sums that were cleared, for the next slot: growing it anew costs as much as the
    /// sums.
    spare: Sums,
}

/// Values by number, each once.
#[derive(Debug)]
struct Numbered<T> {
    numbers: Map<T, u32>,
    values: Vec<T>,
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Self { numbers: Map::default(), values: Vec::new() }
    }
}

impl<T: Clone + Eq + Hash> Numbered<T> {
    fn number(&mut self, value: &T) -> u32 {
        if let Some(number) = self.numbers.get(value) {
            return *number;
        }
        // As many as there are texts at most: see there.
        let number = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        self.values.push(value.clone());
        self.numbers.insert(value.clone(), number);
        number
    }

    fn clear(&mut self) {
        self.numbers.clear();
        self.values.clear();
    }
}

/// What is added up alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Sharing {
    slot: Slot,
    resource: Resource,
    name: Symbol,
    item: u32,
    tags: u32,
}

/// Rows that do not count yet.
#[derive(Clone, Copy, Debug)]
struct Noted {
    sharing: Sharing,
    amounts: Amounts,
}

/// The sums of a slot.
#[derive(Debug, Default)]
struct Sums {
    resources: Ordered<Resource, (Amounts, Symbol)>,
    items: Map<u32, Amounts>,
    tags: Map<Tag, Amounts>,
}

impl Gathering {
    /// Of nothing.
    pub fn new(tag_keys: TagKeys) -> Self {
        Self { tag_keys, ..Self::default() }
    }

    /// Returns whether it has more texts than there is room for, so that its sums are worth nothing.
    pub fn overflowed(&self) -> bool {
        self.strings.overflowed()
    }

    /// Notes a row.
    pub fn note(&mut self, charge: &Charge<'_>, slot: Slot) {
        let row = self.normal.row(charge, &mut self.strings);
        let tags = self.read_tags(charge, row.item.currency);
        let item = self.items.number(&row.item);
        let sharing = Sharing { slot, resource: row.resource, name: row.name, item, tags };
        if self.noted.len() >= MOST_NOTED && self.noted.len() == self.noted.capacity() {
            self.add_up_noted();
        }
        self.noted.push(Noted { sharing, amounts: row.amounts });
    }

    fn read_tags(&mut self, charge: &Charge<'_>, currency: Symbol) -> u32 {
        if self.tag_keys.is_empty() {
            return 0;
        }
        let mut values = Vec::with_capacity(self.tag_keys.len());
        tags(charge, currency, &self.tag_keys, &mut self.strings, |tag| values.push(tag));
        self.tags.number(&values)
    }

    /// Makes room among the noted rows, as far as they share anything.
    fn add_up_noted(&mut self) {
        self.noted.sort_unstable_by_key(|noted| noted.sharing);
        self.noted.dedup_by(|later, first| {
            let same = later.sharing == first.sharing;
            if same {
                first.amounts += later.amounts;
            }
            same
        });
        if self.noted.len() > self.noted.capacity() / 2 {
            // Else the next row but a few would sort them again.
            self.noted.reserve(self.noted.capacity());
        }
    }

    /// Forgets the noted rows: their page broke off.
    pub fn discard(&mut self) {
        self.noted.clear();
    }

    /// The noted rows count.
    pub fn count(&mut self) {
        let Self { strings, tags, noted, slots, spare, .. } = self;
        for same_slot in noted.chunk_by(|one, other| one.sharing.slot == other.sharing.slot) {
            let slot = same_slot[0].sharing.slot;
            let sums = slots.entry(slot).or_insert_with(|| std::mem::take(spare));
            for Noted { sharing, amounts } in same_slot {
                sums.add_resource(sharing.resource, *amounts, sharing.name, strings);
                *sums.items.entry(sharing.item).or_default() += *amounts;
                for tag in tags.values.get(sharing.tags as usize).into_iter().flatten() {
                    *sums.tags.entry(*tag).or_default() += *amounts;
                }
            }
        }
        noted.clear();
        // What an answer made to harm took up.
        noted.shrink_to(MOST_NOTED);
    }

    /// How many sums by resource there are: what it takes up.
    pub fn sums(&self) -> usize {
        self.slots.values().map(|sums| sums.resources.len()).sum()
    }

    /// The slots that have rows, and how many.
    pub fn rows_by_slot(&self) -> impl Iterator<Item = (Slot, u64)> {
        self.slots.iter().map(|(slot, sums)| (*slot, sums.rows()))
    }

    /// Without sums, with some of its memory kept.
    pub(crate) fn clear(&mut self) {
        let slots = std::mem::take(&mut self.slots).into_values();
        let largest = slots.max_by_key(|sums| sums.resources.capacity());
        self.spare = largest.unwrap_or_default();
        self.spare.clear();
        // The next rows are of the same resources.
        if self.strings.texts().len() > MOST_TEXTS {
            self.strings.clear();
            self.normal = Normal::default();
            self.items.clear();
            self.tags.clear();
        }
    }

    /// Frees what was kept for more rows.
    pub(crate) fn finish(&mut self) {
        if self.slots.is_empty() {
            *self = Self::new(std::mem::take(&mut self.tag_keys));
        }
        (self.normal, self.noted, self.spare) = Default::default();
    }

    /// What the rows of a slot were billed for.
    pub(crate) fn items(&self, slot: Slot, places: &mut Places) -> Extract<'_> {
        let Some(sums) = self.slots.get(&slot) else { return Extract::default() };
        let mut taken = Taken::of(&self.strings, places);
        let items = sums.items.iter().map(|(number, amounts)| {
            let item = &self.items.values[*number as usize];
            (item.translated(|symbol| taken.symbol(symbol)), *amounts)
        });
        let items = items.collect();
        Extract { items, texts: taken.texts, ..Extract::default() }
    }

    /// What else there is of a slot.
    pub(crate) fn resources(&self, slot: Slot, places: &mut Places) -> Extract<'_> {
        let Some(sums) = self.slots.get(&slot) else { return Extract::default() };
        let mut taken = Taken::of(&self.strings, places);
        let mut symbol = |symbol| taken.symbol(symbol);
        let resources = sums.resources.iter().map(|(resource, (amounts, name))| {
            (resource.translated(&mut symbol), *amounts, symbol(*name))
        });
        let resources = resources.collect();
        let tags = sums.tags.iter();
        let tags = tags.map(|(tag, amounts)| (tag.translated(&mut symbol), *amounts)).collect();
        Extract { resources, tags, texts: taken.texts, ..Extract::default() }
    }

    /// Adds everything to a ledger.
    pub fn enter_into(&self, ledger: &mut Ledger) {
        let mut places = Places::default();
        self.slots.keys().for_each(|slot| self.enter_slot_into(ledger, *slot, &mut places));
    }

    /// Adds a slot to a ledger.
    pub(crate) fn enter_slot_into(&self, ledger: &mut Ledger, slot: Slot, places: &mut Places) {
        ledger.enter(slot, &self.items(slot, places));
        ledger.enter(slot, &self.resources(slot, places));
    }

    /// Takes all rows for those of a period: what is dated elsewhere is its guests.
    pub fn into_period(mut self, period: Period) -> Self {
        for (slot, theirs) in std::mem::take(&mut self.slots) {
            let ours = self.slots.entry(slot.in_period(period)).or_default();
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

impl Sums {
    /// Where rows of a day disagree on a name the lesser spelling wins, as in [`super::names`].
    fn add_resource(
        &mut self,
        resource: Resource,
        amounts: Amounts,
        name: Symbol,
        strings: &Strings,
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
