//! The outcome of a poll: what it read, and what failed.

use crate::azure;
use crate::billing::span::Span;
use crate::source::{ReadRequest, Reading, Source};
use crate::status::{FailureReason, PartResult, PollPart};

/// The totals of a poll's readings.
#[derive(Default)]
pub(super) struct PollTotals {
    /// The number of readings of the open period. Without one, its costs are as old as before.
    pub(super) open_readings: u64,
    pub(super) rows: u64,
    pub(super) outside: u64,
    pub(super) allocated: u64,
}

/// The state of a running poll: what it has read, how its parts went, and what it must not request
/// again.
#[derive(Default)]
pub(super) struct Progress {
    pub(super) tally: PollTotals,
    pub(super) parts: [Option<PartResult>; PollPart::ALL.len()],
    /// The spans that failed: a new plan must not request them again in this poll.
    failed: Vec<Span>,
    /// The readings that were too long: another source that has no rows of them is wrong.
    long: Vec<ReadRequest>,
    /// The source that had no answer, so that others are used.
    pub(super) without: Option<Source>,
    /// The calls for days that were read once more, because they differ from Azure's totals.
    pub(super) once_more_calls: u64,
}

impl Progress {
    /// Marks a part as read, unless another reading of it failed before.
    pub(super) fn read(&mut self, part: PollPart) {
        self.parts[part as usize].get_or_insert(Ok(()));
    }

    /// Returns whether anything was read.
    pub(super) fn has_read(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Some(Ok(()))))
    }

    /// Marks a part as failed.
    pub(super) fn fail(&mut self, part: PollPart, span: Span, failure: &Failure) {
        self.parts[part as usize] = Some(Err((failure.reason, failure.what.clone())));
        self.failed.push(span);
    }

    /// Records that a reading has turned out to be long.
    pub(super) fn is_long(&mut self, request: ReadRequest) {
        self.long.push(request);
    }

    /// Refuses an answer without rows for a span in which another source has some.
    pub(super) fn refuse_nothing(
        &self,
        request: ReadRequest,
        reading: &Reading,
    ) -> Result<(), azure::Error> {
        let ReadRequest { span, source, .. } = request;
        let contradicts = |long: &&ReadRequest| long.span == span && long.source != source;
        match self.long.iter().find(contradicts).filter(|_| reading.counts.counted == 0) {
            Some(long) => Err(azure::Error::BadAnswer(format!(
                "the {} of {span} has no rows, but the {} has pages of them",
                source.noun(),
                long.source.noun()
            ))),
            None => Ok(()),
        }
    }

    /// Marks a span as one that is not read again in this poll, without failing a part.
    pub(super) fn give_up(&mut self, span: Span) {
        self.failed.push(span);
    }

    pub(super) fn has_failed(&self, span: Span) -> bool {
        self.failed.contains(&span)
    }

    /// Returns whether a part other than the open period failed. Such parts are retried separately.
    pub(super) fn older_failed(&self) -> bool {
        self.parts[1..].iter().flatten().any(Result::is_err)
    }
}

/// The reason why a poll or a part of it failed, for the metric and for people.
pub(super) struct Failure {
    pub(super) reason: FailureReason,
    pub(super) what: String,
}

impl Failure {
    /// Returns whether other readings of the same scope would fail as well.
    pub(super) fn is_general(&self) -> bool {
        match self.reason {
            FailureReason::Auth
            | FailureReason::Throttled
            | FailureReason::Unavailable
            | FailureReason::Timeout
            | FailureReason::Store => true,
            FailureReason::Forbidden | FailureReason::NotFound | FailureReason::BadAnswer => false,
        }
    }
}

impl From<azure::Error> for Failure {
    fn from(error: azure::Error) -> Self {
        let reason = match error {
            azure::Error::Auth(_) => FailureReason::Auth,
            azure::Error::Forbidden(_)
            | azure::Error::HiddenCharges(_)
            | azure::Error::NoCharges(_) => FailureReason::Forbidden,
            azure::Error::NotFound(_) => FailureReason::NotFound,
            azure::Error::Throttled(_) => FailureReason::Throttled,
            azure::Error::Unavailable(_)
            | azure::Error::NoDescriptors(_)
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
