//! Stores and publishes answers.

use std::panic::resume_unwind;

use tokio::task::spawn_blocking;
use tracing::{error, info, warn_span};

use super::Poller;
use crate::descriptors;
use crate::poller::outcome::Failure;
use crate::poller::plan::first_kept_day;
use crate::source::SourceMemory;
use crate::status::{FailureReason, Status};
use crate::store::{self, CompletedRead, RetentionPolicy};

impl Poller {
    /// Enters an answer and stores it, whole or not at all.
    pub(super) async fn enter(&mut self, answer: CompletedRead) -> Result<(), Failure> {
        // A hundred thousand resources take a while to add up and to store; other tasks run
        // meanwhile.
        let span = warn_span!("storing", scope = self.label());
        let scope_cell = self.scope_cell.clone();
        let kept = spawn_blocking(move || {
            let _entered = span.enter();
            let mut state = scope_cell.lock();
            if state.removed {
                return Ok(());
            }
            let complete_after = state.settings.rules.day_complete_after;
            let since = first_kept_day(&state.settings.rules, answer.began);
            let compared = state.scope_store.scope_totals.oldest_compared_day(complete_after);
            let since = compared.map_or(since, |compared| compared.min(since));
            let keeping = RetentionPolicy { since, complete_after };
            let memory = state.source_memory.encode();
            let entered = state.scope_store.enter(&answer, keeping);
            state.record_months(answer.began);
            let kept = entered.and_then(|()| state.scope_store.commit(&memory));
            // The answer is half entered, and must not be published by whoever locks the scope
            // next.
            if let Err(store::Error::Lost(_)) = kept {
                state.scope_store.forget();
                state.source_memory = SourceMemory::default();
            }
            kept
        });
        // A bug left the totals half written: the loop ends, and the health check reports it.
        let kept = kept.await.unwrap_or_else(|ended| resume_unwind(ended.into_panic()));
        self.tell_stored(kept)
    }

    /// Stores totals of which nothing but what Azure has stated changed.
    pub(super) async fn store_totals(&mut self) -> Result<(), Failure> {
        let (scope_cell, now) = (self.scope_cell.clone(), self.context.clock.now());
        let stored = spawn_blocking(move || {
            let mut state = scope_cell.lock();
            if state.removed {
                return Ok(());
            }
            state.record_months(now);
            let memory = state.source_memory.encode();
            let stored = state.scope_store.commit(&memory);
            if let Err(store::Error::Lost(_)) = stored {
                state.scope_store.forget();
                state.source_memory = SourceMemory::default();
            }
            stored
        });
        let stored = stored.await.unwrap_or_else(|ended| resume_unwind(ended.into_panic()));
        self.tell_stored(stored)
    }

    /// Publishes what is known, whole or not at all.
    pub(super) async fn publish(&self) -> Result<(), Failure> {
        let (exposition, scope_cell) = (self.context.exposition.clone(), self.scope_cell.clone());
        let published = spawn_blocking(move || {
            let state = scope_cell.lock();
            let snapshot = state.snapshot(&state.settings).filter(|_| !state.removed);
            snapshot.map_or(Ok(()), |snapshot| exposition.publish(&scope_cell.id, snapshot))
        });
        match published.await {
            Ok(Ok(())) => Ok(()),
            failed => Err(Failure {
                reason: FailureReason::Store,
                what: format!("the exposition cannot be written, please report this: {failed:?}"),
            }),
        }
    }

    /// Reports once that days cannot be written. If stored days are lost that are part of the
    /// totals, the scope is read again.
    fn tell_stored(&mut self, stored: Result<(), store::Error>) -> Result<(), Failure> {
        let scope = self.label();
        match stored {
            Ok(()) => {
                if std::mem::take(&mut self.unwritten) {
                    info!(scope, "days are stored again");
                }
                Ok(())
            }
            Err(store::Error::PendingWrites(what)) => {
                self.tell(Status::unwritten);
                if !std::mem::replace(&mut self.unwritten, true) {
                    let remedy = descriptors::remedy_or("check state.path and the disk");
                    error!(
                        scope,
                        "days cannot be stored, polling goes on in memory and a restart will read them again: {what}; {remedy}"
                    );
                }
                Ok(())
            }
            Err(store::Error::Lost(what)) => {
                let what =
                    format!("{what}; the published costs stay, and everything is read again");
                Err(Failure { reason: FailureReason::Store, what })
            }
        }
    }
}
