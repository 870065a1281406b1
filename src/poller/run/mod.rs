//! Polls one scope for as long as the exporter lives.

mod publish;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep_until};
use tracing::{Instrument, error, info, warn, warn_span};

use crate::azure::{self, Client, Reading};
use crate::billing::period::Period;
use crate::billing::scope::ScopeId;
use crate::billing::span::Span;
use crate::config::{self, Read};
use crate::metrics::Exposition;
use crate::poller::answer::{Understood, understand};
use crate::poller::clock::Clock;
use crate::poller::desk::{Desk, Settings};
use crate::poller::outcome::{Failure, Tally};
use crate::poller::plan::{Ask, By};
use crate::poller::reload::{Handle, Wanted};
use crate::status::{Ignored, PollResult, Status};
use crate::store::{Answer, Archive, Restored, Shelf, Store};

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
    pub(super) desk: Arc<Desk>,
    /// Whether the last commit failed: told once, not with every reading.
    unwritten: bool,
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
        let poller = Self { world, desk, unwritten: false };
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
    /// enough.
    pub async fn run(mut self) {
        let part = jitter();
        self.wait(false, || Instant::now() + self.rest(part)).await;
        let mut failed = 0_u32;
        loop {
            let began = Instant::now();
            failed = if self.poll().await { 0 } else { failed.saturating_add(1) };
            let (ended, part) = (Instant::now(), jitter());
            let next = || {
                let interval = self.settings().interval();
                match failed {
                    0 => began + interval.mul_f64(part),
                    _ => {
                        let wait = FIRST_RETRY.saturating_mul(2_u32.saturating_pow(failed - 1));
                        ended + wait.min(interval).mul_f64(part)
                    }
                }
            };
            self.wait(failed > 0, next).await;
        }
    }

    /// Waits for the next poll, which a reload may move or bring on.
    async fn wait(&self, failed: bool, next: impl Fn() -> Instant) {
        while !self.is_brought_on(failed) {
            tokio::select! {
                () = sleep_until(next()) => return,
                () = self.desk.changed.notified() => {}
            }
        }
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

    /// One poll: reads, publishes, tells how it went. Whether it succeeded.
    pub async fn poll(&mut self) -> bool {
        let began = self.world.clock.now();
        let started = Instant::now();
        let read = self.read_all(began).await;
        let mut result = PollResult { began, took: started.elapsed(), failure: None };
        let read = read.map_err(|Failure { reason, what }| {
            warn!(
                scope = self.label(),
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
        self.tell(|status, scope| match fresh {
            Some(Tally { rows, outside, allocated, .. }) => {
                let ignored = Ignored { outside, allocated };
                status.succeeded(scope, result, ended, rows, ignored);
            }
            None if succeeded => status.idle(scope, result),
            None => status.failed(scope, result),
        });
        succeeded
    }

    /// Tells how it goes, unless a reload has removed the scope: perhaps another one has brought it
    /// back since, and then this is not about that one.
    fn tell(&self, say: impl FnOnce(&Status, &ScopeId)) {
        let held = self.desk.lock();
        if !held.removed {
            say(&self.world.status, &self.desk.id);
        }
    }

    /// Reads all that is due. What was finished before a failure stays.
    async fn read_all(&mut self, began: Timestamp) -> Result<Tally, Failure> {
        let mut tally = Tally::default();
        let mut asks = self.plan(began);
        while let Some(ask) = asks.pop() {
            let started = Instant::now();
            // What is logged on the way says whose reading it is.
            let span = warn_span!("reading", scope = self.label());
            let reading = match self.read(ask).instrument(span).await {
                Err(azure::Error::TooLong(pages)) => {
                    let held = self.desk.lock();
                    let scope = &held.settings.scope.label;
                    info!(scope, days = %ask.span.days(), "more than {pages} pages, a report is read instead");
                    let outlook = held.settings.outlook(&held.shelf.books);
                    asks.extend(outlook.instead(ask.span).into_iter().rev());
                    continue;
                }
                Err(azure::Error::Unsupported(what))
                    if self.settings().scope.read == Read::Auto =>
                {
                    info!(
                        scope = self.label(),
                        "Azure writes no reports here, the list is read from now on: {what}"
                    );
                    self.desk.lock().shelf.books.refuse_reports();
                    asks = self.plan(began);
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
                asks = self.plan(began);
                let period = |span: Span| Period::of(span.days().first);
                asks.retain(|later| period(later.span) != period(span));
            }
            self.publish(answer).await?;
            let seconds = (started.elapsed().as_secs_f64() * 1000.0).round() / 1000.0;
            info!(scope = self.label(), days = %span.days(), rows, pages, seconds, "read");
        }
        Ok(tally)
    }

    /// One reading by the API that it was planned for.
    async fn read(&self, ask: Ask) -> Result<Reading, azure::Error> {
        let settings = self.settings();
        let (client, scope, tags) = (&settings.client, &settings.scope.id, &settings.tag_keys);
        match ask.by {
            By::List => client.read_usage(scope, ask.span, tags).await,
            By::ShortList => {
                let pages = u64::from(settings.poll.report_after_pages);
                client.read_usage_within(scope, ask.span, tags, pages).await
            }
            By::Report => {
                client.read_report(scope, ask.span, tags, settings.scope.cost_allocation).await
            }
        }
    }

    /// The answer to be entered, if there is any, and how many of its rows do not count.
    fn answer(&mut self, ask: Ask, reading: Reading, began: Timestamp) -> Option<(Answer, u64)> {
        let mut held = self.desk.lock();
        let scope = held.settings.scope.label.clone();
        let (span, by_report) = (ask.span, ask.by == By::Report);
        let understood = match ask.by {
            // A report says itself what it is of.
            By::Report => Understood::AsAsked,
            By::List | By::ShortList => understand(&held.shelf.books, span, &reading),
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
                held.shelf.books.distrust_filter();
                let rows = reading.sums.into_period(period);
                Some((Answer { span: Span::Period(period), rows, began, by_report }, 0))
            }
            Understood::Unfiltered => {
                info!(
                    scope,
                    "Azure ignores the filter for late rows; whole periods are read for them from now on"
                );
                held.shelf.books.distrust_guest_filter();
                None
            }
        }
    }

    /// What to read, the last first.
    fn plan(&self, now: Timestamp) -> Vec<Ask> {
        let held = self.desk.lock();
        let mut asks = held.settings.outlook(&held.shelf.books).plan(now);
        asks.reverse();
        asks
    }

    pub(super) fn label(&self) -> String {
        self.desk.lock().settings.scope.label.clone()
    }
}

/// Which part of a wait is waited: scopes that started together must not call together for ever.
fn jitter() -> f64 {
    1.0 - 0.05 * fastrand::f64()
}
