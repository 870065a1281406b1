//! Days and hours since 1970, from which rows are made, and their dates.

use jiff::{SignedDuration, Timestamp, civil::Date};

/// Hours between two refreshes of the source's data.
pub(super) const REFRESH_HOURS: i64 = 4;

const EPOCH: Date = Date::constant(1970, 1, 1);

/// Returns the days from 1970-01-01 to a date.
pub(super) fn day_of(date: Date) -> i64 {
    date.duration_since(EPOCH).as_hours() / 24
}

/// Returns the date of a day since 1970-01-01.
pub(super) fn date_of(day: i64) -> Date {
    EPOCH.saturating_add(SignedDuration::from_hours(24 * day))
}

/// Returns the UTC day of a moment.
pub(super) fn day_at(now: Timestamp) -> i64 {
    now.as_second().div_euclid(24 * 3600)
}

/// Returns the last refresh at or before `now`, in hours since 1970. What is visible depends on
/// this alone, not on the exact time.
pub(super) fn refreshed_at(now: Timestamp) -> i64 {
    now.as_second().div_euclid(3600 * REFRESH_HOURS) * REFRESH_HOURS
}

/// Returns the first and the last day of the calendar month of `date`.
pub(super) fn month_of(date: Date) -> (i64, i64) {
    (day_of(date.first_of_month()), day_of(date.last_of_month()))
}

/// Returns the percentage of a working day's usage: less at weekends, when offices are closed.
pub(super) fn weekday_percent(day: i64) -> i64 {
    match (day + 3).rem_euclid(7) {
        5 | 6 => 80,
        _ => 100,
    }
}
