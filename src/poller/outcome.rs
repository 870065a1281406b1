//! How a poll ends: what it read, or why it failed.

use crate::azure;
use crate::status::FailureReason;

/// What the readings of a poll add up to.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) readings: u64,
    pub(super) rows: u64,
    pub(super) outside: u64,
    pub(super) allocated: u64,
}

impl Tally {
    pub(super) fn add(&mut self, rows: u64, outside: u64, allocated: u64) {
        self.readings += 1;
        self.rows += rows;
        self.outside += outside;
        self.allocated += allocated;
    }
}

/// Why a poll failed, for the metric and for people.
pub(super) struct Failure {
    pub(super) reason: FailureReason,
    pub(super) what: String,
}

impl From<azure::Error> for Failure {
    fn from(error: azure::Error) -> Self {
        let reason = match error {
            azure::Error::Auth(_) => FailureReason::Auth,
            azure::Error::Forbidden(_) | azure::Error::HiddenCharges(_) => FailureReason::Forbidden,
            azure::Error::NotFound(_) => FailureReason::NotFound,
            azure::Error::Throttled(_) => FailureReason::Throttled,
            azure::Error::Unavailable(_)
            | azure::Error::ReportFailed(_)
            | azure::Error::ReportFile(_) => FailureReason::Unavailable,
            azure::Error::Timeout(_) => FailureReason::Timeout,
            azure::Error::BadAnswer(_)
            | azure::Error::Unsupported(_)
            | azure::Error::TooLong(_) => FailureReason::BadAnswer,
        };
        Self { reason, what: format!("{error}. What to do: {}", error.remedy()) }
    }
}
