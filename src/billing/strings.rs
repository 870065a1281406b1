//! Every distinct text once. Rows repeat the same few ids, names and places a million times, so
//! keys hold numbers and the text is stored, and hashed in full, once.

use std::fmt;
use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// The number of a text in the [`Strings`] that gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Symbol(u32);

impl Symbol {
    /// The symbol at a place of a list of texts.
    pub(crate) fn at(place: usize) -> Self {
        Self(u32::try_from(place).unwrap_or(u32::MAX))
    }

    /// Its place among the symbols of its arena.
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// Distinct texts in one arena, found by borrowed text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Strings {
    text: String,
    ends: Vec<usize>,
    index: HashTable<u32>,
    hasher: RandomState,
}

impl Strings {
    /// The symbol of `text`, which is stored if it is new.
    pub(crate) fn intern(&mut self, text: &str) -> Symbol {
        let hash = self.hasher.hash_one(text);
        let Self { text: arena, ends, index, hasher } = self;
        let stored = |number: u32| slice(arena, ends, number);
        if let Some(&number) = index.find(hash, |&number| stored(number) == text) {
            return Symbol(number);
        }
        // 2^32 texts would need more memory than any row count that fits a billing period.
        let number = u32::try_from(ends.len()).unwrap_or(u32::MAX);
        arena.push_str(text);
        ends.push(arena.len());
        index.insert_unique(hash, number, |&number| hasher.hash_one(slice(arena, ends, number)));
        Symbol(number)
    }

    /// The symbol of a text that is stored.
    pub(crate) fn find(&self, text: &str) -> Option<Symbol> {
        let hash = self.hasher.hash_one(text);
        let stored = |number: &u32| slice(&self.text, &self.ends, *number) == text;
        self.index.find(hash, stored).map(|&number| Symbol(number))
    }

    /// The text of a symbol of this arena.
    #[inline]
    pub(crate) fn get(&self, symbol: Symbol) -> &str {
        slice(&self.text, &self.ends, symbol.0)
    }

    /// Forgets every text and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
        self.index.clear();
    }

    /// Every symbol, in the order of their places.
    pub(crate) fn symbols(&self) -> impl Iterator<Item = Symbol> {
        (0..self.ends.len() as u32).map(Symbol)
    }

    /// How many texts there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }
}

/// As the list of texts in the order of their symbols.
impl Serialize for Strings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((0..self.ends.len() as u32).map(|number| self.get(Symbol(number))))
    }
}

impl<'de> Deserialize<'de> for Strings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(StringsVisitor)
    }
}

struct StringsVisitor;

impl<'de> Visitor<'de> for StringsVisitor {
    type Value = Strings;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of texts")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut texts: A) -> Result<Strings, A::Error> {
        let mut strings = Strings::default();
        while let Some(text) = texts.next_element::<&'de str>()? {
            strings.intern(text);
        }
        Ok(strings)
    }
}

#[inline]
fn slice<'a>(text: &'a str, ends: &[usize], number: u32) -> &'a str {
    let number = number as usize;
    let start = if number == 0 { 0 } else { ends[number - 1] };
    &text[start..ends[number]]
}

/// Takes symbols of one arena over into another, each text once.
pub(crate) struct Translation<'a> {
    from: &'a Strings,
    into: &'a mut Strings,
    known: Vec<Option<Symbol>>,
}

impl<'a> Translation<'a> {
    pub(crate) fn new(from: &'a Strings, into: &'a mut Strings) -> Self {
        Self { known: vec![None; from.len()], from, into }
    }

    pub(crate) fn translate(&mut self, symbol: Symbol) -> Symbol {
        let known = &mut self.known[symbol.0 as usize];
        *known.get_or_insert_with(|| self.into.intern(self.from.get(symbol)))
    }

    /// The text of a symbol that was translated already.
    pub(crate) fn text(&self, translated: Symbol) -> &str {
        self.into.get(translated)
    }
}

/// The same texts in the order of their bytes, so that comparing symbols compares texts, and the
/// new symbol of each old one.
pub(crate) fn sorted(strings: &Strings) -> (Strings, impl Fn(Symbol) -> Symbol) {
    let mut order: Vec<u32> = (0..strings.len() as u32).collect();
    order.sort_unstable_by_key(|&number| strings.get(Symbol(number)));
    let mut sorted = Strings {
        text: String::with_capacity(strings.text.len()),
        ends: Vec::with_capacity(order.len()),
        index: HashTable::with_capacity(order.len()),
        ..Strings::default()
    };
    let mut ranks = vec![Symbol(0); order.len()];
    for old in order {
        ranks[old as usize] = sorted.intern(strings.get(Symbol(old)));
    }
    (sorted, move |symbol: Symbol| ranks[symbol.0 as usize])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn equal_texts_share_a_symbol_and_keep_their_text(texts in proptest::collection::vec(".{0,12}", 0..50)) {
            let mut strings = Strings::default();
            let symbols: Vec<_> = texts.iter().map(|text| strings.intern(text)).collect();
            for (text, symbol) in texts.iter().zip(&symbols) {
                prop_assert_eq!(strings.get(*symbol), text);
            }
            for (i, j) in (0..texts.len()).flat_map(|i| (0..i).map(move |j| (i, j))) {
                prop_assert_eq!(texts[i] == texts[j], symbols[i] == symbols[j]);
            }
            let (ordered, rank) = sorted(&strings);
            for (i, j) in (0..texts.len()).flat_map(|i| (0..i).map(move |j| (i, j))) {
                prop_assert_eq!(texts[i].cmp(&texts[j]), rank(symbols[i]).cmp(&rank(symbols[j])));
                prop_assert_eq!(ordered.get(rank(symbols[i])), &texts[i]);
            }
        }
    }
}
