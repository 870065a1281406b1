//! Changes of a day on a test's request: rows that come late, and rows that are rated again long
//! after Azure's own restatements have ended.

use std::{
    collections::HashMap,
    sync::{
        PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};

/// The changed days. Lookups happen for every row, so they cost nothing while there are none.
#[derive(Debug, Default)]
pub(super) struct Amendments {
    any: AtomicBool,
    days: RwLock<HashMap<i64, Amendment>>,
}

#[derive(Clone, Debug, Default)]
struct Amendment {
    /// Hours that its rows come later.
    delay: i64,
    /// Percent of the first quantity, each from a refresh on (hours since 1970), oldest first.
    restated: Vec<(i64, i32)>,
}

impl Amendments {
    /// Lets every row of a day appear so many hours later.
    pub(super) fn delay(&self, day: i64, hours: u32) {
        self.change(day, |amendment| amendment.delay = hours.into());
    }

    /// Restates the usage of a day to a percentage of its first quantity, from a refresh on.
    pub(super) fn restate(&self, day: i64, percent: i32, since: i64) {
        self.change(day, |amendment| amendment.restated.push((since, percent)));
    }

    /// Returns the hours by which the rows of a day come later.
    pub(super) fn delay_of(&self, day: i64) -> i64 {
        self.look(day, |amendment| amendment.delay).unwrap_or(0)
    }

    /// Returns the percentage of its first quantity that usage of a day has at `as_of`.
    pub(super) fn percent(&self, day: i64, as_of: i64) -> i64 {
        let newest = |amendment: &Amendment| {
            let mut restated = amendment.restated.iter().rev();
            restated.find(|(since, _)| *since <= as_of).map(|(_, percent)| i64::from(*percent))
        };
        self.look(day, newest).flatten().unwrap_or(100)
    }

    /// Returns the last refresh at which a day changes by an amendment; `settled` is the one at
    /// which it changes without any.
    pub(super) fn settled_at(&self, day: i64, settled: i64) -> i64 {
        let last = |amendment: &Amendment| {
            let restated = amendment.restated.last().map_or(i64::MIN, |(since, _)| *since);
            restated.max(settled + amendment.delay)
        };
        self.look(day, last).unwrap_or(settled)
    }

    fn change(&self, day: i64, change: impl FnOnce(&mut Amendment)) {
        let mut days = self.days.write().unwrap_or_else(PoisonError::into_inner);
        change(days.entry(day).or_default());
        self.any.store(true, Ordering::Release);
    }

    fn look<T>(&self, day: i64, look: impl FnOnce(&Amendment) -> T) -> Option<T> {
        if !self.any.load(Ordering::Acquire) {
            return None;
        }
        self.days.read().unwrap_or_else(PoisonError::into_inner).get(&day).map(look)
    }
}
