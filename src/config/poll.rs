//! `poll`: when the source is asked, and how far back.

use std::time::Duration;

use super::duration::{days, duration};
use super::error::Problems;
use super::keys;
use super::tree::At;

/// When the source is asked, and how much is read again. Quotas make both scarce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Poll {
    /// From the start of one poll of a scope to the start of its next: 10 s or more.
    pub interval: Duration,
    /// The newest UTC days that every poll reads again, because Azure restates them: 1 to 31.
    pub overlap_days: u32,
    /// How often the whole open period is read again: 1 h or more. A value below `interval` means
    /// every poll.
    pub full_refresh: Duration,
}

impl Default for Poll {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(4 * 3600),
            overlap_days: 5,
            full_refresh: Duration::from_secs(24 * 3600),
        }
    }
}

const SHORTEST_INTERVAL: Duration = Duration::from_secs(10);
const SHORTEST_REFRESH: Duration = Duration::from_secs(3600);

/// Reads the section. Keys that are absent or wrong have their defaults.
pub(super) fn read(at: Option<At<'_>>, problems: &mut Problems) -> Poll {
    let mut poll = Poll::default();
    let Some(section) = at.and_then(|at| at.section(keys::POLL, problems)) else {
        return poll;
    };
    if let Some(at) = section.get("interval") {
        poll.interval = at.parse_number(problems, interval).unwrap_or(poll.interval);
    }
    if let Some(at) = section.get("overlap") {
        poll.overlap_days = at.parse_number(problems, overlap).unwrap_or(poll.overlap_days);
    }
    if let Some(at) = section.get("full_refresh") {
        poll.full_refresh = at.parse_number(problems, full_refresh).unwrap_or(poll.full_refresh);
    }
    poll
}

fn interval(text: &str) -> Result<Duration, String> {
    let interval = duration(text)?;
    if interval < SHORTEST_INTERVAL {
        let why = "the source refreshes about every 4 hours; use 10s or more";
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
