//! A bucket taken out of an accumulator, with nothing but its own texts.

use serde::{Deserialize, Serialize};

use crate::billing::interner::{Encoding, Interner, Symbol, Texts};
use crate::billing::row::{Amounts, ChargeKey, ResourceKey, Tag};

/// Where texts were taken to, in the turn they were last taken in: forgetting all of them for each bucket
/// would take as long as the sums.
#[derive(Debug, Default)]
pub(crate) struct SymbolRemap {
    turn: u32,
    of: Vec<(u32, Symbol)>,
}

/// Texts that are taken along.
pub(super) struct TakenTexts<'a, 'p> {
    from: &'a Texts,
    pub(super) texts: Vec<Encoding<'a>>,
    places: &'p mut SymbolRemap,
}

impl<'a, 'p> TakenTexts<'a, 'p> {
    pub(super) fn of(strings: &'a Interner, places: &'p mut SymbolRemap) -> Self {
        let from = strings.texts();
        places.turn += 1;
        places.of.resize(from.len(), (0, Symbol::at(0)));
        Self { from, texts: Vec::new(), places }
    }

    pub(super) fn symbol(&mut self, symbol: Symbol) -> Symbol {
        let (turn, place) = self.places.of[symbol.index()];
        if turn == self.places.turn {
            return place;
        }
        let form = self.from.form(symbol).translated(|part| self.symbol(part));
        self.texts.push(form);
        let place = Symbol::at(self.texts.len() - 1);
        self.places.of[symbol.index()] = (self.places.turn, place);
        place
    }
}

/// Some of a bucket by itself: its texts, and its sums in their places among them.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct BucketExport<'a> {
    #[serde(borrow)]
    pub(crate) texts: Vec<Encoding<'a>>,
    /// With the resource's name.
    pub(crate) resources: Vec<(ResourceKey, Amounts, Symbol)>,
    pub(crate) items: Vec<(ChargeKey, Amounts)>,
    pub(crate) tags: Vec<(Tag, Amounts)>,
}
