//! Weeks of polling: what is published, what is requested, and when.

use std::collections::BTreeMap;
use std::time::Duration;

use azure_billing_exporter::billing::amount::Amount;
use azure_billing_exporter::billing::budget::{Budget, Grain, Only};
use azure_billing_exporter::billing::rules::Rules;
use azure_billing_exporter::metrics::Format;
use azure_billing_simulator::{Fault, Options, RetryAfter};
use jiff::Timestamp;

use crate::simulation::{HOUR, INSTANCES, Setup, Simulation, simulation, with_rules};

#[tokio::test(start_paused = true)]
async fn every_good_poll_of_five_weeks_publishes_exactly_what_is_billed_and_every_failed_one_nothing()
 {
    let options = Options { resources: 30, error_rate: 0.15, ..Options::default() };
    let mut simulation = simulation("2026-10-27T00:10:00Z", "billing_account", "100000", options);
    let (mut good, mut failed) = (0, 0);
    for poll in 0..35 * 6 {
        let before = simulation.published(INSTANCES, "");
        if simulation.poll().await {
            good += 1;
            simulation.assert_published_is_billed();
        } else {
            failed += 1;
            // The open period is published first, and stays when an older reading fails.
            if simulation.published(INSTANCES, "") != before {
                simulation.assert_is(INSTANCES, "", &simulation.billed(simulation.today()));
            }
        }
        let next: Timestamp = "2026-10-27T00:10:00Z".parse().expect("a time");
        let next = next + 4 * (poll + 1) * HOUR;
        tokio::time::advance(
            Duration::try_from(next.duration_since(simulation.clock.now())).expect("the future"),
        )
        .await;
    }
    assert!(good > 150 && failed > 0, "{good} good and {failed} failed polls");
}

#[tokio::test(start_paused = true)]
async fn after_the_first_reading_only_the_newest_days_are_asked_for_until_a_day_has_passed() {
    let options = Options { resources: 200, ..Options::default() };
    let mut simulation = simulation("2026-11-20T00:10:00Z", "department", "1001", options);
    let mut asked = Vec::new();
    for _ in 0..8 {
        let before = simulation.simulator.request_count();
        assert!(simulation.poll().await);
        let requests = simulation.requests_since(before);
        let filtered = requests.iter().filter(|request| request.contains("filter")).count();
        asked.push((requests.len(), filtered == requests.len()));
        tokio::time::advance(4 * HOUR).await;
    }
    let (whole, newest) = (asked[0].0, asked[1].0);
    assert!(!asked[0].1 && newest < whole, "{asked:?}");
    assert!(
        asked[1..6].iter().all(|(requests, filtered)| *filtered && *requests == newest),
        "{asked:?}"
    );
    assert!(!asked[6].1, "the whole period again after 24 hours: {asked:?}");
}

#[tokio::test(start_paused = true)]
async fn a_new_month_begins_at_zero_for_the_currencies_that_are_known() {
    let options = Options { resources: 30, ..Options::default() };
    let mut simulation = simulation("2026-11-30T23:30:00Z", "department", "1003", options);
    assert!(simulation.poll().await);
    assert_eq!(
        simulation.published("azure_billing_scope_pretax_cost", "").len(),
        2,
        "dollars and euros"
    );
    let newest = |simulation: &Simulation| {
        simulation.value("azure_billing_newest_usage_timestamp_seconds") as i64
    };
    // The month has begun, and the source has not been refreshed in it.
    simulation.simulator.next_faults([Fault::NoContent]);
    tokio::time::advance(HOUR).await;
    assert!(simulation.poll().await);
    let published = simulation.published("azure_billing_scope_pretax_cost", "");
    assert_eq!(published, BTreeMap::from([("EUR".to_owned(), 0.0), ("USD".to_owned(), 0.0)]));
    let midnight = "2026-12-01T00:00:00Z".parse::<Timestamp>().expect("a time").as_second();
    assert_eq!(
        newest(&simulation),
        midnight,
        "usage was last seen on the last day of the old month"
    );
    tokio::time::advance(48 * HOUR).await;
    assert!(simulation.poll().await);
    simulation.assert_published_is_billed();
    assert!(newest(&simulation) > midnight);
}

#[tokio::test(start_paused = true)]
async fn a_throttled_poll_waits_as_long_as_it_is_told_and_goes_on_at_the_same_page() {
    let options = Options { resources: 600, ..Options::default() };
    let mut simulation = simulation("2026-11-20T00:10:00Z", "billing_account", "100000", options);
    simulation.simulator.next_faults([
        Fault::Throttled(RetryAfter::Longest(240)),
        Fault::Throttled(RetryAfter::Tenant(120)),
    ]);
    let began = simulation.clock.now();
    assert!(simulation.poll().await, "{:?}", simulation.status.scopes()[0].last_poll);
    let requests = simulation.simulator.requests();
    assert_eq!(requests.iter().filter(|request| request.status == Some(429)).count(), 2);
    let query = |number: usize| requests[number].query.clone();
    assert!(query(0) == query(1) && query(1) == query(2), "the same page is asked again");
    let waited = simulation.clock.now().duration_since(began).as_secs();
    assert!(waited >= 360, "waited {waited} s");
    simulation.assert_published_is_billed();
    let text = simulation.exposition.scrape(Format::Text).expect("an exposition");
    assert!(
        text.contains("azure_billing_api_wait_seconds_total{reason=\"throttled\"} 360"),
        "{text}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_loop_polls_at_its_interval_and_tries_sooner_after_a_failure() {
    let options = Options { resources: 30, ..Options::default() };
    let simulation = simulation("2026-11-20T00:10:00Z", "department", "1001", options);
    let refusals = std::iter::repeat_n(Fault::Forbidden, 3);
    simulation.simulator.next_faults(refusals);
    let Simulation { mut pollers, status, clock, .. } = simulation;
    let poller = pollers.pop().expect("one scope");
    let task = tokio::spawn(poller.run());
    let mut attempts = Vec::new();
    for _ in 0..24 * 720 {
        tokio::time::sleep(Duration::from_secs(5)).await;
        let began = status.scopes()[0].last_poll.as_ref().map(|poll| poll.began);
        if began.is_some() && attempts.last() != began.as_ref() {
            attempts.extend(began);
        }
    }
    task.abort();
    let gap = |pair: &[Timestamp]| pair[1].duration_since(pair[0]).as_secs();
    let gaps: Vec<i64> = attempts.windows(2).map(gap).collect();
    // One minute, two, four, and then every four hours; each up to a twentieth earlier.
    assert!(gaps.len() >= 8, "{gaps:?}");
    for (gap, planned) in
        gaps.iter().zip([60, 120, 240].into_iter().chain(std::iter::repeat(14_400)))
    {
        // A try after a failure may wait for the quota.
        assert!((planned * 19 / 20 - 1..=planned + 5).contains(gap), "{gaps:?}");
    }
    assert_eq!(status.scopes()[0].failures.iter().sum::<u64>(), 3);
    assert!(clock.now() > "2026-11-21T00:00:00Z".parse().expect("a time"));
}

#[tokio::test(start_paused = true)]
async fn the_closed_months_of_a_yearly_budget_are_read_once_and_counted() {
    let budget = Budget {
        name: "year".to_owned(),
        amount: Amount::parse("1000").expect("an amount").amount,
        currency: "USD".to_owned(),
        grain: Grain::Year,
        start: jiff::civil::date(2026, 8, 1),
        only: Only::All,
    };
    let options = Options { resources: 30, days: 150, ..Options::default() };
    let rules = Rules { budgets: vec![budget], ..Rules::default() };
    let mut simulation = with_rules("2026-11-20T00:10:00Z", "department", "1001", options, rules);
    for _ in 0..3 {
        assert!(simulation.poll().await);
        let months =
            (8..=11).map(|month| simulation.billed(jiff::civil::date(2026, month, 1))["USD"]);
        let billed: f64 = months.sum();
        let spent = simulation
            .published("azure_billing_budget_spent_pretax_cost", "budget=\"year\"")["USD"];
        assert!((spent - billed).abs() <= 1e-9 * billed, "{spent} is not {billed}");
        tokio::time::advance(4 * HOUR).await;
    }
    let requests = simulation.simulator.requests();
    for month in ["202608", "202609", "202610"] {
        let first_pages = requests
            .iter()
            .filter(|request| request.path.contains(month) && !request.query.contains("skiptoken"));
        assert_eq!(first_pages.count(), 1, "{month}");
    }
}

#[tokio::test(start_paused = true)]
async fn throttling_without_end_and_without_a_wait_ends_the_poll() {
    let options = Options { resources: 30, ..Options::default() };
    let mut simulation = simulation("2026-11-20T00:10:00Z", "billing_account", "100000", options);
    let at_once = Fault::Throttled(RetryAfter::Plain(0));
    simulation.simulator.next_faults(std::iter::repeat_n(at_once, 2000));
    assert!(!simulation.poll().await);
    assert!(simulation.simulator.request_count() < 1000, "a second each of a quarter of an hour");
    let failures = simulation.status.scopes()[0].failures;
    assert_eq!(failures.iter().sum::<u64>(), 1);
    assert_eq!(failures[azure_billing_exporter::status::FailureReason::Throttled as usize], 1);
}

#[tokio::test(start_paused = true)]
async fn the_interval_counts_from_the_start_of_a_poll_however_long_it_takes() {
    let options = Options { resources: 500, latency: HOUR / 60, ..Options::default() };
    let mut simulation = simulation("2026-11-20T00:10:00Z", "billing_account", "100000", options);
    let (status, poller) = (simulation.status.clone(), simulation.pollers.remove(0));
    let task = tokio::spawn(poller.run());
    let mut polls: Vec<(Timestamp, Duration)> = Vec::new();
    for _ in 0..2000 {
        tokio::time::sleep(HOUR / 60).await;
        let poll = status.scopes()[0].last_poll.clone();
        let poll = poll.map(|poll| (poll.began, poll.took));
        polls.extend(poll.filter(|poll| polls.last() != Some(poll)));
    }
    task.abort();
    assert!(polls.len() >= 7, "{polls:?}");
    assert!(polls[0].1 > HOUR / 2, "a first poll of {:?}", polls[0].1);
    let gap = polls[1].0.duration_since(polls[0].0).as_secs();
    assert!((13_680..=14_400).contains(&gap), "{gap}");
}

#[tokio::test(start_paused = true)]
async fn many_small_scopes_cost_one_call_a_poll_each() {
    let options = Options { resources: 20, ..Options::default() };
    let mut setup = Setup::new("2026-11-20T00:10:00Z", "department", "1001", options).unlimited();
    let departments = ["1002", "1003"].map(|id| ("department", id, id));
    let accounts = ["2001", "2002", "2003", "2004", "2005", "2006"];
    setup.scopes.extend(departments);
    setup.scopes.extend(accounts.map(|id| ("enrollment_account", id, id)));
    let mut simulation = setup.start();
    let mut calls = Vec::new();
    for _ in 0..8 {
        let before = simulation.simulator.request_count();
        for poller in &mut simulation.pollers {
            assert!(poller.poll().await);
        }
        calls.push(simulation.simulator.request_count() - before);
        tokio::time::advance(4 * HOUR).await;
    }
    // Two months at first; then the newest days, and after a day the whole month in one call too.
    assert_eq!(calls, [18, 9, 9, 9, 9, 9, 9, 9]);
}
