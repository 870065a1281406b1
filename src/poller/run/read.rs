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
use crate::billing::facts::into_period;
use crate::billing::period::Period;
use crate::billing::span::Span;
use crate::config::Read;
use crate::poller::answer::{Understood, interpret, refuse_zeros};
use crate::poller::outcome::{Failure, Progress};
use crate::poller::plan::{ReadRequest, SourceKind, Step};
use crate::source::Reading;
use crate::status::{FailureReason, PollPart};
use crate::store::CompletedRead;

/// The number of temporary failures in a row after which the list is read instead of a report.
const REPORT_TRIES: u32 = 2;

/// The consequence of a reading.
enum Next {
    /// Continue with the next reading.
    GoOn,
    /// Make other readings of the same days first.
    Instead(Vec<ReadRequest>),
    /// Make a new plan. If a period is given, all of it was just read.
    Replan(Option<Period>),
}

/// An answer that can be entered.
struct Interpreted {
    answer: CompletedRead,
    rows: u64,
    outside: u64,
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
        let read = match self.read(request).instrument(span).await {
            Ok(read) if request.by == SourceKind::Report => {
                progress.refuse_nothing(request.span, read.rows).map(|()| read)
            }
            read => read,
        };
        let reading = match read {
            Ok(reading) => reading,
            Err(azure::Error::TooLong(pages)) => {
                progress.is_long(request.span);
                return Ok(self.instead(request, pages));
            }
            Err(error) if self.leaves_report(request, &error) => {
                progress.without_reports = true;
                return Ok(Next::Replan(None));
            }
            Err(error) => return Err(error.into()),
        };
        let (pages, allocated) = (reading.pages, reading.allocated);
        let Some(Interpreted { answer, rows, outside }) =
            self.interpret(request, reading, began)?
        else {
            return Ok(Next::GoOn);
        };
        let span = answer.span;
        if request.by == SourceKind::Report {
            self.report_failures = 0;
        } else if progress.without_reports {
            // The list works and the report does not, so the cause is the report.
            self.scope_cell.lock().scope_store.scope_totals.refuse_reports(began);
        }
        self.publish(answer).await?;
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

    /// Reads from the planned API.
    async fn read(&self, request: ReadRequest) -> Result<Reading, azure::Error> {
        let settings = self.settings();
        let (client, scope, tags) = (&settings.client, &settings.scope.id, &settings.tag_keys);
        match request.by {
            SourceKind::List => client.read_usage(scope, request.span, tags).await,
            SourceKind::ShortList => {
                let pages = u64::from(settings.poll.report_after_pages);
                client.read_usage_within(scope, request.span, tags, pages).await
            }
            SourceKind::Report => {
                client.read_report(scope, request.span, tags, settings.scope.cost_allocation).await
            }
        }
    }

    fn instead(&self, request: ReadRequest, pages: u64) -> Next {
        let state = self.scope_cell.lock();
        let scope = &state.settings.scope.label;
        info!(scope, days = %request.span.days(), "more than {pages} pages, a report is read instead");
        Next::Instead(state.settings.planner(&state.scope_store.scope_totals).instead(request.span))
    }

    /// Returns whether the list is read because there is no report, which is never the only way.
    /// After a temporary failure a report is tried once more first, as a long list takes hours.
    /// Costs that are hidden are hidden in the list as well.
    fn leaves_report(&mut self, request: ReadRequest, error: &azure::Error) -> bool {
        if request.by != SourceKind::Report
            || self.settings().scope.read != Read::Auto
            || matches!(error, azure::Error::NoCharges(_))
        {
            return false;
        }
        if error.is_transient() {
            self.report_failures += 1;
            if self.report_failures < REPORT_TRIES {
                return false;
            }
        }
        self.report_failures = 0;
        info!(
            scope = self.label(),
            "Azure gives no report, the list is read instead; a report is requested again after a day: {error}. What to do: {}",
            error.remedy()
        );
        true
    }

    /// Returns the answer to enter, if there is one, and how many of its rows do not count.
    fn interpret(
        &mut self,
        request: ReadRequest,
        reading: Reading,
        began: Timestamp,
    ) -> Result<Option<Interpreted>, azure::Error> {
        let mut state = self.scope_cell.lock();
        let scope = state.settings.scope.label.clone();
        let by_report = request.by == SourceKind::Report;
        let understood = match request.by {
            // Azure may ignore the filter of a list. The period of a report is part of its order.
            SourceKind::Report => Understood::AsAsked,
            SourceKind::List | SourceKind::ShortList => {
                interpret(&state.scope_store.scope_totals, request.span, &reading)
            }
        };
        let spared = !state.settings.scope.charges_are_free;
        let refused = if spared { reading.refuse_hidden() } else { Ok(()) };
        let (zeros, mut rows) = (reading.zeros(), reading.rows);
        let mut outside = reading.outside + reading.undated;
        let (sums, facts, span) = match understood {
            Understood::AsAsked => {
                if reading.outside > 0 {
                    let (rows, days) = (reading.outside, request.span.days());
                    warn!(scope, rows, %days, "Azure sent rows of other days than requested");
                }
                (reading.sums, reading.facts, request.span)
            }
            Understood::Whole(period) => {
                warn!(scope, %period, "Azure ignores the dates of a request; whole periods are read from now on");
                state.scope_store.scope_totals.distrust_filter();
                rows += std::mem::take(&mut outside);
                let facts = into_period(reading.facts, period);
                (reading.sums.into_period(period), facts, Span::Period(period))
            }
            Understood::Unfiltered => {
                info!(
                    scope,
                    "Azure ignores the filter for late rows; whole periods are read for them from now on"
                );
                state.scope_store.scope_totals.distrust_late_filter();
                return Ok(None);
            }
        };
        let buckets = state.scope_store.scope_totals.buckets(span, sums.buckets(), began);
        refused
            .and_then(|()| match zeros.filter(|_| spared) {
                Some(zeros) => refuse_zeros(&state.scope_store.scope_totals, zeros, buckets),
                None => Ok(()),
            })
            .inspect_err(|_| state.settings.client.refused(&self.scope_cell.id))?;
        let answer = CompletedRead { span, rows: sums, facts, began, by_report };
        Ok(Some(Interpreted { answer, rows, outside }))
    }

    /// Returns what to read from some part on, the first step last.
    fn plan(&self, now: Timestamp, first: PollPart, progress: &Progress) -> Vec<Step> {
        let state = self.scope_cell.lock();
        let mut planner = state.settings.planner(&state.scope_store.scope_totals);
        planner.without_reports = progress.without_reports;
        let mut steps = planner.plan(now);
        steps.retain(|step| step.part >= first && !progress.has_failed(step.request.span));
        steps.reverse();
        steps
    }
}
