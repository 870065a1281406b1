//! What a finished reading turned out to be, by what is known of the days around it.

use std::collections::BTreeSet;

use crate::azure::{self, Reading};
use crate::billing::daily_sums::DayBucket;
use crate::billing::period::Period;
use crate::billing::scope_totals::ScopeTotals;
use crate::billing::span::Span;

/// What an answer turned out to be.
pub(super) enum Understood {
    /// What was asked for.
    AsAsked,
    /// All of a period: Azure ignored the dates.
    Whole(Period),
    /// All of a period, broken off: Azure ignored the filter for late rows.
    Unfiltered,
}

/// Compares an answer with the question, by what is known of the days around it.
pub(super) fn interpret(scope_totals: &ScopeTotals, span: Span, reading: &Reading) -> Understood {
    match span {
        _ if reading.outside == 0 => Understood::AsAsked,
        Span::Period(_) => Understood::AsAsked,
        Span::Late(_) => Understood::Unfiltered,
        Span::Days(asked) => {
            let outside = reading.sums.rows_outside(asked);
            let periods: BTreeSet<Period> = outside.keys().map(|day| Period::of(*day)).collect();
            let mut periods = periods.into_iter();
            match periods.find(|period| scope_totals.is_whole(*period, asked, &outside)) {
                Some(period) => Understood::Whole(period),
                None => Understood::AsAsked,
            }
        }
    }
}

/// Refuses an answer in which nothing costs anything any more, although it is used as before: who may
/// see quantities alone gets zeros. What is free from the start, or covered, is another matter. `zeros`
/// is how many rows of on-demand usage there are, which all cost 0.
pub(super) fn refuse_zeros(
    scope_totals: &ScopeTotals,
    zeros: u64,
    buckets: Vec<DayBucket>,
) -> Result<(), azure::Error> {
    if scope_totals.had_cost(buckets) {
        return Err(azure::Error::NoCharges(format!(
            "all {zeros} rows of on-demand usage cost 0, and on the same days usage cost something before"
        )));
    }
    Ok(())
}
