//! Texts by number. Ids of resources are long, and those of one group and type differ in their last
//! segment alone: such a text is stored as two others.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::symbol::Symbol;

/// The form in which a text is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Encoding<'a> {
    /// The text itself.
    Whole(&'a str),
    /// A path, as the text up to its last slash and the text after it. Both are whole.
    Path(Symbol, Symbol),
}

impl Encoding<'_> {
    /// Replaces the symbols of a path.
    pub(crate) fn translated(self, mut symbol: impl FnMut(Symbol) -> Symbol) -> Self {
        match self {
            Self::Path(parent, name) => Self::Path(symbol(parent), symbol(name)),
            whole @ Self::Whole(_) => whole,
        }
    }
}

/// Returns the two parts of a path; `None` for other texts, which are stored whole.
pub(crate) fn split(text: &str) -> Option<(&str, &str)> {
    let name = text.bytes().rev().position(|byte| byte == b'/').filter(|length| *length > 0)?;
    text.starts_with('/').then(|| text.split_at(text.len() - name))
}

/// Texts in the order of their symbols.
#[derive(Clone, Debug, Default)]
pub(crate) struct Texts {
    whole: String,
    places: Vec<Place>,
}

/// The start and the length of a whole text, or the parts of a path, the second of which has the
/// highest bit set.
#[derive(Clone, Copy, Debug)]
struct Place(u32, u32);

const PATH: u32 = 1 << 31;

/// The maximum number of bytes of whole texts. No enrollment comes near it; tests must reach it.
const MOST_BYTES: usize = if cfg!(test) { 16 * 1024 * 1024 } else { PATH as usize };

impl Texts {
    pub(crate) fn with_capacity(bytes: usize, texts: usize) -> Self {
        Self { whole: String::with_capacity(bytes), places: Vec::with_capacity(texts) }
    }

    /// Adds a new text and returns its symbol; `None` if it does not fit.
    pub(crate) fn push(&mut self, form: Encoding<'_>) -> Option<Symbol> {
        if self.places.len() >= PATH as usize {
            return None;
        }
        let place = match form {
            Encoding::Whole(text) => {
                let start = self.whole.len();
                if start + text.len() >= MOST_BYTES {
                    return None;
                }
                self.whole.push_str(text);
                Place(start as u32, text.len() as u32)
            }
            Encoding::Path(parent, name) => Place(parent.0, name.0 | PATH),
        };
        self.places.push(place);
        Some(Symbol(self.places.len() as u32 - 1))
    }

    #[inline]
    pub(crate) fn form(&self, symbol: Symbol) -> Encoding<'_> {
        let Place(first, second) = self.places[symbol.index()];
        if second & PATH == 0 {
            Encoding::Whole(&self.whole[first as usize..(first + second) as usize])
        } else {
            Encoding::Path(Symbol(first), Symbol(second & !PATH))
        }
    }

    /// Returns the text of a symbol.
    pub(crate) fn get(&self, symbol: Symbol) -> Cow<'_, str> {
        match self.parts(symbol) {
            ("", whole) => Cow::Borrowed(whole),
            (parent, name) => Cow::Owned([parent, name].concat()),
        }
    }

    /// Returns the text of a symbol. A path is joined in `room`.
    pub(crate) fn get_in<'t>(&'t self, symbol: Symbol, room: &'t mut String) -> &'t str {
        match self.parts(symbol) {
            ("", whole) => whole,
            (parent, name) => {
                room.clear();
                room.push_str(parent);
                room.push_str(name);
                room
            }
        }
    }

    /// Returns the parts of a path; for a whole text, an empty text and that text.
    pub(crate) fn parts(&self, symbol: Symbol) -> (&str, &str) {
        match self.form(symbol) {
            Encoding::Whole(text) => ("", text),
            Encoding::Path(parent, name) => (self.parts(parent).1, self.parts(name).1),
        }
    }

    /// Returns every symbol, in order.
    pub(crate) fn symbols(&self) -> impl Iterator<Item = Symbol> + use<> {
        (0..self.places.len() as u32).map(Symbol)
    }

    /// Returns the number of texts.
    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// Returns the number of bytes of the whole texts.
    pub(crate) fn bytes(&self) -> usize {
        self.whole.len()
    }

    pub(crate) fn clear(&mut self) {
        self.whole.clear();
        self.places.clear();
    }
}
