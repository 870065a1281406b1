//! The quota: so many calls a minute, counted anew every minute, separately for each kind of scope.

use std::{collections::HashMap, time::Duration};

use tokio::time::Instant;

const WINDOW: Duration = Duration::from_secs(60);

/// Calls of the current minute, by kind of scope.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    windows: HashMap<&'static str, Window>,
}

#[derive(Debug)]
struct Window {
    start: Instant,
    calls: u32,
}

impl Throttle {
    /// Counts a call at `now`. Returns how many are left after it or, above the `limit`, the
    /// seconds to wait. Refused calls do not count.
    pub(super) fn admit(
        &mut self,
        kind: &'static str,
        limit: u32,
        now: Instant,
    ) -> Result<u32, u64> {
        let window = self.windows.entry(kind).or_insert(Window { start: now, calls: 0 });
        let age = now.saturating_duration_since(window.start);
        if age >= WINDOW {
            *window = Window { start: now, calls: 0 };
        }
        if window.calls >= limit {
            return Err((WINDOW - age.min(WINDOW)).as_secs() + 1);
        }
        window.calls += 1;
        Ok(limit - window.calls)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_admits_its_calls_and_the_next_minute_admits_them_again() {
        let (mut throttle, start) = (Throttle::default(), Instant::now());
        let mut admit =
            |kind, seconds| throttle.admit(kind, 2, start + Duration::from_secs(seconds));
        assert_eq!([admit("department", 0), admit("department", 10)], [Ok(1), Ok(0)]);
        assert_eq!(admit("department", 20), Err(41));
        assert_eq!(admit("billing_account", 20), Ok(1));
        assert_eq!(admit("department", 61), Ok(1));
    }
}
