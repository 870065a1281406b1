//! Which days to read now: a function of the settings, of what is known, and of the time.

use jiff::{Timestamp, ToSpan};

use crate::azure::Span;
use crate::billing::period::{DayRange, Period, day_of};
use crate::config;

/// What was read of a scope so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Known {
    /// The period that was last read whole, and when that reading began.
    pub(super) whole: Option<(Period, Timestamp)>,
}

/// The whole open period where it has not been read or not for long; else its newest days, which
/// are those that Azure still changes on every refresh.
pub(super) fn next_span(poll: &config::Poll, known: Known, now: Timestamp) -> Span {
    let today = day_of(now);
    let period = Period::of(today);
    let recent = known.whole.is_some_and(|(read, at)| {
        // A clock that was set back makes no reading recent for ever.
        let age = now.duration_since(at);
        let full_refresh = jiff::SignedDuration::try_from(poll.full_refresh);
        read == period
            && age >= jiff::SignedDuration::ZERO
            && full_refresh.is_ok_and(|limit| age < limit)
    });
    if !recent {
        return Span::Period(period);
    }
    let overlap = i64::from(poll.overlap_days.saturating_sub(1));
    let first = today.saturating_sub(overlap.days());
    // The first day also holds late usage that is dated before it, which only a reading of the
    // whole period shows; at the start of a month that is no more to read.
    if first <= period.days().first {
        return Span::Period(period);
    }
    Span::Days(DayRange { first, last: today })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_open_period_is_read_whole_at_first_and_then_only_where_it_can_change() {
        let poll = config::Poll {
            overlap_days: 5,
            full_refresh: std::time::Duration::from_secs(24 * 3600),
            ..config::Poll::default()
        };
        let whole = |month: &str| format!("whole {month}");
        for (read_at, now, span) in [
            (None, "2026-11-23T06:00:00Z", whole("2026-11")),
            (Some("2026-11-23T02:00:00Z"), "2026-11-23T06:00:00Z", "2026-11-19..2026-11-23".into()),
            (Some("2026-11-23T02:00:00Z"), "2026-11-24T01:59:59Z", "2026-11-20..2026-11-24".into()),
            (Some("2026-11-23T02:00:00Z"), "2026-11-24T02:00:00Z", whole("2026-11")),
            (Some("2026-11-02T23:00:00Z"), "2026-11-03T03:00:00Z", whole("2026-11")),
            (Some("2026-11-05T20:00:00Z"), "2026-11-05T23:59:59Z", whole("2026-11")),
            (Some("2026-11-05T20:00:00Z"), "2026-11-06T00:00:00Z", "2026-11-02..2026-11-06".into()),
            (Some("2026-11-30T23:00:00Z"), "2026-12-01T00:00:00Z", whole("2026-12")),
            (Some("2026-12-31T23:59:59Z"), "2027-01-01T00:00:00Z", whole("2027-01")),
            (Some("2026-11-23T06:00:00Z"), "2026-11-23T05:00:00Z", whole("2026-11")),
            (Some("2028-02-29T02:00:00Z"), "2028-02-29T06:00:00Z", "2028-02-25..2028-02-29".into()),
        ] {
            let whole = read_at.map(|at: &str| {
                let at: Timestamp = at.parse().unwrap();
                (Period::of(day_of(at)), at)
            });
            let planned = match next_span(&poll, Known { whole }, now.parse().unwrap()) {
                Span::Period(period) => format!("whole {period}"),
                Span::Days(range) => range.to_string(),
            };
            assert_eq!(planned, span, "read {read_at:?}, now {now}");
        }
    }
}
