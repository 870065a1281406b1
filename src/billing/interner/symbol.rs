//! The number of a text.

use serde::{Deserialize, Serialize};

/// The number of a text in the [`super::Interner`] that assigned it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Symbol(pub(super) u32);

impl Symbol {
    /// Returns the symbol at an index of a list of texts.
    pub(crate) fn at(place: usize) -> Self {
        Self(u32::try_from(place).unwrap_or(u32::MAX))
    }

    /// Returns its index among the symbols of its interner.
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}
