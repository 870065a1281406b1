//! A JSON value that should be a text. Borrowed from the page unless it contains escapes
//! (`Option<Cow<str>>` with `borrow` would always allocate).

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A text; empty for null. Numbers become their digits: ids are sent as either.
#[derive(Debug, Default)]
pub(super) struct Text<'a> {
    /// The text itself.
    pub(super) text: Cow<'a, str>,
    /// True if an object or an array is in its place. The text is empty then.
    pub(super) unreadable: bool,
}

impl<'a> Text<'a> {
    fn read(text: impl Into<Cow<'a, str>>) -> Self {
        Self { text: text.into(), unreadable: false }
    }

    fn unreadable() -> Self {
        Self { unreadable: true, ..Self::default() }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text::read(text))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Text::read(text.to_owned()))
    }

    fn visit_unit<E: Error>(self) -> Result<Text<'de>, E> {
        Ok(Text::default())
    }

    fn visit_bool<E: Error>(self, word: bool) -> Result<Text<'de>, E> {
        Ok(Text::read(if word { "true" } else { "false" }))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Text<'de>, E> {
        Ok(Text::read(number.to_string()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Text<'de>, E> {
        Ok(Text::read(number.to_string()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Text<'de>, E> {
        Ok(Text::read(number.to_string()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Text<'de>, A::Error> {
        skip_list(list)?;
        Ok(Text::unreadable())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Text<'de>, A::Error> {
        skip_object(map)?;
        Ok(Text::unreadable())
    }
}

/// Skips the rest of an array and returns whether there was any.
pub(super) fn skip_list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<bool, A::Error> {
    let mut any = false;
    while list.next_element::<IgnoredAny>()?.is_some() {
        any = true;
    }
    Ok(any)
}

/// Skips the rest of an object.
pub(super) fn skip_object<'de, A: MapAccess<'de>>(mut map: A) -> Result<(), A::Error> {
    while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
    Ok(())
}

/// Returns enough of a value to recognise it in a log line.
pub(super) fn shortened(text: &str) -> String {
    let start: String = text.chars().take(40).collect();
    if start.len() < text.len() { format!("{start:?}…") } else { format!("{start:?}") }
}

/// Returns what a row says by a boolean; `None` for anything else.
pub(super) fn said(text: &str) -> Option<bool> {
    let is = |word: &str| text.eq_ignore_ascii_case(word);
    if is("true") { Some(true) } else { is("false").then_some(false) }
}
