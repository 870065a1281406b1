//! Days held against Azure's own totals, which the simulator adds up by itself.

use std::collections::BTreeMap;

use azure_billing_simulator::{Currency, Fault, Options, Step};
use jiff::civil::date;

use crate::simulation::{HOUR, Setup, Simulation};

const ACCOUNT: (&str, &str) = ("billing_account", "100000");
const QUERY: &str = "azure_billing_query_pretax_cost";
const DIFFERENCE: &str = "azure_billing_query_difference_pretax_cost";
const OF_DAY: &str = "azure_billing_day_difference_pretax_cost";
const COSTS: &str = "azure_billing_scope_pretax_cost";

fn controlled(options: Options) -> Simulation {
    Setup::new("2026-11-20T00:10:00Z", ACCOUNT.0, ACCOUNT.1, options)
        .unlimited()
        .controlled()
        .start()
}

fn some_pages() -> Options {
    // Half a dozen pages a month. Late usage is on no day of its own, so no day's total has it.
    Options { resources: 150, late_third_party: false, ..Options::default() }
}

/// Returns the bodies of the queries after a number of requests.
fn queries(simulation: &Simulation, before: u64) -> Vec<String> {
    let requests = simulation.simulator.requests().into_iter();
    let queries = requests.filter(|asked| asked.number > before && asked.step == Some(Step::Query));
    queries.map(|asked| asked.body).collect()
}

/// Returns the days that differ.
fn differing(simulation: &Simulation) -> BTreeMap<String, f64> {
    let text = simulation.text();
    let lines = text.lines().filter(|line| line.starts_with(&format!("{OF_DAY}{{")));
    let day = |line: &str| {
        let (series, value) = line.rsplit_once(' ').expect("a value");
        let day = series.split("date=\"").nth(1).and_then(|it| it.split('"').next());
        (day.expect("a day").to_owned(), value.parse().expect("a number"))
    };
    lines.map(day).collect()
}

#[tokio::test(start_paused = true)]
async fn honest_days_are_verified_by_one_query_a_month_and_poll_and_never_differ() {
    let mut simulation = controlled(some_pages());
    let mut more = 0;
    for poll in 0..20 {
        let before = simulation.simulator.request_count();
        assert!(simulation.poll().await);
        let asked = queries(&simulation, before);
        // A month each, and one more for a day that was restated after it had left the newest ones.
        for (body, month) in asked.iter().zip(["2026-10-01", "2026-11-01"]) {
            assert!(body.contains("ActualCost") && body.contains(month), "{body}");
        }
        assert!((2..=3).contains(&asked.len()), "poll {poll}: {asked:?}");
        more += asked.len() - 2;
        assert!(differing(&simulation).is_empty(), "poll {poll}: {:?}", differing(&simulation));
        assert_eq!(simulation.dates("differs"), 0.0);
        simulation.assert_published_is_billed();
        tokio::time::advance(4 * HOUR).await;
    }
    assert!(more <= 2, "{more} queries of single days");
    assert!(simulation.dates("verified") > 40.0, "{}", simulation.dates("verified"));
    assert_eq!(simulation.dates("unverified"), 0.0);
    let of_period = format!("period=\"{}\"", "2026-11");
    let (azure, ours) = (simulation.published(QUERY, &of_period), simulation.published(COSTS, ""));
    assert!((azure["USD"] - ours["USD"]).abs() < ours["USD"] / 10.0, "{azure:?} {ours:?}");
    assert_eq!(simulation.published(DIFFERENCE, &of_period)["USD"].round(), 0.0);
    assert_eq!(simulation.value("azure_billing_control_available"), 1.0);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_lost_repeated_or_short_is_named_by_day_and_mended_in_the_same_poll() {
    for fault in [
        Fault::LostPage,
        Fault::RepeatedPage,
        Fault::ShortPage { rows: 700 },
        Fault::DropRows { percent: 3 },
    ] {
        // The first page of a first reading, which no earlier answer contradicts.
        let mut simulation = controlled(some_pages());
        simulation.simulator.next_faults_at(Step::List, [fault.clone()]);
        assert!(simulation.poll().await);
        let found = differing(&simulation);
        assert!(!found.is_empty(), "{fault:?} is not seen");
        assert!(found.values().all(|difference| *difference == 0.0), "{fault:?}: {found:?}");
        assert_eq!(simulation.dates("differs"), 0.0, "{fault:?} is mended");
        simulation.assert_published_is_billed();
        let asked = queries(&simulation, 0).len();
        assert_eq!(
            asked,
            2 + found.len(),
            "{fault:?}: a query a month, and one a day that differs"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_day_that_is_restated_weeks_later_is_read_within_one_poll() {
    let mut simulation = controlled(some_pages());
    assert!(simulation.poll().await);
    let day = |simulation: &Simulation| {
        simulation.published("azure_billing_scope_daily_pretax_cost", "date=\"2026-11-02\"")["USD"]
    };
    let before = day(&simulation);
    tokio::time::advance(4 * HOUR).await;
    simulation.simulator.shrink_day(date(2026, 11, 2), 30);
    assert!(simulation.poll().await);
    assert!(day(&simulation) < before, "{} is not less than {before}", day(&simulation));
    assert_eq!((simulation.dates("differs"), simulation.dates("suspect")), (0.0, 0.0));
    simulation.assert_published_is_billed();
}

#[tokio::test(start_paused = true)]
async fn a_suspect_answer_is_refused_where_azure_s_total_equals_the_old_one() {
    let mut simulation = controlled(some_pages());
    assert!(simulation.poll().await);
    tokio::time::advance(HOUR / 4).await;
    simulation.simulator.next_faults_at(Step::List, [Fault::DropRows { percent: 60 }]);
    assert!(simulation.poll().await);
    assert_eq!(simulation.dates("suspect"), 0.0);
    simulation.assert_published_is_billed();
}

#[tokio::test(start_paused = true)]
async fn without_totals_everything_is_as_without_control() {
    let reference = {
        let setup = Setup::new("2026-11-20T00:10:00Z", ACCOUNT.0, ACCOUNT.1, some_pages());
        let mut simulation = setup.unlimited().start();
        assert!(simulation.poll().await);
        simulation.published(COSTS, "")
    };
    for (fault, reason) in [
        (Fault::Forbidden, "forbidden"),
        (Fault::NotFound, "not_found"),
        (Fault::FailedDependency, "bad_answer"),
        (Fault::Html, "bad_answer"),
        (Fault::UnknownColumns, "bad_answer"),
    ] {
        let mut simulation = controlled(some_pages());
        let (kind, id) = ACCOUNT;
        simulation.simulator.set_fault_at(Step::Query, kind, id, Some(fault.clone()));
        assert!(simulation.poll().await, "{fault:?} fails no poll");
        assert_eq!(simulation.published(COSTS, ""), reference, "{fault:?}");
        assert_eq!(simulation.value("azure_billing_control_available"), 0.0, "{fault:?}");
        assert_eq!((simulation.dates("verified"), simulation.dates("differs")), (0.0, 0.0));
        assert!(simulation.published(QUERY, "").is_empty(), "{fault:?}: no total");
        let failures = simulation.text();
        let counted = format!("source=\"query\",reason=\"{reason}\"}} 1");
        let is_counted = failures.lines().any(|line| {
            line.starts_with("azure_billing_control_failures_total{") && line.ends_with(&counted)
        });
        assert!(is_counted, "{fault:?}: {reason}");
        // A refusal is not asked again within the day.
        let asked = queries(&simulation, 0).len();
        tokio::time::advance(4 * HOUR).await;
        assert!(simulation.poll().await);
        assert_eq!(queries(&simulation, 0).len(), asked, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn totals_of_another_refresh_than_the_rows_make_no_day_differ() {
    for fault in [Fault::TotalsBehind, Fault::TotalsAhead] {
        let mut simulation = controlled(some_pages());
        let (kind, id) = ACCOUNT;
        simulation.simulator.set_fault_at(Step::Query, kind, id, Some(fault.clone()));
        // A day of two refreshes differs until both are the same: one poll later, and never for the
        // eight hours after which an alert rings.
        let mut before = BTreeMap::new();
        for poll in 0..12 {
            assert!(simulation.poll().await);
            let mut found = differing(&simulation);
            found.retain(|_, difference| *difference != 0.0);
            let lasting: Vec<_> = found.keys().filter(|day| before.contains_key(*day)).collect();
            assert!(lasting.is_empty(), "{fault:?}, poll {poll}: {lasting:?}");
            before = found;
            tokio::time::advance(4 * HOUR).await;
        }
        assert!(simulation.dates("verified") > 40.0, "{fault:?}");
        simulation.simulator.set_fault_at(Step::Query, kind, id, None);
        assert!(simulation.poll().await);
        simulation.assert_published_is_billed();
    }
}

#[tokio::test(start_paused = true)]
async fn verified_days_are_not_read_again_until_their_refresh() {
    let mut simulation = controlled(some_pages());
    let mut pages = Vec::new();
    for _ in 0..12 {
        let before = simulation.simulator.request_count();
        assert!(simulation.poll().await);
        let requests = simulation.simulator.requests().into_iter();
        let lists = requests.filter(|it| it.number > before && it.step == Some(Step::List));
        pages.push(lists.count());
        simulation.assert_published_is_billed();
        tokio::time::advance(4 * HOUR).await;
    }
    // The first reading is of two months. After it only the newest days are read, and late rows
    // once a day: less than a month in each poll.
    let month = pages[0] / 2;
    assert!(pages[1..].iter().all(|pages| *pages < month), "{pages:?}");
}

#[tokio::test(start_paused = true)]
async fn a_month_without_data_leaves_the_other_one_compared() {
    let mut simulation = controlled(some_pages());
    // The month before is asked for first.
    simulation.simulator.next_faults_at(Step::Query, [Fault::NoContent]);
    assert!(simulation.poll().await);
    assert_eq!(queries(&simulation, 0).len(), 2);
    assert!(simulation.dates("verified") > 10.0, "{}", simulation.dates("verified"));
    assert!(simulation.dates("unverified") > 20.0, "no data is no total of zero");
    assert_eq!(simulation.dates("differs"), 0.0);
}

#[tokio::test(start_paused = true)]
async fn states_of_days_survive_a_restart() {
    let directory = tempfile::tempdir().expect("a directory");
    let setup = Setup::new("2026-11-20T00:10:00Z", ACCOUNT.0, ACCOUNT.1, some_pages());
    let setup = setup.unlimited().controlled().stored_in(&directory.path().join("state.redb"));
    let mut simulation = setup.start();
    simulation.simulator.next_faults_at(Step::List, [Fault::LostPage]);
    assert!(simulation.poll().await);
    let (verified, found) = (simulation.dates("verified"), differing(&simulation));
    assert!(verified > 0.0 && !found.is_empty());
    let simulation = simulation.restart();
    assert_eq!((simulation.dates("verified"), differing(&simulation)), (verified, found));
}

#[tokio::test(start_paused = true)]
async fn balances_and_charges_are_asked_for_once_a_day_and_published_as_stated() {
    for (kind, id, step, family) in [
        ("billing_account", "100000", Step::Balances, "azure_billing_balances_pretax_cost"),
        ("department", "1002", Step::Charges, "azure_billing_charges_pretax_cost"),
    ] {
        let mut setup = Setup::new("2026-11-20T00:10:00Z", kind, id, some_pages()).unlimited();
        setup.options.currency = Some(Currency::Usd);
        let mut simulation = setup.controlled().start();
        let asked = |simulation: &Simulation| {
            let requests = simulation.simulator.requests().into_iter();
            requests.filter(|asked| asked.step == Some(step)).count()
        };
        for (poll, expected) in [2, 2, 2, 2, 2, 2, 4, 4].into_iter().enumerate() {
            assert!(simulation.poll().await);
            assert_eq!(asked(&simulation), expected, "{kind}, poll {poll}");
            tokio::time::advance(4 * HOUR).await;
        }
        let october = simulation.published(family, "period=\"2026-10\"")["USD"];
        let rows =
            simulation.published("azure_billing_scope_previous_period_pretax_cost", "")["USD"];
        assert!((october - rows).abs() < rows / 100.0, "{kind}: {october} and {rows}");
    }
}
