//! Compares each scrape with what the source allows, scope by scope.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use azure_billing_exporter::billing::metric_families::FAMILIES;
use jiff::Timestamp;

use crate::series::Series;
use crate::source::Source;
use crate::truth::{Truth, View};

const LAST_SUCCESS: &str = "azure_billing_poll_last_success_timestamp_seconds";
const LAST_ATTEMPT: &str = "azure_billing_poll_last_attempt_timestamp_seconds";

/// The number of expectations kept before all are dropped.
const KEPT: usize = 200;
/// The number of wrong values that are printed.
const SHOWN: usize = 20;

/// Computes what is allowed, and remembers it.
pub(crate) struct Expected {
    pub(crate) truth: Truth,
    series: HashMap<(usize, View), Arc<Series>>,
}

impl Expected {
    pub(crate) fn of(truth: Truth) -> Self {
        Self { truth, series: HashMap::new() }
    }

    fn series(&mut self, scope: usize, view: View) -> Arc<Series> {
        if self.series.len() > KEPT {
            self.series.clear();
        }
        let truth = &self.truth;
        let series = || Arc::new(truth.series(scope, view));
        self.series.entry((scope, view)).or_insert_with(series).clone()
    }
}

/// The state of a scope of an exporter.
#[derive(Clone, Copy, Debug, Default)]
struct Watched {
    /// The view that was seen last.
    view: Option<View>,
    /// The end of the last successful poll, in seconds.
    succeeded: f64,
    /// The start of that poll: nothing older may be published.
    began: Option<Timestamp>,
}

/// Checks what one exporter publishes over time.
#[derive(Default)]
pub(crate) struct Judge {
    scopes: HashMap<usize, Watched>,
    /// The different states of scopes that were seen.
    pub(crate) states: BTreeSet<(usize, View)>,
    pub(crate) scrapes: u64,
    pub(crate) compared: u64,
    pub(crate) wrong: u64,
    /// The first complaints.
    pub(crate) complaints: Vec<String>,
}

impl Judge {
    /// Drops what was seen, because the exporter does.
    pub(crate) fn forget(&mut self) {
        self.scopes.clear();
    }

    /// Returns whether everything of every scope was read.
    pub(crate) fn has_seen_all(&self, expected: &Expected) -> bool {
        let has_window = expected.truth.has_window();
        let whole = |watched: &Watched| {
            watched
                .view
                .is_some_and(|view| view.knows_previous && (view.knows_window || !has_window))
        };
        let seen = self.scopes.values().filter(|watched| whole(watched)).count();
        seen == expected.truth.scopes.len()
    }

    /// Returns the step of the open period that was last seen of each scope.
    pub(crate) fn open_steps(&self) -> Vec<usize> {
        self.scopes.values().filter_map(|watched| Some(watched.view?.open)).collect()
    }

    /// Compares a scrape with the source, and returns the scopes that vanished.
    pub(crate) fn scrape(
        &mut self,
        text: &str,
        expected: &mut Expected,
        source: &Source,
    ) -> Vec<&'static str> {
        self.scrapes += 1;
        let mut parsed = Parsed::of(text);
        self.complain(std::mem::take(&mut parsed.repeated));
        let mut vanished = Vec::new();
        for scope in 0..expected.truth.scopes.len() {
            let label = expected.truth.scopes[scope].label;
            let watched = self.scopes.get(&scope).copied().unwrap_or_default();
            match parsed.series.get(label) {
                Some(series) => {
                    self.compared += series.len() as u64;
                    match matching(scope, series, &watched, expected, source) {
                        Ok(view) => {
                            self.states.insert((scope, view));
                            self.scopes.entry(scope).or_default().view = Some(view);
                        }
                        Err(complaints) => self.complain(complaints),
                    }
                }
                None if watched.view.is_some() => vanished.push(label),
                None => {}
            }
            // Used by the next scrape: in this one, costs may be older than the values about polls.
            self.scopes.entry(scope).or_default().polled(label, &parsed);
        }
        vanished
    }

    fn complain(&mut self, complaints: Vec<String>) {
        self.wrong += complaints.len() as u64;
        for complaint in complaints {
            if self.complaints.len() < SHOWN && !self.complaints.contains(&complaint) {
                self.complaints.push(complaint);
            }
        }
    }
}

impl Watched {
    /// Records when the last successful poll began.
    fn polled(&mut self, label: &str, parsed: &Parsed<'_>) {
        let of = |family| parsed.polls.get(&(family, label)).copied();
        let (Some(succeeded), Some(began)) = (of(LAST_SUCCESS), of(LAST_ATTEMPT)) else { return };
        // A later poll may have ended already; then the other one's start is unknown.
        if succeeded > self.succeeded && began <= succeeded {
            self.succeeded = succeeded;
            self.began = Timestamp::from_microsecond((began * 1e6) as i64).ok();
        }
    }
}

/// Returns the view that matches a scope's series, or the differences from the nearest view.
fn matching(
    scope: usize,
    series: &BTreeMap<&str, f64>,
    watched: &Watched,
    expected: &mut Expected,
    source: &Source,
) -> Result<View, Vec<String>> {
    let newest = source.step();
    let oldest = watched.began.map_or(0, |began| source.step_at(began));
    let mut nearest: Option<Vec<String>> = None;
    for view in views(watched.view, oldest, newest, &expected.truth) {
        let complaints = differences(series, &expected.series(scope, view), view);
        if complaints.is_empty() {
            return Ok(view);
        }
        if nearest.as_ref().is_none_or(|nearest| complaints.len() < nearest.len()) {
            nearest = Some(complaints);
        }
    }
    Err(nearest.unwrap_or_default())
}

/// Returns the views that may be published, the likely ones first: none older than the last
/// successful reading or than what was seen, and none with less than that.
fn views(last: Option<View>, oldest: usize, newest: usize, truth: &Truth) -> Vec<View> {
    let unread = View { open: 0, previous: 0, knows_previous: false, knows_window: false };
    let least = last.unwrap_or(unread);
    let mut views: Vec<View> = last.into_iter().filter(|last| last.open >= oldest).collect();
    let previous_until = if truth.previous_moves() { newest } else { 0 };
    for open in (oldest.max(least.open)..=newest).rev() {
        for previous in (least.previous..=previous_until).rev() {
            for (knows_previous, knows_window) in
                [(true, true), (true, false), (false, true), (false, false)]
            {
                let is_less =
                    least.knows_previous && !knows_previous || least.knows_window && !knows_window;
                if !is_less && (truth.has_window() || knows_window) {
                    views.push(View { open, previous, knows_previous, knows_window });
                }
            }
        }
    }
    views
}

/// Returns how series differ from a view.
fn differences(series: &BTreeMap<&str, f64>, allowed: &Series, view: View) -> Vec<String> {
    let mut complaints = Vec::new();
    for (name, value) in series {
        match allowed.get(*name) {
            Some(allowed) if allowed.allows(*value) => {}
            Some(allowed) => {
                complaints.push(format!("{name} is {value}, but {allowed:?} by {view:?}"));
            }
            None => complaints.push(format!("{name} is {value}, but not there by {view:?}")),
        }
    }
    let missing = allowed.keys().filter(|name| !series.contains_key(name.as_str()));
    complaints.extend(missing.map(|name| format!("{name} is missing by {view:?}")));
    complaints
}

/// A scrape by scope.
#[derive(Default)]
struct Parsed<'a> {
    /// The series of costs and usage.
    series: HashMap<&'a str, BTreeMap<&'a str, f64>>,
    /// The start and the end of polls, by family and scope.
    polls: HashMap<(&'a str, &'a str), f64>,
    /// Series that occur twice.
    repeated: Vec<String>,
}

impl<'a> Parsed<'a> {
    fn of(text: &'a str) -> Self {
        let mut parsed = Self::default();
        // Whole months are held against Azure's balances in `simulated`.
        let of_months = ["azure_billing_period_", "azure_billing_rounding_"];
        let names = FAMILIES.iter().map(|family| family.name);
        let names = names.filter(|name| !of_months.iter().any(|start| name.starts_with(start)));
        let billing: BTreeSet<&str> = names.collect();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (name, value) = line.rsplit_once(' ').expect("a sample");
            let Some((family, labels)) = name.split_once("{scope=\"") else { continue };
            // The labels of these scopes have no quotes.
            let scope = labels.split('"').next().unwrap_or_default();
            let value: f64 = value.parse().expect("a number");
            if [LAST_SUCCESS, LAST_ATTEMPT].contains(&family) {
                parsed.polls.insert((family, scope), value);
            }
            if billing.contains(family)
                && parsed.series.entry(scope).or_default().insert(name, value).is_some()
            {
                parsed.repeated.push(format!("{name} is there twice"));
            }
        }
        parsed
    }
}
