//! The choice of list or report, and of the pieces.

use super::*;

#[test]
fn a_long_period_is_read_in_pieces_the_newest_first_and_goes_on_where_it_broke_off() {
    let mut scope = Scope::new(60);
    assert_eq!(scope.poll("2026-11-12T02:00:00Z"), ["2026-11", "2026-10"], "unknown: whole");
    let pieces = ["2026-11-09..2026-11-13", "2026-11-04..2026-11-08", "2026-11-01..2026-11-03"];
    assert_eq!(scope.requests("2026-11-12T06:00:00Z"), ["2026-11-08..2026-11-12"]);
    let asked = scope.poll_some("2026-11-13T02:00:00Z", 2);
    assert_eq!(asked[..4], [&pieces[..], &["late rows of 2026-11"]].concat());
    // The poll ended after two pieces.
    let asked = scope.poll("2026-11-13T02:01:00Z");
    assert_eq!(asked[..3], [pieces[0], pieces[2], "late rows of 2026-11"]);
    assert_eq!(scope.requests("2026-11-13T06:00:00Z"), [pieces[0]]);
    // Azure ignores the filter for late rows: then the whole period is read.
    scope.memory.distrust_late_filter();
    assert_eq!(scope.requests("2026-11-14T06:00:00Z")[0], "2026-11");
}

#[test]
fn a_day_beyond_all_measure_is_a_reading_of_its_own() {
    let mut scope = Scope::new(400);
    scope.poll.overlap_days = 3;
    scope.rules.daily_window = 29;
    scope.enter(Span::Period(Period::of(day("2026-11-01"))), "2026-11-04T02:00:00Z", 400);
    assert_eq!(
        scope.requests("2026-11-04T06:00:00Z")[..3],
        ["2026-11-04..2026-11-04", "2026-11-03..2026-11-03", "2026-11-02..2026-11-02"]
    );
}

#[test]
fn where_dates_are_ignored_periods_are_asked_for() {
    let mut scope = Scope::new(1);
    scope.poll("2026-11-23T02:00:00Z");
    scope.memory.distrust_filter();
    assert_eq!(scope.requests("2026-11-23T06:00:00Z"), ["2026-11"]);
    scope.rules.daily_window = 70;
    assert_eq!(scope.requests("2026-11-23T06:00:00Z"), ["2026-11", "2026-09"]);
}

#[test]
fn a_subscription_has_no_late_rows_to_ask_for() {
    let mut scope = Scope::new(60);
    scope.scope_type = ScopeType::Subscription;
    scope.poll("2026-11-12T02:00:00Z");
    let asked = scope.requests("2026-11-13T02:00:00Z");
    assert!(asked.iter().all(|span| !span.contains("late rows")), "{asked:?}");
    assert!(!asked.contains(&"2026-11".to_owned()));
}

#[test]
fn twenty_small_departments_cost_one_call_a_poll_each() {
    let mut departments: Vec<Scope> = (0..20).map(|_| Scope::new(1)).collect();
    let mut calls = |now: &str| {
        departments.iter_mut().map(|department| department.poll(now).len()).sum::<usize>()
    };
    assert_eq!(calls("2026-11-23T02:00:00Z"), 40, "two months, one call each");
    for hour in ["06", "10", "14", "18", "22"] {
        assert_eq!(calls(&format!("2026-11-23T{hour}:00:00Z")), 20);
    }
    assert_eq!(calls("2026-11-24T02:00:00Z"), 20, "the whole month in one call");
    assert_eq!(calls("2026-12-01T02:00:00Z"), 40, "the month before closes");
}

#[test]
fn a_long_reading_goes_through_the_report_when_one_is_due() {
    let mut scope = Scope::new(60);
    scope.read = Read::Auto;
    assert_eq!(scope.requests("2026-11-12T02:00:00Z"), ["2026-11 if short", "2026-10 if short"]);
    let instead = scope.planner().sources.instead(ReadRequest::new(
        Source::UsageDetails,
        Span::Period(Period::of(day("2026-11-01"))),
    ));
    assert_eq!(instead.into_iter().map(text).collect::<Vec<_>>(), ["report of 2026-11"]);
    for month in ["2026-11-01", "2026-10-01"] {
        let span = Span::Period(Period::of(day(month)));
        scope.enter_by(ReadRequest::new(Source::CostDetails, span), "2026-11-12T02:00:00Z", 60);
    }
    // Five days fit exactly; six do not, and the next report is not due.
    assert_eq!(scope.requests("2026-11-12T06:00:00Z"), ["2026-11-08..2026-11-12"]);
    scope.poll.overlap_days = 8;
    assert_eq!(scope.requests("2026-11-12T06:00:00Z"), ["2026-11-08..2026-11-12"]);
    assert_eq!(scope.poll("2026-11-13T02:00:00Z"), ["report of 2026-11"]);
    scope.poll.report_min_interval = Duration::from_secs(4 * 3600);
    assert_eq!(scope.requests("2026-11-13T05:59:59Z"), ["2026-11-09..2026-11-13"]);
    assert_eq!(scope.requests("2026-11-13T06:00:00Z"), ["report of 2026-11"]);
    // On the 15th day after its end the previous month is read again.
    assert_eq!(scope.requests("2026-11-16T02:00:00Z"), ["report of 2026-11", "report of 2026-10"]);
    scope.memory.refuse(Source::CostDetails, at("2026-11-15T03:00:00Z"));
    let asked = scope.requests("2026-11-16T02:00:00Z");
    assert!(
        asked.iter().all(|request| !request.contains("report") && !request.contains("short")),
        "{asked:?}"
    );
}

#[test]
fn a_short_month_is_read_by_the_list_and_a_day_beyond_all_measure_waits_for_the_report() {
    let mut scope = Scope::new(5);
    scope.read = Read::Auto;
    scope.poll("2026-11-12T02:00:00Z");
    assert_eq!(scope.requests("2026-11-13T02:00:00Z"), ["2026-11"]);
    let mut scope = Scope::new(310);
    scope.read = Read::Auto;
    for month in ["2026-11-01", "2026-10-01"] {
        let span = Span::Period(Period::of(day(month)));
        scope.enter_by(ReadRequest::new(Source::CostDetails, span), "2026-11-05T02:00:00Z", 310);
    }
    assert_eq!(scope.requests("2026-11-05T06:00:00Z"), [""; 0]);
    assert_eq!(scope.requests("2026-11-06T02:00:00Z")[0], "report of 2026-11");
}

#[test]
fn above_two_million_rows_a_report_is_a_week_and_goes_on_where_it_broke_off() {
    let mut scope = Scope::new(900);
    scope.read = Read::Auto;
    scope.rules.daily_window = 29;
    let november = Span::Period(Period::of(day("2026-11-01")));
    scope.enter_by(ReadRequest::new(Source::CostDetails, november), "2026-11-23T02:00:00Z", 900);
    scope.scope_store.scope_totals.forget_before(day("2026-11-01"), SignedDuration::ZERO);
    let asked = scope.planner().plan(at("2026-11-24T02:00:00Z"));
    let weeks: Vec<String> = asked.iter().take(5).map(|step| text(step.request)).collect();
    assert_eq!(
        weeks,
        [
            "report of 2026-11-18..2026-11-24",
            "report of 2026-11-11..2026-11-17",
            "report of 2026-11-04..2026-11-10",
            "report of 2026-11-01..2026-11-03",
            "late rows of 2026-11"
        ]
    );
    scope.enter_by(asked[0].request, "2026-11-24T02:00:00Z", 900);
    assert_eq!(scope.requests("2026-11-24T02:01:00Z")[0], weeks[0], "the others were left out");
}

#[test]
fn where_only_reports_are_read_nothing_is_asked_between_them() {
    let mut scope = Scope::new(10);
    scope.read = Read::CostDetails;
    assert_eq!(
        scope.poll("2026-11-01T02:00:00Z"),
        ["report of 2026-11", "report of 2026-10", "report of 2026-09"]
    );
    assert_eq!(scope.requests("2026-11-01T06:00:00Z"), [""; 0]);
    assert_eq!(scope.requests("2026-11-02T02:00:00Z"), ["report of 2026-11", "report of 2026-10"]);
}

#[test]
fn reports_reach_back_thirteen_months() {
    let budget = Budget {
        name: "year".to_owned(),
        amount: crate::billing::amount::Amount::ONE,
        currency: "EUR".to_owned(),
        grain: Grain::Year,
        start: day("2025-12-01"),
        only: Only::All,
    };
    let mut scope = Scope::new(1);
    scope.read = Read::Auto;
    scope.rules.budgets = vec![budget];
    let asked = scope.requests("2026-11-23T02:00:00Z");
    assert_eq!(asked[2], "2025-12 if short");
    let planner = scope.planner();
    let of = |month: &str| {
        let period = Period::of(day(month));
        planner.sources.of_period(period, false, &planner.known, at("2026-11-23T02:00:00Z"))
    };
    assert_eq!(text(of("2025-11-01")), "2025-11 if short");
    assert_eq!(text(of("2025-10-01")), "2025-10");
}
