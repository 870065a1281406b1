//! Which days to read now: a function of the settings, of what is known, and of the time.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::azure::Span;
use crate::billing::ledger::Ledger;
use crate::billing::period::{DayRange, Period, day_of};
use crate::billing::rules::Rules;
use crate::config;

/// Days after its end on which a period is read again, as far as the settings let it and while it
/// is the one before: every day while corrections are usual, then ever more seldom.
const REREADINGS: [i64; 14] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 21, 28, 35];

/// When each period was last read whole.
pub(super) type WholeReadings = BTreeMap<Period, Timestamp>;

/// What to read, the open period first: it is published before older days are read.
pub(super) fn plan(
    poll: &config::Poll,
    rules: &Rules,
    whole: &WholeReadings,
    ledger: &Ledger,
    now: Timestamp,
) -> Vec<Span> {
    let period = Period::of(day_of(now));
    let mut spans = vec![open_span(poll, whole.get(&period).copied(), now)];
    if is_due(poll, whole, period.before(), now) {
        spans.push(Span::Period(period.before()));
    }
    spans.extend(unknown_window(rules, ledger, now).map(Span::Days));
    spans.extend(unknown_months(rules, ledger, day_of(now)).into_iter().map(Span::Period));
    spans
}

/// The first day that is kept by itself; older ones only as the bills of their periods.
pub(super) fn first_kept_day(rules: &Rules, now: Timestamp) -> Date {
    let today = day_of(now);
    rules.window_start(today).min(Period::of(today).before().days().first)
}

/// Whether a period that is over will not be read again.
pub(super) fn is_settled(poll: &config::Poll, whole: &WholeReadings, period: Period) -> bool {
    let last = rereadings(poll, period).last();
    whole.get(&period).zip(last).is_some_and(|(read, last)| *read >= last)
}

/// The whole open period where it has not been read or not for long; else its newest days, which
/// are those that Azure still changes on every refresh.
fn open_span(poll: &config::Poll, whole: Option<Timestamp>, now: Timestamp) -> Span {
    let today = day_of(now);
    let period = Period::of(today);
    let recent = whole.is_some_and(|at| {
        // A clock that was set back makes no reading recent for ever.
        let age = now.duration_since(at);
        let full_refresh = SignedDuration::try_from(poll.full_refresh);
        age >= SignedDuration::ZERO && full_refresh.is_ok_and(|limit| age < limit)
    });
    let overlap = i64::from(poll.overlap_days.saturating_sub(1));
    let first = today.saturating_sub(overlap.days());
    // The first day also holds late usage that is dated before it, which only a reading of the
    // whole period shows; at the start of a month that is no more to read.
    if !recent || first <= period.days().first {
        return Span::Period(period);
    }
    Span::Days(DayRange { first, last: today })
}

fn is_due(poll: &config::Poll, whole: &WholeReadings, period: Period, now: Timestamp) -> bool {
    let Some(read) = whole.get(&period) else { return true };
    rereadings(poll, period).any(|moment| *read < moment && moment <= now)
}

fn rereadings(poll: &config::Poll, period: Period) -> impl Iterator<Item = Timestamp> {
    let until = i64::from(poll.previous_period_until_days);
    let days = REREADINGS.into_iter().filter(move |day| *day <= until);
    let after = move |day| period.end().checked_add(SignedDuration::from_hours(24 * day)).ok();
    days.filter_map(after).take_while(move |moment| *moment < period.after().end())
}

/// The days of the window before the previous period that were never read.
fn unknown_window(rules: &Rules, ledger: &Ledger, now: Timestamp) -> Option<DayRange> {
    let before = Period::of(day_of(now)).before().days().first;
    let known: BTreeSet<Date> = ledger.known_days().collect();
    let window = first_kept_day(rules, now).series(1.day()).take_while(|day| *day < before);
    let mut unknown = window.filter(|day| !known.contains(day));
    let first = unknown.next()?;
    Some(DayRange { first, last: unknown.last().unwrap_or(first) })
}

/// The closed periods that budgets count and nobody has read.
fn unknown_months(rules: &Rules, ledger: &Ledger, today: Date) -> BTreeSet<Period> {
    let counted = rules.budgets.iter().filter_map(|budget| budget.periods(today)).flatten();
    // The other two are read anyway.
    let closed = counted.filter(|period| *period < Period::of(today).before());
    closed.filter(|period| !ledger.knows(*period)).collect()
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
            let now: Timestamp = now.parse().unwrap();
            let whole = whole.filter(|(period, _)| *period == Period::of(day_of(now)));
            let planned = match open_span(&poll, whole.map(|(_, at)| at), now) {
                Span::Period(period) => format!("whole {period}"),
                Span::Days(range) => range.to_string(),
            };
            assert_eq!(planned, span, "read {read_at:?}, now {now}");
        }
    }

    #[test]
    fn the_period_before_is_read_daily_at_first_then_seldom_and_then_settles() {
        let poll = config::Poll::default();
        let october = Period::of(jiff::civil::date(2026, 10, 1));
        for (read, now, due, settled) in [
            (None, "2026-11-01T00:00:00Z", true, false),
            (Some("2026-11-01T00:10:00Z"), "2026-11-01T23:00:00Z", false, false),
            (Some("2026-11-01T23:00:00Z"), "2026-11-02T00:00:00Z", true, false),
            (Some("2026-11-10T00:00:00Z"), "2026-11-10T23:59:59Z", false, false),
            (Some("2026-11-10T00:00:00Z"), "2026-11-11T00:00:00Z", true, false),
            (Some("2026-11-11T00:00:00Z"), "2026-11-15T23:59:59Z", false, false),
            (Some("2026-11-11T00:00:00Z"), "2026-11-16T00:00:00Z", true, false),
            (Some("2026-11-16T00:00:00Z"), "2026-11-21T23:59:59Z", false, false),
            (Some("2026-11-21T23:00:00Z"), "2026-11-22T00:00:00Z", true, false),
            (Some("2026-11-22T00:00:00Z"), "2026-11-28T23:59:59Z", false, false),
            (Some("2026-11-22T00:00:00Z"), "2026-11-29T00:00:00Z", true, false),
            (Some("2026-11-29T00:00:00Z"), "2026-11-30T23:59:59Z", false, true),
            // Nobody polled for a week: one reading makes up for all that was missed.
            (Some("2026-11-03T00:00:00Z"), "2026-11-10T12:00:00Z", true, false),
        ] {
            let read = read.map(|at: &str| at.parse().unwrap());
            let whole: WholeReadings =
                read.map(|at: Timestamp| (october, at)).into_iter().collect();
            let now = now.parse().unwrap();
            let state = (is_due(&poll, &whole, october, now), is_settled(&poll, &whole, october));
            assert_eq!(state, (due, settled), "read {read:?}, now {now}");
        }
        // A February is the one before for March, and January for 28 days only.
        let january = Period::of(jiff::civil::date(2027, 1, 1));
        let read = "2027-02-22T00:00:00Z".parse().unwrap();
        assert!(is_settled(&poll, &WholeReadings::from([(january, read)]), january));
    }

    #[test]
    fn a_first_poll_reads_the_open_period_the_one_before_and_the_rest_of_the_window() {
        let (poll, rules) = (config::Poll::default(), Rules::default());
        let spans = |now: &str| {
            let spans = plan(
                &poll,
                &rules,
                &WholeReadings::new(),
                &Ledger::default(),
                now.parse().unwrap(),
            );
            let text = |span: &Span| match span {
                Span::Period(period) => period.to_string(),
                Span::Days(range) => range.to_string(),
            };
            spans.iter().map(text).collect::<Vec<_>>()
        };
        assert_eq!(spans("2026-11-23T12:00:00Z"), ["2026-11", "2026-10"]);
        assert_eq!(spans("2026-11-01T00:00:00Z"), ["2026-11", "2026-10", "2026-09-28..2026-09-30"]);
        assert_eq!(spans("2027-03-01T00:00:00Z"), ["2027-03", "2027-02", "2027-01-26..2027-01-31"]);
    }
}
