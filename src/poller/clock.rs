//! The one clock of the program. It is handed down, so that a test can let a month go by.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::time::Instant;

/// What time it is.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// The system's time, which an administrator may set back or forward.
    pub fn system() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the one place that asks the system")]
        Self(Arc::new(Timestamp::now))
    }

    /// A time that begins where it is told and passes as tokio's does: paused where that is paused.
    pub fn starting_at(start: Timestamp) -> Self {
        let began = Instant::now();
        Self(Arc::new(move || start.saturating_add(began.elapsed()).unwrap_or(Timestamp::MAX)))
    }

    /// A time that does not pass.
    pub fn standing_at(moment: Timestamp) -> Self {
        Self(Arc::new(move || moment))
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clock({})", self.now())
    }
}
