//! Decides what a finished reading contains, by what is known about the days around it.

use std::collections::BTreeSet;

use crate::azure;

use crate::billing::daily_sums::DayBucket;
use crate::billing::period::Period;
use crate::billing::scope_totals::ScopeTotals;
use crate::billing::span::Span;
use crate::source::Reading;

/// The content of an answer, compared with the request.
pub(super) enum Understood {
    /// The requested rows.
    AsAsked,
    /// All rows of a period: Azure ignored the dates.
    Whole(Period),
    /// The first rows of a whole period: Azure ignored the filter for late rows.
    Unfiltered,
}

/// Compares an answer with the request, by what is known about the days around it.
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

/// Refuses an answer in which nothing has a cost any more although the same days had costs before:
/// who may see only quantities gets zeros. Usage that was always free or covered is accepted.
/// `zeros` is the number of rows of on-demand usage, which all cost 0.
pub(super) fn refuse_zeros(
    scope_totals: &ScopeTotals,
    zeros: u64,
    buckets: Vec<DayBucket>,
) -> Result<(), azure::Error> {
    if scope_totals.had_cost(buckets) {
        return Err(azure::Error::NoCharges(format!(
            "all {zeros} rows of on-demand usage cost 0, but in the reading before, usage of the same days had a cost"
        )));
    }
    Ok(())
}
