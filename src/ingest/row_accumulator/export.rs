//! The export of a bucket from an accumulator, with the texts of that bucket alone.

use crate::billing::interner::{Encoding, Interner, Symbol, Texts};

/// The exported symbol of each text, and the turn in which it was last exported: clearing all of
/// them for each bucket would take as long as the sums.
#[derive(Debug, Default)]
pub(in crate::ingest) struct SymbolRemap {
    turn: u32,
    of: Vec<(u32, Symbol)>,
}

/// The texts of an export.
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
