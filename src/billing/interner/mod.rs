//! Stores every distinct text once. Rows repeat the same few ids, names and regions a million
//! times, so keys contain numbers, and a text is stored and fully hashed once.

mod ids;
mod sorted;
mod symbol;
mod texts;

use std::borrow::Cow;
use std::fmt;
use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

pub(crate) use ids::Ids;
pub(crate) use sorted::{Sorted, sorted};
pub(crate) use symbol::Symbol;
use texts::split;
pub(crate) use texts::{Encoding, Texts};

/// Distinct texts in one buffer, found by borrowed text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interner {
    texts: Texts,
    index: HashTable<u32>,
    hasher: RandomState,
    overflowed: bool,
}

impl Interner {
    /// Returns whether a text did not fit. It then has the symbol of another text, which makes sums
    /// by these symbols unusable.
    pub(crate) fn overflowed(&self) -> bool {
        self.overflowed
    }

    /// Returns the symbol of `text`, which is stored if it is new.
    pub(crate) fn intern(&mut self, text: &str) -> Symbol {
        match split(text) {
            None => self.form(Encoding::Whole(text)),
            Some((parent, name)) => {
                let parent = self.form(Encoding::Whole(parent));
                let name = self.form(Encoding::Whole(name));
                self.form(Encoding::Path(parent, name))
            }
        }
    }

    /// Returns the symbol of a text in the form in which it is stored. A path has symbols of this
    /// interner.
    pub(crate) fn form(&mut self, form: Encoding<'_>) -> Symbol {
        let Self { texts, index, hasher, overflowed } = self;
        let hash = hashed(form, hasher);
        let stored = |number: u32| texts.form(Symbol(number));
        if let Some(&number) = index.find(hash, |&number| stored(number) == form) {
            return Symbol(number);
        }
        let Some(symbol) = texts.push(form) else {
            *overflowed = true;
            return Symbol(0);
        };
        index.insert_unique(hash, symbol.0, |&number| hashed(texts.form(Symbol(number)), hasher));
        symbol
    }

    /// Returns the symbol of a text; `None` if it is not stored.
    pub(crate) fn find(&self, text: &str) -> Option<Symbol> {
        match split(text) {
            None => self.stored(Encoding::Whole(text)),
            Some((parent, name)) => {
                let parent = self.stored(Encoding::Whole(parent))?;
                self.stored(Encoding::Path(parent, self.stored(Encoding::Whole(name))?))
            }
        }
    }

    fn stored(&self, form: Encoding<'_>) -> Option<Symbol> {
        let same = |number: &u32| self.texts.form(Symbol(*number)) == form;
        self.index.find(hashed(form, &self.hasher), same).map(|&number| Symbol(number))
    }

    /// Returns the text of a symbol of this interner.
    pub(crate) fn get(&self, symbol: Symbol) -> Cow<'_, str> {
        self.texts.get(symbol)
    }

    /// Returns the texts, without the index.
    pub(crate) fn texts(&self) -> &Texts {
        &self.texts
    }

    /// Removes every text. Keeps the memory, and whether a text did not fit.
    pub(crate) fn clear(&mut self) {
        self.texts.clear();
        self.index.clear();
    }
}

fn hashed(form: Encoding<'_>, hasher: &RandomState) -> u64 {
    match form {
        Encoding::Whole(text) => hasher.hash_one(text),
        Encoding::Path(parent, name) => hasher.hash_one((parent, name)),
    }
}

/// Writes the list of texts in the order of their symbols.
impl Serialize for Interner {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.texts.symbols().map(|symbol| self.texts.form(symbol)))
    }
}

impl<'de> Deserialize<'de> for Interner {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(StringsVisitor)
    }
}

struct StringsVisitor;

impl<'de> Visitor<'de> for StringsVisitor {
    type Value = Interner;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of texts")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut texts: A) -> Result<Interner, A::Error> {
        let mut strings = Interner::default();
        while let Some(form) = texts.next_element::<Encoding<'de>>()? {
            if let Encoding::Path(parent, name) = form {
                let whole = |part: Symbol| {
                    part.index() < strings.texts.len()
                        && matches!(strings.texts.form(part), Encoding::Whole(_))
                };
                if !whole(parent) || !whole(name) {
                    return Err(Error::custom("a path of what is no text before it"));
                }
            }
            strings.form(form);
        }
        Ok(strings)
    }
}

/// Translates symbols of one interner into symbols of another, each text once.
pub(crate) struct Translation<'a> {
    from: &'a Texts,
    into: &'a mut Interner,
    known: Vec<Option<Symbol>>,
}

impl<'a> Translation<'a> {
    pub(crate) fn new(from: &'a Texts, into: &'a mut Interner) -> Self {
        Self { known: vec![None; from.len()], from, into }
    }

    pub(crate) fn translate(&mut self, symbol: Symbol) -> Symbol {
        if let Some(known) = self.known[symbol.index()] {
            return known;
        }
        let form = self.from.form(symbol).translated(|part| self.translate(part));
        let translated = self.into.form(form);
        self.known[symbol.index()] = Some(translated);
        translated
    }

    /// Returns whether a symbol was translated already.
    pub(crate) fn has(&self, symbol: Symbol) -> bool {
        self.known[symbol.index()].is_some()
    }

    /// Returns the text of a translated symbol.
    pub(crate) fn text(&self, translated: Symbol) -> Cow<'_, str> {
        self.into.get(translated)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Short texts, and paths that share their parts.
    fn texts() -> impl Strategy<Value = Vec<String>> {
        proptest::collection::vec(prop_oneof![".{0,12}", "[/ab]{0,5}"], 0..50)
    }

    /// Returns what a text is sorted by: paths come after all others, by parent and then by name.
    fn place(text: &str) -> (&str, &str) {
        match text.rsplit_once('/') {
            Some((_, name)) if text.starts_with('/') && !name.is_empty() => {
                text.split_at(text.len() - name.len())
            }
            _ => ("", text),
        }
    }

    proptest! {
        #[test]
        fn equal_texts_share_a_symbol_and_keep_their_text(texts in texts()) {
            let mut strings = Interner::default();
            let symbols: Vec<_> = texts.iter().map(|text| strings.intern(text)).collect();
            for (text, symbol) in texts.iter().zip(&symbols) {
                prop_assert_eq!(&strings.get(*symbol), text);
                let mut room = "of the one before".to_owned();
                prop_assert_eq!(strings.texts().get_in(*symbol, &mut room), text);
                prop_assert_eq!(strings.find(text), Some(*symbol));
            }
            for (i, j) in (0..texts.len()).flat_map(|i| (0..i).map(move |j| (i, j))) {
                prop_assert_eq!(texts[i] == texts[j], symbols[i] == symbols[j]);
            }
            let (ordered, rank) = sorted(&strings);
            for (i, j) in (0..texts.len()).flat_map(|i| (0..i).map(move |j| (i, j))) {
                let ranked = rank(symbols[i]).cmp(&rank(symbols[j]));
                prop_assert_eq!(place(&texts[i]).cmp(&place(&texts[j])), ranked);
            }
            for (text, symbol) in texts.iter().zip(&symbols) {
                prop_assert_eq!(&ordered.texts().get(rank(*symbol)), text);
                prop_assert_eq!(ordered.find(text), Some(rank(*symbol)));
            }
            prop_assert_eq!(ordered.find("none of them has so many letters"), None);
        }

        #[test]
        fn texts_are_the_same_in_another_arena_and_back_from_the_disk(
            texts in texts(), others in texts()
        ) {
            let (mut from, mut into) = (Interner::default(), Interner::default());
            others.iter().for_each(|text| _ = into.intern(text));
            let symbols: Vec<_> = texts.iter().map(|text| from.intern(text)).collect();
            let bytes = postcard::to_allocvec(&from).unwrap();
            let mut stored: Interner = postcard::from_bytes(&bytes).unwrap();
            let mut translation = Translation::new(from.texts(), &mut into);
            for (text, symbol) in texts.iter().zip(symbols) {
                let translated = translation.translate(symbol);
                prop_assert_eq!(&translation.text(translated), text);
                prop_assert_eq!(&stored.get(symbol), text);
                prop_assert_eq!(stored.intern(text), symbol);
            }
        }
    }

    #[test]
    fn a_path_of_texts_that_are_not_there_is_refused() {
        for damaged in [
            vec![Encoding::Path(Symbol(0), Symbol(0))],
            vec![
                Encoding::Whole("/a/"),
                Encoding::Whole("b"),
                Encoding::Path(Symbol(0), Symbol(3)),
            ],
            vec![
                Encoding::Whole("/a/"),
                Encoding::Path(Symbol(0), Symbol(0)),
                Encoding::Path(Symbol(1), Symbol(0)),
            ],
        ] {
            let bytes = postcard::to_allocvec(&damaged).unwrap();
            assert!(postcard::from_bytes::<Interner>(&bytes).is_err(), "{damaged:?}");
        }
    }
}
