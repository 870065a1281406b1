//! What a soak counted, printed and held to.

use std::collections::BTreeMap;
use std::time::Duration;

use azure_billing_exporter::simulator::Fault;

use crate::exporter::{End, Usage};
use crate::judge::Judge;
use crate::source::Source;

/// By how much memory may grow from the first minute to the last, in parts and in MB.
const MEMORY: (f64, f64) = (1.15, 4.0);
/// By how many descriptors the fewest of a minute may grow.
const DESCRIPTORS: usize = 8;

const MINUTE: Duration = Duration::from_secs(60);

#[derive(Default)]
pub(crate) struct Figures {
    /// When everything of every scope had been read.
    pub(crate) all_read: Option<Duration>,
    pub(crate) restarts: Vec<End>,
    /// Scrapes without an answer, or with another one than 200.
    pub(crate) unanswered: u64,
    /// Scrapes right after a restart that came before the stored days.
    pub(crate) before_restored: u64,
    /// Scopes whose costs were there and then were not.
    pub(crate) vanished: Vec<&'static str>,
    /// The most memory of the exporter that runs through, in MB.
    pub(crate) peak: f64,
    samples: Vec<(Duration, Usage)>,
    /// The last scrape of that exporter.
    last: String,
}

/// What a minute took.
struct Minute {
    /// The mean, in MB.
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

    /// The first minute in which everything is known, and the last one.
    fn ends(&self) -> Option<(Minute, Minute)> {
        let (last, _) = self.samples.last()?;
        Some((self.minute(self.all_read?)?, self.minute(last.checked_sub(MINUTE)?)?))
    }

    /// The sum of a counter in the last scrape.
    fn counted(&self, name: &str) -> f64 {
        let lines = self.last.lines().filter(|line| line.starts_with(name));
        lines
            .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
            .fold(0.0, |a, b| a + b)
    }

    pub(crate) fn print(&self, source: &Source, judges: [&Judge; 2], took: Duration) {
        let sum = |of: fn(&Judge) -> u64| judges.into_iter().map(of).sum::<u64>();
        let faults = source.simulator.fault_counts();
        let requests = source.simulator.request_count();
        let all: u64 = faults.values().sum();
        println!(
            "{:.1} minutes, {} steps of the source",
            took.as_secs_f64() / 60.0,
            source.step() + 1
        );
        println!(
            "source: {requests} requests, {all} faults ({:.1} %)",
            100.0 * all as f64 / requests as f64
        );
        for (kind, count) in by_kind(&faults) {
            println!("  {count:6} {kind}");
        }
        println!(
            "exporter that runs through: {} polls, {} failures; all was read after {:?}",
            self.counted("azure_billing_polls_total"),
            self.counted("azure_billing_poll_failures_total"),
            self.all_read
        );
        println!("exporter that is restarted: {} times: {:?}", self.restarts.len(), self.restarts);
        println!(
            "{} scrapes, {} unanswered; {} values compared, {} states of scopes seen, {} wrong",
            sum(|judge| judge.scrapes),
            self.unanswered,
            sum(|judge| judge.compared),
            sum(|judge| judge.states.len() as u64),
            sum(|judge| judge.wrong)
        );
        println!(
            "{} scrapes within seconds of a restart had no costs yet; costs vanished otherwise: {:?}",
            self.before_restored, self.vanished
        );
        for complaint in judges.into_iter().flat_map(|judge| &judge.complaints) {
            println!("  WRONG {complaint}");
        }
        if let Some((first, last)) = self.ends() {
            println!(
                "memory: {:.1} MB in the first minute, {:.1} MB in the last, {:.1} MB at most; descriptors: {} to {}, then {} to {}",
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

    /// Fails where something is not as it must be.
    pub(crate) fn judge(&self, judges: [&Judge; 2]) {
        for judge in judges {
            assert_eq!(judge.wrong, 0, "values that the source does not allow");
            assert!(judge.compared > 0 && judge.states.len() > 1, "nothing was compared");
        }
        assert!(self.vanished.is_empty(), "costs vanished");
        let (first, last) = self.ends().expect("a run that lasts until everything is read");
        let bound = first.memory * MEMORY.0 + MEMORY.1;
        assert!(last.memory <= bound, "memory grows: {:.1} MB, {bound:.1} allowed", last.memory);
        let bound = first.fewest + DESCRIPTORS;
        assert!(last.fewest <= bound, "descriptors grow: {}, {bound} allowed", last.fewest);
    }
}

/// Counts of faults without their seconds and rows.
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
