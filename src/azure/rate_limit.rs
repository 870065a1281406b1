//! Azure's quota, which is the tenant's: a few calls a minute for each type of scope, one at a
//! time.
//!
//! Scopes share it, and a scope that fails must not use up the calls of the others: retried
//! requests leave half of the calls to them.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::billing::scope::ScopeType;
use crate::status::{ApiCalls, Wait};

const MINUTE: Duration = Duration::from_secs(60);

/// The calls a minute of a bucket that no configuration names: the smallest quota of Azure.
const SMALLEST: u32 = 2;

/// A quota by its name. Each type of scope has its own, and so have calls that are not about rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Bucket(&'static str);

impl Bucket {
    /// Returns the bucket of the calls to a type of scope.
    pub(crate) const fn of(scope_type: ScopeType) -> Self {
        Self(scope_type.as_str())
    }

    /// Returns a bucket for calls that are not about rows.
    pub(crate) const fn named(name: &'static str) -> Self {
        Self(name)
    }

    pub(crate) const fn name(self) -> &'static str {
        self.0
    }
}

/// The queues of all buckets, which every client of the tenant shares.
pub(crate) struct RateLimit {
    queues: Mutex<BTreeMap<Bucket, Arc<Queue>>>,
    calls: Arc<ApiCalls>,
}

impl RateLimit {
    pub(crate) fn new(calls: Arc<ApiCalls>) -> Self {
        Self { queues: Mutex::default(), calls }
    }

    /// Sets the number of calls a minute of a bucket, from the next turn on.
    pub(crate) fn allow(&self, bucket: Bucket, per_minute: u32) {
        self.queue(bucket).allow(per_minute);
    }

    /// Returns the queue of a bucket.
    pub(crate) fn queue(&self, bucket: Bucket) -> Arc<Queue> {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Arc::new(Queue::new(SMALLEST, self.calls.clone()));
        queues.entry(bucket).or_insert_with(new).clone()
    }
}

/// The queue for the calls of one bucket: first come, first served.
pub(crate) struct Queue {
    per_minute: AtomicUsize,
    calls: Arc<ApiCalls>,
    one: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The times of the calls of the last minute. A window, not a leaking bucket: the first reading
    /// of a few pages need not wait, and no minute has more calls than allowed.
    made: VecDeque<Instant>,
    /// The end of each pause that Azure asked for, by service: Azure throttles lists and reports
    /// separately, and lists must not wait for reports.
    held_until: BTreeMap<&'static str, Instant>,
}

/// The permission to make one call; the next call may start when this is dropped.
pub(crate) struct Permit<'a> {
    _one: tokio::sync::MutexGuard<'a, ()>,
}

/// The kind of request that waits for a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Priority {
    /// A request that has not failed.
    Fresh,
    /// A request that is retried after a failure other than throttling.
    Again,
}

impl Queue {
    fn new(per_minute: u32, calls: Arc<ApiCalls>) -> Self {
        let queue = Self {
            per_minute: AtomicUsize::default(),
            calls,
            one: tokio::sync::Mutex::default(),
            state: Mutex::default(),
        };
        queue.allow(per_minute);
        queue
    }

    fn allow(&self, per_minute: u32) {
        self.per_minute.store(per_minute.max(1) as usize, Ordering::Relaxed);
    }

    /// Waits until a call may be made. If Azure asked for a pause of more than `longest`, returns
    /// at once how long that is, so that the caller need not wait.
    pub(crate) async fn turn(
        &self,
        priority: Priority,
        service: &'static str,
        longest: Duration,
    ) -> Result<Permit<'_>, Duration> {
        loop {
            let one = self.one.lock().await;
            let now = Instant::now();
            let Some((until, reason)) = self.state().wait(self.allowed(priority), service, now)
            else {
                self.state().made.push_back(now);
                return Ok(Permit { _one: one });
            };
            let left = until.saturating_duration_since(now);
            if reason == Wait::Throttled && left > longest {
                return Err(left);
            }
            // A fresh request waits at the head of the queue; retries wait beside the queue.
            let _head = (priority == Priority::Fresh).then_some(one);
            sleep_until(until).await;
            self.calls.waited(reason, left);
        }
    }

    /// Stops all calls to a service until the wait is over.
    pub(crate) fn pause_for(&self, service: &'static str, wait: Duration) {
        self.state().held_until.insert(service, Instant::now() + wait);
    }

    fn allowed(&self, priority: Priority) -> usize {
        let per_minute = self.per_minute.load(Ordering::Relaxed);
        match priority {
            Priority::Fresh => per_minute,
            Priority::Again => (per_minute / 2).max(1),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Returns the time until which a call must wait, and why; `None` if it may be made now.
    fn wait(
        &mut self,
        allowed: usize,
        service: &'static str,
        now: Instant,
    ) -> Option<(Instant, Wait)> {
        if let Some(until) = self.held_until.get(service).copied().filter(|until| *until > now) {
            return Some((until, Wait::Throttled));
        }
        while self.made.front().is_some_and(|made| *made + MINUTE <= now) {
            self.made.pop_front();
        }
        let full = self.made.len().checked_sub(allowed)?;
        Some((self.made[full] + MINUTE, Wait::Quota))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn no_minute_sees_more_calls_than_are_allowed() {
        let quota = Queue::new(6, Arc::default());
        let mut made = Vec::new();
        for _ in 0..30 {
            drop(quota.turn(Priority::Fresh, "lists", MINUTE).await);
            made.push(Instant::now());
        }
        assert_eq!(made[5], made[0], "the first calls need not wait");
        for calls in made.windows(7) {
            assert!(calls[6] - calls[0] >= MINUTE);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_that_is_held_back_holds_back_the_next_one() {
        let quota = Queue::new(6, Arc::default());
        let start = Instant::now();
        let held = Duration::from_secs(90);
        drop(quota.turn(Priority::Fresh, "lists", held).await);
        quota.pause_for("lists", held);
        let refused = quota.turn(Priority::Fresh, "lists", MINUTE).await;
        assert_eq!(refused.err(), Some(held), "longer than one would wait");
        assert_eq!(start.elapsed(), Duration::ZERO);
        drop(quota.turn(Priority::Again, "lists", held).await);
        assert_eq!(start.elapsed(), Duration::from_secs(90));
        drop(quota.turn(Priority::Fresh, "lists", MINUTE).await);
        assert_eq!(start.elapsed(), Duration::from_secs(90), "once");
        quota.pause_for("reports", held);
        drop(quota.turn(Priority::Fresh, "lists", MINUTE).await);
        assert_eq!(start.elapsed(), Duration::from_secs(90), "reports hold back reports alone");
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_fails_for_ever_leaves_the_others_half_of_the_calls() {
        for (per_minute, left) in [(6, 3), (2, 1)] {
            let quota = Arc::new(Queue::new(per_minute, Arc::default()));
            let failing = quota.clone();
            let failing = tokio::spawn(async move {
                for _ in 0..1000 {
                    drop(failing.turn(Priority::Again, "lists", MINUTE).await);
                }
            });
            tokio::time::sleep(10 * MINUTE).await;
            let start = Instant::now();
            for _ in 0..left {
                drop(quota.turn(Priority::Fresh, "lists", MINUTE).await);
                assert_eq!(start.elapsed(), Duration::ZERO, "{per_minute} a minute");
            }
            failing.abort();
        }
    }
}
