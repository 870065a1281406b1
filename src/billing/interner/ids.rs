//! The symbols of paths by their whole text: each row then needs one look-up instead of three.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::Interner;
use super::symbol::Symbol;
use super::texts::split;

/// Symbols of one interner that were requested, and the hashes of their texts: joining a path to
/// hash it again would take longer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ids {
    index: HashTable<(u64, Symbol)>,
    hasher: RandomState,
}

impl Ids {
    /// Returns the symbol of a text. `strings` must always be the same interner, and not be
    /// cleared.
    pub(crate) fn symbol(&mut self, text: &str, strings: &mut Interner) -> Symbol {
        let Self { index, hasher } = self;
        let (hash, wanted) = (hasher.hash_one(text), split(text).unwrap_or(("", text)));
        let same =
            |known: &(u64, Symbol)| known.0 == hash && strings.texts().parts(known.1) == wanted;
        if let Some(known) = index.find(hash, same) {
            return known.1;
        }
        let symbol = strings.intern(text);
        index.insert_unique(hash, (hash, symbol), |known| known.0);
        symbol
    }
}
