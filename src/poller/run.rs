//! Polls one scope for as long as the exporter lives.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tracing::{Instrument, info, warn, warn_span};

use super::clock::Clock;
use super::plan::{Known, next_span};
use crate::azure::{self, Client, Reading, Span};
use crate::billing::ledger::Ledger;
use crate::billing::period::{Period, day_of};
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
    ledger: Ledger,
    known: Known,
}

impl Poller {
    /// Of a scope that has not been read.
    pub fn new(world: World, index: usize, scope: config::Scope) -> Self {
        Self { world, scope, index, ledger: Ledger::default(), known: Known::default() }
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
        let span = next_span(&self.world.poll, self.known, began);
        let reading = self.world.client.read_usage(&self.scope.id, span);
        // What is logged on the way says whose reading it is.
        let reading = reading.instrument(warn_span!("reading", scope = self.scope.label)).await;
        let published = match reading {
            Ok(reading) => self.publish(span, began, reading).await,
            Err(error) => Err(Failure::from(error)),
        };
        let mut result = PollResult { began, took: started.elapsed(), failure: None };
        match published {
            Ok(reading) => {
                let took = result.took.as_secs_f64();
                info!(scope = self.scope.label, rows = reading.rows, pages = reading.pages, days = %span.days(), seconds = took, "polled");
                let ended = self.world.clock.now();
                self.world.status.succeeded(
                    self.index,
                    result,
                    ended,
                    reading.rows,
                    reading.outside,
                );
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

    /// Puts a finished reading in its place and the sums before the world, whole.
    async fn publish(
        &mut self,
        span: Span,
        began: jiff::Timestamp,
        reading: Reading,
    ) -> Result<Reading, Failure> {
        let period = Period::of(day_of(began));
        self.ledger.forget_before(period.days().first);
        self.ledger.replace(span.days(), &reading.ledger);
        if let Span::Period(period) = span {
            self.known.whole = Some((period, began));
        }
        let snapshot = self.ledger.snapshot(period, began);
        let (exposition, index) = (self.world.exposition.clone(), self.index);
        // A hundred thousand series take half a second to write; scrapes go on meanwhile.
        let written = spawn_blocking(move || exposition.publish(index, snapshot)).await;
        match written {
            Ok(Ok(())) => Ok(reading),
            failed => Err(Failure {
                reason: FailureReason::Store,
                what: format!("the exposition cannot be written, please report this: {failed:?}"),
            }),
        }
    }
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
            azure::Error::Forbidden(_) => FailureReason::Forbidden,
            azure::Error::NotFound(_) => FailureReason::NotFound,
            azure::Error::Throttled(_) => FailureReason::Throttled,
            azure::Error::Unavailable(_) => FailureReason::Unavailable,
            azure::Error::Timeout(_) => FailureReason::Timeout,
            azure::Error::BadAnswer(_) => FailureReason::BadAnswer,
        };
        Self { reason, what: format!("{error}. What to do: {}", error.remedy()) }
    }
}
