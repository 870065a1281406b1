//! A YAML file as a tree whose every key knows its line, and the walk over it.
//!
//! Deriving `Deserialize` for the configuration would be shorter, but its errors name no path, stop
//! at the first one, and quote values, which here can be secrets. So serde-saphyr parses, the tree
//! below keeps what the file says, and the sections next door read it. No type here has a `Debug`,
//! because any text may be a secret.

use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::options::{DuplicateKeyPolicy, NonFiniteFloatPolicy};
use serde_saphyr::{Error as YamlError, Spanned};

use super::error::{Problems, instead_of, nearest, shown};
use super::keys;

/// What stands behind a key.
pub(super) enum Node {
    /// Nothing, or `null`.
    Empty,
    Text(String),
    Integer(i128),
    /// A number with a fraction or an exponent: the bytes of the file it stands in, because the
    /// `f64` that the parser makes of it is not what was written.
    Fraction(Range<usize>),
    Bool(bool),
    /// A scalar no key takes as it is: what it is called.
    Other(&'static str),
    List(Vec<Item>),
    Map(Vec<Entry>),
}

/// One element of a list.
pub(super) struct Item {
    line: u64,
    node: Node,
}

/// One key of a mapping. Kept as a list of entries, so that a key given twice can be told.
pub(super) struct Entry {
    key: String,
    line: u64,
    node: Node,
}

/// Parses a file. What it says of an error never holds a part of the file.
pub(super) fn parse(text: &str, problems: &mut Problems) -> Option<Node> {
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

/// The parser's own words are fixed texts. Its other errors may quote the file and are reworded.
fn describe(error: &YamlError) -> String {
    match error {
        YamlError::ExternalMessage { msg, .. } => format!(
            "is not valid YAML: {msg}; check the indentation, the blank after each `:`, \
             and that a value with special characters is in quotes"
        ),
        YamlError::MultipleDocuments { .. } => {
            "holds a second YAML document; keep one, without a `---` after it".to_owned()
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

/// A value that knows where the file writes it, if its kind keeps that.
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

/// A value and where it stands, so that whoever finds it wrong can say so.
pub(super) struct At<'a> {
    /// `azure.auth.method`, `scopes[1].department`; empty for the file itself.
    pub(super) path: String,
    /// Of the key, counted from 1.
    pub(super) line: u64,
    node: &'a Node,
    file: File<'a>,
}

/// The file that is walked.
#[derive(Clone, Copy)]
pub(super) struct File<'a> {
    /// As it was written.
    pub(super) text: &'a str,
    /// Every section it can have, for a key found in the wrong one.
    pub(super) sections: &'static keys::Sections,
}

impl<'a> At<'a> {
    /// The whole file.
    pub(super) fn root(node: &'a Node, file: File<'a>) -> Self {
        Self { path: String::new(), line: 1, node, file }
    }

    /// The elements of a list. None, with a problem noted, when it is something else; nothing
    /// behind the key is an empty list.
    pub(super) fn list(&self, problems: &mut Problems) -> Vec<At<'a>> {
        let items: &[Item] = match self.node {
            Node::List(items) => items,
            Node::Empty => &[],
            _ => {
                problems.at(self, "must be a list; start each element with `- `");
                return Vec::new();
            }
        };
        let at = |(index, item): (usize, &'a Item)| At {
            path: format!("{}[{index}]", self.path),
            line: item.line,
            node: &item.node,
            file: self.file,
        };
        items.iter().enumerate().map(at).collect()
    }

    /// A text. A number is none: `0x10` or `1e3` would not come back as it was written.
    pub(super) fn text(&self, problems: &mut Problems) -> Option<&'a str> {
        let wrong = match self.node {
            Node::Text(text) => return Some(text),
            Node::Empty => "has no value; give it one, or remove the key".to_owned(),
            Node::Integer(_) => "is read as a number; put it in quotes".to_owned(),
            Node::Fraction(_) => {
                "is read as a number with a fraction or an exponent; put it in quotes".to_owned()
            }
            Node::Bool(_) => "is read as true or false; put it in quotes".to_owned(),
            Node::Other(kind) => format!("is read as {kind}; put it in quotes"),
            Node::List(_) => "must be a single value, not a list".to_owned(),
            Node::Map(_) => "must be a single value, not a mapping of keys".to_owned(),
        };
        problems.at(self, wrong);
        None
    }

    /// A text through its parser, whose error becomes a problem of this key.
    pub(super) fn parse<T>(
        &self,
        problems: &mut Problems,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        parse(self.text(problems)?).map_err(|wrong| problems.at(self, wrong)).ok()
    }

    /// Like [`At::parse`], for the keys where people leave the quotes off a whole number.
    pub(super) fn parse_number<T>(
        &self,
        problems: &mut Problems,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        match self.node {
            Node::Integer(number) => {
                parse(&number.to_string()).map_err(|wrong| problems.at(self, wrong)).ok()
            }
            _ => self.parse(problems, parse),
        }
    }

    /// Like [`At::parse_number`], for amounts: digit for digit what the file says, never an `f64`.
    pub(super) fn parse_decimal<T>(
        &self,
        problems: &mut Problems,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        match self.node {
            Node::Fraction(place) if !place.is_empty() => {
                let written = self.file.text.get(place.clone()).unwrap_or_default();
                parse(written).map_err(|wrong| problems.at(self, wrong)).ok()
            }
            _ => self.parse_number(problems, parse),
        }
    }

    /// True or false, also in the older words of YAML.
    pub(super) fn boolean(&self, problems: &mut Problems) -> Option<bool> {
        match self.node {
            Node::Bool(value) => Some(*value),
            Node::Empty | Node::List(_) | Node::Map(_) | Node::Text(_) => {
                self.parse(problems, |word| match word.to_ascii_lowercase().as_str() {
                    "yes" | "on" | "y" => Ok(true),
                    "no" | "off" | "n" => Ok(false),
                    _ => {
                        Err(format!("{} is neither true nor false; write one of them", shown(word)))
                    }
                })
            }
            Node::Integer(_) | Node::Fraction(_) | Node::Other(_) => {
                problems.at(self, "is neither true nor false; write one of them");
                None
            }
        }
    }

    /// The entries of a mapping whose keys are the user's own words, having complained about those
    /// given twice.
    pub(super) fn entries(&self, problems: &mut Problems) -> Vec<(&'a str, At<'a>)> {
        let entries: &[Entry] = match self.node {
            Node::Map(entries) => entries,
            Node::Empty => &[],
            _ => {
                problems.at(self, "must be a mapping of keys, such as `name: value`");
                return Vec::new();
            }
        };
        let known: Vec<&str> = entries.iter().map(|entry| entry.key.as_str()).collect();
        let (path, line, file) = (self.path.clone(), self.line, self.file);
        Section { path, line, entries, file }.complain(&known, problems);
        entries.iter().map(|entry| (entry.key.as_str(), self.entry(entry))).collect()
    }

    fn entry(&self, entry: &'a Entry) -> At<'a> {
        let path = format!("{}.{}", self.path, name_of(&entry.key));
        At { path, line: entry.line, node: &entry.node, file: self.file }
    }

    /// The only entry of a mapping whose keys are the user's own words: its key and its value.
    pub(super) fn only_entry(&self, problems: &mut Problems) -> Option<(&'a str, At<'a>)> {
        let entries: &[Entry] = match self.node {
            Node::Map(entries) => entries,
            _ => &[],
        };
        let [entry] = entries else {
            problems.at(self, "must be a mapping of one key, such as `{team: shop}`");
            return None;
        };
        Some((&entry.key, self.entry(entry)))
    }

    /// The keys of a mapping, having complained about those that are unknown or given twice.
    /// Nothing behind a key is an empty mapping: `poll:` with all its keys commented out is fine.
    pub(super) fn section(&self, known: &[&str], problems: &mut Problems) -> Option<Section<'a>> {
        let entries: &[Entry] = match self.node {
            Node::Map(entries) => entries,
            Node::Empty => &[],
            _ => {
                let example = known.first().copied().unwrap_or("key");
                let wrong = format!("must be a mapping of keys, such as `{example}: …`");
                problems.at(self, wrong);
                return None;
            }
        };
        let (path, line, file) = (self.path.clone(), self.line, self.file);
        let section = Section { path, line, entries, file };
        section.complain(known, problems);
        Some(section)
    }
}

/// A mapping whose keys have been checked.
pub(super) struct Section<'a> {
    path: String,
    /// Where it starts: what misses a key is told of here.
    pub(super) line: u64,
    entries: &'a [Entry],
    file: File<'a>,
}

impl<'a> Section<'a> {
    /// The value of a key, if it is there.
    pub(super) fn get(&self, key: &str) -> Option<At<'a>> {
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        let path = self.path_of(key);
        Some(At { path, line: entry.line, node: &entry.node, file: self.file })
    }

    /// `poll.interval` for `interval`.
    pub(super) fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// A key that should be there is not.
    pub(super) fn missing(&self, key: &str, why: &str, problems: &mut Problems) {
        problems.on_line(self.line, self.path_of(key), format!("is missing; {why}"));
    }

    fn complain(&self, known: &[&str], problems: &mut Problems) {
        for (index, entry) in self.entries.iter().enumerate() {
            if !known.contains(&entry.key.as_str()) {
                let subject = self.path_of(name_of(&entry.key));
                let remedy = match (
                    nearest(&entry.key, known),
                    keys::elsewhere(&entry.key, self.file.sections),
                ) {
                    (None, Some(place)) => format!("it belongs {place}"),
                    _ => instead_of(&entry.key, known),
                };
                problems.on_line(entry.line, subject, format!("unknown key; {remedy}"));
            } else if let Some(first) = self.entries[..index].iter().find(|e| e.key == entry.key) {
                let wrong = format!("is given twice, first on line {}; keep one", first.line);
                problems.on_line(entry.line, self.path_of(&entry.key), wrong);
            }
        }
    }
}

/// A key for an error text. What is no plain word may be a secret whose own key lost its colon.
fn name_of(key: &str) -> &str {
    let plain = |character: char| character.is_ascii_alphanumeric() || "_-.".contains(character);
    if !key.is_empty() && key.len() <= 40 && key.chars().all(plain) { key } else { "(not a word)" }
}

/// Reads one of a closed set of words.
pub(super) fn one_of<T: Copy>(
    word: &str,
    all: &[T],
    name: impl Fn(T) -> &'static str,
) -> Result<T, String> {
    let names: Vec<&str> = all.iter().map(|value| name(*value)).collect();
    let found = all.iter().copied().find(|value| name(*value) == word);
    found.ok_or_else(|| format!("{} is not known; {}", shown(word), instead_of(word, &names)))
}
