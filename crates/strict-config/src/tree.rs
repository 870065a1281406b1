//! Walks a file: values that know their place, and sections, whose keys are those that their
//! readers ask for.
//!
//! No type here has a `Debug`, because any text may be a secret.

use std::ops::Deref;

use super::keys::{Keys, Remedies};
use super::problems::{Place, Problems, instead_of, name_of, nearest, shown};
use super::words::names_variable;
use super::yaml::{Document, Entry, Item, Node};

/// A value and its place, so that a caller can report a problem of it.
pub struct At<'a> {
    place: Place,
    node: &'a Node,
    file: File<'a>,
}

impl Deref for At<'_> {
    type Target = Place;

    fn deref(&self) -> &Place {
        &self.place
    }
}

/// The file that is walked.
#[derive(Clone, Copy)]
pub struct File<'a> {
    /// The text of the file.
    pub text: &'a str,
    /// The keys that the file can have.
    pub keys: &'a Keys,
}

/// Returns the keys that a reader asks for, so that no list of them is kept. The reader must ask for
/// all keys of a section before it gives up because of one of them, and gets no value of any.
pub fn keys_of<T>(remedies: Remedies, read: impl FnOnce(At<'_>, &mut Problems) -> T) -> Keys {
    let keys = Keys::new(remedies);
    let root = At::of(&Node::Every, File { text: "", keys: &keys });
    read(root, &mut Problems::default());
    keys
}

impl<'a> At<'a> {
    /// Returns the whole file as a value.
    pub fn root(document: &'a Document, file: File<'a>) -> Self {
        Self::of(&document.0, file)
    }

    fn of(node: &'a Node, file: File<'a>) -> Self {
        Self { place: Place { path: String::new(), line: 1 }, node, file }
    }

    /// Returns the elements of a list. Something that is not a list is a problem and returns none;
    /// a key without a value is an empty list.
    pub fn list(&self, problems: &mut Problems) -> Vec<At<'a>> {
        let items: &[Item] = match self.node {
            Node::List(items) => items,
            Node::Empty => &[],
            Node::Every => &[Item { line: 1, node: Node::Every }],
            _ => {
                problems.at(self, "must be a list; start each element with `- `");
                return Vec::new();
            }
        };
        let at = |(index, item): (usize, &'a Item)| At {
            place: Place { path: format!("{}[{index}]", self.path), line: item.line },
            node: &item.node,
            file: self.file,
        };
        items.iter().enumerate().map(at).collect()
    }

    /// Returns a text. A number is a problem: `0x10` or `1e3` would not come back as it was
    /// written.
    pub fn text(&self, problems: &mut Problems) -> Option<&'a str> {
        let wrong = match self.node {
            Node::Text(text) if names_variable(text) => {
                let secrets = self.file.keys.remedies.secrets;
                format!(
                    "names a variable, but variables are not replaced in this file; write the value itself, {secrets}or fill the file in beforehand (envsubst)"
                )
            }
            Node::Text(text) => return Some(text),
            Node::Empty | Node::Every => "has no value; give it one, or remove the key".to_owned(),
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

    /// Parses a text; the parser's error becomes a problem of this key.
    pub fn parse<T>(
        &self,
        problems: &mut Problems,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        parse(self.text(problems)?).map_err(|wrong| problems.at(self, wrong)).ok()
    }

    /// Parses a text or a number, for the keys where people leave the quotes off a number. The
    /// parser gets the digits of the file, never an `f64`.
    pub fn parse_number<T>(
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

    /// Returns true or false, also in the older words of YAML.
    pub fn boolean(&self, problems: &mut Problems) -> Option<bool> {
        match self.node {
            Node::Bool(value) => Some(*value),
            Node::Empty | Node::Every | Node::List(_) | Node::Map(_) | Node::Text(_) => {
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

    /// Returns the entries of a mapping whose keys the user chooses. A key that is given twice is a
    /// problem.
    pub fn entries(&self, problems: &mut Problems) -> Vec<(&'a str, At<'a>)> {
        let entries: &[Entry] = match self.node {
            Node::Map(entries) => entries,
            Node::Empty | Node::Every => &[],
            _ => {
                problems.at(self, "must be a mapping of keys, such as `name: value`");
                return Vec::new();
            }
        };
        let known: Vec<&str> = entries.iter().map(|entry| entry.key.as_str()).collect();
        self.section_of(entries).complain(&known, problems);
        entries.iter().map(|entry| (entry.key.as_str(), self.entry(entry))).collect()
    }

    fn entry(&self, entry: &'a Entry) -> At<'a> {
        let path = format!("{}.{}", self.path, name_of(&entry.key));
        At { place: Place { path, line: entry.line }, node: &entry.node, file: self.file }
    }

    /// Returns the key and the value of the only entry of a mapping whose keys the user chooses.
    pub fn only_entry(&self, problems: &mut Problems) -> Option<(&'a str, At<'a>)> {
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

    /// Returns the keys of a mapping. Keys that are unknown or given twice are problems. A key
    /// without a value is an empty mapping: `poll:` with all its keys commented out is valid.
    pub fn section(&self, problems: &mut Problems) -> Option<Section<'a>> {
        let known = self.file.keys.of(&self.path);
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let entries: &[Entry] = match self.node {
            Node::Map(entries) => entries,
            Node::Empty | Node::Every => &[],
            _ => {
                let example = known.first().copied().unwrap_or("key");
                let wrong = format!("must be a mapping of keys, such as `{example}: …`");
                problems.at(self, wrong);
                return None;
            }
        };
        let section = self.section_of(entries);
        section.complain(&known, problems);
        Some(section)
    }

    fn section_of(&self, entries: &'a [Entry]) -> Section<'a> {
        let has_every = matches!(self.node, Node::Every);
        Section { path: self.path.clone(), line: self.line, entries, has_every, file: self.file }
    }
}

/// A mapping whose keys have been checked.
pub struct Section<'a> {
    path: String,
    /// The line where it starts, which errors about a missing key name.
    pub line: u64,
    entries: &'a [Entry],
    has_every: bool,
    file: File<'a>,
}

impl<'a> Section<'a> {
    /// Returns the value of a key, if it is there.
    pub fn get(&self, key: &str) -> Option<At<'a>> {
        self.file.keys.note(&self.path, key);
        let path = self.path_of(key);
        if self.has_every {
            return Some(At {
                place: Place { path, line: self.line },
                node: &Node::Every,
                file: self.file,
            });
        }
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        Some(At { place: Place { path, line: entry.line }, node: &entry.node, file: self.file })
    }

    /// Returns whether the section has none of its keys.
    pub fn is_empty(&self) -> bool {
        let known = self.file.keys.of(&self.path);
        !self.has_every && !self.entries.iter().any(|entry| known.contains(&entry.key))
    }

    /// Returns the path of a key: `poll.interval` for `interval`.
    pub fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Adds a problem: a required key is missing.
    pub fn missing(&self, key: &str, why: &str, problems: &mut Problems) {
        problems.on_line(self.line, self.path_of(key), format!("is missing; {why}"));
    }

    /// Returns the number whose last digits are an entry and those after it, and how many entries
    /// these are. Between braces a comma begins a new key, and so cuts a number such as `1,000`.
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
                    (self.file.keys.remedies.instead)(&entry.key),
                    nearest(&entry.key, known),
                    self.file.keys.elsewhere(&entry.key),
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
