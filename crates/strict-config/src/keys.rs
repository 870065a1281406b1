//! The keys of a kind of file, for the remedies of its problems.

/// The sections of a kind of file, by their paths: `("scopes[]", &["name"])`.
pub type Sections = [(&'static str, &'static [&'static str])];

/// The keys of a kind of file, for the remedies of its problems.
pub struct Keys {
    /// Every section the file can have, for a key found in the wrong one.
    pub sections: &'static Sections,
    /// Returns what to write in place of a key that people look for, and that cannot exist.
    pub instead: fn(&str) -> Option<&'static str>,
    /// What to do for a secret whose value names a variable, up to the comma behind it; empty if
    /// there is no other way to give one.
    pub secrets: &'static str,
}

impl Keys {
    /// Returns the section of a key that was found in a wrong one, if only one section has such a
    /// key.
    pub(super) fn elsewhere(&self, key: &str) -> Option<String> {
        let mut knowing = self.sections.iter().filter(|(_, keys)| keys.contains(&key));
        match (knowing.next(), knowing.next()) {
            (Some(("", _)), None) => Some("at the top level".to_owned()),
            (Some((path, _)), None) => Some(format!("under `{}`", path.trim_end_matches("[]"))),
            _ => None,
        }
    }
}
