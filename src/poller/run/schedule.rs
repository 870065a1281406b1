//! Decides when a scope is polled next, and when failed parts of a poll are retried.

use std::time::Duration;

use tokio::time::Instant;

/// A failed poll is tried again after this, then after twice as long, up to the interval: an outage
/// of a minute must not cost four hours, and one of a day must not cost a call a minute.
const FIRST_RETRY: Duration = Duration::from_secs(60);

/// The outcome of the last polls, as far as the next one depends on it.
pub(super) struct Schedule {
    began: Instant,
    ended: Instant,
    /// The number of failed polls in a row.
    failed: u32,
    older_ended: Instant,
    /// The number of tries in a row in which an older part failed.
    older_failed: u32,
    /// The part of each wait that is really waited.
    part: f64,
}

impl Schedule {
    /// Creates a schedule as if a poll had ended now.
    pub(super) fn new() -> Self {
        let now = Instant::now();
        let (failed, older_failed, part) = (0, 0, jitter());
        Self { began: now, ended: now, failed, older_ended: now, older_failed, part }
    }

    /// Records that a poll has ended now.
    pub(super) fn polled(&mut self, began: Instant, succeeded: bool, older_failed: bool) {
        (self.began, self.ended, self.part) = (began, Instant::now(), jitter());
        self.failed = if succeeded { 0 } else { self.failed.saturating_add(1) };
        self.retried(older_failed);
    }

    /// Records that a try of the older parts has ended now.
    pub(super) fn retried(&mut self, failed: bool) {
        self.older_ended = Instant::now();
        self.older_failed = if failed { self.older_failed.saturating_add(1) } else { 0 };
    }

    /// Returns whether the last poll failed.
    pub(super) fn has_failed(&self) -> bool {
        self.failed > 0
    }

    /// Returns when the whole scope is polled next.
    pub(super) fn next_poll(&self, interval: Duration) -> Instant {
        match self.failed {
            0 => self.began + interval.mul_f64(self.part),
            failed => self.ended + back_off(failed, interval).mul_f64(self.part),
        }
    }

    /// Returns when anything is tried next: the poll, or before it the older parts alone.
    pub(super) fn next(&self, interval: Duration) -> Instant {
        let poll = self.next_poll(interval);
        if self.failed > 0 || self.older_failed == 0 {
            return poll;
        }
        poll.min(self.older_ended + back_off(self.older_failed, interval).mul_f64(self.part))
    }
}

fn back_off(failed: u32, interval: Duration) -> Duration {
    FIRST_RETRY.saturating_mul(2_u32.saturating_pow(failed.saturating_sub(1))).min(interval)
}

/// Returns the part of a wait that is really waited. It is random, so that scopes that started
/// together do not always call together.
pub(super) fn jitter() -> f64 {
    1.0 - 0.05 * fastrand::f64()
}
