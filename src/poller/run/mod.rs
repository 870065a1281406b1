//! Polls one scope for as long as the exporter lives.

mod publish;
mod read;
mod schedule;

use std::sync::Arc;

use schedule::{Schedule, jitter};
use tokio::time::{Instant, sleep_until};
use tracing::{error, info, warn};

use crate::azure::Client;
use crate::billing::scope::ScopeId;
use crate::config;
use crate::metrics::Exposition;
use crate::poller::clock::Clock;
use crate::poller::desk::{Desk, Settings};
use crate::poller::outcome::{Failure, Progress, Tally};
use crate::poller::reload::{Handle, Wanted};
use crate::status::{Ignored, PollPart, PollResult, Status};
use crate::store::{Archive, Restored, Shelf, Store};

/// What all scopes share.
#[derive(Clone)]
pub struct World {
    /// The way to Azure.
    pub client: Arc<Client>,
    /// When to poll.
    pub poll: config::Poll,
    /// What time it is.
    pub clock: Clock,
    /// Where the outcome is told.
    pub status: Arc<Status>,
    /// Where the sums go.
    pub exposition: Arc<Exposition>,
    /// Where days are kept across restarts, if anywhere.
    pub store: Option<Arc<Store>>,
}

/// One scope and what is known of it.
pub struct Poller {
    pub(super) world: World,
    pub(super) desk: Arc<Desk>,
    /// Whether the last commit failed: told once, not with every reading.
    unwritten: bool,
    /// Whether an older part failed when it was last tried.
    older_failed: bool,
    /// Reports that failed in passing, one after the other.
    report_failures: u32,
}

impl Poller {
    /// Of a scope as the store knows it, which is published at once. Reads the store.
    pub fn new(world: World, wanted: Wanted) -> Self {
        let settings = wanted.settings(&world);
        Self::of(world, settings)
    }

    pub(super) fn of(world: World, settings: Settings) -> Self {
        let scope = &settings.scope;
        let (archive, restored) = match &world.store {
            Some(store) => Archive::open(store.clone(), &scope.id),
            None => (Archive::in_memory(&scope.id), Ok(Restored::default())),
        };
        let Restored { books, poll } = restored.unwrap_or_else(|what| {
            error!(
                scope = scope.label,
                "the stored days cannot be used, all is read again: {what}"
            );
            Restored::default()
        });
        let found = books.is_some();
        let shelf = Shelf { books: books.unwrap_or_default(), archive };
        world.status.polled_every(&scope.id, settings.interval());
        let desk = Arc::new(Desk::new(settings, shelf));
        let poller =
            Self { world, desk, unwritten: false, older_failed: false, report_failures: 0 };
        if found {
            poller.restore(poll);
        }
        poller
    }

    /// The way for a reload to this scope.
    pub fn handle(&self) -> Handle {
        Handle(self.desk.clone())
    }

    pub(super) fn settings(&self) -> Arc<Settings> {
        self.desk.lock().settings.clone()
    }

    /// Polls until it is dropped, for the first time when the last poll before a restart is old
    /// enough. Between two polls, older parts that failed are tried again by themselves.
    pub async fn run(mut self) {
        let part = jitter();
        self.wait(false, || Instant::now() + self.rest(part)).await;
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

    /// Waits for the next poll, which a reload may move or bring on. Returns whether one did.
    async fn wait(&self, failed: bool, next: impl Fn() -> Instant) -> bool {
        while !self.is_brought_on(failed) {
            tokio::select! {
                () = sleep_until(next()) => return false,
                () = self.desk.changed.notified() => {}
            }
        }
        true
    }

    /// Whether a reload asked for days that are not known, or may have mended what failed. A reload
    /// that does neither must not: then anybody who may ask for one could use up the quota.
    fn is_brought_on(&self, failed: bool) -> bool {
        let mut held = self.desk.lock();
        let mended = std::mem::take(&mut held.read_otherwise) && failed;
        let wanted = std::mem::take(&mut held.wants_days);
        let outlook = held.settings.outlook(&held.shelf.books);
        let lacking = wanted && !outlook.is_complete(self.world.clock.now());
        if lacking {
            let scope = &held.settings.scope.label;
            info!(scope, "days that are asked for now were never read so, they are read at once");
        }
        mended || lacking
    }

    /// One poll: reads, publishes, tells how it went. Whether it succeeded: whether the open period was
    /// read. Older parts that failed are told by themselves.
    pub async fn poll(&mut self) -> bool {
        let began = self.world.clock.now();
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
        let Tally { open_readings, rows, outside, allocated } = tally;
        let ignored = Ignored { outside, allocated };
        // Nothing of the open period was due: what is known of it is as old as before, also where
        // older costs were read.
        let is_fresh = succeeded && open_readings > 0;
        let ended = self.world.clock.now();
        // What is told must not be lost with the process.
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

    /// Tries the older parts again that failed. Whether the poller can go on as it was: it cannot
    /// where stored days are lost, and then all is read again.
    async fn retry_older(&mut self) -> bool {
        let mut progress = Progress::default();
        let began = self.world.clock.now();
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

    /// Tells how it goes, unless a reload has removed the scope: perhaps another one has brought it
    /// back since, and then this is not about that one.
    fn tell(&self, say: impl FnOnce(&Status, &ScopeId)) {
        let held = self.desk.lock();
        if !held.removed {
            say(&self.world.status, &self.desk.id);
        }
    }

    pub(super) fn label(&self) -> String {
        self.desk.lock().settings.scope.label.clone()
    }
}
