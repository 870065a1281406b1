//! The symbols of paths by their whole text: what each row asks for takes one look instead of three.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::texts::split;
use super::{Interner, Symbol};

/// Symbols of one arena that were asked for, and the hashes of their texts: putting a path together to
/// hash it again would take longer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ids {
    index: HashTable<(u64, Symbol)>,
    hasher: RandomState,
}

impl Ids {
    /// The symbol of a text in an arena: the same one as long as it is not cleared.
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
