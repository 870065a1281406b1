//! The job of [`super::run`], checked.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;

use jiff::Timestamp;

use super::remote_write::Receiver;
use crate::billing::daily_sums::TagKeys;
use crate::billing::history::HistoryOptions;
use crate::billing::period::{Period, day_of};
use crate::config::ExtraLabel;
use crate::metrics::SCOPE_INFO;
use crate::source::Sources;
use crate::status::ScopeInfo;

/// The most months of a job. How far back Azure answers is not documented for every scope; it keeps
/// three years.
const MOST_MONTHS: usize = 36;

/// A scope, as the live series name it.
#[derive(Clone, Debug)]
pub struct ScopeTarget {
    /// The scope, and its label in the live series.
    pub info: ScopeInfo,
    /// The sources that it is read from.
    pub sources: Sources,
    /// True if rows of cost allocation count.
    pub cost_allocation: bool,
    /// True if the scope really costs nothing, so that zeros are not taken for hidden charges.
    pub charges_are_free: bool,
}

/// The destination of the history.
pub enum Target {
    /// An OpenMetrics file, which is written whole or not at all.
    File(PathBuf),
    /// A receiver of remote write.
    RemoteWrite(Receiver),
}

/// Shows the target as the log names it.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::RemoteWrite(receiver) => receiver.fmt(f),
        }
    }
}

/// Everything that decides what is written.
pub struct BackfillJob {
    /// The scopes to read.
    pub scopes: Vec<ScopeTarget>,
    /// The months to read.
    pub months: Months,
    /// The series to write.
    pub wanted: HistoryOptions,
    /// The tags by which bills of the previous period are split.
    pub tag_keys: TagKeys,
    /// The time of the job, by which sources are chosen.
    pub now: Timestamp,
    /// The labels that every series gets beside its own.
    pub labels: Vec<ExtraLabel>,
    /// The destination.
    pub target: Target,
    /// The folder where the months that were read are kept until all is written.
    pub state: PathBuf,
}

impl BackfillJob {
    /// Returns one line for each setting that decides what is written: months that were kept for
    /// other settings cannot be used.
    pub(super) fn settings(&self) -> String {
        let mut lines = vec![
            format!("months: {} to {}", self.months.first, self.months.last),
            format!("target: {}", self.target),
            format!("wanted: {:?}", self.wanted),
            format!("tags: {:?}", self.tag_keys),
        ];
        let scope = |scope: &ScopeTarget| {
            let ScopeInfo { id, label, enrollment } = &scope.info;
            let enrollment = enrollment.as_deref().unwrap_or("unknown");
            format!("scope: {id} as {label:?}, enrollment: {enrollment}")
        };
        lines.extend(self.scopes.iter().map(scope));
        let label = |label: &ExtraLabel| format!("label: {}={:?}", label.name, label.value);
        lines.extend(self.labels.iter().map(label));
        lines.join("\n") + "\n"
    }
}

/// Closed months, from the first to the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Months {
    first: Period,
    last: Period,
}

impl Months {
    /// Checks a range of months against the current time.
    ///
    /// # Errors
    /// The error says what to do. A month that is not over changes all the time, and a receiver
    /// accepts a sample once and never its correction.
    pub fn closed(first: Period, last: Period, now: Timestamp) -> Result<Self, String> {
        let open = Period::of(day_of(now));
        if last >= open {
            return Err(format!(
                "--to {last}: this month is not over; its costs still change, and a sample that was stored is never corrected: `serve` publishes them. Use --to {} or earlier",
                open.before()
            ));
        }
        if first > last {
            return Err(format!("--from {first} is after --to {last}; exchange them"));
        }
        let months = Self { first, last };
        let count = months.iter().take(MOST_MONTHS + 1).count();
        if count > MOST_MONTHS {
            let from = last.months_before(MOST_MONTHS as i32 - 1);
            return Err(format!(
                "--from {first} --to {last}: more than {MOST_MONTHS} months, which is as far as Azure reaches back; use --from {from}, or write them in parts"
            ));
        }
        Ok(months)
    }

    /// Returns each month, the oldest first.
    pub fn iter(self) -> impl Iterator<Item = Period> {
        std::iter::successors(Some(self.first), |month| Some(month.after()))
            .take_while(move |month| *month <= self.last)
    }

    /// Returns the months that an exporter may have published live. `since` is the first month it
    /// ran in, if that is known; otherwise it may be running since last month.
    pub fn scraped(self, since: Option<Period>, now: Timestamp) -> Option<Self> {
        let since = since.unwrap_or(Period::of(day_of(now)).before());
        (self.last >= since).then_some(Self { first: self.first.max(since), last: self.last })
    }
}

impl fmt::Display for Months {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            return self.first.fmt(f);
        }
        write!(f, "{} to {}", self.first, self.last)
    }
}

/// Checks that no label is one of the series' own or given twice.
///
/// # Errors
/// The error names the label.
pub fn foreign_labels(labels: &[ExtraLabel], wanted: &HistoryOptions) -> Result<(), String> {
    let families = wanted.families();
    let own = families.iter().flat_map(|family| family.labels).chain(SCOPE_INFO.labels);
    let own: BTreeSet<&str> = own.copied().chain(["scope"]).collect();
    let mut names = BTreeSet::new();
    for ExtraLabel { name, .. } in labels {
        if own.contains(name.as_str()) {
            return Err(format!(
                "--label {name}: the series have a label of this name; use another"
            ));
        }
        if !names.insert(name) {
            return Err(format!("--label {name} is given twice; remove one"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::billing::limits::Limits;
    use crate::billing::metric_families::limits as limits_of_families;

    fn months(from: &str, to: &str, now: &str) -> Result<String, String> {
        let now = format!("{now}T00:00:00Z").parse().unwrap();
        Months::closed(from.parse().unwrap(), to.parse().unwrap(), now)
            .map(|months| months.to_string())
    }

    #[test]
    fn only_months_that_are_over_have_a_history() {
        assert_eq!(months("2023-11", "2026-10", "2026-11-01").unwrap(), "2023-11 to 2026-10");
        assert_eq!(months("2026-10", "2026-10", "2026-11-01").unwrap(), "2026-10");
        for (from, to, now, why) in [
            ("2026-10", "2026-10", "2026-10-31", "Use --to 2026-09 or earlier"),
            ("2026-10", "2027-01", "2026-11-24", "Use --to 2026-10 or earlier"),
            ("2026-10", "2026-09", "2026-11-24", "exchange them"),
            ("2023-10", "2026-10", "2026-11-24", "use --from 2023-11"),
        ] {
            let error = months(from, to, now).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn months_that_may_have_been_scraped_are_known() {
        let now = "2026-11-24T00:00:00Z".parse().unwrap();
        let scraped = |to: &str, since: Option<&str>| {
            let months = Months { first: "2026-01".parse().unwrap(), last: to.parse().unwrap() };
            months.scraped(since.map(|month| month.parse().unwrap()), now).map(|m| m.to_string())
        };
        assert_eq!(scraped("2026-10", None).unwrap(), "2026-10");
        assert_eq!(scraped("2026-09", None), None);
        assert_eq!(scraped("2026-09", Some("2026-08")).unwrap(), "2026-08 to 2026-09");
        assert_eq!(scraped("2026-09", Some("2025-08")).unwrap(), "2026-01 to 2026-09");
        assert_eq!(scraped("2026-09", Some("2026-10")), None);
    }

    #[test]
    fn every_limit_is_among_the_settings_by_which_months_are_kept() {
        let limits = Limits::default().with("meters", 7);
        let wanted = HistoryOptions { limits: limits.clone(), instances: true };
        let all = limits_of_families().into_iter();
        let all: Vec<_> = all.map(|limit| format!("{}: {}", limit.key, limits.of(limit))).collect();
        let all = all.join(", ");
        assert!(all.starts_with("instances: 10000, accounts: 1000, "), "{all}");
        assert!(all.ends_with("meters: 7, tags: 1000"), "{all}");
        let expected = format!("HistoryOptions {{ limits: Limits {{ {all} }}, instances: true }}");
        assert_eq!(format!("{wanted:?}"), expected);
    }

    #[test]
    fn labels_of_the_series_are_not_given_again() {
        let wanted = HistoryOptions { limits: Default::default(), instances: false };
        let check = |labels: &[&str]| {
            let labels: Vec<ExtraLabel> = labels.iter().map(|l| l.parse().unwrap()).collect();
            foreign_labels(&labels, &wanted)
        };
        assert_eq!(check(&["job=azure", "instance=host:10540"]), Ok(()));
        for own in ["scope=x", "currency=x", "period=x", "scope_type=x", "subscription_name=x"] {
            assert!(check(&[own]).is_err(), "{own}");
        }
        assert!(check(&["job=a", "job=b"]).unwrap_err().contains("twice"));
    }
}
