//! The tags of a row: an object, null, absent, an empty array, or the text of an object without its
//! braces, as in cost reports.
//!
//! Pairs keep the order in which they were sent, also those with repeated keys, so that list and
//! report agree on the first one.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::repair::{REPLACEMENT, is_beyond_f64, repaired};
use super::text::{Text, skip_list};

/// Keys and values as sent.
#[derive(Debug, Default)]
pub(super) struct Tags<'a> {
    pub(super) pairs: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// True if some of them could not be read.
    pub(super) unreadable: bool,
}

impl<'a> Tags<'a> {
    /// Adds a pair, unless its value is an object or an array.
    fn push(&mut self, key: Cow<'a, str>, value: Text<'a>) {
        self.unreadable |= value.unreadable;
        if !value.unreadable {
            self.pairs.push((key, value.text));
        }
    }

    /// Marks the tags as unreadable if one was replaced by the repair of its page.
    pub(super) fn mark_replaced(&mut self) {
        let replaced = |(key, value): &(Cow<'_, str>, Cow<'_, str>)| {
            key.contains(REPLACEMENT) || value.contains(REPLACEMENT)
        };
        self.unreadable |= self.pairs.iter().any(replaced);
    }

    fn into_owned(self) -> Tags<'static> {
        let owned = |text: Cow<'a, str>| Cow::Owned(text.into_owned());
        let pairs = self.pairs.into_iter().map(|(key, value)| (owned(key), owned(value)));
        Tags { pairs: pairs.collect(), unreadable: self.unreadable }
    }
}

/// Reads the tags of a text that is an object, with or without its braces: pair by pair, up to the
/// first one that cannot be read.
pub(super) fn from_text(text: &str) -> Tags<'_> {
    let mut tags = Tags::default();
    let mut rest = text.trim().trim_start_matches('{').trim_start();
    let mut is_over = rest.trim_start_matches('}').trim_start().is_empty();
    while !is_over {
        let Some(next) = pair(rest, &mut tags) else {
            tags.unreadable = true;
            break;
        };
        rest = next.trim_start();
        is_over = rest.trim_start_matches('}').trim_start().is_empty();
        if !is_over {
            // Without a comma the next pair has no key.
            rest = rest.strip_prefix(',').unwrap_or_default().trim_start();
        }
    }
    tags
}

/// Reads a pair and returns what follows it.
fn pair<'t>(text: &'t str, tags: &mut Tags<'t>) -> Option<&'t str> {
    let (key, text) = string(text, &mut tags.unreadable)?;
    let text = text.trim_start().strip_prefix(':')?.trim_start();
    let (value, text) = value(text, &mut tags.unreadable)?;
    tags.push(key, value);
    Some(text)
}

fn value<'t>(text: &'t str, unreadable: &mut bool) -> Option<(Text<'t>, &'t str)> {
    if text.starts_with('"') {
        let (text, rest) = string(text, unreadable)?;
        return Some((Text { text, unreadable: false }, rest));
    }
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Text<'t>>();
    if let Some(Ok(value)) = values.next() {
        return Some((value, &text[values.byte_offset()..]));
    }
    let end = text.find([',', '}', ' ']).unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    let digits = Text { text: number.into(), unreadable: false };
    is_beyond_f64(number).then_some((digits, rest))
}

/// Reads a text in quotes and returns what follows it.
fn string<'t>(text: &'t str, unreadable: &mut bool) -> Option<(Cow<'t, str>, &'t str)> {
    let inside = text.strip_prefix('"')?;
    let mut bytes = inside.bytes();
    let mut is_plain = true;
    let end = loop {
        let at = inside.len() - bytes.len();
        match bytes.next()? {
            b'"' => break at,
            b'\\' => (is_plain, _) = (false, bytes.next()),
            ..0x20 => is_plain = false,
            _ => {}
        }
    };
    let (sent, rest) = (&text[..end + 2], &inside[end + 1..]);
    if is_plain {
        return Some((Cow::Borrowed(&inside[..end]), rest));
    }
    if let Ok(read) = serde_json::from_str(sent) {
        return Some((Cow::Owned(read), rest));
    }
    *unreadable = true;
    let read = serde_json::from_slice(&repaired(sent.as_bytes())?).ok()?;
    Some((Cow::Owned(read), rest))
}

impl<'de: 'a, 'a> Deserialize<'de> for Tags<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TagsVisitor)
    }
}

struct TagsVisitor;

fn no_tags<'de, E>(unreadable: bool) -> Result<Tags<'de>, E> {
    Ok(Tags { unreadable, ..Tags::default() })
}

impl<'de> Visitor<'de> for TagsVisitor {
    type Value = Tags<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the tags of a usage row")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        no_tags(false)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(from_text(text).into_owned())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        no_tags(true)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        no_tags(true)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
        no_tags(true)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        no_tags(true)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        no_tags(skip_list(list)?)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut tags = Tags::default();
        while let Some((key, value)) = map.next_entry::<Text<'de>, Text<'de>>()? {
            tags.push(key.text, value);
        }
        Ok(tags)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the pairs as text, with a `!` if something could not be read.
    fn shown(tags: &Tags<'_>) -> String {
        let pairs = tags.pairs.iter().map(|(key, value)| format!("{key}={value};"));
        pairs.chain(tags.unreadable.then(|| "!".to_owned())).collect()
    }

    fn read(json: &str) -> String {
        shown(&serde_json::from_str::<Tags<'_>>(json).unwrap())
    }

    #[test]
    fn tags_are_read_in_every_form_they_are_sent_in() {
        let both = "env=prod;team=a \"b\";";
        assert_eq!(read(r#"{"env":"prod","team":"a \"b\""}"#), both);
        assert_eq!(read(r#""\"env\": \"prod\",\"team\": \"a \\\"b\\\"\"""#), both);
        assert_eq!(read(r#""{\"env\":\"prod\",\"team\":\"a \\\"b\\\"\"}""#), both);
        for none in ["null", "[]", "{}", "\"\"", "\"{}\"", "\" \"", "\"{ } \""] {
            assert_eq!(read(none), "", "{none}");
        }
    }

    #[test]
    fn an_object_and_its_text_are_the_same_tags_in_the_order_they_were_sent_in() {
        for (object, expected) in [
            (r#"{"team": "web", "Team": "ops", "team": "x"}"#, "team=web;Team=ops;team=x;"),
            (r#"{"z": "1", "a": "2"}"#, "z=1;a=2;"),
            (r#"{"z": 1, "a": 1.50, "b": true, "c": null, "d": ""}"#, "z=1;a=1.5;b=true;c=;d=;"),
            (r#"{"a": {"b": ["}", 1]}, "A": "x", "l": [ ]}"#, "A=x;!"),
            (r#"{"a,b": "c:d}", "e\u0041\\": "\ud83d\ude00"}"#, "a,b=c:d};eA\\=😀;"),
            ("{ \"a\" : \"b\" ,\n \"c\" : 1 } ", "a=b;c=1;"),
        ] {
            assert_eq!(read(object), expected, "{object}");
            assert_eq!(shown(&from_text(object)), expected, "{object}");
            let bare = object.trim().trim_start_matches('{').strip_suffix('}').unwrap();
            assert_eq!(shown(&from_text(bare)), expected, "{bare}");
        }
    }

    #[test]
    fn a_text_is_read_up_to_what_cannot_be_read() {
        for (text, expected) in [
            (r#"{"team": "web"}:"#, "team=web;!"),
            ("team=shop", "!"),
            (r#""team": "web", env"#, "team=web;!"),
            (r#""team": "web", "env"#, "team=web;!"),
            (r#""team": "web" "env": "x""#, "team=web;!"),
            (r#""team": "web","#, "team=web;!"),
            (r#""team": web, "env": "x""#, "!"),
            (r#""team": "#, "!"),
            (r#""team""#, "!"),
            (r#"["team"]"#, "!"),
            (r#""a": [1, "env": "x""#, "!"),
            (r#""team": "w\ud83d", "a\qb": "x""#, "team=w�;a�b=x;!"),
            ("\"team\": \"a\tb\"", "team=a�b;!"),
            (r#""team": 1e400, "env": -1e999}"#, "team=1e400;env=-1e999;"),
        ] {
            assert_eq!(shown(&from_text(text)), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_object_has_no_tags_and_says_so() {
        for wrong in ["true", "1", "-1", "0.5", "[1]", "[[]]", "\"env=prod\""] {
            assert_eq!(read(wrong), "!", "{wrong}");
        }
    }
}
