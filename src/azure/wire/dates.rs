//! The dates of rows, in the spellings of lists and reports.

use jiff::civil::Date;

/// What a field says of a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Day {
    /// Nothing, an empty text, or `0001-01-01`, which is Azure's way to say none.
    #[default]
    Absent,
    /// Something that is no date.
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

/// Dates of one field as rows have them. Thousands of rows behind each other have the same one,
/// which is read once.
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

/// The day of a date or time: `2026-11-20`, or in reports `11/20/2026`.
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

/// Month first, with or without leading zeros, perhaps with a time behind it.
fn american(text: &str) -> Option<Date> {
    let mut parts = text.split([' ', 'T']).next()?.split('/');
    let (month, day) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let year = parts.next().filter(|year| year.len() == 4)?.parse().ok()?;
    Date::new(year, month, day).ok().filter(|_| parts.next().is_none())
}
