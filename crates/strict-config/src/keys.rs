//! The keys that a file may have: those that its reader asks for. No list of them is kept.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// The keys of each section, in the order in which the reader asks for them. The sections are named
/// by their paths: `scopes[]` for each element of `scopes`, nothing for the top level.
pub struct Keys {
    sections: RefCell<BTreeMap<String, Vec<String>>>,
    pub(super) remedies: Remedies,
}

/// What to do about mistakes that only the program knows, whose file it is.
#[derive(Clone, Copy)]
pub struct Remedies {
    /// Returns what to write in place of a key that people look for, and that cannot exist.
    pub instead: fn(&str) -> Option<&'static str>,
    /// What to do for a secret whose value names a variable, up to the comma behind it; empty if
    /// there is no other way to give one.
    pub secrets: &'static str,
}

impl Keys {
    /// Returns no keys yet.
    pub(super) fn new(remedies: Remedies) -> Self {
        Self { sections: RefCell::default(), remedies }
    }

    /// Adds a key that the reader asks for.
    pub(super) fn note(&self, path: &str, key: &str) {
        let mut sections = self.sections.borrow_mut();
        let keys = sections.entry(section_of(path)).or_default();
        if !keys.iter().any(|known| known == key) {
            keys.push(key.to_owned());
        }
    }

    /// Returns the keys of a section.
    pub(super) fn of(&self, path: &str) -> Vec<String> {
        self.sections.borrow().get(&section_of(path)).cloned().unwrap_or_default()
    }

    /// Returns the section of a key that was found in a wrong one, if only one section has such a
    /// key.
    pub(super) fn elsewhere(&self, key: &str) -> Option<String> {
        let sections = self.sections.borrow();
        let mut knowing = sections.iter().filter(|(_, keys)| keys.iter().any(|known| known == key));
        match (knowing.next(), knowing.next()) {
            (Some((path, _)), None) if path.is_empty() => Some("at the top level".to_owned()),
            (Some((path, _)), None) => Some(format!("under `{}`", path.trim_end_matches("[]"))),
            _ => None,
        }
    }

    /// Returns the paths of all keys that have a value and not keys of their own, for a
    /// test of the documentation.
    pub fn paths(&self) -> BTreeSet<String> {
        let sections = self.sections.borrow();
        let paths = sections.iter().flat_map(|(section, keys)| {
            keys.iter()
                .map(move |key| format!("{section}.{key}").trim_start_matches('.').to_owned())
        });
        let is_section =
            |path: &String| sections.keys().any(|section| section.trim_end_matches("[]") == path);
        paths.filter(|path| !is_section(path)).collect()
    }
}

/// Returns `scopes[]` for `scopes[1]`.
fn section_of(path: &str) -> String {
    let mut section = String::with_capacity(path.len());
    let mut in_brackets = false;
    for character in path.chars() {
        in_brackets &= character != ']';
        if !in_brackets {
            section.push(character);
        }
        in_brackets |= character == '[';
    }
    section
}
