//! The dates of rows, in the formats of lists and reports.

use jiff::civil::Date;

/// The content of a date field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Day {
    /// A missing value, an empty text, or `0001-01-01`, which Azure sends for no date.
    #[default]
    Absent,
    /// A text that is no date.
    Unreadable,
    On(Date),
}

impl Day {
    pub(super) fn date(self) -> Option<Date> {
        match self {
            Self::On(date) => Some(date),
            Self::Absent | Self::Unreadable => None,
        }
    }
}

/// The last date of one field. Thousands of consecutive rows have the same one, which is parsed
/// once.
#[derive(Debug, Default)]
pub(super) struct Days {
    sent: String,
    day: Day,
}

impl Days {
    pub(super) fn read(&mut self, sent: &str) -> Day {
        if self.sent != sent {
            self.day = day(sent);
            self.sent.clear();
            self.sent.push_str(sent);
        }
        self.day
    }
}

/// Parses a date or time: `2026-11-20`, or in reports `11/20/2026`.
fn day(text: &str) -> Day {
    let text = text.trim();
    if text.is_empty() {
        return Day::Absent;
    }
    let date = if text.contains('/') {
        american(text)
    } else {
        text.get(..10).and_then(|date| date.parse::<Date>().ok())
    };
    match date {
        Some(date) if date.year() == 1 => Day::Absent,
        Some(date) => Day::On(date),
        None => Day::Unreadable,
    }
}

/// Parses a date with the month first, with or without leading zeros, perhaps followed by a time.
fn american(text: &str) -> Option<Date> {
    let mut parts = text.split([' ', 'T']).next()?.split('/');
    let (month, day) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let year = parts.next().filter(|year| year.len() == 4)?.parse().ok()?;
    Date::new(year, month, day).ok().filter(|_| parts.next().is_none())
}
