//! The dates of rows, in the spellings of lists and reports.

use jiff::civil::Date;

use super::text::shortened;

/// Dates as rows have them. Thousands of rows behind each other have the same one, which is read
/// once.
#[derive(Debug, Default)]
pub(super) struct Days {
    sent: String,
    date: Option<Date>,
}

impl Days {
    pub(super) fn read(&mut self, sent: &str) -> Result<Option<Date>, String> {
        if self.sent != sent {
            self.date = day(sent)?;
            self.sent.clear();
            self.sent.push_str(sent);
        }
        Ok(self.date)
    }
}

/// The day of a date or time: `2026-11-20`, or in reports `11/20/2026`. `0001-01-01` is Azure's way
/// to say none.
fn day(text: &str) -> Result<Option<Date>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let date = if text.contains('/') {
        american(text)
    } else {
        text.get(..10).and_then(|date| date.parse::<Date>().ok())
    };
    match date {
        Some(date) if date.year() == 1 => Ok(None),
        Some(date) => Ok(Some(date)),
        None => Err(format!("date {}: not a date", shortened(text))),
    }
}

/// Month first, with or without leading zeros, perhaps with a time behind it.
fn american(text: &str) -> Option<Date> {
    let mut parts = text.split([' ', 'T']).next()?.split('/');
    let (month, day) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let year = parts.next().filter(|year| year.len() == 4)?.parse().ok()?;
    Date::new(year, month, day).ok().filter(|_| parts.next().is_none())
}
