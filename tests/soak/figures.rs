//! The counts of a soak, printed and compared with limits.

use std::collections::BTreeMap;
use std::time::Duration;

use azure_billing_simulator::Fault;

use crate::exporter::{End, Usage};
use crate::judge::Judge;
use crate::source::Source;

/// The growth of memory that is allowed from the first minute to the last, as a factor and in MB.
const MEMORY: (f64, f64) = (1.15, 4.0);
/// The allowed growth of the fewest descriptors in a minute.
const DESCRIPTORS: usize = 8;

const MINUTE: Duration = Duration::from_secs(60);

#[derive(Default)]
pub(crate) struct Figures {
    /// The time after which everything of every scope had been read.
    pub(crate) all_read: Option<Duration>,
    pub(crate) restarts: Vec<End>,
    /// Scopes whose costs vanished after they had been there, also right after a restart.
    pub(crate) vanished: Vec<&'static str>,
    /// The peak memory of the exporter that runs through, in MB.
    pub(crate) peak: f64,
    samples: Vec<(Duration, Usage)>,
    /// The last scrape of that exporter.
    last: String,
}

/// The resources used in a minute.
struct Minute {
    /// The mean memory in MB.
    memory: f64,
    fewest: usize,
    most: usize,
}

impl Figures {
    pub(crate) fn sample(&mut self, at: Duration, usage: Usage) {
        self.samples.push((at, usage));
    }

    pub(crate) fn said(&mut self, text: String) {
        self.last = text;
    }

    fn minute(&self, from: Duration) -> Option<Minute> {
        let samples = self.samples.iter().filter(|(at, _)| *at >= from && *at < from + MINUTE);
        let usage: Vec<Usage> = samples.map(|(_, usage)| *usage).collect();
        Some(Minute {
            memory: usage.iter().map(|usage| usage.memory).sum::<f64>() / usage.len() as f64,
            fewest: usage.iter().map(|usage| usage.descriptors).min()?,
            most: usage.iter().map(|usage| usage.descriptors).max()?,
        })
    }

    /// Returns the first minute in which everything is known and the allocator has settled, and the
    /// last one. `None` if they are not two. An older part that fails several times is retried after
    /// growing waits, so that everything may not be known in half of the time: then the minute in
    /// the middle stands for the first.
    fn ends(&self) -> Option<(Minute, Minute)> {
        let (end, _) = self.samples.last()?;
        let all_read = self.all_read.unwrap_or(*end).min(*end / 2);
        let (first, last) = (all_read.max(*end / 4), end.checked_sub(MINUTE)?);
        if first + MINUTE > last {
            return None;
        }
        Some((self.minute(first)?, self.minute(last)?))
    }

    /// Returns the sum of a counter in the last scrape.
    fn counted(&self, name: &str) -> f64 {
        let lines = self.last.lines().filter(|line| line.starts_with(name));
        lines
            .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
            .fold(0.0, |a, b| a + b)
    }

    pub(crate) fn print(&self, source: &Source, judges: [&Judge; 2], took: Duration) {
        let sum = |of: fn(&Judge) -> u64| judges.into_iter().map(of).sum::<u64>();
        let minutes = took.as_secs_f64() / 60.0;
        println!("{minutes:.1} minutes, {} steps of the source", source.step() + 1);
        print_faults(source);
        let all_read = self.all_read.map_or("never".to_owned(), |at| format!("after {at:.0?}"));
        println!(
            "exporter that runs through: {} polls, {} failures; all was read {all_read}",
            self.counted("azure_billing_polls_total"),
            self.counted("azure_billing_poll_failures_total")
        );
        let restarts = |end| self.restarts.iter().filter(|restart| **restart == end).count();
        println!(
            "exporter that is restarted: {} times killed, {} times terminated, {} times killed and its state deleted",
            restarts(End::Killed),
            restarts(End::Terminated),
            restarts(End::Forgotten)
        );
        println!(
            "{} scrapes, {} values compared, {} states of scopes seen, {} wrong",
            sum(|judge| judge.scrapes),
            sum(|judge| judge.compared),
            sum(|judge| judge.states.len() as u64),
            sum(|judge| judge.wrong)
        );
        println!("costs that vanished: {:?}", self.vanished);
        let by_minute = (0..).map_while(|minute| self.minute(minute * MINUTE));
        let memory: Vec<String> = by_minute.map(|minute| format!("{:.0}", minute.memory)).collect();
        println!(
            "memory of the exporter that runs through, minute by minute: {} MB",
            memory.join(" ")
        );
        for complaint in judges.into_iter().flat_map(|judge| &judge.complaints) {
            println!("  WRONG {complaint}");
        }
        if let Some((first, last)) = self.ends() {
            println!(
                "memory: {:.1} MB in the first minute that counts, {:.1} MB in the last, {:.1} MB at most; descriptors: {} to {}, then {} to {}",
                first.memory,
                last.memory,
                self.peak,
                first.fewest,
                first.most,
                last.fewest,
                last.most
            );
        }
    }

    /// Fails if something is wrong.
    pub(crate) fn judge(&self, judges: [&Judge; 2]) {
        for judge in judges {
            assert_eq!(judge.wrong, 0, "values that the source does not allow");
            assert!(judge.compared > 0 && judge.states.len() > 1, "nothing was compared");
        }
        assert!(self.vanished.is_empty(), "costs vanished");
        let (first, last) = self.ends().expect("a run of four minutes and more");
        let bound = first.memory * MEMORY.0 + MEMORY.1;
        assert!(last.memory <= bound, "memory grows: {:.1} MB, {bound:.1} allowed", last.memory);
        let bound = first.fewest + DESCRIPTORS;
        assert!(last.fewest <= bound, "descriptors grow: {}, {bound} allowed", last.fewest);
    }
}

fn print_faults(source: &Source) {
    let faults = source.simulator.fault_counts();
    let requests = source.simulator.request_count();
    let all: u64 = faults.values().sum();
    let share = 100.0 * all as f64 / requests as f64;
    println!("source: {requests} requests, {all} faults ({share:.1} %)");
    for (kind, count) in by_kind(&faults) {
        println!("  {count:6} {kind}");
    }
    let kept = source.simulator.requests();
    let refused = kept.iter().filter(|request| request.status == Some(429)).count() as u64;
    let throttled = |(fault, count): (&Fault, &u64)| match fault {
        Fault::Throttled(_) => *count,
        _ => 0,
    };
    let by_fault: u64 = faults.iter().map(throttled).sum();
    println!("  {:6} refused by the quota besides", refused.saturating_sub(by_fault));
}

/// Returns counts of faults without their seconds and rows.
fn by_kind(faults: &BTreeMap<Fault, u64>) -> BTreeMap<String, u64> {
    let figures = r"\(\d+\)| \{ seconds: \d+ \}|(status|after_rows): \d+, ";
    let figures = regex_lite::Regex::new(figures).expect("a pattern");
    let mut kinds = BTreeMap::<String, u64>::new();
    for (fault, count) in faults {
        let kind = figures.replace_all(&format!("{fault:?}"), "").into_owned();
        *kinds.entry(kind).or_default() += count;
    }
    kinds
}
