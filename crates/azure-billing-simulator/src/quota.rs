//! Query processing units: what a tenant may spend on queries in ten seconds, a minute, an hour.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

use super::{options::QueryQuota, refusal::Refusal};

const TEN_SECONDS: Duration = Duration::from_secs(10);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// The units that were spent in the last hour.
#[derive(Debug, Default)]
pub(super) struct Spent(VecDeque<(Instant, u32)>);

/// The units that a query spent, and those that are left. Azure's header, as seen, does not tell of
/// the ten seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Left {
    consumed: u32,
    hour: u32,
    minute: u32,
}

impl Spent {
    /// Spends `units` at `now`. Returns what is left or, above a quota, the seconds until there is
    /// enough and what is left till then. A refused query spends nothing.
    pub(super) fn spend(
        &mut self,
        units: u32,
        quota: &QueryQuota,
        now: Instant,
    ) -> Result<Left, (u64, Left)> {
        while self.0.front().is_some_and(|(at, _)| now.duration_since(*at) >= HOUR) {
            self.0.pop_front();
        }
        let windows =
            [(HOUR, quota.hour), (MINUTE, quota.minute), (TEN_SECONDS, quota.ten_seconds)];
        let wait = windows.map(|(window, limit)| self.wait(units, window, limit, now));
        if let Some(longest) = wait.into_iter().max().filter(|wait| !wait.is_zero()) {
            return Err((longest.as_secs() + 1, self.left(0, quota, now)));
        }
        self.0.push_back((now, units));
        Ok(self.left(units, quota, now))
    }

    fn left(&self, consumed: u32, quota: &QueryQuota, now: Instant) -> Left {
        let left = |limit: u32, window| limit.saturating_sub(self.within(window, now));
        Left { consumed, hour: left(quota.hour, HOUR), minute: left(quota.minute, MINUTE) }
    }

    fn within(&self, window: Duration, now: Instant) -> u32 {
        let recent = self.0.iter().filter(|(at, _)| now.duration_since(*at) < window);
        recent.map(|(_, units)| units).sum()
    }

    /// Returns the time until enough of a window's units are older than the window.
    fn wait(&self, units: u32, window: Duration, limit: u32, now: Instant) -> Duration {
        let mut above = (self.within(window, now) + units).saturating_sub(limit);
        for (at, spent) in &self.0 {
            let age = now.duration_since(*at);
            if age >= window {
                continue;
            }
            if above == 0 {
                break;
            }
            above = above.saturating_sub(*spent);
            if above == 0 {
                return window - age;
            }
        }
        // More than the whole quota at once: it never fits.
        if above == 0 { Duration::ZERO } else { window }
    }
}

impl Left {
    /// Returns what is left where queries are not limited.
    pub(super) fn unlimited(consumed: u32) -> Self {
        let QueryQuota { minute, hour, .. } = QueryQuota::DOCUMENTED;
        let less = |limit: u32| limit.saturating_sub(consumed);
        Self { consumed, hour: less(hour), minute: less(minute) }
    }
}

/// Returns an answer with the headers about what is left.
pub(super) fn with_quota(told: Refusal, left: Left) -> Refusal {
    let Left { consumed, hour, minute } = left;
    let remaining = format!("QueriesPerHour:{hour},QueriesPerMin:{minute}");
    told.with("x-ms-ratelimit-microsoft.costmanagement-qpu-consumed", consumed)
        .with("x-ms-ratelimit-microsoft.costmanagement-qpu-remaining", remaining)
        .with("x-ms-ratelimit-remaining-microsoft.costmanagement-entity-requests", "DefaultQuota:3")
        .with(
            "x-ms-ratelimit-remaining-microsoft.costmanagement-tenant-requests",
            "DefaultQuota:29",
        )
        .with(
            "x-ms-ratelimit-remaining-microsoft.costmanagement-clienttype-requests",
            "DefaultQuota:1999",
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_window_gives_its_units_back_when_it_has_passed() {
        let (mut spent, start) = (Spent::default(), Instant::now());
        let quota = QueryQuota { ten_seconds: 3, minute: 5, hour: 6 };
        let mut spend = |units, seconds| {
            let spent = spent.spend(units, &quota, start + Duration::from_secs(seconds));
            spent.map(|left| (left.minute, left.hour)).map_err(|(wait, _)| wait)
        };
        assert_eq!(spend(2, 0), Ok((3, 4)));
        assert_eq!(spend(2, 4), Err(7), "ten seconds after the first");
        assert_eq!(spend(2, 10), Ok((1, 2)));
        assert_eq!(spend(2, 20), Err(41), "a minute");
        assert_eq!(spend(2, 60), Ok((1, 0)));
        assert_eq!(spend(1, 70), Err(3531), "an hour");
        assert_eq!(spend(1, 3600), Ok((4, 1)));
        assert_eq!(spend(9, 9000), Err(3601), "never");
    }
}
