//! A slot taken out of a gathering, with nothing but its own texts.

use serde::{Deserialize, Serialize};

use crate::billing::row::{Amounts, Item, Resource, Tag};
use crate::billing::strings::{Form, Strings, Symbol, Texts};

/// Where texts were taken to, in the turn they were last taken in: forgetting all of them for each slot
/// would take as long as the sums.
#[derive(Debug, Default)]
pub(crate) struct Places {
    turn: u32,
    of: Vec<(u32, Symbol)>,
}

/// Texts that are taken along.
pub(super) struct Taken<'a, 'p> {
    from: &'a Texts,
    pub(super) texts: Vec<Form<'a>>,
    places: &'p mut Places,
}

impl<'a, 'p> Taken<'a, 'p> {
    pub(super) fn of(strings: &'a Strings, places: &'p mut Places) -> Self {
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

/// Some of a slot by itself: its texts, and its sums in their places among them.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Extract<'a> {
    #[serde(borrow)]
    pub(crate) texts: Vec<Form<'a>>,
    /// With the resource's name.
    pub(crate) resources: Vec<(Resource, Amounts, Symbol)>,
    pub(crate) items: Vec<(Item, Amounts)>,
    pub(crate) tags: Vec<(Tag, Amounts)>,
}
