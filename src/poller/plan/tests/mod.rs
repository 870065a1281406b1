//! Plans as tables: what is known, what time it is, what is requested.

mod source_choice;

use std::time::Duration;

use super::*;
use crate::billing::budget::{Budget, Grain};
use crate::billing::charge::Charge;
use crate::billing::daily_sums::DayBucket;
use crate::billing::period::DayRange;
use crate::billing::span::Span;
use crate::config::Read;
use crate::ingest::SpillBuffer;
use crate::source::{CostModel, Source, SourceMemory};
use crate::store::{CompletedRead, RetentionPolicy, ScopeStore};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

/// A scope that is polled as planned, with answers that the test chooses.
struct Scope {
    poll: config::Poll,
    rules: Rules,
    tag_keys: TagKeys,
    scope_type: ScopeType,
    read: Read,
    memory: SourceMemory,
    scope_store: ScopeStore,
    rows_a_day: u64,
}

impl Scope {
    fn new(rows_a_day: u64) -> Self {
        Self {
            poll: config::Poll::default(),
            rules: Rules::default(),
            tag_keys: TagKeys::default(),
            scope_type: ScopeType::Department,
            read: Read::UsageDetails,
            memory: SourceMemory::default(),
            scope_store: ScopeStore::default(),
            rows_a_day,
        }
    }

    fn planner(&self) -> Planner<'_> {
        Planner {
            poll: &self.poll,
            rules: &self.rules,
            tag_keys: &self.tag_keys,
            scope_type: self.scope_type,
            sources: Sources::new(self.read, &self.poll),
            known: Known {
                totals: &self.scope_store.scope_totals,
                memory: &self.memory,
                // A hundredth of the real sizes, so that a test need not add up millions of rows.
                cost_model: CostModel { page: 10, reading: 300, report: 20_000 },
                without: None,
            },
        }
    }

    /// Returns what is requested at a moment.
    fn requests(&self, now: &str) -> Vec<String> {
        self.planner().plan(at(now)).into_iter().map(|step| text(step.request)).collect()
    }

    /// Plans a poll, and enters the first answers.
    fn poll_some(&mut self, now: &str, answers: usize) -> Vec<String> {
        let steps = self.planner().plan(at(now));
        for step in steps.iter().take(answers) {
            self.enter_by(step.request, now, self.rows_a_day);
        }
        steps.into_iter().map(|step| text(step.request)).collect()
    }

    fn poll(&mut self, now: &str) -> Vec<String> {
        self.poll_some(now, usize::MAX)
    }

    /// Enters an answer with this many rows a day.
    fn enter(&mut self, span: Span, now: &str, rows: u64) {
        self.enter_by(ReadRequest::new(Source::UsageDetails, span), now, rows);
    }

    fn enter_by(&mut self, ReadRequest { span, source, .. }: ReadRequest, now: &str, rows: u64) {
        let mut sums = SpillBuffer::new(&self.tag_keys);
        let until = span.days().last.min(day_of(at(now)));
        if !matches!(span, Span::Late(_)) {
            for day in (DayRange { first: span.days().first, last: until }).iter() {
                for _ in 0..rows {
                    sums.push(&Charge::default(), DayBucket::own(day));
                }
            }
        }
        sums.commit_page();
        let keeping = RetentionPolicy {
            since: first_kept_day(&self.rules, at(now)),
            complete_after: self.rules.day_complete_after,
        };
        let facts = Default::default();
        let answer = CompletedRead { span, rows: sums, facts, began: at(now) };
        self.memory.completed(source, span, at(now));
        self.scope_store.keep(&answer, &[], keeping).unwrap();
    }
}

fn text(ReadRequest { span, source, most_pages }: ReadRequest) -> String {
    let span = match span {
        Span::Period(period) => period.to_string(),
        Span::Days(range) => range.to_string(),
        Span::Late(period) => format!("late rows of {period}"),
    };
    match (source, most_pages) {
        (Source::UsageDetails, None) => span,
        (Source::UsageDetails, Some(_)) => format!("{span} if short"),
        (Source::CostDetails, _) => format!("report of {span}"),
    }
}

#[test]
fn a_first_poll_reads_the_open_period_the_one_before_and_the_rest_of_the_window() {
    let requests = |now: &str| Scope::new(1).requests(now);
    assert_eq!(requests("2026-11-23T12:00:00Z"), ["2026-11", "2026-10"]);
    assert_eq!(requests("2026-11-01T00:00:00Z"), ["2026-11", "2026-10", "2026-09-28..2026-09-30"]);
    assert_eq!(requests("2027-03-01T00:00:00Z"), ["2027-03", "2027-02", "2027-01-26..2027-01-31"]);
    assert_eq!(requests("2028-03-01T00:00:00Z"), ["2028-03", "2028-02", "2028-01-27..2028-01-31"]);
}

#[test]
fn the_open_period_is_read_whole_at_first_and_then_only_where_it_can_change() {
    for (polled, now, asked) in [
        ("2026-11-23T02:00:00Z", "2026-11-23T06:00:00Z", "2026-11-19..2026-11-23"),
        ("2026-11-23T02:00:00Z", "2026-11-24T01:59:59Z", "2026-11-20..2026-11-24"),
        ("2026-11-23T02:00:00Z", "2026-11-24T02:00:00Z", "2026-11"),
        // While only the newest days exist, reading the whole period costs no more.
        ("2026-11-05T20:00:00Z", "2026-11-05T23:59:59Z", "2026-11"),
        ("2026-11-05T20:00:00Z", "2026-11-06T00:00:00Z", "2026-11-02..2026-11-06"),
        ("2026-11-30T23:00:00Z", "2026-12-01T00:00:00Z", "2026-12"),
        ("2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z", "2027-01"),
        ("2028-02-28T22:00:00Z", "2028-02-29T02:00:00Z", "2028-02-25..2028-02-29"),
        ("2027-02-28T22:00:00Z", "2027-03-01T02:00:00Z", "2027-03"),
        // The clock was set back: by an hour, past midnight, into the previous month.
        ("2026-11-23T06:00:00Z", "2026-11-23T05:00:00Z", "2026-11"),
        ("2026-11-23T00:30:00Z", "2026-11-22T23:30:00Z", "2026-11"),
        ("2026-12-01T00:30:00Z", "2026-11-30T23:30:00Z", "2026-11"),
    ] {
        let mut scope = Scope::new(1);
        scope.poll(polled);
        assert_eq!(scope.requests(now)[0], asked, "polled {polled}, now {now}");
    }
}

#[test]
fn a_month_that_was_closed_too_early_is_read_whole_again() {
    let mut scope = Scope::new(1);
    scope.poll("2026-11-30T20:00:00Z");
    // The newest days start in the previous month.
    assert_eq!(scope.poll("2026-12-01T00:30:00Z"), ["2026-12", "2026-11-27..2026-11-30"]);
    // The clock was set back: the resources of a closed month are not known any more.
    assert_eq!(scope.requests("2026-11-30T23:30:00Z")[0], "2026-11");
}

#[test]
fn the_newest_days_reach_over_the_first_of_the_month() {
    let mut scope = Scope::new(1);
    scope.poll("2026-10-31T20:00:00Z");
    for (now, asked) in [
        ("2026-11-01T08:00:00Z", ["2026-11", "2026-10-28..2026-10-31"]),
        ("2026-11-01T12:00:00Z", ["2026-11", "2026-10-28..2026-10-31"]),
        ("2026-11-03T08:00:00Z", ["2026-11", "2026-10"]),
        ("2026-11-03T12:00:00Z", ["2026-11", "2026-10-30..2026-10-31"]),
        ("2026-11-04T12:00:00Z", ["2026-11", "2026-10"]),
        ("2026-11-04T16:00:00Z", ["2026-11", "2026-10-31..2026-10-31"]),
    ] {
        assert_eq!(scope.poll(now), asked, "{now}");
    }
    assert_eq!(scope.poll("2026-11-05T16:00:00Z"), ["2026-11", "2026-10"], "the daily reading");
    assert_eq!(scope.requests("2026-11-05T20:00:00Z"), ["2026-11"]);
}

#[test]
fn a_period_with_a_suspect_day_is_not_settled() {
    let october = Period::of(day("2026-10-01"));
    let mut scope = Scope::new(10);
    scope.poll("2026-11-29T00:00:00Z");
    assert!(scope.planner().is_settled(october));
    let ninth = Span::Days(DayRange { first: day("2026-10-09"), last: day("2026-10-09") });
    scope.enter(ninth, "2026-11-29T10:00:00Z", 2);
    assert!(!scope.planner().is_settled(october));
    scope.enter(ninth, "2026-11-29T14:00:00Z", 2);
    assert!(scope.planner().is_settled(october), "two answers agree");
}

#[test]
fn after_a_week_of_downtime_everything_that_was_partial_is_read_again() {
    let mut scope = Scope::new(1);
    scope.poll("2026-11-12T12:00:00Z");
    assert_eq!(scope.requests("2026-11-19T12:00:00Z"), ["2026-11", "2026-10"]);
    // No poll over the end of the month: the old month was never read whole.
    let mut scope = Scope::new(1);
    scope.poll("2026-11-26T12:00:00Z");
    assert_eq!(scope.poll("2026-12-03T12:00:00Z"), ["2026-12", "2026-11",]);
    // No poll over two ends: only what was partial in the window is read again.
    let mut scope = Scope::new(1);
    scope.rules.daily_window = 100;
    scope.poll("2026-09-20T12:00:00Z");
    assert_eq!(
        scope.poll("2026-11-24T12:00:00Z"),
        ["2026-11", "2026-10", "2026-09-17..2026-09-30"]
    );
    assert_eq!(scope.requests("2026-11-24T16:00:00Z"), ["2026-11-20..2026-11-24"]);
}

#[test]
fn the_period_before_is_read_daily_at_first_then_seldom_and_then_settles() {
    let october = Period::of(day("2026-10-01"));
    for (polled, now, due, settled) in [
        ("2026-11-01T00:10:00Z", "2026-11-01T23:00:00Z", false, false),
        ("2026-11-01T23:00:00Z", "2026-11-02T00:00:00Z", true, false),
        // The 9th and 10th day after the end, then the 15th, 21st and 28th.
        ("2026-11-09T00:00:00Z", "2026-11-09T23:59:59Z", false, false),
        ("2026-11-09T00:00:00Z", "2026-11-10T00:00:00Z", true, false),
        ("2026-11-10T00:00:00Z", "2026-11-10T23:59:59Z", false, false),
        ("2026-11-10T00:00:00Z", "2026-11-11T00:00:00Z", true, false),
        ("2026-11-11T00:00:00Z", "2026-11-12T00:00:00Z", false, false),
        ("2026-11-11T00:00:00Z", "2026-11-15T23:59:59Z", false, false),
        ("2026-11-11T00:00:00Z", "2026-11-16T00:00:00Z", true, false),
        ("2026-11-16T00:00:00Z", "2026-11-17T00:00:00Z", false, false),
        ("2026-11-16T00:00:00Z", "2026-11-21T23:59:59Z", false, false),
        ("2026-11-21T23:00:00Z", "2026-11-22T00:00:00Z", true, false),
        ("2026-11-22T00:00:00Z", "2026-11-28T23:59:59Z", false, false),
        ("2026-11-22T00:00:00Z", "2026-11-29T00:00:00Z", true, false),
        ("2026-11-29T00:00:00Z", "2026-11-30T23:59:59Z", false, true),
        // No poll for a week: one reading makes up for all that was missed.
        ("2026-11-03T00:00:00Z", "2026-11-10T12:00:00Z", true, false),
    ] {
        let mut scope = Scope::new(1);
        scope.poll(polled);
        let asked = scope.requests(now).contains(&"2026-10".to_owned());
        let state = (asked, scope.planner().is_settled(october));
        assert_eq!(state, (due, settled), "polled {polled}, now {now}");
    }
}

/// On days 35 and 36 after its end a period is older than the previous one, whatever the settings
/// say; February is the previous period for 31 days, January for 28.
#[test]
fn a_period_settles_with_the_last_reading_that_fits() {
    for (until, polled, settled) in [
        (35, "2027-03-28T00:00:00Z", false),
        (35, "2027-03-29T00:00:00Z", true),
        (21, "2027-03-22T00:00:00Z", true),
        (5, "2027-03-05T23:59:59Z", false),
        (5, "2027-03-06T00:00:00Z", true),
    ] {
        let mut scope = Scope::new(1);
        scope.poll.previous_period_until_days = until;
        scope.poll(polled);
        let february = Period::of(day("2027-02-01"));
        assert_eq!(scope.planner().is_settled(february), settled, "{until} days, {polled}");
    }
    let mut scope = Scope::new(1);
    scope.poll("2027-02-22T00:00:00Z");
    assert!(scope.planner().is_settled(Period::of(day("2027-01-01"))));
    for days_after in [35, 36] {
        let now = at("2026-11-01T00:00:00Z") + SignedDuration::from_hours(24 * days_after);
        let mut scope = Scope::new(1);
        scope.poll("2026-11-29T00:00:00Z");
        let asked = scope.requests(&now.to_string());
        assert!(!asked.contains(&"2026-10".to_owned()), "{now}: {asked:?}");
    }
}

#[test]
fn a_suspect_day_is_asked_for_again_with_the_next_poll() {
    let mut scope = Scope::new(10);
    scope.poll("2026-11-23T02:00:00Z");
    let tenth = Span::Days(DayRange { first: day("2026-11-10"), last: day("2026-11-10") });
    scope.enter(tenth, "2026-11-23T03:00:00Z", 7);
    let again = ["2026-11-19..2026-11-23", "2026-11-10..2026-11-10"];
    assert_eq!(scope.requests("2026-11-23T06:00:00Z"), again);
    scope.enter(tenth, "2026-11-23T06:00:00Z", 7);
    assert_eq!(scope.requests("2026-11-23T10:00:00Z"), again[..1], "two answers agree");
    let ninth = Span::Days(DayRange { first: day("2026-10-09"), last: day("2026-10-09") });
    scope.enter(ninth, "2026-11-23T10:00:00Z", 0);
    assert_eq!(scope.requests("2026-11-23T11:00:00Z"), [again[0], "2026-10-09..2026-10-09"]);
}

#[test]
fn a_new_tag_key_is_asked_for_on_every_day_that_was_read_without_it() {
    let mut scope = Scope::new(1);
    scope.poll("2026-11-23T02:00:00Z");
    scope.tag_keys = ["team".to_owned()].into();
    assert!(!scope.planner().is_complete(at("2026-11-23T06:00:00Z")));
    // Every day is due, so that reading the whole period is as few calls.
    assert_eq!(scope.poll("2026-11-23T06:00:00Z"), ["2026-11", "2026-10"]);
    assert_eq!(scope.requests("2026-11-23T10:00:00Z"), ["2026-11-19..2026-11-23"]);
    assert!(scope.planner().is_complete(at("2026-11-23T10:00:00Z")));
}

#[test]
fn the_months_of_a_budget_are_read_once_and_again_where_they_were_kept_too_early() {
    let budget = Budget {
        name: "year".to_owned(),
        amount: crate::billing::amount::Amount::ONE,
        currency: "EUR".to_owned(),
        grain: Grain::Year,
        start: day("2026-08-01"),
        only: Only::All,
    };
    let mut scope = Scope::new(1);
    scope.rules.budgets = vec![budget];
    assert_eq!(scope.poll("2026-11-23T02:00:00Z"), ["2026-11", "2026-10", "2026-08", "2026-09"]);
    assert_eq!(scope.requests("2026-11-23T06:00:00Z"), ["2026-11-19..2026-11-23"]);
    // No poll for two months: October was read late enough, November was not.
    let asked = scope.poll("2027-02-05T02:00:00Z");
    assert_eq!(asked, ["2027-02", "2027-01", "2026-11", "2026-12"]);
}

#[test]
fn a_shorter_refresh_reads_the_whole_period_more_often() {
    let mut scope = Scope::new(1);
    scope.poll.full_refresh = Duration::from_secs(3600);
    scope.poll("2026-11-23T02:00:00Z");
    assert_eq!(scope.requests("2026-11-23T02:59:59Z"), ["2026-11-19..2026-11-23"]);
    assert_eq!(scope.requests("2026-11-23T03:00:00Z"), ["2026-11"]);
}
