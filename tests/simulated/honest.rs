//! Thousands of polls of honest sources: whatever Azure rightly does, the alert about days that
//! differ from its totals stays silent. A page that is lost for good rings it.

use std::ops::Range;

use azure_billing_simulator::{ControlOptions, Currency, Fault, Options, Step};
use fastrand::Rng;
use jiff::ToSpan;

use crate::alarm::Alarm;
use crate::simulation::{HOUR, Setup, Simulation};

/// The polls of one enrollment: five days.
const POLLS: u64 = 50;

/// The scopes to poll. All but the first have less than 300 rows a month.
const SCOPES: [(&str, &str); 4] = [
    ("billing_account", "100000"),
    ("department", "1001"),
    ("enrollment_account", "2003"),
    ("subscription", "00000000-0000-0000-0000-000000000005"),
];

/// The currencies of the enrollments, by their decimals; the last has two of them.
const CURRENCIES: [Option<Currency>; 4] =
    [Some(Currency::Usd), Some(Currency::Jpy), Some(Currency::Kwd), None];

/// An enrollment of few rows, polled every few hours, with an alert that watches.
struct Honest {
    random: Rng,
    simulation: Simulation,
    alarm: Alarm,
    /// The refreshes by which totals are ahead of the rows when they are.
    skew: i32,
}

impl Honest {
    fn new(seed: u64) -> Self {
        let mut random = Rng::with_seed(seed);
        let (kind, id) = *random.choice(&SCOPES).expect("a scope");
        Self::of(kind, id, seed, random)
    }

    fn of(kind: &'static str, id: &'static str, seed: u64, mut random: Rng) -> Self {
        let options = Options {
            seed,
            resources: random.usize(12..40),
            rows_per_day: Some(16),
            currency: *random.choice(&CURRENCIES).expect("a currency"),
            late_third_party: random.bool(),
            control: ControlOptions {
                rounding_rows_after: random.bool().then(|| random.u8(0..6)),
                rounding_in_query: random.bool(),
                ..ControlOptions::default()
            },
            ..Options::default()
        };
        let start = format!("2026-11-{:02}T{:02}:10:00Z", random.u8(1..=28), random.u8(0..24));
        let mut setup = Setup::new(&start, kind, id, options).unlimited().controlled();
        // With tags, days that are verified are read all the same.
        setup.tags = if random.bool() { &["team"] } else { &[] };
        let skew = *random.choice(&[-1, 0, 1]).expect("a skew");
        let (simulation, alarm) = (setup.start(), Alarm::default());
        Self { random, simulation, alarm, skew }
    }

    /// Lets something happen that is honest, or nothing.
    fn happens(&mut self) {
        let (random, simulator) = (&mut self.random, &self.simulation.simulator);
        let today = self.simulation.today();
        let some_day = today.saturating_sub(random.i32(0..40).days());
        match random.u8(0..8) {
            0 => simulator.set_totals_ahead(self.skew),
            1 => simulator.set_totals_ahead(0),
            2 => simulator.restate_day(some_day, random.i32(-20..200)),
            3 => simulator.delay_day(today.saturating_add(1.day()), random.u32(1..72)),
            _ => {}
        }
    }

    /// Polls, waits for the next poll, and looks at the alert after both. Returns what fires.
    async fn poll(&mut self) -> Vec<(String, String)> {
        assert!(self.simulation.poll().await, "no poll fails");
        let text = self.simulation.text();
        let mut fires = self.alarm.evaluate(&text, self.simulation.clock.now());
        tokio::time::advance(HOUR * self.random.u32(1..=4)).await;
        fires.extend(self.alarm.evaluate(&text, self.simulation.clock.now()));
        fires
    }
}

/// Polls enrollments, one after the other. Returns the seed of each whose alert fires, and when.
async fn loud(seeds: Range<u64>) -> Vec<String> {
    let mut loud = Vec::new();
    for seed in seeds {
        let mut honest = Honest::new(seed);
        for poll in 0..POLLS {
            honest.happens();
            let fires = honest.poll().await;
            if !fires.is_empty() {
                loud.push(format!("seed {seed}, poll {poll}: {fires:?}"));
                break;
            }
        }
    }
    loud
}

#[tokio::test(start_paused = true)]
async fn honest_polls_ring_no_alert() {
    assert_eq!(loud(0..40).await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
#[ignore = "takes minutes; `make soak` runs it"]
async fn ten_thousand_honest_polls_ring_no_alert() {
    assert_eq!(loud(1_000..1_200).await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn the_same_polls_ring_where_the_end_of_each_answer_is_lost() {
    let (kind, id) = SCOPES[0];
    for seed in 0..8 {
        let mut honest = Honest::of(kind, id, seed, Rng::with_seed(seed));
        let lost = Some(Fault::ShortPage { rows: 10 });
        honest.simulation.simulator.set_fault_at(Step::List, kind, id, lost);
        let mut fires = Vec::new();
        for _ in 0..10 {
            honest.happens();
            fires.extend(honest.poll().await);
        }
        assert!(!fires.is_empty(), "seed {seed}");
    }
}
