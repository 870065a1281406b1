//! Sorted texts, so that comparing symbols compares texts.

use super::Interner;
use super::symbol::Symbol;
use super::texts::{Encoding, Texts, split};

/// Texts whose symbols are in the order of the texts: paths come after all others, by parent and
/// then by name.
#[derive(Clone, Debug)]
pub(crate) struct Sorted(Texts);

impl Sorted {
    pub(crate) fn texts(&self) -> &Texts {
        &self.0
    }

    /// Returns the symbol of a text; `None` if it is not stored.
    pub(crate) fn find(&self, text: &str) -> Option<Symbol> {
        let wanted = split(text).unwrap_or(("", text));
        let (mut first, mut end) = (0, self.0.len());
        while first < end {
            let middle = first + (end - first) / 2;
            match self.0.parts(Symbol::at(middle)).cmp(&wanted) {
                std::cmp::Ordering::Less => first = middle + 1,
                std::cmp::Ordering::Equal => return Some(Symbol::at(middle)),
                std::cmp::Ordering::Greater => end = middle,
            }
        }
        None
    }
}

/// Returns the sorted texts, and a function from each old symbol to the new one.
pub(crate) fn sorted(strings: &Interner) -> (Sorted, impl Fn(Symbol) -> Symbol + use<>) {
    let texts = strings.texts();
    /// Never needed: the same number of texts has fitted before.
    const NONE: Symbol = Symbol(0);
    let mut ranks = vec![NONE; texts.len()];
    let mut ordered = Texts::with_capacity(texts.bytes(), texts.len());
    let (mut whole, mut paths) = (Vec::new(), Vec::new());
    for symbol in texts.symbols() {
        match texts.form(symbol) {
            Encoding::Whole(text) => whole.push((text, symbol)),
            Encoding::Path(parent, name) => paths.push((parent, name, symbol)),
        }
    }
    whole.sort_unstable();
    for (text, symbol) in whole {
        ranks[symbol.index()] = ordered.push(Encoding::Whole(text)).unwrap_or(NONE);
    }
    for (parent, name, _) in &mut paths {
        (*parent, *name) = (ranks[parent.index()], ranks[name.index()]);
    }
    paths.sort_unstable();
    for (parent, name, symbol) in paths {
        ranks[symbol.index()] = ordered.push(Encoding::Path(parent, name)).unwrap_or(NONE);
    }
    (Sorted(ordered), move |symbol: Symbol| ranks[symbol.index()])
}
