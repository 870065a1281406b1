//! Caseless names, which identify entities. Azure varies the case of a name from row to row, and so
//! do people who write tags.
//!
//! The folding is Unicode's full case folding, which does not depend on a language. The spelling
//! that is published is chosen in [`super::names`].

use std::borrow::Cow;
use std::collections::HashMap;

use unicase::UniCase;

use super::interner::{Interner, Symbol};

/// Returns a trimmed name in the form in which names are compared: names that differ in case alone
/// have equal texts.
pub(crate) fn caseless(name: &str) -> Cow<'_, str> {
    if !name.is_ascii() {
        let caseless = UniCase::unicode(name).to_folded_case();
        return if caseless == name { name.into() } else { caseless.into() };
    }
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return name.to_ascii_lowercase().into();
    }
    name.into()
}

/// Returns whether two trimmed names mean the same entity.
pub(crate) fn same_name(one: &str, other: &str) -> bool {
    let are_ascii = || one.is_ascii() && other.is_ascii();
    one.eq_ignore_ascii_case(other)
        || !are_ascii() && UniCase::unicode(one) == UniCase::unicode(other)
}

/// The caseless names of an interner by the symbols of their spellings: each is folded once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Caseless(HashMap<Symbol, Symbol, foldhash::fast::RandomState>);

impl Caseless {
    /// Returns the symbol of the caseless form of a name.
    pub(crate) fn symbol(&mut self, name: Symbol, strings: &mut Interner) -> Symbol {
        *self.0.entry(name).or_insert_with(|| {
            let caseless = match caseless(&strings.get(name)) {
                Cow::Borrowed(_) => None,
                Cow::Owned(caseless) => Some(caseless),
            };
            caseless.map_or(name, |caseless| strings.intern(&caseless))
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_that_differ_in_case_alone_are_one() {
        for (one, other) in [
            ("Microsoft.DataFactory", "MICROSOFT.DATAFACTORY"),
            ("équipe", "ÉQUIPE"),
            ("Straße", "STRASSE"),
            ("Straße", "STRAẞE"),
            ("ΟΔΟΣ", "οδος"),
            ("οδος", "οδοσ"),
            // The Kelvin sign.
            ("10 \u{212a}", "10 k"),
        ] {
            assert!(same_name(one, other), "{one} {other}");
            assert_eq!(caseless(one), caseless(other));
        }
        for (one, other) in [("e", "é"), ("ı", "i"), ("a", "ab"), ("", "a"), ("é", "ée")] {
            assert!(!same_name(one, other), "{one} {other}");
            assert_ne!(caseless(one), caseless(other));
        }
    }

    proptest! {
        #[test]
        fn names_are_the_same_where_their_caseless_texts_are(
            one in "[aAkKéÉßẞsςσΣıİ\u{212a}]{0,4}", other in "[aAkKéÉßẞsςσΣıİ\u{212a}]{0,4}"
        ) {
            prop_assert_eq!(same_name(&one, &other), caseless(&one) == caseless(&other));
            let text = caseless(&one);
            prop_assert_eq!(caseless(&text), text.clone());
        }
    }
}
