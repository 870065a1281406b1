//! Makes the readings of a plan one after the other, and decides what each answer leads to.
//!
//! No sequence of answers can repeat without end. A short list that is long becomes a report, a
//! report that Azure does not give becomes a list, and a list that fails ends its part of the poll;
//! a filter that Azure ignores is never used again.

use jiff::Timestamp;
use tokio::time::Instant;
use tracing::{Instrument, info, warn, warn_span};

use super::Poller;
use crate::azure;
use crate::billing::period::Period;
use crate::billing::span::Span;
use crate::poller::answer::Interpreted;
use crate::poller::outcome::{Failure, Progress};
use crate::poller::plan::Step;
use crate::source::{self, Access, ReadRequest, Reading};
use crate::status::{FailureReason, PollPart};

/// The number of temporary failures in a row after which another source is read.
const TRIES: u32 = 2;

/// The consequence of a reading.
enum Next {
    /// Continue with the next reading.
    GoOn,
    /// Make other readings of the same days first.
    Instead(Vec<ReadRequest>),
    /// Make a new plan. If a period is given, all of it was just read.
    Replan(Option<Period>),
}

impl Poller {
    /// Reads all that is due from some part on. What was finished before a failure stays. If an
    /// older part fails, the others are still read, unless they would fail as well; a failure of
    /// the open period, or lost days, end the poll.
    pub(super) async fn read_all(
        &mut self,
        began: Timestamp,
        first: PollPart,
        progress: &mut Progress,
    ) -> Result<(), Failure> {
        let is_poll = first == PollPart::Open;
        // The path of a nested scope's totals leads through its account, which its first rows name.
        let waits_for_rows = is_poll && self.lacks_account();
        let has_totals = is_poll && !waits_for_rows && self.ask_azure(began).await;
        let mut steps = self.plan(began, first, progress);
        self.forget_failures_of_nothing(&steps, first, progress);
        while let Some(step) = steps.pop() {
            match self.make(step, began, progress).await {
                Ok(Next::GoOn) => {}
                Ok(Next::Instead(asks)) => {
                    let step = |request| Step { request, ..step };
                    steps.extend(asks.into_iter().rev().map(step));
                }
                Ok(Next::Replan(here)) => {
                    steps = self.plan(began, step.part, progress);
                    let period = |span: Span| Period::of(span.days().first);
                    steps
                        .retain(|later| here.is_none_or(|here| period(later.request.span) != here));
                }
                Err(failure) => {
                    progress.fail(step.part, step.request.span, &failure);
                    if step.part == PollPart::Open || failure.reason == FailureReason::Store {
                        return Err(failure);
                    }
                    self.report_failure(step, &failure);
                    if failure.is_general() {
                        break;
                    }
                }
            }
        }
        self.older_failed = progress.older_failed();
        let is_new = has_totals && !progress.has_read();
        if is_new || waits_for_rows && self.ask_azure(began).await {
            // Azure's totals came without or after all readings.
            self.mend(began, progress).await?;
            self.store_totals().await?;
            self.publish().await?;
        }
        Ok(())
    }

    /// Clears the failure of parts of which nothing is due any more, so that nothing can fail.
    fn forget_failures_of_nothing(&self, steps: &[Step], first: PollPart, progress: &mut Progress) {
        let Some(status) = self.last() else { return };
        for part in PollPart::ALL.into_iter().filter(|part| *part >= first) {
            let failed = matches!(status.parts[part as usize], Some(Err(_)));
            if failed && steps.iter().all(|step| step.part != part) {
                progress.read(part);
            }
        }
    }

    fn report_failure(&self, step: Step, failure: &Failure) {
        warn!(
            scope = self.label(),
            part = step.part.as_str(),
            days = %step.request.span,
            reason = failure.reason.as_str(),
            "older costs cannot be read, they stay as they were and are tried again by themselves: {}",
            failure.what
        );
    }

    /// Makes one reading and publishes its answer.
    async fn make(
        &mut self,
        step: Step,
        began: Timestamp,
        progress: &mut Progress,
    ) -> Result<Next, Failure> {
        let (started, request) = (Instant::now(), step.request);
        // The span adds the scope to everything that the reading logs.
        let span = warn_span!("reading", scope = self.label());
        let read = self.read(request).instrument(span).await;
        let read = read.and_then(|read| progress.refuse_nothing(request, &read).map(|()| read));
        let reading = match read {
            Ok(reading) => reading,
            Err(azure::Error::TooLong(pages)) => {
                progress.is_long(request);
                return Ok(self.instead(request, pages));
            }
            Err(error) if self.leaves(request, &error) => {
                progress.without = Some(request.source);
                return Ok(Next::Replan(None));
            }
            Err(error) => return Err(error.into()),
        };
        let (pages, allocated) = (reading.pages, reading.counts.allocated);
        let Some(Interpreted { answer, rows, outside }) =
            self.interpret(request, reading, began)?
        else {
            return Ok(Next::GoOn);
        };
        let span = answer.span;
        self.remember(request, span, began, progress);
        self.enter(answer).await?;
        self.mend(began, progress).await?;
        self.publish().await?;
        progress.tally.open_readings += u64::from(step.part == PollPart::Open);
        progress.tally.rows += rows;
        progress.tally.outside += outside;
        progress.tally.allocated += allocated;
        progress.read(step.part);
        let seconds = (started.elapsed().as_secs_f64() * 1000.0).round() / 1000.0;
        info!(scope = self.label(), days = %span.days(), rows, pages, seconds, "read");
        // Azure sent a whole period: what remains needs a new plan.
        let is_other = span != request.span;
        Ok(if is_other { Next::Replan(Some(Period::of(span.days().first))) } else { Next::GoOn })
    }

    /// Reads from the planned source.
    pub(super) async fn read(&self, request: ReadRequest) -> Result<Reading, azure::Error> {
        let settings = self.settings();
        let access = Access {
            client: &settings.client,
            scope: &settings.scope.id,
            tag_keys: &settings.tag_keys,
            cost_allocation: settings.scope.cost_allocation,
        };
        source::read(&access, &request).await
    }

    fn instead(&self, request: ReadRequest, pages: u64) -> Next {
        let settings = self.settings();
        let instead = settings.sources.instead(request);
        let noun = instead.first().map_or("", |request| request.source.noun());
        let (scope, days) = (&settings.scope.label, request.span.days());
        info!(scope, %days, "more than {pages} pages, a {noun} is read instead");
        Next::Instead(instead)
    }

    /// Returns whether another source is read because this one had no answer. After a temporary
    /// failure it is tried once more first, as the other may take hours.
    fn leaves(&mut self, request: ReadRequest, error: &azure::Error) -> bool {
        let Some(other) = self.settings().sources.fallback(request, error) else { return false };
        if error.is_transient() {
            let before = self.failures.filter(|(source, _)| *source == request.source);
            let failures = before.map_or(0, |(_, failures)| failures) + 1;
            self.failures = Some((request.source, failures));
            if failures < TRIES {
                return false;
            }
        }
        self.failures = None;
        let (noun, other) = (request.source.noun(), other.noun());
        info!(
            scope = self.label(),
            "Azure gives no {noun}, the {other} is read instead; a {noun} is requested again after a day: {error}. What to do: {}",
            error.remedy()
        );
        true
    }

    pub(super) fn interpret(
        &self,
        request: ReadRequest,
        reading: Reading,
        began: Timestamp,
    ) -> Result<Option<Interpreted>, azure::Error> {
        let mut state = self.scope_cell.lock();
        let interpreted = state.interpret(request, reading, began);
        interpreted.inspect_err(|_| state.settings.client.refused(&self.scope_cell.id))
    }

    /// Remembers that a source had an answer, and that the one before had none.
    fn remember(
        &mut self,
        request: ReadRequest,
        span: Span,
        began: Timestamp,
        progress: &Progress,
    ) {
        let mut state = self.scope_cell.lock();
        state.source_memory.completed(request.source, span, began);
        match progress.without {
            // The other works and this one does not, so the cause is the source.
            Some(left) if left != request.source => state.source_memory.refuse(left, began),
            _ => {}
        }
        self.failures.take_if(|(source, _)| *source == request.source);
    }

    /// Returns what to read from some part on, the first step last.
    fn plan(&self, now: Timestamp, first: PollPart, progress: &Progress) -> Vec<Step> {
        let state = self.scope_cell.lock();
        let mut planner = state.planner();
        planner.known.without = progress.without;
        let mut steps = planner.plan(now);
        steps.retain(|step| step.part >= first && !progress.has_failed(step.request.span));
        steps.reverse();
        steps
    }
}
