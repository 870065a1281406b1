//! `metrics`: what is published in addition to the scope's own cost, and how much of it.

use strict_config::{At, Problems, Section, days, shown};

use crate::billing::caseless::same_name;
use crate::billing::limits::Limits;
use crate::billing::metric_families::limits;

/// The choice of what is published, and how much of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metrics {
    /// The maximum number of series of each bounded family; 0 turns the family off.
    pub limits: Limits,
    /// The tag keys that have a cost family, as the user spells them: 50 at most, no two of them
    /// equal without regard to case.
    pub tags: Vec<String>,
    /// The number of newest UTC days that are published one by one: 29 to 100.
    pub daily_window_days: u32,
}

impl Default for Metrics {
    fn default() -> Self {
        Self { limits: Limits::default(), tags: Vec::new(), daily_window_days: 35 }
    }
}

/// The largest limit of series: more than a Prometheus can take from one target without harm.
const MOST_SERIES: usize = 1_000_000;
/// The number of tags that a resource can have in Azure: more keys are a mistake.
const MOST_TAGS: usize = 50;
/// Azure's own limit of a tag's name.
const LONGEST_TAG: usize = 512;

/// Reads the section. Keys that are absent or wrong get their defaults.
pub(super) fn read(at: Option<At<'_>>, problems: &mut Problems) -> Metrics {
    let mut metrics = Metrics::default();
    let Some(section) = at.and_then(|at| at.section(problems)) else {
        return metrics;
    };
    for limit in limits() {
        let Some(family) = section.get(limit.key).and_then(|at| at.section(problems)) else {
            continue;
        };
        if limit.key == "tags" {
            metrics.tags = family.get("keys").map(|at| tag_keys(&at, problems)).unwrap_or_default();
        }
        if let Some(most) = max_series(&family, problems) {
            metrics.limits.set(limit, most);
        }
    }
    if let Some(at) = section.get("daily_window")
        && let Some(days) = at.parse_number(problems, daily_window)
    {
        metrics.daily_window_days = days;
    }
    metrics
}

fn max_series(family: &Section<'_>, problems: &mut Problems) -> Option<usize> {
    family.get("max_series")?.parse_number(problems, |text| match text.parse() {
        Ok(limit @ 0..=MOST_SERIES) => Ok(limit),
        _ => Err(format!(
            "{} is not a number of series; use a whole number up to {MOST_SERIES}, or 0 to turn \
             the family off",
            shown(text)
        )),
    })
}

fn tag_keys(at: &At<'_>, problems: &mut Problems) -> Vec<String> {
    let elements = at.list(problems);
    if elements.len() > MOST_TAGS {
        let why = "each key is a family of series of its own";
        let wrong = format!("has {} keys; {why}: use {MOST_TAGS} or fewer", elements.len());
        problems.at(at, wrong);
    }
    let mut keys: Vec<(&At<'_>, String)> = Vec::new();
    for element in &elements {
        let Some(key) = element.parse(problems, tag_key) else { continue };
        if let Some((first, _)) = keys.iter().find(|(_, other)| same_name(other, &key)) {
            let wrong = format!("is the same key as {} (line {})", first.path, first.line);
            let why = "Azure compares keys of tags without regard to case";
            problems.at(element, format!("{} {wrong}: {why}; keep one", shown(&key)));
        }
        keys.push((element, key));
    }
    keys.into_iter().map(|(_, key)| key).collect()
}

fn tag_key(text: &str) -> Result<String, String> {
    let length = text.chars().count();
    if text.is_empty() || text.trim() != text {
        Err("must not be empty, begin or end with a blank; give the key of a tag".to_owned())
    } else if text.contains(char::is_control) {
        Err("must not contain control characters; give the key of a tag".to_owned())
    } else if length > LONGEST_TAG {
        Err(format!("has {length} characters; keys of tags have {LONGEST_TAG} or fewer"))
    } else {
        Ok(text.to_owned())
    }
}

/// Parses the window, which must have room for the latest day and the 28 before it.
fn daily_window(text: &str) -> Result<u32, String> {
    match days(text)? {
        days @ 29..=100 => Ok(days),
        0..29 => {
            let why = "the usual day is computed from the 28 days before the latest one";
            Err(format!("{text} is too short: {why}; use 29d to 100d"))
        }
        _ => Err(format!("{text} is too long: every day is a series; use 29d to 100d")),
    }
}
