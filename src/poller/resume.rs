//! What a poller remembers of the process before it.

use std::time::Duration;

use jiff::Timestamp;
use tokio::task::spawn_blocking;
use tracing::{debug, error, info};

use super::run::{Poller, jittered};
use crate::status::{FailureReason, PollResult};
use crate::store::PollRecord;

impl Poller {
    /// Publishes what was stored, and how old it is.
    pub(super) fn restore(&self, poll: Option<PollRecord>) {
        let Some(snapshot) = self.snapshot() else { return };
        if let Err(failure) = self.world.exposition.publish(self.index, snapshot) {
            error!(scope = self.scope.label, "stored costs cannot be published: {failure}");
            return;
        }
        let read_at = self.shelf.books.read_at();
        info!(scope = self.scope.label, read_at = read_at.map(tracing::field::display), "restored");
        let result = poll.as_ref().map(|poll| PollResult {
            began: poll.began,
            took: poll.took,
            failure: poll
                .failure
                .as_ref()
                .and_then(|(reason, what)| Some((FailureReason::parse(reason)?, what.clone()))),
        });
        let (ended, rows) = poll.map_or((None, None), |poll| (poll.last_success, poll.rows));
        self.world.status.restored(self.index, result, ended, rows);
    }

    /// How long a poll before a restart is still recent. A restart asks for nothing that is known.
    pub(super) fn rest(&self) -> Duration {
        let now = self.world.clock.now();
        let last = self.world.status.scopes()[self.index].last_poll.clone();
        let recent = last.filter(|poll| poll.failure.is_none()).and_then(|poll| {
            let age = Duration::try_from(now.duration_since(poll.began)).ok()?;
            jittered(self.interval()).checked_sub(age)
        });
        recent.filter(|_| self.outlook().is_complete(now)).unwrap_or(Duration::ZERO)
    }

    /// Stores how a poll went, for the next start, and if it read anything when it ended and how many
    /// rows that were.
    pub(super) async fn record(&self, poll: &PollResult, fresh: Option<(Timestamp, u64)>) {
        let Some(store) = self.world.store.clone() else { return };
        let before = self.world.status.scopes()[self.index].clone();
        let record = PollRecord {
            began: poll.began,
            took: poll.took,
            failure: poll.failure.clone().map(|(reason, what)| (reason.as_str().to_owned(), what)),
            last_success: fresh.map(|(ended, _)| ended).or(before.last_success),
            rows: fresh.map(|(_, rows)| rows).or(before.rows),
        };
        let scope = self.scope.id.clone();
        let written = spawn_blocking(move || store.record(&scope, &record)).await;
        if let Ok(Err(what)) = written {
            debug!(scope = self.scope.label, "how the poll went is not stored: {what}");
        }
    }
}
