//! Durations as people write them: `90s`, `15m`, `4h`, `5d`, `1h30m`.

use std::time::Duration;

use jiff::{Span, SpanRelativeTo};

use super::problems::shown;

/// The limit of a duration: longer than any that makes sense here, and short enough that no
/// addition overflows.
const LONGEST: Duration = Duration::from_secs(366 * 86_400);

/// The length of every UTC day.
const DAY: Duration = Duration::from_secs(86_400);

/// Parses a positive duration, as the configuration and flags write it. Days are those of UTC,
/// which all have 24 hours. The error says which forms are accepted.
pub fn duration(text: &str) -> Result<Duration, String> {
    match duration_or_none(text)? {
        Duration::ZERO => Err(format!("{} is zero; use 1s or more", shown(text))),
        duration => Ok(duration),
    }
}

/// Parses a duration that may also be zero, `0h`.
pub fn duration_or_none(text: &str) -> Result<Duration, String> {
    let span: Span = text.parse().map_err(|_| no_duration(text))?;
    let exact = span.to_duration(SpanRelativeTo::days_are_24_hours());
    let exact = exact.map_err(|_| no_duration(text))?;
    let duration = Duration::try_from(exact).map_err(|_| no_duration(text))?;
    if duration > LONGEST {
        return Err(format!("{} is more than a year", shown(text)));
    }
    Ok(duration)
}

/// Parses a number of whole UTC days.
pub fn days(text: &str) -> Result<u32, String> {
    let duration = duration(text)?;
    let days = duration.as_secs() / DAY.as_secs();
    match u32::try_from(days) {
        Ok(days) if DAY * days == duration => Ok(days),
        _ => Err(format!("{} is not a number of whole days; write for example 5d", shown(text))),
    }
}

fn no_duration(text: &str) -> String {
    let number = text.bytes().all(|byte| byte.is_ascii_digit());
    let what = if number && !text.is_empty() { "has no unit" } else { "is not a span of time" };
    format!("{} {what}; write a number with its unit: 90s, 15m, 4h, 5d or 1h30m", shown(text))
}
