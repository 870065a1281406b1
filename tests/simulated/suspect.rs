//! Suspect answers, which look right and are not: truncated, unfiltered, without costs.

use azure_billing_exporter::status::FailureReason;
use azure_billing_simulator::{Fault, Options};
use jiff::civil::date;

use crate::simulation::{HOUR, INSTANCES, Simulation, simulation};

const SUSPECT: &str = "suspect";

/// Returns a scope whose every answer is one page.
fn small(start: &str) -> Simulation {
    let options = Options { resources: 200, ..Options::default() };
    simulation(start, "department", "1001", options)
}

/// Returns the costs themselves, without what is computed from complete days.
fn costs(simulation: &Simulation) -> Vec<String> {
    let concluded = ["latest_day", "usual_day", "forecast", "timestamp", "azure_billing_dates"];
    let bill = simulation.bill();
    let costs = bill.lines().filter(|line| !concluded.iter().any(|about| line.contains(about)));
    costs.map(str::to_owned).collect()
}

#[tokio::test(start_paused = true)]
async fn a_page_that_lost_rows_changes_no_cost_and_is_asked_again() {
    // A reading is one page, so that each day loses about as much as the page.
    let mut simulation = small("2026-11-20T00:10:00Z");
    assert!(simulation.poll().await);
    let whole = costs(&simulation);
    assert_eq!(simulation.dates(SUSPECT), 0.0);
    // Within one refresh of the source its data does not change.
    for fault in [Fault::DropRows { percent: 40 }, Fault::NoContent] {
        tokio::time::advance(HOUR / 4).await;
        simulation.simulator.next_faults([fault.clone()]);
        assert!(simulation.poll().await, "a suspect day is no failed poll");
        assert!(simulation.dates(SUSPECT) >= 5.0, "{fault:?}: {}", simulation.dates(SUSPECT));
        assert!(costs(&simulation) == whole, "{fault:?} changed a cost");
        tokio::time::advance(HOUR / 4).await;
        assert!(simulation.poll().await);
        assert_eq!(simulation.dates(SUSPECT), 0.0);
        assert!(costs(&simulation) == whole, "{fault:?} left something behind");
        simulation.assert_published_is_billed();
    }
}

#[tokio::test(start_paused = true)]
async fn a_day_that_shrank_for_good_is_believed_at_the_second_answer() {
    let mut simulation = small("2026-11-20T00:10:00Z");
    assert!(simulation.poll().await);
    let before = simulation.published(INSTANCES, "");
    simulation.simulator.shrink_day(date(2026, 11, 17), 50);
    assert!(simulation.poll().await);
    assert_eq!(simulation.dates(SUSPECT), 1.0);
    assert_eq!(simulation.published(INSTANCES, ""), before);
    tokio::time::advance(HOUR).await;
    assert!(simulation.poll().await);
    assert_eq!(simulation.dates(SUSPECT), 0.0);
    assert!(simulation.published(INSTANCES, "")["USD"] < before["USD"]);
    simulation.assert_published_is_billed();
}

#[tokio::test(start_paused = true)]
async fn a_suspect_day_is_not_complete() {
    let latest = "azure_billing_latest_complete_day_timestamp_seconds";
    let mut simulation = small("2026-11-20T00:10:00Z");
    assert!(simulation.poll().await);
    let complete = simulation.value(latest);
    simulation.simulator.shrink_day(date(2026, 11, 16), 50);
    assert!(simulation.poll().await);
    assert_eq!(simulation.value(latest), complete - 86_400.0, "the 16th was the latest");
    assert!(simulation.poll().await);
    assert_eq!(simulation.value(latest), complete);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_ignores_the_dates_is_used_as_the_whole_period_and_not_asked_for_again() {
    let options = Options { resources: 100, ignore_filter: true, ..Options::default() };
    let mut simulation = simulation("2026-11-12T00:10:00Z", "department", "1002", options);
    for poll in 0..4 {
        let before = simulation.simulator.request_count();
        assert!(simulation.poll().await);
        let asked = simulation.requests_since(before);
        let by_date = asked.iter().filter(|asked| asked.contains("filter")).count();
        assert_eq!(by_date > 0, poll == 1, "poll {poll}: {asked:?}");
        simulation.assert_published_is_billed();
        assert_eq!(simulation.status.scopes()[0].ignored.outside, 0, "no row was ignored");
        tokio::time::advance(4 * HOUR).await;
    }
}

#[tokio::test(start_paused = true)]
async fn costs_that_are_hidden_are_forbidden_and_not_zero() {
    let options = Options { resources: 100, hide_charges: true, ..Options::default() };
    let mut simulation = simulation("2026-11-12T00:10:00Z", "department", "1002", options);
    assert!(!simulation.poll().await);
    assert_eq!(simulation.status.scopes()[0].failures[FailureReason::Forbidden as usize], 1);
    assert!(simulation.published(INSTANCES, "").is_empty());
}
