//! Restores what a poller knew before a restart.

use std::time::Duration;

use jiff::Timestamp;
use tokio::task::spawn_blocking;
use tracing::{debug, error, info};

use super::run::Poller;
use crate::status::{FailureReason, PollResult, ScopeStatus};
use crate::store::PollRecord;

impl Poller {
    /// Publishes what was stored, with its age.
    pub(super) fn restore(&self, poll: Option<PollRecord>) {
        let (settings, snapshot, read_at) = {
            let state = self.scope_cell.lock();
            let read_at = state.scope_store.scope_totals.read_at();
            (state.settings.clone(), state.snapshot(&state.settings), read_at)
        };
        let (scope, id) = (&settings.scope.label, &self.scope_cell.id);
        let Some(snapshot) = snapshot else { return };
        if let Err(failure) = self.context.exposition.publish(id, snapshot) {
            error!(scope, "stored costs cannot be published: {failure}");
            return;
        }
        info!(scope, read_at = read_at.map(tracing::field::display), "restored");
        let result = poll.as_ref().map(|poll| PollResult {
            began: poll.began,
            took: poll.took,
            failure: poll
                .failure
                .as_ref()
                .and_then(|(reason, what)| Some((FailureReason::parse(reason)?, what.clone()))),
        });
        let (ended, rows) = poll.map_or((None, None), |poll| (poll.last_success, poll.rows));
        self.context.status.restored(id, result, ended, rows);
    }

    /// Returns the wait before the first poll: while the last poll before a restart is recent and
    /// complete, nothing is requested.
    pub(super) fn initial_delay(&self, jitter: f64) -> Duration {
        let now = self.context.clock.now();
        let state = self.scope_cell.lock();
        let last = self.last().and_then(|status| status.last_poll);
        let recent = last.filter(|poll| poll.failure.is_none()).and_then(|poll| {
            let age = Duration::try_from(now.duration_since(poll.began)).ok()?;
            state.settings.interval().mul_f64(jitter).checked_sub(age)
        });
        let complete = |_: &Duration| state.planner().is_complete(now);
        recent.filter(complete).unwrap_or(Duration::ZERO)
    }

    /// Returns the status of the scope as last reported.
    pub(super) fn last(&self) -> Option<ScopeStatus> {
        let scopes = self.context.status.scopes();
        scopes.iter().find(|status| status.info.id == self.scope_cell.id).cloned()
    }

    /// Stores how a poll went, for the next start; and if it read anything, when it ended and how
    /// many rows it read.
    pub(super) async fn record(&self, poll: &PollResult, fresh: Option<(Timestamp, u64)>) {
        let Some(store) = self.context.store.clone() else { return };
        let Some(before) = self.last() else { return };
        let record = PollRecord {
            began: poll.began,
            took: poll.took,
            failure: poll.failure.clone().map(|(reason, what)| (reason.as_str().to_owned(), what)),
            last_success: fresh.map(|(ended, _)| ended).or(before.last_success),
            rows: fresh.map(|(_, rows)| rows).or(before.rows),
        };
        let scope_cell = self.scope_cell.clone();
        let written = spawn_blocking(move || {
            let state = scope_cell.lock();
            // A reload deletes the record of a scope that it removes; writing it later would
            // restore it.
            if state.removed { Ok(()) } else { store.record(&scope_cell.id, &record) }
        });
        if let Ok(Err(what)) = written.await {
            debug!(scope = self.label(), "the result of the poll cannot be stored: {what}");
        }
    }
}
