//! `control`: which of Azure's own totals are asked for, to hold the rows against them.

use strict_config::{At, Problems, one_of};

use super::azure::quota;

/// The totals of Azure that are asked for. Each is its own API, and may need a role of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Control {
    /// True if the cost of each day is queried, of any scope.
    pub query: bool,
    /// True if the balance of each month is read, of billing accounts.
    pub balances: bool,
    /// True if the charges of each month are read, of departments and enrollment accounts.
    pub charges: bool,
    /// The number of requests a minute for all of them: 1 or more. They have a quota of their own,
    /// so that they never take the calls of the rows.
    pub requests_per_minute: u32,
}

impl Control {
    /// Returns the choice of no total at all.
    pub fn off() -> Self {
        Self { query: false, balances: false, charges: false, ..Self::default() }
    }
}

impl Default for Control {
    fn default() -> Self {
        Self { query: true, balances: true, charges: true, requests_per_minute: 30 }
    }
}

/// The words for whether a total is asked for. `auto`: wherever Azure has it.
const ASKED: [(&str, bool); 2] = [("auto", true), ("off", false)];

/// Reads the section. Keys that are absent or wrong get their defaults.
pub(super) fn read(at: Option<At<'_>>, problems: &mut Problems) -> Control {
    let mut control = Control::default();
    let Some(section) = at.and_then(|at| at.section(problems)) else {
        return control;
    };
    for (key, asked) in [
        ("query", &mut control.query),
        ("balances", &mut control.balances),
        ("charges", &mut control.charges),
    ] {
        if let Some(at) = section.get(key)
            && let Some((_, said)) = at.parse(problems, |word| one_of(word, &ASKED, |(it, _)| it))
        {
            *asked = said;
        }
    }
    if let Some(at) = section.get("requests_per_minute")
        && let Some(quota) = at.parse_number(problems, quota)
    {
        control.requests_per_minute = quota;
    }
    control
}
