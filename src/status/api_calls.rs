//! Counts calls to Azure and waits for its quota, where they happen. How they are published is for
//! `metrics` to say.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The calls to Azure and the waits for its quota, since the start.
#[derive(Debug, Default)]
pub struct ApiCalls {
    counts: Mutex<ApiCounts>,
}

/// The counts at one moment.
#[derive(Clone, Debug, Default)]
pub struct ApiCounts {
    /// The number of calls by API and result.
    pub requests: BTreeMap<(Api, Code), u64>,
    /// The time of all waits by [`Wait`].
    pub waits: [Duration; Wait::ALL.len()],
    /// What is left of Azure's quota by API; an API whose answers do not say so is absent.
    pub quotas: BTreeMap<Api, Quota>,
}

/// What is left of a quota of Azure, which others of the tenant use as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// The number that is left.
    pub left: u64,
    /// The largest number that is known to have been left: the documented quota, or more if Azure
    /// has announced more.
    pub whole: u64,
    /// The units of both numbers.
    pub unit: QuotaUnit,
    /// The time of the answer that says so.
    pub seen: Instant,
}

/// The unit in which Azure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuotaUnit {
    /// The query processing units (QPU) of an hour, of which a queried month takes one.
    QueryUnits,
    /// Calls, within a time that Azure does not name.
    Calls,
}

impl Quota {
    /// Returns whether less than a third is left, so that calls that can wait should not be made.
    /// What was left longer than an hour ago says nothing: no quota has a longer window, and
    /// without a call nothing newer would be known.
    pub fn is_scarce(&self) -> bool {
        const LONGEST_WINDOW: Duration = Duration::from_secs(3600);
        self.seen.elapsed() < LONGEST_WINDOW && self.left.saturating_mul(3) < self.whole
    }
}

/// An API of Azure, whose calls are counted. Each has a constant where it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Api {
    /// Its place in the order of publication.
    place: u8,
    name: &'static str,
}

/// The result of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    /// An HTTP status.
    Status(u16),
    /// No HTTP status: the connection was refused, reset or timed out.
    None,
}

/// The reason for a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Our own limit of calls a minute.
    Quota,
    /// The end of a wait that Azure has requested.
    Throttled,
}

impl Api {
    /// Returns an API with its place in the order of publication and the value of the label `api`.
    pub const fn new(place: u8, name: &'static str) -> Self {
        Self { place, name }
    }

    /// Returns the value of the label `api`.
    pub const fn as_str(self) -> &'static str {
        self.name
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "{status}"),
            Self::None => f.write_str("none"),
        }
    }
}

impl Wait {
    /// All reasons, in the order in which they are published.
    pub const ALL: [Self; 2] = [Self::Quota, Self::Throttled];

    /// Returns the value of the label `reason`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Quota => "quota",
            Self::Throttled => "throttled",
        }
    }
}

impl ApiCalls {
    /// Counts a call.
    pub fn called(&self, api: Api, code: Code) {
        *self.lock().requests.entry((api, code)).or_default() += 1;
    }

    /// Counts a wait.
    pub fn waited(&self, reason: Wait, waited: Duration) {
        self.lock().waits[reason as usize] += waited;
    }

    /// Records what is left of a quota. Once an API has named query units, its calls are ignored,
    /// because the two cannot be compared.
    pub fn left(&self, api: Api, new: Quota) {
        let quotas = &mut self.lock().quotas;
        let whole = match quotas.get(&api) {
            Some(old) if old.unit == new.unit => old.whole.max(new.whole),
            Some(old) if old.unit == QuotaUnit::QueryUnits => return,
            _ => new.whole,
        };
        quotas.insert(api, Quota { whole: whole.max(new.left), ..new });
    }

    /// Returns what is left of the quota of an API, if its answers say so.
    pub fn quota(&self, api: Api) -> Option<Quota> {
        self.lock().quotas.get(&api).copied()
    }

    /// Returns the counts so far.
    pub fn counts(&self) -> ApiCounts {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, ApiCounts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUERY: Api = Api::new(0, "query");

    fn quota(left: u64, whole: u64, unit: QuotaUnit) -> Quota {
        Quota { left, whole, unit, seen: Instant::now() }
    }

    #[tokio::test(start_paused = true)]
    async fn a_quota_is_scarce_below_a_third_for_an_hour() {
        let calls = ApiCalls::default();
        let scarce = || calls.quota(QUERY).map(|quota| quota.is_scarce());
        assert_eq!(scarce(), None, "nothing is known");
        for (left, expected) in [(600, false), (200, false), (199, true), (0, true)] {
            calls.left(QUERY, quota(left, 600, QuotaUnit::QueryUnits));
            assert_eq!(scarce(), Some(expected), "{left}");
        }
        tokio::time::advance(Duration::from_secs(3600)).await;
        assert_eq!(scarce(), Some(false), "it has come back since");
        calls.left(QUERY, quota(6000, 600, QuotaUnit::QueryUnits));
        calls.left(QUERY, quota(1999, 600, QuotaUnit::QueryUnits));
        assert_eq!(scarce(), Some(true), "a third of the most that was ever left");
    }

    #[tokio::test(start_paused = true)]
    async fn units_are_never_compared_with_calls() {
        let calls = ApiCalls::default();
        calls.left(QUERY, quota(9, 0, QuotaUnit::Calls));
        calls.left(QUERY, quota(500, 600, QuotaUnit::QueryUnits));
        calls.left(QUERY, quota(3, 0, QuotaUnit::Calls));
        let known = calls.quota(QUERY).map(|quota| (quota.left, quota.whole));
        assert_eq!(known, Some((500, 600)));
    }
}
