//! Days, ranges of days, and billing periods. An EA billing period is a calendar month in UTC.

use std::fmt;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

/// The UTC day of a moment.
pub fn day_of(moment: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(moment).date()
}

/// The first moment of a day in UTC. Saturates at the ends of time, which no bill reaches.
pub fn start_of(day: Date) -> Timestamp {
    TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).unwrap_or(Timestamp::MAX)
}

/// The moment a day is over in UTC.
pub fn end_of(day: Date) -> Timestamp {
    start_of(day.saturating_add(1.day()))
}

/// Days from the first to the last, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayRange {
    /// The earliest day.
    pub first: Date,
    /// The latest day, not before `first`.
    pub last: Date,
}

impl DayRange {
    /// Whether a day is one of them.
    pub fn contains(&self, day: Date) -> bool {
        self.first <= day && day <= self.last
    }

    /// How many days it has.
    pub fn count(&self) -> usize {
        usize::try_from((self.last - self.first).get_days() + 1).unwrap_or(0)
    }

    /// The day itself, or the end of the range it lies beyond.
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
    /// The period a day belongs to.
    pub fn of(day: Date) -> Self {
        Self { first: day.first_of_month() }
    }

    /// The period before this one.
    pub fn before(self) -> Self {
        self.months_before(1)
    }

    /// The period after this one.
    pub fn after(self) -> Self {
        self.months_before(-1)
    }

    /// The period some periods earlier.
    pub fn months_before(self, months: i32) -> Self {
        Self { first: self.first.saturating_sub(months.months()) }
    }

    /// All its days, also those still to come.
    pub fn days(self) -> DayRange {
        DayRange { first: self.first, last: self.first.last_of_month() }
    }

    /// Its first moment.
    pub fn start(self) -> Timestamp {
        start_of(self.first)
    }

    /// The moment after it, which is the start of the next.
    pub fn end(self) -> Timestamp {
        end_of(self.first.last_of_month())
    }

    /// The name Azure gives it in a URL: `202611`.
    pub fn name(self) -> String {
        format!("{:04}{:02}", self.first.year(), self.first.month())
    }
}

/// As people write it: `2026-11`.
impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.first.year(), self.first.month())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

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
