//! A day of polling while every fifth answer is a fault, checked at every step: no series ever
//! shows what was not billed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use azure_billing_simulator::Options;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use crate::simulation::{HOUR, INSTANCES, Simulation, simulation};

const DAILY: &str = "azure_billing_scope_daily_pretax_cost";

/// The cost of each day by currency, as text, at each refresh of the source so far.
#[derive(Default)]
struct Truth {
    refreshes: BTreeMap<i64, BTreeMap<(Date, String), f64>>,
}

/// Returns the refresh of the source that a moment belongs to.
fn refresh(at: Timestamp) -> i64 {
    at.as_second().div_euclid(4 * 3600)
}

impl Truth {
    fn look(&mut self, simulation: &Simulation) {
        let refresh = refresh(simulation.clock.now());
        let (kind, id, _) = simulation.setup.scopes[0];
        self.refreshes.entry(refresh).or_insert_with(|| {
            let today = simulation.today();
            let days = today.first_of_month().series(1.day()).take_while(|day| *day <= today);
            let of_day = |day: Date| {
                let totals = simulation.simulator.totals(kind, id, day, day);
                totals.into_iter().map(move |(currency, money)| {
                    ((day, currency), money.to_string().parse().expect("a number"))
                })
            };
            days.flat_map(of_day).collect()
        });
    }

    /// Returns whether a day ever had that cost.
    fn knows(&self, day: Date, currency: &str, cost: f64) -> bool {
        let key = (day, currency.to_owned());
        let mut ever = self.refreshes.values().map(|days| days.get(&key).copied().unwrap_or(0.0));
        ever.any(|true_cost| (true_cost - cost).abs() <= 1e-9 * true_cost.abs())
    }
}

/// Returns the cost of each published day of the month by currency.
fn published_days(simulation: &Simulation) -> BTreeMap<(Date, String), f64> {
    let month = simulation.today().strftime("%Y-%m").to_string();
    let mut days = BTreeMap::new();
    for line in simulation.text().lines().filter(|line| line.starts_with(DAILY)) {
        let label = |name: &str| {
            let value = line.split(&format!("{name}=\"")).nth(1).expect("a label");
            value.split('"').next().expect("a value").to_owned()
        };
        if label("date").starts_with(&month) {
            let day: Date = label("date").parse().expect("a day");
            let cost: f64 = line.rsplit_once(' ').expect("a value").1.parse().expect("a number");
            *days.entry((day, label("currency"))).or_default() += cost;
        }
    }
    days
}

#[tokio::test(start_paused = true)]
async fn a_day_of_faults_never_moves_a_cost_to_a_wrong_value() {
    // Without late rows, a reading by date is complete, and the sum of the days is the month.
    let options =
        Options { resources: 400, error_rate: 0.2, late_third_party: false, ..Options::default() };
    let mut simulation = simulation("2026-11-20T00:10:00Z", "billing_account", "100000", options);
    let mut truth = Truth::default();
    truth.look(&simulation);
    let start = simulation.clock.now();
    let poller = simulation.pollers.pop().expect("one scope");
    let task = tokio::spawn(poller.run());
    let (mut looked, mut seen) = (0, BTreeSet::new());
    while simulation.clock.now() < start + 25 * HOUR {
        tokio::time::sleep(Duration::from_secs(120)).await;
        truth.look(&simulation);
        let days = published_days(&simulation);
        for ((day, currency), cost) in &days {
            assert!(truth.knows(*day, currency, *cost), "{day} {currency} never cost {cost}");
        }
        let mut month = BTreeMap::<String, f64>::new();
        for ((_, currency), cost) in days {
            *month.entry(currency).or_default() += cost;
        }
        if !month.is_empty() {
            looked += 1;
            seen.insert(format!("{month:?}"));
            simulation.assert_is("azure_billing_scope_pretax_cost", "", &month);
            simulation.assert_is(INSTANCES, "", &month);
        }
    }
    // Waits until a poll has read the source's current data.
    let last = simulation.clock.now();
    for _ in 0..600 {
        tokio::time::sleep(Duration::from_secs(60)).await;
        let scope = simulation.status.scopes()[0].clone();
        let poll = scope.last_poll.filter(|poll| poll.failure.is_none() && poll.began > last);
        let same = |at: Timestamp| refresh(at) == refresh(simulation.clock.now());
        if poll.is_some_and(|poll| same(poll.began)) {
            break;
        }
    }
    simulation.assert_published_is_billed();
    task.abort();
    let scope = simulation.status.scopes()[0].clone();
    let failed: u64 = scope.failures.iter().sum();
    let faults = simulation.simulator.requests().iter().filter(|r| r.status != Some(200)).count();
    assert!(looked > 500 && seen.len() > 4, "{looked} looks, {} states", seen.len());
    assert!(failed > 0 && scope.polls - failed > 4, "{failed} of {} polls failed", scope.polls);
    assert!(faults > 5, "{faults} faults");
}
