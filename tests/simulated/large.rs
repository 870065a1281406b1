//! Enrollments whose month takes hundreds of calls.

use azure_billing_simulator::{Fault, Options};
use jiff::civil::{Date, date};

use crate::simulation::{HOUR, Setup, Simulation};

fn large(start: &str, days: u32, rows: u64) -> Simulation {
    let options = Options { resources: 500, days, ..Options::default() }.total_rows(rows);
    Setup::new(start, "billing_account", "100000", options).unlimited().start()
}

/// Returns the number of calls for the rows of some days.
fn pages(simulation: &Simulation, first: Date, last: Date) -> u64 {
    let (kind, id, _) = simulation.setup.scopes[0];
    simulation.simulator.row_count(kind, id, first, last).div_ceil(1000)
}

#[tokio::test(start_paused = true)]
async fn of_300_000_rows_the_second_poll_asks_only_for_the_pages_of_the_newest_days() {
    let mut simulation = large("2026-11-30T00:10:00Z", 30, 300_000);
    assert!(simulation.poll().await);
    let cold = simulation.simulator.request_count();
    assert!(cold > 280, "{cold}");
    tokio::time::advance(4 * HOUR).await;
    assert!(simulation.poll().await);
    let asked = simulation.requests_since(cold);
    // Six days of 10,000 rows, at most 30 pages a reading.
    let newest = pages(&simulation, date(2026, 11, 28), date(2026, 11, 30))
        + pages(&simulation, date(2026, 11, 25), date(2026, 11, 27));
    assert_eq!(asked.len() as u64, newest);
    assert!(newest < 60, "{newest}");
    let by_date = |asked: &&String| asked.contains("usageStart%20ge%20%272026-11-2");
    assert_eq!(asked.iter().filter(by_date).count(), asked.len(), "{:?}", asked[0]);
    simulation.assert_published_is_billed();
}

#[tokio::test(start_paused = true)]
async fn late_rows_of_a_long_period_are_read_beside_its_days_and_a_failure_costs_one_piece() {
    let mut simulation = large("2026-11-08T00:10:00Z", 8, 48_000);
    assert!(simulation.poll().await);
    simulation.assert_published_is_billed();
    tokio::time::advance(24 * HOUR).await;
    // The second piece of the full refresh fails.
    let first = pages(&simulation, date(2026, 11, 5), date(2026, 11, 9)) as usize;
    let before = simulation.simulator.request_count();
    let sound = std::iter::repeat_n(None, first).chain([Some(Fault::Forbidden)]);
    simulation.simulator.script(sound);
    assert!(!simulation.poll().await);
    assert_eq!(simulation.requests_since(before).len(), first + 1);
    let before = simulation.simulator.request_count();
    assert!(simulation.poll().await);
    let asked = simulation.requests_since(before);
    let late = asked.iter().filter(|asked| asked.contains("usageStart%20lt%20%272026-11-01"));
    assert_eq!(late.count(), 1, "the late rows of the month");
    let starts = |day: &str| asked.iter().any(|asked| asked.contains(&format!("ge%20%27{day}")));
    assert!(starts("2026-11-01") && starts("2026-11-04"), "{asked:?}");
    simulation.assert_published_is_billed();
}

#[tokio::test(start_paused = true)]
async fn where_the_filter_for_late_rows_is_ignored_one_call_finds_out() {
    let mut simulation = large("2026-11-08T00:10:00Z", 8, 48_000);
    assert!(simulation.poll().await);
    simulation.simulator.ignore_late_filter();
    tokio::time::advance(24 * HOUR).await;
    let before = simulation.simulator.request_count();
    assert!(simulation.poll().await);
    let asked = simulation.requests_since(before);
    let late = asked.iter().filter(|asked| asked.contains("usageStart%20lt"));
    assert_eq!(late.count(), 1, "and does not go on reading");
    let before = simulation.simulator.request_count();
    assert!(simulation.poll().await);
    let asked = simulation.requests_since(before);
    assert!(asked[0].contains("billingPeriods/202611") && !asked[0].contains("filter"));
    simulation.assert_published_is_billed();
}
