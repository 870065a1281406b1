//! Decides what a finished reading contains, by what is known about the days around it: the list
//! sometimes ignores the dates of a request.

use std::collections::BTreeSet;

use super::Source;
use super::memory::SourceMemory;
use super::reading::Reading;
use super::request::ReadRequest;
use crate::billing::period::Period;
use crate::billing::scope_totals::ScopeTotals;
use crate::billing::span::Span;

/// The content of an answer, compared with the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Understood {
    /// The requested rows.
    AsAsked,
    /// All rows of a period: Azure ignored the dates.
    Whole(Period),
    /// The first rows of a whole period: Azure ignored the filter for late rows.
    Unfiltered,
}

/// Compares an answer with the request, and remembers what it shows about its source.
pub fn interpret(
    request: ReadRequest,
    reading: &Reading,
    totals: &ScopeTotals,
    memory: &mut SourceMemory,
) -> Understood {
    let understood = match request.source {
        Source::UsageDetails => of_list(request.span, reading, totals),
        // The period of a report is part of its order.
        Source::CostDetails => Understood::AsAsked,
    };
    match understood {
        Understood::AsAsked => {}
        Understood::Whole(_) => memory.distrust_filter(),
        Understood::Unfiltered => memory.distrust_late_filter(),
    }
    understood
}

fn of_list(span: Span, reading: &Reading, totals: &ScopeTotals) -> Understood {
    match span {
        _ if reading.counts.outside == 0 => Understood::AsAsked,
        Span::Period(_) => Understood::AsAsked,
        Span::Late(_) => Understood::Unfiltered,
        Span::Days(asked) => {
            let outside = reading.sums.rows_outside(asked);
            let periods: BTreeSet<Period> = outside.keys().map(|day| Period::of(*day)).collect();
            let mut periods = periods.into_iter();
            match periods.find(|period| totals.is_whole(*period, asked, &outside)) {
                Some(period) => Understood::Whole(period),
                None => Understood::AsAsked,
            }
        }
    }
}
