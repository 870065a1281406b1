//! The only clock of the program. It is passed as an argument, so that a test can simulate a month.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::time::Instant;

/// A source of the current time.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// Returns the clock of the system, which an administrator may set back or forward.
    pub fn system() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the one place that asks the system")]
        Self(Arc::new(Timestamp::now))
    }

    /// Returns a clock that starts at a given time and runs as tokio's does, so that tests can
    /// pause it.
    pub fn starting_at(start: Timestamp) -> Self {
        let began = Instant::now();
        Self(Arc::new(move || start.saturating_add(began.elapsed()).unwrap_or(Timestamp::MAX)))
    }

    /// Returns a clock that stands still.
    pub fn standing_at(moment: Timestamp) -> Self {
        Self(Arc::new(move || moment))
    }

    /// Returns the current time.
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clock({})", self.now())
    }
}
