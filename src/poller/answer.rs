//! Turns a finished reading into what is entered.

use jiff::Timestamp;
use tracing::{info, warn};

use super::scope_cell::ScopeState;
use crate::azure;
use crate::billing::daily_sums::DayBucket;
use crate::billing::facts::into_period;
use crate::billing::scope_totals::ScopeTotals;
use crate::billing::span::Span;
use crate::source::{ReadRequest, Reading, Understood, interpret};
use crate::store::CompletedRead;

/// An answer that can be entered.
pub(super) struct Interpreted {
    pub(super) answer: CompletedRead,
    /// The number of rows that count, and of those that do not.
    pub(super) rows: u64,
    pub(super) outside: u64,
}

impl ScopeState {
    /// Returns the answer to enter, if there is one, and how many of its rows do not count.
    pub(super) fn interpret(
        &mut self,
        request: ReadRequest,
        reading: Reading,
        began: Timestamp,
    ) -> Result<Option<Interpreted>, azure::Error> {
        let (scope, totals) = (&self.settings.scope, &self.scope_store.scope_totals);
        let (label, spared) = (&scope.label, !scope.charges_are_free);
        let understood = interpret(request, &reading, totals, &mut self.source_memory);
        let refused = if spared { reading.refuse_hidden() } else { Ok(()) };
        let (zeros, mut rows) = (reading.zeros(), reading.counts.counted);
        let mut outside = reading.counts.outside + reading.counts.undated;
        let (sums, facts, span) = match understood {
            Understood::AsAsked => {
                if reading.counts.outside > 0 {
                    let (rows, days) = (reading.counts.outside, request.span.days());
                    warn!(scope = label, rows, %days, "Azure sent rows of other days than requested");
                }
                (reading.sums, reading.facts, request.span)
            }
            Understood::Whole(period) => {
                warn!(scope = label, %period, "Azure ignores the dates of a request; whole periods are read from now on");
                rows += std::mem::take(&mut outside);
                let facts = into_period(reading.facts, period);
                (reading.sums.into_period(period), facts, Span::Period(period))
            }
            Understood::Unfiltered => {
                info!(
                    scope = label,
                    "Azure ignores the filter for late rows; whole periods are read for them from now on"
                );
                return Ok(None);
            }
        };
        let buckets = totals.buckets(span, sums.buckets(), began);
        refused.and_then(|()| match zeros.filter(|_| spared) {
            Some(zeros) => refuse_zeros(totals, zeros, buckets),
            None => Ok(()),
        })?;
        let answer = CompletedRead { span, rows: sums, facts, began };
        Ok(Some(Interpreted { answer, rows, outside }))
    }
}

/// Refuses an answer in which nothing has a cost any more although the same days had costs before:
/// who may see only quantities gets zeros. Usage that was always free or covered is accepted.
/// `zeros` is the number of rows of on-demand usage, which all cost 0.
fn refuse_zeros(
    totals: &ScopeTotals,
    zeros: u64,
    buckets: Vec<DayBucket>,
) -> Result<(), azure::Error> {
    if totals.had_cost(buckets) {
        return Err(azure::Error::NoCharges(format!(
            "all {zeros} rows of on-demand usage cost 0, but in the reading before, usage of the same days had a cost"
        )));
    }
    Ok(())
}
