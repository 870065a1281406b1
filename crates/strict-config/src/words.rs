//! What a text of a file is: an id, one of a few words, the name of a variable.

use super::problems::{instead_of, shown};

/// The byte order mark, invisible, with which some editors and shells begin a text.
pub const BYTE_ORDER_MARK: char = '\u{feff}';

/// Returns an id without what files, shells and editors leave around it: blanks, line ends, a byte
/// order mark. They are never part of an id.
pub fn trimmed(id: &str) -> &str {
    id.trim_matches(|character: char| character.is_whitespace() || character == BYTE_ORDER_MARK)
}

/// Reads one of a closed set of words.
pub fn one_of<T: Copy>(
    word: &str,
    all: &[T],
    name: impl Fn(T) -> &'static str,
) -> Result<T, String> {
    let names: Vec<&str> = all.iter().map(|value| name(*value)).collect();
    let found = all.iter().copied().find(|value| name(*value) == word);
    found.ok_or_else(|| format!("{} is not known; {}", shown(word), instead_of(word, &names)))
}

/// Returns whether a value names a variable, as in the files of other programs: `$NAME`, or
/// `${NAME}` anywhere. The hash of a password is not one: it begins with `$` and a digit.
pub(super) fn names_variable(text: &str) -> bool {
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
