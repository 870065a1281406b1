//! Counts calls to Azure and waits for its quota, where they happen. How they are published is for
//! `metrics` to say.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

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

    /// Returns the counts so far.
    pub fn counts(&self) -> ApiCounts {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, ApiCounts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
