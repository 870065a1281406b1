//! Polls one scope as long as the exporter runs.

mod control;
mod publish;
mod read;
mod schedule;
mod statements;

use std::sync::Arc;

use schedule::{Schedule, jitter};
use tokio::time::{Instant, sleep_until};
use tracing::{error, info, warn};

use crate::billing::scope::ScopeId;
use crate::poller::context::PollContext;
use crate::poller::outcome::{Failure, PollTotals, Progress};
use crate::poller::scope_cell::{Handle, ScopeCell, Settings};
use crate::poller::scope_spec::ScopeSpec;
use crate::source::{Source, SourceMemory};
use crate::status::{Ignored, PollPart, PollResult, Status};
use crate::store::{Archive, Restored, ScopeStore};

/// A scope with everything that is known about it.
pub struct Poller {
    pub(super) context: PollContext,
    pub(super) scope_cell: Arc<ScopeCell>,
    /// True if the last commit failed: reported once, not with every reading.
    unwritten: bool,
    /// True if an older part failed when it was last tried.
    older_failed: bool,
    /// The number of temporary failures in a row of a source that another may replace.
    failures: Option<(Source, u32)>,
}

impl Poller {
    /// Creates the poller of a scope. Reads what is stored of it, and publishes that at once.
    pub fn new(context: PollContext, spec: ScopeSpec) -> Self {
        let settings = spec.settings(&context);
        Self::of(context, settings)
    }

    pub(super) fn of(context: PollContext, settings: Settings) -> Self {
        let scope = &settings.scope;
        let (archive, restored) = match &context.store {
            Some(store) => Archive::open(store.clone(), &scope.id),
            None => (Archive::in_memory(&scope.id), Ok(Restored::default())),
        };
        let Restored { scope_totals, source_memory, poll } = restored.unwrap_or_else(|what| {
            error!(
                scope = scope.label,
                "the stored days cannot be used, everything is read again: {what}"
            );
            Restored::default()
        });
        let found = scope_totals.is_some();
        let scope_store = ScopeStore { scope_totals: scope_totals.unwrap_or_default(), archive };
        context.status.polled_every(&scope.id, settings.interval());
        let source_memory = source_memory.and_then(|bytes| SourceMemory::decode(&bytes));
        let scope_cell =
            Arc::new(ScopeCell::new(settings, scope_store, source_memory.unwrap_or_default()));
        let poller =
            Self { context, scope_cell, unwritten: false, older_failed: false, failures: None };
        if found {
            poller.restore(poll);
        }
        poller
    }

    /// Returns the handle by which a reload reaches this scope.
    pub fn handle(&self) -> Handle {
        Handle(self.scope_cell.clone())
    }

    pub(super) fn settings(&self) -> Arc<Settings> {
        self.scope_cell.lock().settings.clone()
    }

    /// Polls until it is dropped. The first poll waits until the last one before a restart is old
    /// enough. Between two polls, older parts that failed are retried separately.
    pub async fn run(mut self) {
        let part = jitter();
        self.wait(false, || Instant::now() + self.initial_delay(part)).await;
        let mut schedule = Schedule::new();
        loop {
            let began = Instant::now();
            let succeeded = self.poll().await;
            schedule.polled(began, succeeded, self.older_failed);
            loop {
                let next = || schedule.next(self.settings().interval());
                let is_brought_on = self.wait(schedule.has_failed(), next).await;
                let poll = schedule.next_poll(self.settings().interval());
                if is_brought_on || Instant::now() >= poll || !self.retry_older().await {
                    break;
                }
                schedule.retried(self.older_failed);
            }
        }
    }

    /// Waits for the next poll. A reload may change its time or start it at once; returns whether
    /// one started it.
    async fn wait(&self, failed: bool, next: impl Fn() -> Instant) -> bool {
        while !self.is_brought_on(failed) {
            tokio::select! {
                () = sleep_until(next()) => return false,
                () = self.scope_cell.changed.notified() => {}
            }
        }
        true
    }

    /// Returns whether a reload starts a poll: it needs unknown days, or it may have repaired a
    /// failure. Other reloads must not: otherwise anybody who may reload could use up the quota.
    fn is_brought_on(&self, failed: bool) -> bool {
        let mut state = self.scope_cell.lock();
        let mended = std::mem::take(&mut state.read_otherwise) && failed;
        let spec = std::mem::take(&mut state.wants_days);
        let lacking = spec && !state.planner().is_complete(self.context.clock.now());
        if lacking {
            let scope = &state.settings.scope.label;
            info!(
                scope,
                "some days that are needed now were not read with these settings, they are read at once"
            );
        }
        mended || lacking
    }

    /// Polls once: reads, publishes and reports the outcome. Returns whether it succeeded, which
    /// depends only on the open period. Failures of older parts are reported separately.
    pub async fn poll(&mut self) -> bool {
        let began = self.context.clock.now();
        let started = Instant::now();
        let mut progress = Progress::default();
        let read = self.read_all(began, PollPart::Open, &mut progress).await;
        let mut result = PollResult { began, took: started.elapsed(), failure: None };
        if let Err(Failure { reason, what }) = read {
            warn!(
                scope = self.label(),
                reason = reason.as_str(),
                "poll failed, the costs stay as they were: {what}"
            );
            result.failure = Some((reason, what));
        }
        let Progress { tally, parts, .. } = progress;
        let succeeded = result.failure.is_none();
        let PollTotals { open_readings, rows, outside, allocated } = tally;
        let ignored = Ignored { outside, allocated };
        // Nothing of the open period was due: its costs are as old as before, even if older costs
        // were read.
        let is_fresh = succeeded && open_readings > 0;
        let ended = self.context.clock.now();
        // Stored first: an outcome that was reported must not be lost with the process.
        self.record(&result, is_fresh.then_some((ended, rows))).await;
        self.tell(|status, scope| {
            status.tried(scope, parts);
            match succeeded {
                true if is_fresh => status.succeeded(scope, result, ended, rows, ignored),
                true => status.idle(scope, result, ignored),
                false => status.failed(scope, result),
            }
        });
        succeeded
    }

    /// Retries the older parts that failed. Returns whether the poller can continue: if stored days
    /// are lost, everything must be read again.
    async fn retry_older(&mut self) -> bool {
        let mut progress = Progress::default();
        let began = self.context.clock.now();
        let read = self.read_all(began, PollPart::Previous, &mut progress).await;
        if let Err(Failure { what, .. }) = &read {
            warn!(
                scope = self.label(),
                "older costs cannot be stored, they are read again: {what}"
            );
        }
        self.tell(|status, scope| status.tried(scope, progress.parts));
        read.is_ok()
    }

    /// Reports the outcome, unless a reload has removed the scope. It may have been added again
    /// since, and this outcome is not about the new one.
    fn tell(&self, say: impl FnOnce(&Status, &ScopeId)) {
        let state = self.scope_cell.lock();
        if !state.removed {
            say(&self.context.status, &self.scope_cell.id);
        }
    }

    pub(super) fn label(&self) -> String {
        self.scope_cell.lock().settings.scope.label.clone()
    }
}
