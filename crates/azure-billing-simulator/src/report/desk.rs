//! The reports that were requested.

use std::{
    collections::VecDeque,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use jiff::Timestamp;
use serde_json::Value;

use super::{super::enrollment::Scope, blob::Part, lines::Reading};

/// The number of reports kept; older ones are not found any more.
const KEPT: usize = 1000;

/// One report.
pub(in super::super) struct Report {
    pub(in super::super) id: String,
    pub(in super::super) scope: Scope,
    /// The scope's path as the client wrote it.
    pub(in super::super) owner: String,
    /// The request's body.
    pub(in super::super) body: Value,
    pub(in super::super) reading: Arc<Reading>,
    /// The one of the two documented paths that reports its status.
    pub(in super::super) status_path: &'static str,
    /// Status requests that are still answered with "not yet".
    pub(in super::super) polls_left: AtomicU32,
    /// Set by the first status request that finds the report ready.
    pub(in super::super) ready: OnceLock<Ready>,
}

/// The blobs of a report that is ready, and their expiry.
pub(in super::super) struct Ready {
    pub(in super::super) parts: Vec<Part>,
    /// The moment at which its links expire.
    pub(in super::super) until: Timestamp,
}

impl Report {
    pub(in super::super) fn scope(&self) -> Scope {
        self.scope
    }

    /// Counts a status request, and returns whether the report is ready.
    pub(in super::super) fn looked_at(&self) -> bool {
        let fewer = |left: u32| left.checked_sub(1);
        self.polls_left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fewer).is_err()
    }
}

/// The newest reports.
#[derive(Default)]
pub(in super::super) struct Desk {
    reports: VecDeque<Arc<Report>>,
    made: u64,
}

impl Desk {
    /// Returns a number for a new report.
    pub(in super::super) fn number(&mut self) -> u64 {
        self.made += 1;
        self.made
    }

    pub(in super::super) fn keep(&mut self, report: Arc<Report>) {
        if self.reports.len() == KEPT {
            self.reports.pop_front();
        }
        self.reports.push_back(report);
    }

    pub(in super::super) fn find(&self, id: &str) -> Option<Arc<Report>> {
        self.reports.iter().rev().find(|report| report.id == id).cloned()
    }
}
