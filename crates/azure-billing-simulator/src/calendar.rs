//! Days since 1970 and hours since 1970, which rows are made from, and their dates.

use jiff::{SignedDuration, Timestamp, civil::Date};

/// The source refreshes its data this often.
const REFRESH_HOURS: i64 = 4;

const EPOCH: Date = Date::constant(1970, 1, 1);

/// Days since 1970-01-01.
pub(super) fn day_of(date: Date) -> i64 {
    date.duration_since(EPOCH).as_hours() / 24
}

/// The date of a day since 1970-01-01.
pub(super) fn date_of(day: i64) -> Date {
    EPOCH.saturating_add(SignedDuration::from_hours(24 * day))
}

/// The UTC day that a moment is in.
pub(super) fn day_at(now: Timestamp) -> i64 {
    now.as_second().div_euclid(24 * 3600)
}

/// The last refresh at or before `now`, in hours since 1970: what is visible depends on nothing
/// else of the time.
pub(super) fn refreshed_at(now: Timestamp) -> i64 {
    now.as_second().div_euclid(3600 * REFRESH_HOURS) * REFRESH_HOURS
}

/// First and last day of the calendar month that holds `date`.
pub(super) fn month_of(date: Date) -> (i64, i64) {
    (day_of(date.first_of_month()), day_of(date.last_of_month()))
}

/// Percent of a working day's usage: less at weekends, when offices are closed.
pub(super) fn weekday_percent(day: i64) -> i64 {
    match (day + 3).rem_euclid(7) {
        5 | 6 => 80,
        _ => 100,
    }
}
