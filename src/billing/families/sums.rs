//! Sums by key. A table of a large enrollment is the largest thing in memory, so it lies in blocks that
//! never move: a map that doubles stands half empty, and is there twice while it grows.

use std::fmt;
use std::hash::BuildHasher;
use std::marker::PhantomData;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Serialize, Serializer};

use super::{Key, Sum};

/// How many sums a block has.
const BLOCK: usize = 1024;

/// Sums by key, in no order that means anything.
#[derive(Clone, Debug)]
pub(crate) struct Sums<K> {
    blocks: Vec<Vec<(K, Sum)>>,
    /// Their places.
    index: HashTable<u32>,
    hasher: RandomState,
}

impl<K> Default for Sums<K> {
    fn default() -> Self {
        Self { blocks: Vec::new(), index: HashTable::new(), hasher: RandomState::default() }
    }
}

impl<K: Key> Sums<K> {
    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &Sum)> {
        self.blocks.iter().flatten().map(|(key, sum)| (key, sum))
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &K> {
        self.iter().map(|(key, _)| key)
    }

    /// The sum of a key: nothing where it is new.
    pub(crate) fn entry(&mut self, key: K) -> &mut Sum {
        let Self { blocks, index, hasher } = self;
        let place = match index.entry(
            hasher.hash_one(key),
            |place| at(blocks, *place).0 == key,
            |place| hasher.hash_one(at(blocks, *place).0),
        ) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                let place = new.insert(next(blocks)).get().to_owned();
                push(blocks, (key, Sum::default()));
                place
            }
        };
        &mut at_mut(blocks, place).1
    }

    /// Takes a sum away, and with its last row the key.
    pub(crate) fn deduct(&mut self, key: K, sum: Sum) {
        let total = self.entry(key);
        *total -= sum;
        if total.rows == 0 {
            self.remove(key);
        }
    }

    pub(crate) fn retain(&mut self, mut wanted: impl FnMut(&K, &Sum) -> bool) {
        let unwanted: Vec<K> =
            self.iter().filter(|(key, sum)| !wanted(key, sum)).map(|(key, _)| *key).collect();
        unwanted.into_iter().for_each(|key| self.remove(key));
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Makes room for so many keys more.
    pub(crate) fn reserve(&mut self, more: usize) {
        let Self { blocks, index, hasher } = self;
        index.reserve(more, |place| hasher.hash_one(at(blocks, *place).0));
    }

    /// The last one takes the place of what is removed.
    fn remove(&mut self, key: K) {
        let Self { blocks, index, hasher } = self;
        let same = |place: &u32| at(blocks, *place).0 == key;
        let Ok(found) = index.find_entry(hasher.hash_one(key), same) else { return };
        let (place, _) = found.remove();
        let Some(last) = blocks.last_mut().and_then(Vec::pop) else { return };
        if blocks.last().is_some_and(Vec::is_empty) {
            blocks.pop();
        }
        let end = next(blocks);
        if place != end {
            *at_mut(blocks, place) = last;
            let moved = index.find_mut(hasher.hash_one(last.0), |known| *known == end);
            if let Some(moved) = moved {
                *moved = place;
            }
        }
    }
}

fn at<K>(blocks: &[Vec<(K, Sum)>], place: u32) -> &(K, Sum) {
    &blocks[place as usize / BLOCK][place as usize % BLOCK]
}

fn at_mut<K>(blocks: &mut [Vec<(K, Sum)>], place: u32) -> &mut (K, Sum) {
    &mut blocks[place as usize / BLOCK][place as usize % BLOCK]
}

/// The first place that is free.
fn next<K>(blocks: &[Vec<(K, Sum)>]) -> u32 {
    let places = blocks.last().map_or(0, |last| (blocks.len() - 1) * BLOCK + last.len());
    // Else other sums would be told for these.
    assert!(u32::try_from(places).is_ok(), "more than 2^32 sums");
    places as u32
}

fn push<K>(blocks: &mut Vec<Vec<(K, Sum)>>, sum: (K, Sum)) {
    match blocks.last_mut() {
        Some(last) if last.len() < BLOCK => last.push(sum),
        // Most tables are smaller than a block.
        None => blocks.push(vec![sum]),
        Some(_) => {
            let mut block = Vec::with_capacity(BLOCK);
            block.push(sum);
            blocks.push(block);
        }
    }
}

impl<K: Key> FromIterator<(K, Sum)> for Sums<K> {
    fn from_iter<I: IntoIterator<Item = (K, Sum)>>(all: I) -> Self {
        let mut sums = Self::default();
        all.into_iter().for_each(|(key, sum)| *sums.entry(key) += sum);
        sums
    }
}

impl<K> IntoIterator for Sums<K> {
    type Item = (K, Sum);
    type IntoIter = std::iter::Flatten<std::vec::IntoIter<Vec<(K, Sum)>>>;

    fn into_iter(self) -> Self::IntoIter {
        self.blocks.into_iter().flatten()
    }
}

/// As a list of keys with their sums.
impl<K: Serialize> Serialize for Sums<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.index.len()))?;
        self.blocks.iter().flatten().try_for_each(|sum| list.serialize_element(sum))?;
        list.end()
    }
}

impl<'de, K: Key + Deserialize<'de>> Deserialize<'de> for Sums<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(SumsVisitor(PhantomData))
    }
}

struct SumsVisitor<K>(PhantomData<K>);

impl<'de, K: Key + Deserialize<'de>> Visitor<'de> for SumsVisitor<K> {
    type Value = Sums<K>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of keys with their sums")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<Sums<K>, A::Error> {
        let mut sums = Sums::default();
        // As far as a damaged length may be believed.
        sums.reserve(all.size_hint().unwrap_or_default().min(BLOCK * BLOCK));
        while let Some((key, sum)) = all.next_element::<(K, Sum)>()? {
            *sums.entry(key) += sum;
        }
        Ok(sums)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;
    use crate::billing::amount::Amount;
    use crate::billing::strings::Symbol;

    fn sum(rows: u32) -> Sum {
        Sum { amount: Amount::ONE.times(i128::from(rows)), rows }
    }

    fn told(sums: &Sums<[Symbol; 1]>) -> HashMap<usize, u32> {
        let told: HashMap<_, _> = sums.iter().map(|([key], sum)| (key.index(), sum.rows)).collect();
        assert_eq!(told.len(), sums.len(), "a key twice");
        told
    }

    proptest! {
        #[test]
        fn keys_come_and_go_as_in_a_map(
            steps in proptest::collection::vec((0..3000_usize, any::<bool>()), 0..6000)
        ) {
            let (mut sums, mut map) = (Sums::default(), HashMap::<usize, u32>::new());
            for (number, add) in steps {
                let key = [Symbol::at(number)];
                if add {
                    *sums.entry(key) += sum(1);
                    *map.entry(number).or_default() += 1;
                } else if let Some(rows) = map.remove(&number) {
                    sums.deduct(key, sum(rows));
                }
            }
            prop_assert_eq!(told(&sums), map.clone());
            let bytes = postcard::to_allocvec(&sums).unwrap();
            prop_assert_eq!(told(&postcard::from_bytes(&bytes).unwrap()), map.clone());
            sums.retain(|[key], _| key.index() % 3 == 0);
            map.retain(|number, _| number % 3 == 0);
            prop_assert_eq!(told(&sums), map);
        }
    }
}
