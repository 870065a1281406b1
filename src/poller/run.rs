//! Polls one scope for as long as the exporter lives.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep_until};
use tracing::{Instrument, error, info, warn, warn_span};

use super::answer::{Understood, understand};
use super::clock::Clock;
use super::outcome::{Failure, Tally};
use super::plan::{Ask, By, Measures, Outlook, first_kept_day};
use crate::azure::{self, Client, Reading};
use crate::billing::books::Books;
use crate::billing::ledger::TagKeys;
use crate::billing::period::Period;
use crate::billing::rules::Rules;
use crate::billing::snapshot::Snapshot;
use crate::billing::span::Span;
use crate::config::{self, Read};
use crate::metrics::Exposition;
use crate::status::{FailureReason, Ignored, PollResult, Status};
use crate::store::{self, Answer, Archive, Keeping, Restored, Shelf, Store};

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
    pub(super) world: World,
    pub(super) scope: config::Scope,
    /// The scope's place in the status and in the exposition.
    pub(super) index: usize,
    rules: Rules,
    tag_keys: TagKeys,
    pub(super) shelf: Shelf,
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
        poller.world.status.polled_every(index, poller.interval());
        if found {
            poller.restore(poll);
        }
        poller
    }

    /// Polls until it is dropped, for the first time when the last poll before a restart is old
    /// enough.
    pub async fn run(mut self) {
        sleep_until(Instant::now() + self.rest()).await;
        let mut failed = 0_u32;
        loop {
            let began = Instant::now();
            let interval = self.interval();
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

    /// Where only reports are read, more polls than reports would read nothing.
    pub(super) fn interval(&self) -> Duration {
        let poll = &self.world.poll;
        match self.scope.read {
            Read::CostDetails => poll.interval.max(poll.report_min_interval),
            Read::Auto | Read::UsageDetails => poll.interval,
        }
    }

    /// One poll: reads, publishes, tells how it went. Whether it succeeded.
    pub async fn poll(&mut self) -> bool {
        let began = self.world.clock.now();
        let started = Instant::now();
        let read = self.read_all(began).await;
        let mut result = PollResult { began, took: started.elapsed(), failure: None };
        let read = read.map_err(|Failure { reason, what }| {
            warn!(
                scope = self.scope.label,
                reason = reason.as_str(),
                "poll failed, the costs stay as they were: {what}"
            );
            result.failure = Some((reason, what));
        });
        // Nothing was due: what is known is as old as before.
        let fresh = read.ok().filter(|tally| tally.readings > 0);
        let ended = self.world.clock.now();
        let succeeded = result.failure.is_none();
        // What is told must not be lost with the process.
        self.record(&result, fresh.as_ref().map(|tally| (ended, tally.rows))).await;
        let (status, index) = (&self.world.status, self.index);
        match fresh {
            Some(Tally { rows, outside, allocated, .. }) => {
                let ignored = Ignored { outside, allocated };
                status.succeeded(index, result, ended, rows, ignored);
            }
            None if succeeded => status.idle(index, result),
            None => status.failed(index, result),
        }
        succeeded
    }

    /// Reads all that is due. What was finished before a failure stays.
    async fn read_all(&mut self, began: Timestamp) -> Result<Tally, Failure> {
        let mut tally = Tally::default();
        let mut asks = self.outlook().plan(began);
        asks.reverse();
        while let Some(ask) = asks.pop() {
            let started = Instant::now();
            // What is logged on the way says whose reading it is.
            let span = warn_span!("reading", scope = self.scope.label);
            let reading = match self.read(ask).instrument(span).await {
                Err(azure::Error::TooLong(pages)) => {
                    let scope = &self.scope.label;
                    info!(scope, days = %ask.span.days(), "more than {pages} pages, a report is read instead");
                    asks.extend(self.outlook().instead(ask.span).into_iter().rev());
                    continue;
                }
                Err(azure::Error::Unsupported(what)) if self.scope.read == Read::Auto => {
                    info!(
                        scope = self.scope.label,
                        "Azure writes no reports here, the list is read from now on: {what}"
                    );
                    self.shelf.books.refuse_reports();
                    asks = self.outlook().plan(began);
                    asks.reverse();
                    continue;
                }
                reading => reading?,
            };
            let (pages, allocated) = (reading.pages, reading.allocated);
            let Some((answer, outside)) = self.answer(ask, reading, began) else { continue };
            let (span, rows) = (answer.span, answer.rows.rows() - outside);
            tally.add(rows, outside, allocated);
            if span != ask.span {
                // The other days of the period are here as well; what remains is asked otherwise.
                asks = self.outlook().plan(began);
                let period = |span: Span| Period::of(span.days().first);
                asks.retain(|later| period(later.span) != period(span));
                asks.reverse();
            }
            self.publish(answer).await?;
            let seconds = (started.elapsed().as_secs_f64() * 1000.0).round() / 1000.0;
            info!(scope = self.scope.label, days = %span.days(), rows, pages, seconds, "read");
        }
        Ok(tally)
    }

    /// One reading by the API that it was planned for.
    async fn read(&self, ask: Ask) -> Result<Reading, azure::Error> {
        let (client, scope, tags) = (&self.world.client, &self.scope.id, &self.tag_keys);
        match ask.by {
            By::List => client.read_usage(scope, ask.span, tags).await,
            By::ShortList => {
                let pages = u64::from(self.world.poll.report_after_pages);
                client.read_usage_within(scope, ask.span, tags, pages).await
            }
            By::Report => {
                client.read_report(scope, ask.span, tags, self.scope.cost_allocation).await
            }
        }
    }

    /// The answer to be entered, if there is any, and how many of its rows do not count.
    fn answer(&mut self, ask: Ask, reading: Reading, began: Timestamp) -> Option<(Answer, u64)> {
        let scope = &self.scope.label;
        let (span, by_report) = (ask.span, ask.by == By::Report);
        let understood = match ask.by {
            // A report says itself what it is of.
            By::Report => Understood::AsAsked,
            By::List | By::ShortList => understand(&self.shelf.books, span, &reading),
        };
        match understood {
            Understood::AsAsked => {
                let outside = reading.outside;
                if outside > 0 {
                    warn!(scope, rows = outside, days = %span.days(), "Azure sent rows of other days than were asked for");
                }
                Some((Answer { span, rows: reading.sums, began, by_report }, outside))
            }
            Understood::Whole(period) => {
                warn!(scope, %period, "Azure ignores the dates it is asked for; whole periods are read from now on");
                self.shelf.books.distrust_filter();
                let rows = reading.sums.into_period(period);
                Some((Answer { span: Span::Period(period), rows, began, by_report }, 0))
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

    pub(super) fn outlook(&self) -> Outlook<'_> {
        Outlook {
            poll: &self.world.poll,
            rules: &self.rules,
            tag_keys: &self.tag_keys,
            scope_type: self.scope.id.scope_type,
            read: self.scope.read,
            measures: Measures::USUAL,
            books: &self.shelf.books,
        }
    }

    pub(super) fn snapshot(&self) -> Option<Snapshot> {
        let books: &Books = &self.shelf.books;
        let settled = self.outlook().is_settled(books.open()?.before());
        books.snapshot(&self.rules, &self.tag_keys, settled)
    }
}

/// Scopes that started together must not call together for ever.
pub(super) fn jittered(wait: Duration) -> Duration {
    wait.mul_f64(1.0 - 0.05 * fastrand::f64())
}
