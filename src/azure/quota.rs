//! Azure's quota, which is the tenant's: a few calls a minute for each kind of scope, one at a time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{Instant, sleep_until};

use crate::metrics::ApiCalls;
use crate::metrics::api::Wait;

const MINUTE: Duration = Duration::from_secs(60);

/// The turns of one kind of scope. All its scopes queue here, first come, first served.
pub(crate) struct Quota {
    per_minute: usize,
    calls: Arc<ApiCalls>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// When the calls of the last minute were made. A window, not a leaking bucket: a first reading
    /// of a few pages need not wait, and no minute ever sees more calls than are allowed.
    made: VecDeque<Instant>,
    /// Until when Azure wants to be left alone.
    held_until: Option<Instant>,
}

/// The right to make one call; the next one gets it when this is dropped.
pub(crate) struct Turn<'a> {
    state: MutexGuard<'a, State>,
}

impl Quota {
    pub(crate) fn new(per_minute: u32, calls: Arc<ApiCalls>) -> Self {
        Self { per_minute: per_minute.max(1) as usize, calls, state: Mutex::default() }
    }

    /// Waits until a call may be made. Where Azure wants to be left alone for longer than
    /// `patience`, tells at once for how long: whoever asks has something better to do than to hang.
    pub(crate) async fn turn(&self, patience: Duration) -> Result<Turn<'_>, Duration> {
        let mut state = self.state.lock().await;
        if let Some(until) = state.held_until {
            let left = until.saturating_duration_since(Instant::now());
            if left > patience {
                return Err(left);
            }
            self.wait_until(until, Wait::Throttled).await;
            state.held_until = None;
        }
        if state.made.len() >= self.per_minute
            && let Some(oldest) = state.made.pop_front()
        {
            self.wait_until(oldest + MINUTE, Wait::Quota).await;
        }
        state.made.push_back(Instant::now());
        Ok(Turn { state })
    }

    async fn wait_until(&self, until: Instant, reason: Wait) {
        let waited = until.saturating_duration_since(Instant::now());
        if waited > Duration::ZERO {
            sleep_until(until).await;
            self.calls.waited(reason, waited);
        }
    }
}

impl Turn<'_> {
    /// Nobody gets a turn before the wait is over.
    pub(crate) fn hold_back(&mut self, wait: Duration) {
        self.state.held_until = Some(Instant::now() + wait);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn no_minute_sees_more_calls_than_are_allowed() {
        let quota = Quota::new(6, Arc::default());
        let mut made = Vec::new();
        for _ in 0..30 {
            drop(quota.turn(MINUTE).await);
            made.push(Instant::now());
        }
        assert_eq!(made[5], made[0], "the first calls need not wait");
        for calls in made.windows(7) {
            assert!(calls[6] - calls[0] >= MINUTE);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_that_is_held_back_holds_back_the_next_one() {
        let quota = Quota::new(6, Arc::default());
        let start = Instant::now();
        let held = Duration::from_secs(90);
        quota.turn(held).await.unwrap().hold_back(held);
        assert_eq!(quota.turn(MINUTE).await.err(), Some(held), "longer than one would wait");
        assert_eq!(start.elapsed(), Duration::ZERO);
        drop(quota.turn(held).await);
        assert_eq!(start.elapsed(), Duration::from_secs(90));
        drop(quota.turn(MINUTE).await);
        assert_eq!(start.elapsed(), Duration::from_secs(90), "once");
    }
}
