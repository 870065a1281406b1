//! Polls one scope for as long as the exporter lives.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep_until};
use tracing::{Instrument, debug, error, info, warn, warn_span};

use super::answer::{Understood, understand};
use super::clock::Clock;
use super::plan::{Outlook, first_kept_day};
use crate::azure::{self, Client, Reading};
use crate::billing::books::Books;
use crate::billing::ledger::TagKeys;
use crate::billing::period::Period;
use crate::billing::rules::Rules;
use crate::billing::snapshot::Snapshot;
use crate::billing::span::Span;
use crate::config;
use crate::metrics::Exposition;
use crate::status::{FailureReason, PollResult, Status};
use crate::store::{self, Answer, Archive, Keeping, PollRecord, Restored, Shelf, Store};

/// A failed poll is tried again after this, then after twice as long, up to the interval: an outage
/// of a minute must not cost four hours, and one of a day must not cost a call a minute.
const FIRST_RETRY: Duration = Duration::from_secs(60);

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
    world: World,
    scope: config::Scope,
    /// The scope's place in the status and in the exposition.
    index: usize,
    rules: Rules,
    tag_keys: TagKeys,
    shelf: Shelf,
    /// Whether the last commit failed: told once, not with every reading.
    unwritten: bool,
}

impl Poller {
    /// Of a scope as the store knows it, which is published at once. Reads the store.
    pub fn new(
        world: World,
        index: usize,
        scope: config::Scope,
        rules: Rules,
        tag_keys: TagKeys,
    ) -> Self {
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
        let poller = Self { world, scope, index, rules, tag_keys, shelf, unwritten: false };
        if found {
            poller.restore(poll);
        }
        poller
    }

    /// Publishes what was stored, and how old it is.
    fn restore(&self, poll: Option<PollRecord>) {
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

    /// Polls until it is dropped, for the first time when the last poll before a restart is old
    /// enough.
    pub async fn run(mut self) {
        sleep_until(Instant::now() + self.rest()).await;
        let mut failed = 0_u32;
        loop {
            let began = Instant::now();
            let interval = self.world.poll.interval;
            failed = if self.poll().await { 0 } else { failed.saturating_add(1) };
            let next = match failed {
                0 => began + jittered(interval),
                _ => {
                    let wait = FIRST_RETRY.saturating_mul(2_u32.saturating_pow(failed - 1));
                    Instant::now() + jittered(wait.min(interval))
                }
            };
            sleep_until(next).await;
        }
    }

    /// How long a poll before a restart is still recent. A restart asks for nothing that is known.
    fn rest(&self) -> Duration {
        let now = self.world.clock.now();
        let last = self.world.status.scopes()[self.index].last_poll.clone();
        let recent = last.filter(|poll| poll.failure.is_none()).and_then(|poll| {
            let age = Duration::try_from(now.duration_since(poll.began)).ok()?;
            jittered(self.world.poll.interval).checked_sub(age)
        });
        recent.filter(|_| self.outlook().is_complete(now)).unwrap_or(Duration::ZERO)
    }

    /// One poll: reads, publishes, tells how it went. Whether it succeeded.
    pub async fn poll(&mut self) -> bool {
        let began = self.world.clock.now();
        let started = Instant::now();
        let read = self.read_all(began).await;
        let mut result = PollResult { began, took: started.elapsed(), failure: None };
        let succeeded = read.is_ok();
        match read {
            Ok(Tally { rows, outside }) => {
                let ended = self.world.clock.now();
                self.world.status.succeeded(self.index, result, ended, rows, outside);
            }
            Err(Failure { reason, what }) => {
                warn!(
                    scope = self.scope.label,
                    reason = reason.as_str(),
                    "poll failed, the costs stay as they were: {what}"
                );
                result.failure = Some((reason, what));
                self.world.status.failed(self.index, result);
            }
        }
        self.record().await;
        succeeded
    }

    /// Reads all that is due. What was finished before a failure stays.
    async fn read_all(&mut self, began: Timestamp) -> Result<Tally, Failure> {
        let mut tally = Tally::default();
        let mut spans = self.outlook().plan(began);
        spans.reverse();
        while let Some(span) = spans.pop() {
            let started = Instant::now();
            let reading = self.world.client.read_usage(&self.scope.id, span, &self.tag_keys);
            // What is logged on the way says whose reading it is.
            let reading =
                reading.instrument(warn_span!("reading", scope = self.scope.label)).await?;
            let pages = reading.pages;
            let Some((answer, outside)) = self.answer(span, reading, began) else { continue };
            let (days, rows) = (answer.span.days(), answer.ledger.rows() - outside);
            (tally.rows, tally.outside) = (tally.rows + rows, tally.outside + outside);
            if answer.span != span {
                // The other days of the period are here as well; what remains is asked otherwise.
                spans = self.outlook().plan(began);
                spans.retain(|later| Period::of(later.days().first) != Period::of(days.first));
                spans.reverse();
            }
            self.publish(answer).await?;
            let seconds = started.elapsed().as_secs_f64();
            info!(scope = self.scope.label, %days, rows, pages, seconds, "read");
        }
        Ok(tally)
    }

    /// The answer to be entered, if there is any, and how many of its rows do not count.
    fn answer(&mut self, span: Span, reading: Reading, began: Timestamp) -> Option<(Answer, u64)> {
        let scope = &self.scope.label;
        match understand(&self.shelf.books, span, &reading) {
            Understood::AsAsked => {
                let outside = reading.outside;
                if outside > 0 {
                    warn!(scope, rows = outside, days = %span.days(), "Azure sent rows of other days than were asked for");
                }
                Some((Answer { span, ledger: reading.ledger, began }, outside))
            }
            Understood::Whole(period) => {
                warn!(scope, %period, "Azure ignores the dates it is asked for; whole periods are read from now on");
                self.shelf.books.distrust_filter();
                let ledger = reading.ledger.into_period(period);
                Some((Answer { span: Span::Period(period), ledger, began }, 0))
            }
            Understood::Unfiltered => {
                info!(
                    scope,
                    "Azure ignores the filter for late rows; whole periods are read for them from now on"
                );
                self.shelf.books.distrust_guest_filter();
                None
            }
        }
    }

    /// Puts an answer in its place and the sums before the world, whole.
    async fn publish(&mut self, answer: Answer) -> Result<(), Failure> {
        let keeping = Keeping {
            since: first_kept_day(&self.rules, answer.began),
            complete_after: self.rules.day_complete_after,
        };
        let shelf = std::mem::take(&mut self.shelf);
        // A hundred thousand resources take a while to add up and to store; others go on meanwhile.
        let span = warn_span!("storing", scope = self.scope.label);
        let kept = spawn_blocking(move || {
            let (mut shelf, _entered) = (shelf, span.enter());
            let kept = shelf.keep(&answer, keeping);
            (shelf, kept)
        });
        // Books that a bug left half written must not go on: the loop ends, and health tells.
        let (shelf, kept) = kept.await.unwrap_or_else(|ended| resume_unwind(ended.into_panic()));
        self.shelf = shelf;
        self.tell_stored(kept)?;
        let Some(snapshot) = self.snapshot() else { return Ok(()) };
        let (exposition, index) = (self.world.exposition.clone(), self.index);
        match spawn_blocking(move || exposition.publish(index, snapshot)).await {
            Ok(Ok(())) => Ok(()),
            failed => Err(Failure {
                reason: FailureReason::Store,
                what: format!("the exposition cannot be written, please report this: {failed:?}"),
            }),
        }
    }

    /// Tells once that days cannot be written. Without stored days that are part of the books the
    /// scope is read again.
    fn tell_stored(&mut self, stored: Result<(), store::Error>) -> Result<(), Failure> {
        let scope = &self.scope.label;
        match stored {
            Ok(()) => {
                if std::mem::take(&mut self.unwritten) {
                    info!(scope, "days are stored again");
                }
                Ok(())
            }
            Err(store::Error::Unwritten(what)) => {
                self.world.status.unwritten(self.index);
                if !std::mem::replace(&mut self.unwritten, true) {
                    error!(
                        scope,
                        "days cannot be stored, polling goes on in memory and a restart will read them again: {what}; check state.path and the disk"
                    );
                }
                Ok(())
            }
            Err(store::Error::Lost(what)) => {
                self.shelf.forget();
                let what = format!("{what}; what is published stays, and all is read again");
                Err(Failure { reason: FailureReason::Store, what })
            }
        }
    }

    /// Stores how the poll went, for the next start.
    async fn record(&mut self) {
        let Some(store) = self.world.store.clone() else { return };
        let status = self.world.status.scopes()[self.index].clone();
        let Some(poll) = status.last_poll else { return };
        let failure = poll.failure.map(|(reason, what)| (reason.as_str().to_owned(), what));
        let (last_success, rows) = (status.last_success, status.rows);
        let record = PollRecord { began: poll.began, took: poll.took, failure, last_success, rows };
        let scope = self.scope.id.clone();
        let written = spawn_blocking(move || store.record(&scope, &record)).await;
        if let Ok(Err(what)) = written {
            debug!(scope = self.scope.label, "how the poll went is not stored: {what}");
        }
    }

    fn outlook(&self) -> Outlook<'_> {
        Outlook {
            poll: &self.world.poll,
            rules: &self.rules,
            tag_keys: &self.tag_keys,
            scope_type: self.scope.id.scope_type,
            books: &self.shelf.books,
        }
    }

    fn snapshot(&self) -> Option<Snapshot> {
        let books: &Books = &self.shelf.books;
        let settled = self.outlook().is_settled(books.open()?.before());
        books.snapshot(&self.rules, &self.tag_keys, settled)
    }
}

/// Scopes that started together must not call together for ever.
fn jittered(wait: Duration) -> Duration {
    wait.mul_f64(1.0 - 0.05 * fastrand::f64())
}

/// What the readings of a poll add up to.
#[derive(Default)]
struct Tally {
    rows: u64,
    outside: u64,
}

/// Why a poll failed, for the metric and for people.
struct Failure {
    reason: FailureReason,
    what: String,
}

impl From<azure::Error> for Failure {
    fn from(error: azure::Error) -> Self {
        let reason = match error {
            azure::Error::Auth(_) => FailureReason::Auth,
            azure::Error::Forbidden(_) | azure::Error::HiddenCharges(_) => FailureReason::Forbidden,
            azure::Error::NotFound(_) => FailureReason::NotFound,
            azure::Error::Throttled(_) => FailureReason::Throttled,
            azure::Error::Unavailable(_) => FailureReason::Unavailable,
            azure::Error::Timeout(_) => FailureReason::Timeout,
            azure::Error::BadAnswer(_) => FailureReason::BadAnswer,
        };
        Self { reason, what: format!("{error}. What to do: {}", error.remedy()) }
    }
}
