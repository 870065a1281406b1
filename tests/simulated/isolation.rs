//! A scope that fails does not affect the others.

use azure_billing_simulator::{ErrorBody, Fault, Options, RetryAfter, Stall, Unauthorized};
use jiff::Timestamp;
use std::time::Duration;

use crate::simulation::{HOUR, INSTANCES, Setup, Simulation};

/// The start and the duration of each poll of the healthy scope.
type Polls = Vec<(Timestamp, Duration)>;

/// Polls two departments for an hour, every two minutes under the quota of departments, two calls a
/// minute for both: a call too many by one of them is missing for the other one.
async fn hours(fault: Option<Fault>) -> (Polls, Simulation) {
    let options = Options { resources: 60, ..Options::default() };
    let mut setup = Setup::new("2026-11-20T00:10:00Z", "department", "1001", options);
    setup.scopes.push(("department", "1002", "broken"));
    setup.interval = "2m";
    let mut simulation = setup.start();
    let broken = simulation.pollers.pop().expect("two scopes");
    let healthy = simulation.pollers.pop().expect("two scopes");
    // Both are known before one of them fails.
    let mut pollers = [healthy, broken];
    for poller in &mut pollers {
        assert!(poller.poll().await);
    }
    simulation.simulator.set_fault("department", "1002", fault);
    let tasks = pollers.map(|poller| tokio::spawn(poller.run()));
    // The first readings have used up the quota of some minutes.
    tokio::time::sleep(HOUR / 6).await;
    let mut polls = Polls::new();
    let end = simulation.clock.now() + HOUR;
    while simulation.clock.now() < end {
        tokio::time::sleep(Duration::from_secs(5)).await;
        let poll = simulation.status.scopes()[0].last_poll.clone().expect("a poll");
        if polls.last().is_none_or(|(began, _)| *began != poll.began) {
            polls.push((poll.began, poll.took));
        }
    }
    for task in tasks {
        task.abort();
    }
    (polls, simulation)
}

#[tokio::test(start_paused = true)]
async fn a_scope_that_fails_for_ever_changes_no_poll_of_another() {
    let (undisturbed, _) = hours(None).await;
    assert!(undisturbed.len() >= 28, "{undisturbed:?}");
    for fault in [
        Fault::ServerError { status: 500, body: ErrorBody::Json },
        Fault::Unauthorized(Unauthorized::NoClaims),
        Fault::Reset,
    ] {
        let (polls, simulation) = hours(Some(fault.clone())).await;
        let failures: u64 = simulation.status.scopes()[1].failures.iter().sum();
        assert!(failures >= 5, "{fault:?}: {failures}");
        assert_eq!(simulation.status.scopes()[0].failures.iter().sum::<u64>(), 0, "{fault:?}");
        assert!(polls.len() >= 28, "{fault:?}: {polls:?}");
        for polls in polls.windows(2) {
            let gap = polls[1].0.duration_since(polls[0].0).as_secs();
            assert!((114..=120).contains(&gap), "{fault:?}: {gap} s between two polls");
        }
        for (_, took) in &polls {
            // One call each: the other scope has not used up the quota.
            assert!(*took < Duration::from_secs(1), "{fault:?}: {took:?}");
        }
        for scope in ["shop", "broken"] {
            let label = format!("scope=\"{scope}\"");
            assert!(!simulation.published(INSTANCES, &label).is_empty(), "{fault:?}: {scope}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_scope_that_never_answers_holds_another_back_for_half_a_minute_at_most() {
    let (polls, simulation) = hours(Some(Fault::Stall(Stall::Silent))).await;
    assert_eq!(simulation.status.scopes()[0].failures.iter().sum::<u64>(), 0);
    assert!(polls.len() >= 28, "{polls:?}");
    for (_, took) in &polls {
        assert!(*took <= Duration::from_secs(31), "{took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn throttling_holds_back_every_scope_of_its_type() {
    let options = Options { resources: 60, ..Options::default() };
    let mut setup = Setup::new("2026-11-20T00:10:00Z", "department", "1001", options);
    setup.scopes.push(("department", "1002", "other"));
    let mut simulation = setup.start();
    simulation.simulator.next_faults([Fault::Throttled(RetryAfter::Tenant(300))]);
    let began = simulation.clock.now();
    let [mut one, mut other] = [simulation.pollers.remove(0), simulation.pollers.remove(0)];
    let polled = tokio::join!(one.poll(), other.poll());
    assert_eq!(polled, (true, true));
    let waited = simulation.clock.now().duration_since(began).as_secs();
    assert!(waited >= 300, "{waited}");
    assert_eq!(simulation.simulator.requests()[1].status, Some(200));
}
