//! The tags of a row: an object, null, absent, an empty array, or the text of an object whose braces
//! are left out, as cost reports have it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::text::Text;

/// Keys and values as sent.
#[derive(Default)]
pub(super) struct Tags<'a>(pub(super) Pairs<'a>);

type Pairs<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

impl<'de: 'a, 'a> Deserialize<'de> for Tags<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TagsVisitor)
    }
}

/// The tags of a text that is an object, or one without its braces.
pub(super) fn from_text(text: &str) -> Result<Pairs<'static>, String> {
    let text = text.trim().trim_start_matches('{').trim_end_matches('}');
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let tags: BTreeMap<String, Option<String>> =
        serde_json::from_str(&format!("{{{text}}}")).map_err(|error| format!("tags: {error}"))?;
    let owned = |(key, value): (String, Option<String>)| {
        (Cow::Owned(key), Cow::Owned(value.unwrap_or_default()))
    };
    Ok(tags.into_iter().map(owned).collect())
}

struct TagsVisitor;

impl<'de> Visitor<'de> for TagsVisitor {
    type Value = Tags<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the tags of a usage row")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Tags::default())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        from_text(text).map(Tags).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Tags::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut tags = Vec::new();
        while let Some((Text(key), Text(value))) = map.next_entry::<Text<'de>, Text<'de>>()? {
            tags.push((key, value));
        }
        Ok(Tags(tags))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Vec<(String, String)> {
        let tags = serde_json::from_str::<Tags<'_>>(json).unwrap().0;
        tags.into_iter().map(|(key, value)| (key.into_owned(), value.into_owned())).collect()
    }

    #[test]
    fn tags_are_read_in_every_form_they_are_sent_in() {
        let both =
            [("env", "prod"), ("team", "a \"b\"")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        assert_eq!(read(r#"{"env":"prod","team":"a \"b\""}"#), both);
        assert_eq!(read(r#""\"env\": \"prod\",\"team\": \"a \\\"b\\\"\"""#), both);
        assert_eq!(read(r#""{\"env\":\"prod\",\"team\":\"a \\\"b\\\"\"}""#), both);
        for none in ["null", "[]", "{}", "\"\"", "\"{}\""] {
            assert_eq!(read(none), [], "{none}");
        }
        assert!(serde_json::from_str::<Tags<'_>>("\"env=prod\"").is_err());
    }
}
