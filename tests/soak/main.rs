//! A soak: the real program polls a source that fails in every way, as often as possible, for many
//! minutes, and every value of every scrape is compared with what the source allows.
//!
//! The source is the simulated Azure: a fifth of its answers are faults, it throttles, and it goes
//! through four days of late and restated rows in steps. What it allows is computed from the rows
//! of a twin without faults, without any code of the exporter. One exporter runs through, so that
//! its memory and descriptors can be observed; another one is killed and stopped, and its stored
//! days are deleted.
//!
//! `make soak [MINUTES=15]` runs it. The other tests only test its checks.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod exporter;
mod figures;
mod judge;
mod labels;
mod outlook;
#[path = "../program/process.rs"]
#[expect(dead_code, reason = "its own tests use the rest")]
mod process;
mod rows;
mod scopes;
mod series;
mod source;
mod truth;

use std::thread;
use std::time::{Duration, Instant};

use azure_billing_exporter::poller::Clock;
use azure_billing_simulator::{Options, ReportOptions};
use jiff::{SignedDuration, Timestamp};

use exporter::{End, Exporter};
use figures::Figures;
use judge::{Expected, Judge};
use source::Source;
use truth::Truth;

/// The refreshes of the source in a run: four days.
const STEPS: usize = 24;
/// The time for which the second exporter runs undisturbed.
const LIFE: Duration = Duration::from_secs(60);
/// The ends of its runs, in turns.
const ENDS: [End; 3] = [End::Killed, End::Terminated, End::Forgotten];

fn now() -> Timestamp {
    Clock::system().now()
}

/// Returns a source of so many steps, and what it allows.
fn prepared(options: Options, steps: usize) -> (Source, Expected) {
    let now = now();
    let source = Source::start(options, steps, now);
    let scopes = scopes::scopes(&source.simulator.scopes());
    let today = azure_billing_exporter::billing::period::day_of(now);
    let truth = Truth::read(&source, scopes, today);
    (source, Expected::of(truth))
}

fn options(error_rate: f64, resources: usize) -> Options {
    let report =
        ReportOptions { retry_after: 2, rows_per_blob: Some(5_000), ..ReportOptions::default() };
    // Late third-party usage is only read with whole periods, so that it may be a day old.
    Options {
        error_rate,
        resources,
        days: 75,
        late_third_party: false,
        requests_per_minute: Some(80),
        report,
        ..Options::default()
    }
}

fn start(source: &Source, expected: &Expected) -> Exporter {
    let truth = &expected.truth;
    Exporter::start(|state| {
        scopes::config(&source.endpoint, &truth.scopes, truth.previous_from(), &state)
    })
}

/// An exporter and what was observed of it.
struct Watched {
    exporter: Exporter,
    judge: Judge,
    started: Instant,
}

impl Watched {
    fn start(source: &Source, expected: &Expected) -> Self {
        let exporter = start(source, expected);
        Self { exporter, judge: Judge::default(), started: Instant::now() }
    }

    fn restart(&mut self, end: End) {
        self.exporter.restart(end);
        self.started = Instant::now();
        if end == End::Forgotten {
            self.judge.forget();
        }
    }

    /// Scrapes once. Returns the text, if there was an answer.
    fn scrape(
        &mut self,
        number: u64,
        expected: &mut Expected,
        source: &Source,
        figures: &mut Figures,
    ) -> Option<String> {
        let text = self.exporter.scrape(number);
        let vanished = match &text {
            Some(text) => self.judge.scrape(text, expected, source),
            None => vec!["everything: no answer"],
        };
        figures.vanished.extend(vanished);
        text
    }
}

#[test]
#[ignore = "takes a quarter of an hour: make soak"]
fn fifteen_minutes_of_faults_publish_no_wrong_value() {
    let length = Duration::from_secs(60 * minutes());
    wait_for_a_day_that_is_long_enough(length);
    let (mut source, mut expected) = prepared(options(0.2, 400), STEPS);
    let mut figures = Figures::default();
    let mut steady = Watched::start(&source, &expected);
    let mut restarted = Watched::start(&source, &expected);
    let mut ends = ENDS.into_iter().cycle();
    let began = Instant::now();
    let mut number = 0;
    while began.elapsed() < length {
        let next = began + Duration::from_secs(number);
        thread::sleep(next.saturating_duration_since(Instant::now()));
        if began.elapsed().as_secs_f64() / length.as_secs_f64()
            > (source.step() + 1) as f64 / STEPS as f64
        {
            source.go_on(now());
        }
        if restarted.started.elapsed() > LIFE {
            let end = ends.next().expect("they come again");
            restarted.restart(end);
            figures.restarts.push(end);
        }
        figures.sample(began.elapsed(), steady.exporter.usage());
        if let Some(text) = steady.scrape(number, &mut expected, &source, &mut figures) {
            figures.said(text);
        }
        if figures.all_read.is_none() && steady.judge.has_seen_all(&expected) {
            figures.all_read = Some(began.elapsed());
        }
        restarted.scrape(number, &mut expected, &source, &mut figures);
        number += 1;
    }
    figures.peak = steady.exporter.peak_memory();
    figures.print(&source, [&steady.judge, &restarted.judge], began.elapsed());
    figures.judge([&steady.judge, &restarted.judge]);
}

#[expect(clippy::disallowed_methods, reason = "a test takes its length from its environment")]
fn minutes() -> u64 {
    let minutes = std::env::var("SOAK_MINUTES").ok().filter(|minutes| !minutes.is_empty());
    minutes.map_or(15, |minutes| minutes.parse().expect("SOAK_MINUTES is a number"))
}

/// Waits until midnight if it is near: then the open days, the window and perhaps the period
/// change, which the checks do not cover.
fn wait_for_a_day_that_is_long_enough(length: Duration) {
    let now = now();
    let midnight = azure_billing_exporter::billing::period::end_of(
        azure_billing_exporter::billing::period::day_of(now),
    );
    let left = midnight.duration_since(now);
    if left < SignedDuration::try_from(length).expect("minutes") + SignedDuration::from_mins(2) {
        println!("waiting until midnight, {} s: a run lies in one UTC day", left.as_secs());
        thread::sleep(left.unsigned_abs() + Duration::from_secs(5));
    }
}

/// Tests the checks of the soak: without faults everything is as expected, and anything wrong is
/// found.
#[test]
fn what_a_source_without_faults_shows_is_published_and_anything_else_is_found() {
    let (mut source, mut expected) = prepared(options(0.0, 60), 2);
    let exporter = start(&source, &expected);
    let mut judge = Judge::default();
    let mut text = read_until(&exporter, &mut judge, &mut expected, &source, 0);
    let first = text.clone();
    source.go_on(now());
    text = read_until(&exporter, &mut judge, &mut expected, &source, 1);
    assert_eq!((judge.wrong, &judge.complaints), (0, &Vec::new()));
    assert!(judge.compared > 1_000, "{} values", judge.compared);
    // On the first of a month only the one before has costs.
    let is_of_accounts = |line: &&str| {
        line.starts_with("azure_billing_account_pretax_cost{")
            || line.starts_with("azure_billing_account_previous_period_pretax_cost{")
    };
    let line = text.lines().find(is_of_accounts).expect("a series");
    let (name, value) = line.rsplit_once(' ').expect("a value");
    let doubled = format!("{name} {}", 2.0 * value.parse::<f64>().expect("a number"));
    for (what, text) in [
        ("a value that is doubled", text.replace(line, &doubled)),
        ("a series that is missing", text.replace(&format!("{line}\n"), "")),
        ("a series too many", format!("{text}{}\n", line.replace("account=\"", "account=\"x"))),
        ("a series twice", format!("{text}{line}\n")),
        ("what was there before the last poll that succeeded", first),
    ] {
        let wrong = judge.wrong;
        judge.scrape(&text, &mut expected, &source);
        assert!(judge.wrong > wrong, "{what} is not found");
    }
}

/// Scrapes until all scopes that are read by list show a step of the source.
fn read_until(
    exporter: &Exporter,
    judge: &mut Judge,
    expected: &mut Expected,
    source: &Source,
    step: usize,
) -> String {
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        let text = exporter.scrape(judge.scrapes).expect("an answer");
        let vanished = judge.scrape(&text, expected, source);
        assert_eq!((judge.wrong, &judge.complaints, vanished), (0, &Vec::new(), Vec::new()));
        let current = judge.open_steps().into_iter().filter(|open| *open >= step).count();
        // The next report is not requested so soon.
        let scopes = expected.truth.scopes.iter();
        let listed = scopes.filter(|scope| step == 0 || !scope.is_by_report()).count();
        if judge.has_seen_all(expected) && current >= listed {
            return text;
        }
        assert!(Instant::now() < deadline, "not all scopes are read: {:?}", judge.open_steps());
        thread::sleep(Duration::from_millis(200));
    }
}
