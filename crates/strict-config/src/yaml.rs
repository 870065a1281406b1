//! A YAML file as a tree whose every key knows its line.
//!
//! Deriving `Deserialize` for the configuration would be shorter, but its errors name no path, stop
//! at the first one, and quote values, which here can be secrets. So serde-saphyr parses, the tree
//! below stores what the file says, `tree` beside it walks it, and the sections read it. No type
//! here has a `Debug`, because any text may be a secret.

use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::options::{DuplicateKeyPolicy, NonFiniteFloatPolicy};
use serde_saphyr::{Error as YamlError, Spanned};

use super::problems::Problems;

/// The value of a key.
pub(super) enum Node {
    /// No value, or `null`.
    Empty,
    Text(String),
    Integer(i128),
    /// A number with a fraction or an exponent: its bytes in the file, because the `f64` that the
    /// parser makes of it is not what was written.
    Fraction(Range<usize>),
    Bool(bool),
    /// A scalar that no key accepts: the name of its kind.
    Other(&'static str),
    List(Vec<Item>),
    Map(Vec<Entry>),
    /// What no file contains: a mapping in which every key has this value, or a list of one such
    /// element. By reading it, a reader shows which keys it knows.
    Every,
}

/// One element of a list.
pub(super) struct Item {
    pub(super) line: u64,
    pub(super) node: Node,
}

/// One key of a mapping. A mapping is a list of entries, so that a key that is given twice can be
/// reported.
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) line: u64,
    pub(super) node: Node,
}

/// A YAML file that was parsed, and not walked yet.
pub struct Document(pub(super) Node);

impl Document {
    /// Parses a file. Its errors never contain a part of the file.
    pub fn parse(text: &str, problems: &mut Problems) -> Option<Self> {
        parse(text, problems).map(Self)
    }
}

fn parse(text: &str, problems: &mut Problems) -> Option<Node> {
    let options = serde_saphyr::options! {
        with_snippet: false,
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
    };
    match serde_saphyr::from_str_with_options(text, options) {
        Ok(node) => Some(node),
        Err(error) => {
            let line = error.location().map(|location| location.line());
            problems.in_document(line, describe(&error));
            None
        }
    }
}

/// Returns an error in words. The messages of the parser itself are fixed texts; the library's
/// other errors may quote the file and are reworded.
fn describe(error: &YamlError) -> String {
    match error {
        YamlError::ExternalMessage { msg, .. } => format!(
            "is not valid YAML: {msg}; check the indentation, the blank after each `:`, \
             and that a value with special characters is in quotes"
        ),
        YamlError::MultipleDocuments { .. } => {
            "contains a second YAML document; keep one, without a `---` after it".to_owned()
        }
        YamlError::Eof { .. } => "ends in the middle of a value; is it complete?".to_owned(),
        _ => "is not valid YAML; put a value that starts with `*`, `&`, `!` or `%` in quotes, and \
              use plain words as keys"
            .to_owned(),
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Empty)
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_owned()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Node, E> {
        Ok(Node::Integer(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Node, E> {
        Ok(Node::Integer(number.into()))
    }

    fn visit_i128<E>(self, number: i128) -> Result<Node, E> {
        Ok(Node::Integer(number))
    }

    fn visit_u128<E>(self, _: u128) -> Result<Node, E> {
        Ok(Node::Other("an overlong number"))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Fraction(0..0))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element::<Spanned<Node>>()? {
            items.push(Item { line: item.referenced.line(), node: placed(item) });
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<Spanned<String>>()? {
            let node = placed(map.next_value()?);
            entries.push(Entry { key: key.value, line: key.referenced.line(), node });
        }
        Ok(Node::Map(entries))
    }
}

/// Returns a value that knows its place in the file, if its kind needs that.
fn placed(value: Spanned<Node>) -> Node {
    let span = value.defined.span();
    let place = || {
        let start = usize::try_from(span.byte_offset()?).ok()?;
        Some(start..start.checked_add(usize::try_from(span.byte_len()?).ok()?)?)
    };
    match value.value {
        Node::Fraction(nowhere) => Node::Fraction(place().unwrap_or(nowhere)),
        node => node,
    }
}
