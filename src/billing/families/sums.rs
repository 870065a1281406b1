//! Sums by key. A table of a large enrollment is the largest thing in memory, so it is stored in
//! blocks that never move: a map that doubles is half empty, and exists twice while it grows.

use std::collections::HashMap;
use std::fmt;
use std::hash::BuildHasher;
use std::marker::PhantomData;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Serialize, Serializer};

use super::key::Key;
use super::measure::Measure;
use crate::billing::amount::Amount;

/// The sum of some rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sum<A = Amount> {
    pub(crate) amount: A,
    /// The number of rows. A series without cost exists as long as it has a row, so an amount of
    /// zero does not show whether any row is left.
    pub(crate) rows: u32,
}

/// The number of sums in a block.
const BLOCK: usize = 1024;

/// Sums by key, in no particular order.
#[derive(Clone, Debug)]
pub(crate) struct Sums<K, A: Measure = Amount> {
    blocks: Vec<Vec<Kept<K, A>>>,
    /// The places of the keys.
    index: HashTable<u32>,
    /// The few amounts that do not fit their compact form.
    overflow: HashMap<K, A, RandomState>,
    hasher: RandomState,
}

/// A stored sum.
#[derive(Clone, Copy, Debug)]
struct Kept<K, A: Measure> {
    key: K,
    /// The amount, or `LONG` if it is in `Sums::overflow`.
    amount: A::Compact,
    rows: u32,
}

impl<K, A: Measure> Default for Sums<K, A> {
    fn default() -> Self {
        Self {
            blocks: Vec::new(),
            index: HashTable::new(),
            overflow: HashMap::default(),
            hasher: RandomState::default(),
        }
    }
}

impl<K: Key, A: Measure> Sums<K, A> {
    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, Sum<A>)> {
        self.blocks.iter().flatten().map(|kept| (&kept.key, kept.sum(&self.overflow)))
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &K> {
        self.blocks.iter().flatten().map(|kept| &kept.key)
    }

    /// Adds to the sum of a key, which may be new.
    pub(crate) fn add(&mut self, key: K, sum: Sum<A>) {
        let place = self.place(key);
        let kept = at_mut(&mut self.blocks, place);
        kept.rows = kept.rows.saturating_add(sum.rows);
        self.add_amount(place, sum.amount);
    }

    /// Subtracts a sum, and removes the key with its last row.
    pub(crate) fn deduct(&mut self, key: K, sum: Sum<A>) {
        let place = self.place(key);
        let kept = at_mut(&mut self.blocks, place);
        kept.rows = kept.rows.saturating_sub(sum.rows);
        if kept.rows == 0 {
            self.remove(key);
        } else {
            self.add_amount(place, -sum.amount);
        }
    }

    pub(crate) fn retain(&mut self, mut wanted: impl FnMut(&K, Sum<A>) -> bool) {
        let unwanted = self.iter().filter(|(key, sum)| !wanted(key, *sum));
        let unwanted: Vec<K> = unwanted.map(|(key, _)| *key).collect();
        unwanted.into_iter().for_each(|key| self.remove(key));
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Reserves space for a number of additional keys.
    pub(crate) fn reserve(&mut self, more: usize) {
        let Self { blocks, index, hasher, .. } = self;
        index.reserve(more, |place| hasher.hash_one(at(blocks, *place).key));
    }

    /// Returns the place of a key, which is added without rows if it is new.
    fn place(&mut self, key: K) -> u32 {
        let Self { blocks, index, hasher, .. } = self;
        let entry = index.entry(
            hasher.hash_one(key),
            |place| at(blocks, *place).key == key,
            |place| hasher.hash_one(at(blocks, *place).key),
        );
        match entry {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                let place = *new.insert(next(blocks)).get();
                push(blocks, Kept { key, amount: A::Compact::default(), rows: 0 });
                place
            }
        }
    }

    fn add_amount(&mut self, place: u32, amount: A) {
        let Self { blocks, overflow, .. } = self;
        let kept = at_mut(blocks, place);
        let short = amount.compact().filter(|_| kept.amount != A::LONG);
        if let Some(sum) = short.and_then(|amount| A::checked_add(kept.amount, amount)) {
            kept.amount = sum;
            return;
        }
        let sum = kept.sum(overflow).amount + amount;
        kept.amount = sum.compact().unwrap_or(A::LONG);
        if kept.amount == A::LONG {
            overflow.insert(kept.key, sum);
        } else {
            overflow.remove(&kept.key);
        }
    }

    /// Removes a key. The last sum takes its place.
    fn remove(&mut self, key: K) {
        let Self { blocks, index, overflow, hasher } = self;
        let same = |place: &u32| at(blocks, *place).key == key;
        let Ok(found) = index.find_entry(hasher.hash_one(key), same) else { return };
        let (place, _) = found.remove();
        if at(blocks, place).amount == A::LONG {
            overflow.remove(&key);
        }
        let Some(last) = blocks.last_mut().and_then(Vec::pop) else { return };
        if blocks.last().is_some_and(Vec::is_empty) {
            blocks.pop();
        }
        let end = next(blocks);
        if place != end {
            *at_mut(blocks, place) = last;
            let moved = index.find_mut(hasher.hash_one(last.key), |known| *known == end);
            if let Some(moved) = moved {
                *moved = place;
            }
        }
    }
}

impl<K: Key, A: Measure> Kept<K, A> {
    fn sum(&self, overflow: &HashMap<K, A, RandomState>) -> Sum<A> {
        let amount = if self.amount == A::LONG {
            overflow.get(&self.key).copied().unwrap_or_default()
        } else {
            A::full(self.amount)
        };
        Sum { amount, rows: self.rows }
    }
}

fn at<K, A: Measure>(blocks: &[Vec<Kept<K, A>>], place: u32) -> &Kept<K, A> {
    &blocks[place as usize / BLOCK][place as usize % BLOCK]
}

fn at_mut<K, A: Measure>(blocks: &mut [Vec<Kept<K, A>>], place: u32) -> &mut Kept<K, A> {
    &mut blocks[place as usize / BLOCK][place as usize % BLOCK]
}

/// Returns the first free place.
fn next<K, A: Measure>(blocks: &[Vec<Kept<K, A>>]) -> u32 {
    let places = blocks.last().map_or(0, |last| (blocks.len() - 1) * BLOCK + last.len());
    // Otherwise sums would be confused with others.
    assert!(u32::try_from(places).is_ok(), "more than 2^32 sums");
    places as u32
}

fn push<K, A: Measure>(blocks: &mut Vec<Vec<Kept<K, A>>>, sum: Kept<K, A>) {
    match blocks.last_mut() {
        Some(last) if last.len() < BLOCK => last.push(sum),
        // No full block: most tables are smaller.
        None => blocks.push(vec![sum]),
        Some(_) => {
            let mut block = Vec::with_capacity(BLOCK);
            block.push(sum);
            blocks.push(block);
        }
    }
}

impl<K: Key, A: Measure> FromIterator<(K, Sum<A>)> for Sums<K, A> {
    fn from_iter<I: IntoIterator<Item = (K, Sum<A>)>>(all: I) -> Self {
        let mut sums = Self::default();
        all.into_iter().for_each(|(key, sum)| sums.add(key, sum));
        sums
    }
}

/// Writes a list of keys with their sums.
impl<K: Key + Serialize, A: Measure + Serialize> Serialize for Sums<K, A> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.len()))?;
        self.iter().try_for_each(|sum| list.serialize_element(&sum))?;
        list.end()
    }
}

impl<'de, K: Key + Deserialize<'de>, A: Measure + Deserialize<'de>> Deserialize<'de>
    for Sums<K, A>
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(SumsVisitor(PhantomData))
    }
}

struct SumsVisitor<K, A>(PhantomData<(K, A)>);

impl<'de, K: Key + Deserialize<'de>, A: Measure + Deserialize<'de>> Visitor<'de>
    for SumsVisitor<K, A>
{
    type Value = Sums<K, A>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of keys with their sums")
    }

    fn visit_seq<L: SeqAccess<'de>>(self, mut all: L) -> Result<Sums<K, A>, L::Error> {
        let mut sums = Sums::default();
        // Limited, because the length may be damaged.
        sums.reserve(all.size_hint().unwrap_or_default().min(BLOCK * BLOCK));
        while let Some((key, sum)) = all.next_element::<(K, Sum<A>)>()? {
            sums.add(key, sum);
        }
        Ok(sums)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;
    use crate::billing::amount::CompactAmount;
    use crate::billing::interner::Symbol;

    /// Two amounts that fit, one that fits once but not twice, one with too many decimals, and one
    /// that is too large.
    const AMOUNTS: [&str; 5] =
        ["1", "-0.1", "12345678901", "0.00000000000000000000000000000000001", "1e29"];

    fn sum(amounts: &[usize]) -> Sum {
        let amounts = amounts.iter().map(|number| Amount::parse(AMOUNTS[*number]).unwrap().amount);
        Sum { rows: amounts.len() as u32, amount: amounts.sum() }
    }

    fn listed(sums: &Sums<[Symbol; 1]>) -> HashMap<usize, Sum> {
        let listed: HashMap<_, _> = sums.iter().map(|([key], sum)| (key.index(), sum)).collect();
        assert_eq!(listed.len(), sums.len(), "a key twice");
        listed
    }

    proptest! {
        #[test]
        fn keys_come_and_go_as_in_a_map(
            steps in proptest::collection::vec((0..2500_usize, 0..AMOUNTS.len(), 0..3), 0..6000)
        ) {
            let (mut sums, mut map) = (Sums::default(), HashMap::<usize, Vec<usize>>::new());
            // A few keys get many rows.
            for (number, amount, step) in steps.into_iter().map(|(n, a, s)| (n / (1 + n % 50), a, s)) {
                let key = [Symbol::at(number)];
                if step > 0 {
                    sums.add(key, sum(&[amount]));
                    map.entry(number).or_default().push(amount);
                } else if let Some(rows) = map.get_mut(&number) {
                    sums.deduct(key, sum(&[rows.swap_remove(amount % rows.len())]));
                    if rows.is_empty() {
                        map.remove(&number);
                    }
                }
            }
            let mut expected: HashMap<usize, Sum> =
                map.iter().map(|(number, rows)| (*number, sum(rows))).collect();
            prop_assert_eq!(listed(&sums), expected.clone());
            let overflow = expected.values().filter(|sum| CompactAmount::of(sum.amount).is_none());
            prop_assert_eq!(sums.overflow.len(), overflow.count());
            let bytes = postcard::to_allocvec(&sums).unwrap();
            prop_assert_eq!(listed(&postcard::from_bytes(&bytes).unwrap()), expected.clone());
            sums.retain(|[key], _| key.index() % 3 == 0);
            expected.retain(|number, _| number % 3 == 0);
            prop_assert_eq!(listed(&sums), expected);
        }
    }
}
