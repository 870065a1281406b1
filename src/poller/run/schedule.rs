//! When a scope is polled next, and when what failed of a poll is tried again.

use std::time::Duration;

use tokio::time::Instant;

/// A failed poll is tried again after this, then after twice as long, up to the interval: an outage
/// of a minute must not cost four hours, and one of a day must not cost a call a minute.
const FIRST_RETRY: Duration = Duration::from_secs(60);

/// How the last polls went, as far as the next one depends on it.
pub(super) struct Schedule {
    began: Instant,
    ended: Instant,
    /// Polls that failed one after the other.
    failed: u32,
    older_ended: Instant,
    /// Tries one after the other in which an older part failed.
    older_failed: u32,
    /// Which part of a wait is waited.
    part: f64,
}

impl Schedule {
    /// Begins with a poll that ended now.
    pub(super) fn new() -> Self {
        let now = Instant::now();
        let (failed, older_failed, part) = (0, 0, jitter());
        Self { began: now, ended: now, failed, older_ended: now, older_failed, part }
    }

    /// A poll has ended now.
    pub(super) fn polled(&mut self, began: Instant, succeeded: bool, older_failed: bool) {
        (self.began, self.ended, self.part) = (began, Instant::now(), jitter());
        self.failed = if succeeded { 0 } else { self.failed.saturating_add(1) };
        self.retried(older_failed);
    }

    /// A try of the older parts has ended now.
    pub(super) fn retried(&mut self, failed: bool) {
        self.older_ended = Instant::now();
        self.older_failed = if failed { self.older_failed.saturating_add(1) } else { 0 };
    }

    /// Whether the last poll failed.
    pub(super) fn has_failed(&self) -> bool {
        self.failed > 0
    }

    /// When the whole scope is polled.
    pub(super) fn next_poll(&self, interval: Duration) -> Instant {
        match self.failed {
            0 => self.began + interval.mul_f64(self.part),
            failed => self.ended + back_off(failed, interval).mul_f64(self.part),
        }
    }

    /// When anything is tried: the poll, or before it the older parts by themselves.
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

/// Which part of a wait is waited: scopes that started together must not call together for ever.
pub(super) fn jitter() -> f64 {
    1.0 - 0.05 * fastrand::f64()
}
