//! The maximum number of series of each bounded family for one scope. The rest is folded, never
//! dropped, so that totals stay exact.

use std::collections::BTreeMap;

/// What a family has in a configuration if it is bounded. Families can share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The key of the family in a configuration.
    pub key: &'static str,
    /// The maximum number of series if the configuration says nothing about it.
    pub default: usize,
}

/// The maximum number of series of each family. 0 turns a family off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// The numbers that are not the default, by the key of their family.
    chosen: BTreeMap<&'static str, usize>,
}

impl Limits {
    /// Returns the limits with another number for the families with a key.
    pub fn with(mut self, key: &'static str, most: usize) -> Self {
        self.chosen.insert(key, most);
        self
    }

    /// Returns the maximum number of series under a limit.
    pub fn of(&self, limit: Limit) -> usize {
        self.chosen.get(limit.key).copied().unwrap_or(limit.default)
    }

    /// Sets the maximum number of series under a limit.
    pub fn set(&mut self, limit: Limit, most: usize) {
        // Equal limits have equal fields.
        if most == limit.default {
            self.chosen.remove(limit.key);
        } else {
            self.chosen.insert(limit.key, most);
        }
    }
}
