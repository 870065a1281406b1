//! `poll`: when scopes are read, and how far back.

use std::time::Duration;

use strict_config::{At, Problems, Section, days, duration, duration_or_none, shown};

/// The rules for when scopes are read, and how much is read again. Quotas make both scarce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Poll {
    /// The time from the start of one poll of a scope to the start of its next: 10 s or more.
    pub interval: Duration,
    /// The number of newest UTC days that every poll reads again, because Azure restates them: 1 to
    /// 31.
    pub overlap_days: u32,
    /// The time after which the whole open period is read again: 1 h or more. A value below
    /// `interval` means every poll.
    pub full_refresh: Duration,
    /// The time after which days are read again that equal Azure's own totals, if no tags are read:
    /// 1 h or more. Totals do not show whether tags changed.
    pub verified_refresh: Duration,
    /// The number of days after a period's end on which it is still read again, because bills
    /// settle late: 1 to 60.
    pub previous_period_until_days: u32,
    /// The time after the end of a UTC day from which a new reading contains all of the day: 14
    /// days at most. With zero a day is complete once it is over.
    pub day_complete_after: Duration,
    /// The number of calls to the list that one reading may take before the asynchronous report is
    /// used instead: 1 or more.
    pub report_after_pages: u32,
    /// The least time between two reports: 4 h or more, as the source has nothing new before.
    pub report_min_interval: Duration,
}

impl Default for Poll {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(4 * 3600),
            overlap_days: 5,
            full_refresh: Duration::from_secs(24 * 3600),
            verified_refresh: Duration::from_secs(7 * 86_400),
            previous_period_until_days: 35,
            day_complete_after: Duration::from_secs(72 * 3600),
            report_after_pages: 30,
            report_min_interval: Duration::from_secs(24 * 3600),
        }
    }
}

const SHORTEST_INTERVAL: Duration = Duration::from_secs(10);
const SHORTEST_REFRESH: Duration = Duration::from_secs(3600);
const SHORTEST_REPORT: Duration = Duration::from_secs(4 * 3600);
const LONGEST_COMPLETION: Duration = Duration::from_secs(14 * 86_400);

/// Reads the section. Keys that are absent or wrong get their defaults.
pub(super) fn read(at: Option<At<'_>>, problems: &mut Problems) -> Poll {
    let mut poll = Poll::default();
    let Some(section) = at.and_then(|at| at.section(problems)) else {
        return poll;
    };
    let mut set = Set { section: &section, problems };
    set.to(&mut poll.interval, "interval", interval);
    set.to(&mut poll.overlap_days, "overlap", overlap);
    set.to(&mut poll.full_refresh, "full_refresh", full_refresh);
    set.to(&mut poll.verified_refresh, "verified_refresh", full_refresh);
    set.to(&mut poll.previous_period_until_days, "previous_period_until", previous_period_until);
    set.to(&mut poll.day_complete_after, "day_complete_after", day_complete_after);
    set.to(&mut poll.report_after_pages, "report_after_pages", report_after_pages);
    set.to(&mut poll.report_min_interval, "report_min_interval", report_min_interval);
    poll
}

/// Sets the values that a section gives.
struct Set<'a, 'f> {
    section: &'a Section<'f>,
    problems: &'a mut Problems,
}

impl Set<'_, '_> {
    fn to<T>(&mut self, value: &mut T, key: &str, parse: impl FnOnce(&str) -> Result<T, String>) {
        let said = self.section.get(key);
        if let Some(said) = said.and_then(|at| at.parse_number(self.problems, parse)) {
            *value = said;
        }
    }
}

fn interval(text: &str) -> Result<Duration, String> {
    let interval = duration(text)?;
    if interval < SHORTEST_INTERVAL {
        let why = "Azure refreshes the data about every 4 hours; use 10s or more";
        return Err(format!("{text} is too short: {why}"));
    }
    Ok(interval)
}

fn overlap(text: &str) -> Result<u32, String> {
    match days(text)? {
        days @ 1..=31 => Ok(days),
        _ => Err(format!("{text} is out of range; use 1d to 31d")),
    }
}

fn full_refresh(text: &str) -> Result<Duration, String> {
    let refresh = duration(text)?;
    if refresh < SHORTEST_REFRESH {
        let why = "it reads the whole month and spends quota; use 1h or more";
        return Err(format!("{text} is too short: {why}"));
    }
    Ok(refresh)
}

fn previous_period_until(text: &str) -> Result<u32, String> {
    match days(text)? {
        days @ 1..=60 => Ok(days),
        _ => Err(format!("{text} is out of range; use 1d to 60d")),
    }
}

fn day_complete_after(text: &str) -> Result<Duration, String> {
    let after = duration_or_none(text)?;
    if after > LONGEST_COMPLETION {
        let why = "no day would count as complete for weeks; use 14d or less";
        return Err(format!("{text} is too long: {why}"));
    }
    Ok(after)
}

fn report_after_pages(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(pages @ 1..=10_000) => Ok(pages),
        _ => Err(format!("{} is not a number of pages; use 1 to 10000", shown(text))),
    }
}

fn report_min_interval(text: &str) -> Result<Duration, String> {
    let interval = duration(text)?;
    if interval < SHORTEST_REPORT {
        let why = "Azure has no new data earlier; use 4h or more";
        return Err(format!("{text} is too short: {why}"));
    }
    Ok(interval)
}
