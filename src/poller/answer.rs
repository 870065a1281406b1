//! What a finished reading turned out to be, by what is known of the days around it.

use std::collections::BTreeSet;

use crate::azure::Reading;
use crate::billing::books::Books;
use crate::billing::period::Period;
use crate::billing::span::Span;

/// What an answer turned out to be.
pub(super) enum Understood {
    /// What was asked for.
    AsAsked,
    /// All of a period: Azure ignored the dates.
    Whole(Period),
    /// All of a period, broken off: Azure ignored the filter for guests.
    Unfiltered,
}

/// Compares an answer with the question, by what is known of the days around it.
pub(super) fn understand(books: &Books, span: Span, reading: &Reading) -> Understood {
    match span {
        _ if reading.outside == 0 => Understood::AsAsked,
        Span::Period(_) => Understood::AsAsked,
        Span::Guests(_) => Understood::Unfiltered,
        Span::Days(asked) => {
            let outside = reading.sums.rows_outside(asked);
            let periods: BTreeSet<Period> = outside.keys().map(|day| Period::of(*day)).collect();
            let mut periods = periods.into_iter();
            match periods.find(|period| books.is_whole(*period, asked, &outside)) {
                Some(period) => Understood::Whole(period),
                None => Understood::AsAsked,
            }
        }
    }
}
