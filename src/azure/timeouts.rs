//! How long is waited for Azure, and how much of that is spent.

use std::time::Duration;

use super::error::Error;

/// How long and how often to try. Fields are public for tests that cannot wait.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// For one answer, from the request to the end of the body. Azure gives up after a minute.
    pub answer: Duration,
    /// For which one answer is waited for before others of the same type of scope may ask: they must
    /// not hang with it. Azure answers a page within half a minute.
    pub turn: Duration,
    /// For one page, all tries and throttled waits together. Waits for our own quota do not count.
    pub page: Duration,
    /// For a whole reading, however many pages or files it has and whatever it waits for: our own
    /// quota and other readings count. Pages that are a day old drift from those that come.
    pub reading: Duration,
    /// For a report to be written, from the request on.
    pub report: Duration,
    /// For one file of a report, all tries together, beside what its length takes at the slowest.
    pub file: Duration,
    /// Tries of a request that fails in passing, and of a page that does not parse.
    pub tries: u32,
    /// Before the second try; it doubles with each further one.
    pub backoff: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            answer: Duration::from_secs(120),
            turn: Duration::from_secs(30),
            page: Duration::from_secs(15 * 60),
            reading: Duration::from_secs(24 * 3600),
            report: Duration::from_secs(2 * 3600),
            file: Duration::from_secs(15 * 60),
            tries: 5,
            backoff: Duration::from_millis(500),
        }
    }
}

impl Timeouts {
    /// What is told of a reading that takes longer than one may.
    pub(super) fn no_end(&self, read: &str) -> Error {
        let longest = in_words(self.reading);
        Error::Timeout(format!("the reading had no end after {longest} and {read}"))
    }
}

/// A time as people say it, rounded down: `90 s`, `15 min`, `24 h`.
pub(super) fn in_words(time: Duration) -> String {
    match time.as_secs() {
        seconds @ ..120 => format!("{seconds} s"),
        seconds @ 120..10_800 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}

/// Time spent on a page or file that is not there yet.
#[derive(Debug)]
pub(super) struct RetryBudget {
    /// Whether pages of the same reading are there already, which would be lost.
    pub(super) begun: bool,
    /// Whether the reading before this one failed, so that this is the next try.
    pub(super) again: bool,
    pub(super) spent: Duration,
    /// How much may be spent, where that is not [`Timeouts::page`].
    most: Option<Duration>,
}

impl RetryBudget {
    pub(super) fn new(begun: bool, again: bool) -> Self {
        Self { begun, again, spent: Duration::ZERO, most: None }
    }

    /// For a file of a report that is there.
    pub(super) fn of_file(most: Duration) -> Self {
        Self { most: Some(most), ..Self::new(true, false) }
    }

    /// For somebody who waits for the answer.
    pub(super) fn of_probe(most: Duration) -> Self {
        Self { most: Some(most), ..Self::new(false, false) }
    }

    /// How much may be spent in all.
    pub(super) fn most(&self, timeouts: &Timeouts) -> Duration {
        self.most.unwrap_or(timeouts.page)
    }

    pub(super) fn spend(&mut self, time: Duration) {
        self.spent += time;
    }

    pub(super) fn is_used_up(&self, timeouts: &Timeouts) -> bool {
        self.spent >= self.most(timeouts)
    }
}
