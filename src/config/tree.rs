//! The walk over a file: values that know where they stand, and sections whose keys are known.
//!
//! No type here has a `Debug`, because any text may be a secret.

use super::error::{Problems, instead_of, nearest, shown};
use super::keys;
use super::secret::BYTE_ORDER_MARK;
use super::yaml::{Entry, Item, Node};

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
            Node::Text(text) if names_variable(text) => {
                "names a variable, and nothing is put in its place here; write the value out, give a secret by its `…_file` key or the AZURE_… variables, or fill the file in beforehand (envsubst)".to_owned()
            }
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

    /// Like [`At::parse`], for the keys where people leave the quotes off a number: digit for digit
    /// what the file says, never an `f64`.
    pub(super) fn parse_number<T>(
        &self,
        problems: &mut Problems,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let whole;
        let written = match self.node {
            Node::Integer(number) => {
                whole = number.to_string();
                &whole
            }
            Node::Fraction(place) if !place.is_empty() => {
                self.file.text.get(place.clone()).unwrap_or_default()
            }
            _ => return self.parse(problems, parse),
        };
        parse(written).map_err(|wrong| problems.at(self, wrong)).ok()
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

    /// The number that an entry and those behind it are the last digits of, and how many entries they
    /// are: between braces a comma begins a new key.
    fn split_number(&self, index: usize) -> Option<(String, usize)> {
        let is_rest = |entry: &&Entry| {
            let is_digits = entry.key.len() == 3 && entry.key.bytes().all(|b| b.is_ascii_digit());
            is_digits && matches!(entry.node, Node::Empty)
        };
        let Node::Integer(number) = &self.entries.get(index.checked_sub(1)?)?.node else {
            return None;
        };
        let rest = self.entries[index..].iter().take_while(is_rest);
        let rest: Vec<&str> = rest.map(|entry| entry.key.as_str()).collect();
        (!rest.is_empty()).then(|| (format!("{number}{}", rest.concat()), rest.len()))
    }

    fn complain(&self, known: &[&str], problems: &mut Problems) {
        let mut split_until = 0;
        for (index, entry) in self.entries.iter().enumerate() {
            if let Some((number, parts)) = self.split_number(index) {
                split_until = index + parts;
                let subject = self.path_of(name_of(&self.entries[index - 1].key));
                let wrong = "is cut by a comma, which begins a new key between braces";
                problems.on_line(entry.line, subject, format!("{wrong}; write {number}"));
            }
            if index < split_until {
                continue;
            }
            if !known.contains(&entry.key.as_str()) {
                let subject = self.path_of(name_of(&entry.key));
                let remedy = match (
                    keys::instead(&entry.key),
                    nearest(&entry.key, known),
                    keys::elsewhere(&entry.key, self.file.sections),
                ) {
                    (Some(remedy), ..) => remedy.to_owned(),
                    (_, None, Some(place)) => format!("it belongs {place}"),
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

/// Whether a value stands for a variable, as in other programs' files: `$NAME`, or `${NAME}` in any
/// place. A hash of a password begins with `$` and a digit.
fn names_variable(text: &str) -> bool {
    let is_name = |name: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && name.chars().all(plain)
    };
    let braced = text.split("${").skip(1).filter_map(|rest| rest.split_once('}'));
    text.strip_prefix('$').is_some_and(is_name)
        || braced
            .map(|(name, _)| name.split([':', '-']).next())
            .any(|name| name.is_some_and(is_name))
}

/// A key for an error text. What is no plain word may be a secret whose own key lost its colon.
fn name_of(key: &str) -> &str {
    let plain = |character: char| character.is_ascii_alphanumeric() || "_-.".contains(character);
    if !key.is_empty() && key.len() <= 40 && key.chars().all(plain) { key } else { "(not a word)" }
}

/// An id without what files, shells and editors leave around it: blanks, line ends, the mark that
/// some begin a text with. None of them is ever a part of one.
pub(super) fn trimmed(id: &str) -> &str {
    id.trim_matches(|character: char| character.is_whitespace() || character == BYTE_ORDER_MARK)
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
