//! The span of one reading: which rows it is about.

use std::fmt;

use super::period::{DayRange, Period};

/// The rows to read, and the kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// A whole billing period. Every row of the answer belongs to it, also late usage of third
    /// parties that is dated before it.
    Period(Period),
    /// Days by their date. Rows of other days are ignored: Azure's filter is not reliable.
    Days(DayRange),
    /// The rows of a billing period that are dated before it, which no reading by date contains.
    /// They are few, so a period too long for one reading is read in parts: its days and its late
    /// rows.
    Late(Period),
}

/// Writes the usual form: `2026-11`, or `2026-11-20..2026-11-23`.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Period(period) => period.fmt(f),
            Self::Days(range) => range.fmt(f),
            Self::Late(period) => write!(f, "the late rows of {period}"),
        }
    }
}

impl Span {
    /// Returns the days on which its rows count.
    pub fn days(self) -> DayRange {
        match self {
            Self::Period(period) | Self::Late(period) => period.days(),
            Self::Days(range) => range,
        }
    }
}
