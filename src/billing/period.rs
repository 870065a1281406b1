//! Days, ranges of days, and billing periods. An EA billing period is a calendar month in UTC.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

/// Returns the UTC day of a moment.
pub fn day_of(moment: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(moment).date()
}

/// Returns the first moment of a day in UTC. Saturates at the limits of time, which no bill
/// reaches.
pub fn start_of(day: Date) -> Timestamp {
    TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).unwrap_or(Timestamp::MAX)
}

/// Returns the moment at which a day ends in UTC.
pub fn end_of(day: Date) -> Timestamp {
    start_of(day.saturating_add(1.day()))
}

/// A range of days, both the first and the last included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayRange {
    /// The earliest day.
    pub first: Date,
    /// The latest day, not before `first`.
    pub last: Date,
}

impl DayRange {
    /// Returns each day, the oldest first.
    pub fn iter(self) -> impl Iterator<Item = Date> {
        self.first.series(1.day()).take_while(move |day| *day <= self.last)
    }

    /// Returns whether the range contains a day.
    pub fn contains(&self, day: Date) -> bool {
        self.first <= day && day <= self.last
    }

    /// Returns the number of days.
    pub fn count(&self) -> usize {
        usize::try_from((self.last - self.first).get_days() + 1).unwrap_or(0)
    }

    /// Returns the day itself or, if the range does not contain it, the nearer end of the range.
    pub fn nearest(&self, day: Date) -> Date {
        day.clamp(self.first, self.last)
    }
}

impl fmt::Display for DayRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.first, self.last)
    }
}

/// A billing period of an Enterprise Agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Period {
    first: Date,
}

impl Period {
    /// Returns the period to which a day belongs.
    pub fn of(day: Date) -> Self {
        Self { first: day.first_of_month() }
    }

    /// Returns the period before this one.
    pub fn before(self) -> Self {
        self.months_before(1)
    }

    /// Returns the period after this one.
    pub fn after(self) -> Self {
        self.months_before(-1)
    }

    /// Returns the period that is some periods earlier.
    pub fn months_before(self, months: i32) -> Self {
        Self { first: self.first.saturating_sub(months.months()) }
    }

    /// Returns all its days, including those in the future.
    pub fn days(self) -> DayRange {
        DayRange { first: self.first, last: self.first.last_of_month() }
    }

    /// Returns its first moment.
    pub fn start(self) -> Timestamp {
        start_of(self.first)
    }

    /// Returns the moment after it, which is the start of the next period.
    pub fn end(self) -> Timestamp {
        end_of(self.first.last_of_month())
    }

    /// Returns the name that Azure uses in URLs: `202611`.
    pub fn name(self) -> String {
        format!("{:04}{:02}", self.first.year(), self.first.month())
    }
}

/// Writes the usual form: `2026-11`.
impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.first.year(), self.first.month())
    }
}

/// Reads the usual form: `2026-11`.
impl FromStr for Period {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FORM: &str = "write a month as YYYY-MM, for example 2026-10";
        let is_form = text.len() == 7
            && text.bytes().enumerate().all(|(place, byte)| match place {
                4 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        let first = is_form.then(|| format!("{text}-01").parse().ok()).flatten();
        first.map(|first| Self { first }).ok_or(FORM)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_period_is_read_as_it_is_written() {
        for text in ["2026-10", "2028-02", "0001-01"] {
            assert_eq!(text.parse::<Period>().unwrap().to_string(), text);
        }
        for text in ["2026-13", "2026-1", "202610", "2026-10-01", "+026-10", "now", ""] {
            assert!(text.parse::<Period>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_period_is_a_calendar_month_in_utc() {
        let february = Period::of(date(2028, 2, 29));
        assert_eq!(february.days().to_string(), "2028-02-01..2028-02-29");
        assert_eq!(
            (february.name().as_str(), february.to_string().as_str()),
            ("202802", "2028-02")
        );
        assert_eq!(february.start().to_string(), "2028-02-01T00:00:00Z");
        assert_eq!(february.end().to_string(), "2028-03-01T00:00:00Z");
        assert_eq!(Period::of(day_of("2026-12-31T23:59:59Z".parse().unwrap())).name(), "202612");
    }
}
