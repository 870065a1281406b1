//! The problems of a configuration, in words that let a user fix them without reading the code.
//!
//! Problems are collected, so that one run of `check` shows all of them. A value is quoted only by
//! [`shown`], because a typing mistake can turn a secret into the value of the key beside it.

use std::fmt;
use std::path::Path;

use super::shared::{SHARED, is_shared};

/// A configuration that cannot be used, with every problem found in it. It never contains a secret.
#[derive(Debug)]
pub struct Error {
    problems: Vec<Problem>,
}

impl Error {
    /// Returns the problems in the order of the file, for callers that list or count them.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

/// Writes one problem a line, each complete by itself: `config.yaml:7: poll.interval: 5s is too
/// short; …`.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// One problem: where it is, what is wrong, and what to do.
#[derive(Clone, Debug)]
pub struct Problem {
    file: Option<String>,
    line: Option<u64>,
    subject: String,
    text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{file}:")?;
            if let Some(line) = self.line {
                write!(f, "{line}:")?;
            }
            f.write_str(" ")?;
        }
        if !self.subject.is_empty() {
            write!(f, "{}: ", self.subject)?;
        }
        f.write_str(&self.text)
    }
}

/// Where a value stands in its file.
#[derive(Clone)]
pub struct Place {
    /// The path of the value: `azure.auth.method`, `scopes[1].department`; empty for the file
    /// itself.
    pub path: String,
    /// The line of the key, counted from 1.
    pub line: u64,
}

/// Collects problems while a configuration is read.
#[derive(Default)]
pub struct Problems {
    file: Option<String>,
    found: Vec<Problem>,
    warnings: Vec<Problem>,
}

impl Problems {
    /// Returns an empty list for a file, which errors name as the user did.
    pub fn in_file(file: String) -> Self {
        Self { file: Some(file), ..Self::default() }
    }

    /// Adds a warning about a key: its value works, but is probably a mistake.
    pub fn warn_at(&mut self, place: &Place, text: impl Into<String>) {
        let (file, line) = (self.file.clone(), Some(place.line));
        self.warnings.push(Problem { file, line, subject: place.path.clone(), text: text.into() });
    }

    /// Adds a warning about an environment variable.
    pub fn warn_outside(&mut self, subject: &str, text: impl Into<String>) {
        let (subject, text) = (subject.to_owned(), text.into());
        self.warnings.push(Problem { file: None, line: None, subject, text });
    }

    /// Adds a warning about a secret in the configuration file itself, if every user can read that
    /// file.
    pub fn warn_if_file_is_shared(&mut self, place: &Place) {
        if self.file.as_ref().is_some_and(|file| is_shared(Path::new(file))) {
            self.warn_at(place, format!("is in a file that {SHARED}"));
        }
    }

    /// Returns the warnings so far, and removes them.
    pub fn take_warnings(&mut self) -> Vec<Problem> {
        std::mem::take(&mut self.warnings)
    }

    /// Adds the problem of a key whose value is wrong.
    pub fn at(&mut self, place: &Place, text: impl Into<String>) {
        self.on_line(place.line, place.path.clone(), text);
    }

    /// Adds the problem of a key that is itself wrong, or missing from the section that starts on
    /// this line.
    pub fn on_line(&mut self, line: u64, subject: String, text: impl Into<String>) {
        let (file, line) = (self.file.clone(), Some(line));
        self.found.push(Problem { file, line, subject, text: text.into() });
    }

    /// Adds a problem of the file as a whole, or of the line the parser stopped at.
    pub fn in_document(&mut self, line: Option<u64>, text: impl Into<String>) {
        let (file, subject) = (self.file.clone(), String::new());
        self.found.push(Problem { file, line, subject, text: text.into() });
    }

    /// Adds a problem outside the file: of a flag or an environment variable.
    pub fn outside(&mut self, subject: impl Into<String>, text: impl Into<String>) {
        let (subject, text) = (subject.into(), text.into());
        self.found.push(Problem { file: None, line: None, subject, text });
    }

    /// Returns the number of problems so far.
    pub fn count(&self) -> usize {
        self.found.len()
    }

    /// Returns the value, or the problems if there are any. A reader that returns no value has
    /// added one.
    pub fn finish<T>(mut self, value: Option<T>) -> Result<T, Error> {
        match value {
            Some(value) if self.found.is_empty() => Ok(value),
            _ => {
                self.found.sort_by_key(|problem| problem.line);
                Err(Error { problems: self.found })
            }
        }
    }
}

/// Returns a value for an error text. A value with blanks in it is not quoted: without its colon,
/// the line after a key becomes part of that key's value, and that line may be a secret.
pub fn shown(value: &str) -> String {
    let plain = |character: char| character.is_ascii_graphic() && !"\"`@=?#$".contains(character);
    if value.is_empty() {
        "an empty value".to_owned()
    } else if value.len() <= 60 && value.chars().all(plain) {
        format!("`{value}`")
    } else if value.contains(char::is_whitespace) {
        "a value with blanks in it (is a `:` missing on the next line?)".to_owned()
    } else {
        "the value".to_owned()
    }
}

/// Returns a key for an error text. What is not a plain word may be a secret whose own key lost its
/// colon.
pub(super) fn name_of(key: &str) -> &str {
    let plain = |character: char| character.is_ascii_alphanumeric() || "_-.".contains(character);
    if !key.is_empty() && key.len() <= 40 && key.chars().all(plain) { key } else { "(not a word)" }
}

/// Returns the allowed words for an error text, first the one that was probably meant.
pub fn instead_of(word: &str, allowed: &[&str]) -> String {
    let list = allowed.join(", ");
    match nearest(word, allowed) {
        Some(near) => format!("did you mean `{near}`? Allowed here: {list}"),
        None => format!("allowed here: {list}"),
    }
}

/// Returns the allowed word that differs from this one by a typing mistake: by at most a third of
/// its letters.
pub fn nearest<'a>(word: &str, allowed: &[&'a str]) -> Option<&'a str> {
    let close = |candidate: &&str| edits(word, candidate) <= (candidate.len() / 3).max(1);
    allowed.iter().copied().filter(close).min_by_key(|candidate| edits(word, candidate))
}

/// Returns Levenshtein's distance, computed row by row.
fn edits(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.chars().count()).collect();
    for (index, from) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, to) in right.chars().enumerate() {
            let replaced = diagonal + usize::from(from != to);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[right.chars().count()]
}
