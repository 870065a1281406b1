//! Polls one scope for as long as the exporter lives.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tracing::{Instrument, info, warn, warn_span};

use super::clock::Clock;
use super::plan::{WholeReadings, first_kept_day, is_settled, plan};
use crate::azure::{self, Client, Reading, Span};
use crate::billing::ledger::{Ledger, TagKeys};
use crate::billing::period::{Period, day_of};
use crate::billing::rules::Rules;
use crate::config;
use crate::metrics::Exposition;
use crate::status::{FailureReason, PollResult, Status};

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
}

/// One scope and what is known of it.
pub struct Poller {
    world: World,
    scope: config::Scope,
    /// The scope's place in the status and in the exposition.
    index: usize,
    rules: Rules,
    tag_keys: TagKeys,
    ledger: Ledger,
    whole: WholeReadings,
}

impl Poller {
    /// Of a scope that has not been read.
    pub fn new(
        world: World,
        index: usize,
        scope: config::Scope,
        rules: Rules,
        tag_keys: TagKeys,
    ) -> Self {
        let ledger = Ledger::new(tag_keys.clone());
        Self { world, scope, index, rules, tag_keys, ledger, whole: WholeReadings::new() }
    }

    /// Polls until it is dropped.
    pub async fn run(mut self) {
        let mut failed = 0_u32;
        loop {
            let interval = self.world.poll.interval;
            failed = if self.poll().await { 0 } else { failed.saturating_add(1) };
            let wait = match failed {
                0 => interval,
                _ => FIRST_RETRY.saturating_mul(2_u32.saturating_pow(failed - 1)).min(interval),
            };
            // Scopes that started together must not call together for ever.
            sleep(wait.mul_f64(1.0 - 0.05 * fastrand::f64())).await;
        }
    }

    /// One poll: reads, publishes, tells how it went. Whether it succeeded.
    pub async fn poll(&mut self) -> bool {
        let began = self.world.clock.now();
        let started = tokio::time::Instant::now();
        let read = self.read_all(began).await;
        let mut result = PollResult { began, took: started.elapsed(), failure: None };
        match read {
            Ok(Tally { rows, outside }) => {
                let ended = self.world.clock.now();
                self.world.status.succeeded(self.index, result, ended, rows, outside);
                true
            }
            Err(Failure { reason, what }) => {
                warn!(
                    scope = self.scope.label,
                    reason = reason.as_str(),
                    "poll failed, the costs stay as they were: {what}"
                );
                result.failure = Some((reason, what));
                self.world.status.failed(self.index, result);
                false
            }
        }
    }

    /// Reads all that is due. What was finished before a failure stays.
    async fn read_all(&mut self, began: Timestamp) -> Result<Tally, Failure> {
        let mut tally = Tally::default();
        for span in plan(&self.world.poll, &self.rules, &self.whole, &self.ledger, began) {
            let started = tokio::time::Instant::now();
            let reading = self.world.client.read_usage(&self.scope.id, span, &self.tag_keys);
            // What is logged on the way says whose reading it is.
            let reading =
                reading.instrument(warn_span!("reading", scope = self.scope.label)).await?;
            let (rows, pages) = (reading.rows, reading.pages);
            tally.rows += rows;
            tally.outside += reading.outside;
            self.publish(span, began, reading).await?;
            let seconds = started.elapsed().as_secs_f64();
            info!(scope = self.scope.label, days = %span.days(), rows, pages, seconds, "read");
        }
        Ok(tally)
    }

    /// Puts a finished reading in its place and the sums before the world, whole.
    async fn publish(
        &mut self,
        span: Span,
        began: Timestamp,
        reading: Reading,
    ) -> Result<(), Failure> {
        let period = Period::of(day_of(began));
        let kept = first_kept_day(&self.rules, began);
        self.ledger.forget_before(kept);
        match span {
            Span::Period(closed) if closed.days().last < kept => {
                self.ledger.add_month(closed, &reading.ledger)
            }
            _ => self.ledger.replace(span.days(), &reading.ledger, began),
        }
        if let Span::Period(period) = span {
            self.whole.insert(period, began);
        }
        self.ledger.thin_before(period.days().first);
        let settled = is_settled(&self.world.poll, &self.whole, period.before());
        let snapshot = self.ledger.snapshot(period, began, &self.rules, settled);
        let (exposition, index) = (self.world.exposition.clone(), self.index);
        // A hundred thousand series take half a second to write; scrapes go on meanwhile.
        let written = spawn_blocking(move || exposition.publish(index, snapshot)).await;
        match written {
            Ok(Ok(())) => Ok(()),
            failed => Err(Failure {
                reason: FailureReason::Store,
                what: format!("the exposition cannot be written, please report this: {failed:?}"),
            }),
        }
    }
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
