//! What was requested, and where each row of the answer counts.

use jiff::civil::Date;

use crate::billing::daily_sums::DayBucket;
use crate::billing::period::Period;
use crate::billing::scope::{ScopeId, ScopeType};
use crate::billing::span::Span;

/// The requested days, and the way they are requested.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question {
    /// The days that the answer is used for.
    pub(super) span: Span,
    /// True if the request is by date: then rows of other days do not count. Subscriptions are
    /// always requested by date: they have no billing periods of the enrollment's kind.
    by_date: bool,
}

impl Question {
    pub(super) fn new(scope: &ScopeId, span: Span) -> Self {
        let by_date = matches!(span, Span::Days(_)) || scope.scope_type == ScopeType::Subscription;
        Self { span, by_date }
    }

    /// Returns the span that is sent in the request.
    pub(super) fn asked(self) -> Span {
        if self.by_date { Span::Days(self.span.days()) } else { self.span }
    }

    /// Returns where a row counts or would count, and whether it does. A row without a date belongs
    /// to its period: it counts only if the whole period was requested.
    pub(super) fn place(self, row: &Dates) -> Place {
        let range = self.span.days();
        let (bucket, counts) = match (self.span, row.date) {
            (_, Some(date)) if self.by_date => (DayBucket::own(date), range.contains(date)),
            (Span::Days(_), Some(date)) => (DayBucket::own(date), range.contains(date)),
            (Span::Period(period), Some(date)) => (DayBucket::of_period(date, period), true),
            (Span::Late(period), Some(date)) => {
                (DayBucket::of_period(date, period), !range.contains(date))
            }
            (Span::Period(period), None) => {
                let named = row.billing_period_start.map(Period::of) == Some(period);
                (DayBucket::undated(period), !self.by_date || named)
            }
            (Span::Days(_) | Span::Late(_), None) => {
                let day = row.billing_period_start.unwrap_or(range.first);
                (DayBucket::undated(Period::of(day)), false)
            }
        };
        Place { bucket, counts, belongs: self.belongs(row) }
    }

    /// Returns whether a row belongs to the requested periods; `None` if it does not say.
    fn belongs(self, row: &Dates) -> Option<bool> {
        let range = self.span.days();
        let asked = |day: Date| {
            (Period::of(range.first)..=Period::of(range.last)).contains(&Period::of(day))
        };
        let start = row.billing_period_start;
        match self.span {
            Span::Late(_) => start.map(asked),
            _ if self.by_date => row.date.map(asked),
            Span::Period(_) | Span::Days(_) => start.or(row.date).map(asked),
        }
    }
}

/// The dates of a row that decide where it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dates {
    pub(super) date: Option<Date>,
    pub(super) billing_period_start: Option<Date>,
}

/// The place of a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) bucket: DayBucket,
    pub(super) counts: bool,
    /// Whether it belongs to the requested periods; `None` if it does not say.
    pub(super) belongs: Option<bool>,
}
