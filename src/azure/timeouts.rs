//! The limits on the time spent on Azure, and how much of it is spent.

use std::time::Duration;

use super::error::Error;

/// The limits on time and tries. Fields are public for tests that cannot wait.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// The time for one answer, from the request to the end of the body. Azure gives up after a
    /// minute.
    pub answer: Duration,
    /// The time after which a slow answer lets other scopes of the same type send requests, so that
    /// they do not wait with it. Azure answers a page within half a minute.
    pub turn: Duration,
    /// The time for one page, with all tries and throttled waits. Waits for our own quota do not
    /// count.
    pub page: Duration,
    /// The time for a whole reading with all its pages or files. All waits count, also those for
    /// our own quota and for other readings. Pages that are a day old no longer fit the new ones.
    pub reading: Duration,
    /// The time for Azure to write a report, from the request on.
    pub report: Duration,
    /// The time for one file of a report with all tries, plus the time for its length at the lowest
    /// rate.
    pub file: Duration,
    /// The number of tries of a request that fails temporarily, and of a page that does not parse.
    pub tries: u32,
    /// The wait before the second try; it doubles with each further one.
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
    /// Returns the error for a reading that takes longer than allowed.
    pub(crate) fn no_end(&self, read: &str) -> Error {
        let longest = in_words(self.reading);
        Error::Timeout(format!("the reading was not finished after {longest} and {read}"))
    }
}

/// Returns a time in words, rounded down: `90 s`, `15 min`, `24 h`.
pub(crate) fn in_words(time: Duration) -> String {
    match time.as_secs() {
        seconds @ ..120 => format!("{seconds} s"),
        seconds @ 120..10_800 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}

/// The time spent on a page or file that is not complete yet.
#[derive(Debug)]
pub(crate) struct RetryBudget {
    /// True if other pages of the same reading were read already, which a failure would lose.
    pub(crate) begun: bool,
    /// True if the previous reading failed, so that this one is a retry.
    pub(crate) again: bool,
    pub(crate) spent: Duration,
    /// The time that may be spent, if it is not [`Timeouts::page`].
    most: Option<Duration>,
}

impl RetryBudget {
    pub(crate) fn new(begun: bool, again: bool) -> Self {
        Self { begun, again, spent: Duration::ZERO, most: None }
    }

    /// Returns the budget for a file of a finished report.
    pub(crate) fn of_file(most: Duration) -> Self {
        Self { most: Some(most), ..Self::new(true, false) }
    }

    /// Returns the budget for a probe, whose caller waits for the answer.
    pub(crate) fn of_probe(most: Duration) -> Self {
        Self { most: Some(most), ..Self::new(false, false) }
    }

    /// Returns the time that may be spent in all.
    pub(crate) fn most(&self, timeouts: &Timeouts) -> Duration {
        self.most.unwrap_or(timeouts.page)
    }

    pub(crate) fn spend(&mut self, time: Duration) {
        self.spent += time;
    }

    pub(crate) fn is_used_up(&self, timeouts: &Timeouts) -> bool {
        self.spent >= self.most(timeouts)
    }
}
