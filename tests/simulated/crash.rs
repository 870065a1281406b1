//! The process is killed at any point, also within a commit.
//!
//! One test in two roles: the parent runs this same test in a child process, which polls simulated
//! time as fast as it can, and kills it by its id.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use azure_billing_exporter::poller::Clock;
use azure_billing_simulator::{Options, Simulator};
use jiff::Timestamp;

use crate::simulation::{HOUR, Setup, Simulation, bill};

const TEST: &str = "crash::whenever_it_is_killed_it_comes_back_with_what_a_poll_published";
const STATE: &str = "CRASH_TEST_STATE";
const FIRST: &str = "CRASH_TEST_FIRST_POLL";
const POLLS: u32 = 50;
const INSIDE: &str = "inside a commit";
/// The number of kills inside a commit.
const WANTED: usize = 10;
/// The most kills, so that the test ends.
const MOST: usize = 400;
const START: &str = "2026-11-24T00:10:00Z";

fn setup() -> Setup {
    let options = Options { resources: 150, ..Options::default() };
    Setup::new(START, "billing_account", "100000", options).unlimited()
}

/// Returns the exporter of a poll, which comes four hours after the one before it.
fn at(
    poll: u32,
    setup: Setup,
    asked: impl Fn(String) + Clone + Send + Sync + 'static,
) -> Simulation {
    let start: Timestamp = START.parse().expect("a time");
    let made = Clock::standing_at(start);
    let clock = Clock::starting_at(start + 4 * poll * HOUR);
    // The history of the enrollment ends with the first poll, whichever process runs it.
    let first = std::sync::atomic::AtomicBool::new(true);
    let now = clock.clone();
    let simulator = Simulator::new(
        setup.options.clone(),
        Arc::new(move || match first.swap(false, std::sync::atomic::Ordering::Relaxed) {
            true => made.now(),
            false => now.now(),
        }),
    );
    Simulation::new(setup, simulator, clock, move |exposition| asked(bill(exposition)))
}

/// Returns what is published in undisturbed polls, in order, and how much of it when each ended.
async fn undisturbed() -> (Vec<String>, Vec<usize>) {
    let history = Arc::<Mutex<Vec<String>>>::default();
    let look = |history: &Mutex<Vec<String>>, bill: String| {
        let mut history = history.lock().expect("no panic");
        if history.last() != Some(&bill) {
            history.push(bill);
        }
        history.len() - 1
    };
    let looked = history.clone();
    let mut simulation = at(0, setup(), move |bill| _ = look(&looked, bill));
    let mut ends = Vec::new();
    for _ in 0..POLLS {
        assert!(simulation.poll().await);
        ends.push(look(&history, simulation.bill()));
        tokio::time::advance(4 * HOUR).await;
    }
    let history = history.lock().expect("no panic").clone();
    (history, ends)
}

#[expect(clippy::disallowed_methods, reason = "a child is told its part by its parent")]
fn told(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Runs the child: polls on from the poll that the parent names, and prints its steps.
async fn child(state: &Path) {
    use tracing_subscriber::layer::SubscriberExt;
    let log = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(std::io::stdout);
    let log = tracing_subscriber::registry().with(log);
    tracing::subscriber::set_global_default(log).expect("the first one");
    let first: u32 = told(FIRST).expect("a number").parse().expect("a number");
    let mut simulation = at(first, setup().stored_in(state), |_| {});
    let restored = state.with_extension("restored");
    std::fs::write(&restored, simulation.bill()).expect("a file");
    println!("restored");
    for poll in first..POLLS {
        println!("poll {poll} began");
        assert!(simulation.poll().await);
        println!("poll {poll} ended");
        tokio::time::advance(4 * HOUR).await;
    }
}

/// A child and its output.
struct Running {
    child: Child,
    lines: Receiver<String>,
    seen: Vec<String>,
}

impl Running {
    fn start(state: &Path, first: usize) -> Self {
        let mut child = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", TEST, "--nocapture"])
            .env(STATE, state)
            .env(FIRST, first.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the child starts");
        let (sender, lines) = channel();
        let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        std::thread::spawn(move || {
            stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        Self { child, lines, seen: Vec::new() }
    }

    /// Returns whether a line with the text comes before the child ends.
    fn wait_for(&mut self, text: &str) -> bool {
        while let Ok(line) = self.lines.recv_timeout(Duration::from_secs(60)) {
            let found = line.contains(text);
            self.seen.push(line);
            if found {
                return true;
            }
        }
        false
    }

    /// Kills it, and returns all of its output.
    fn kill(mut self) -> Vec<String> {
        // SIGKILL on Unix. It may have ended by itself.
        let _ = self.child.kill();
        self.child.wait().expect("it ends");
        self.seen.extend(self.lines.iter());
        self.seen
    }
}

/// Returns where a child was killed, by the last line that shows it.
fn place(lines: &[String]) -> &'static str {
    let telling = ["poll", "committing", "committed", "restored"];
    let last = lines.iter().rev().find(|line| telling.iter().any(|text| line.contains(text)));
    match last.map(String::as_str) {
        Some(line) if line.contains("committing") => INSIDE,
        Some(line) if line.contains("committed") => "after a commit",
        Some(line) if line.contains("began") => "while reading",
        Some(line) if line.contains("ended") => "between two polls",
        Some(_) => "after restoring",
        None => "at the start",
    }
}

#[tokio::test(start_paused = true)]
async fn whenever_it_is_killed_it_comes_back_with_what_a_poll_published() {
    if let Some(state) = told(STATE) {
        return child(Path::new(&state)).await;
    }
    let (history, ends) = undisturbed().await;
    let directory = tempfile::tempdir().expect("a directory");
    let state = directory.path().join("state.redb");
    let mut places = BTreeMap::<&str, usize>::new();
    let (mut done, mut kills) = (0, 0);
    while done < POLLS as usize || places.get(INSIDE).copied().unwrap_or(0) < WANTED {
        assert!(kills < MOST, "{places:?}");
        if done == POLLS as usize {
            std::fs::remove_file(&state).expect("the file");
            done = 0;
        }
        let mut running = Running::start(&state, done);
        // Every second kill aims at the middle of a commit.
        let (text, longest) = [("committing", 2_000), ("began", 100_000)][kills % 2];
        let mut alive = true;
        for _ in 0..fastrand::u8(1..4) {
            alive = alive && running.wait_for(text);
        }
        std::thread::sleep(Duration::from_micros(fastrand::u64(0..longest)));
        let said = running.kill();
        kills += 1;
        *places.entry(place(&said)).or_default() += 1;
        if said.iter().any(|line| line == "restored") {
            let restored = std::fs::read_to_string(state.with_extension("restored"));
            let restored = restored.expect("what it came back with");
            let known = history.iter().rposition(|published| *published == restored);
            let nothing = !restored.contains("pretax_cost{");
            assert!(known.is_some() || nothing, "nobody ever published this:\n{restored}");
            let least = done.checked_sub(1).map(|last| ends[last]);
            assert!(known >= least, "after {kills} kills {known:?} is older than {least:?}");
        }
        let ended = said.iter().filter_map(|line| {
            line.strip_prefix("poll ")?.strip_suffix(" ended")?.parse::<usize>().ok()
        });
        done = ended.max().map_or(done, |poll| poll + 1);
    }
    println!("{kills} kills: {places:?}");
}
