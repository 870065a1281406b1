//! Asks Azure for its own totals, and reads the days that differ once more.
//!
//! A total never fails a poll: where there is none, everything goes on as without. It never
//! replaces a cost either.

use std::time::Duration;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use tracing::{Instrument, info, warn, warn_span};

use super::Poller;
use crate::azure::Error;
use crate::billing::period::{DayRange, Period, day_of};
use crate::billing::scope::ScopeType;
use crate::control::{self, Answer, ControlAccess, Gap, is_query_quota_scarce};
use crate::poller::answer::Interpreted;
use crate::poller::outcome::{Failure, Progress};
use crate::source::ReadRequest;
use crate::status::{ControlFailure, ControlSource, FailureReason, only_billing_account};

/// The longest wait for a total: the poll goes on without one.
pub(super) const LONGEST: Duration = Duration::from_secs(30);
/// The time after which a source is asked again that was refused: it may be allowed tomorrow.
const REFUSED_FOR: SignedDuration = SignedDuration::from_hours(24);
/// The time after which a source is asked again for which a role is missing.
const NO_ROLE_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

impl Poller {
    /// Asks for all of Azure's own totals that are due. Returns whether there are new ones.
    pub(super) async fn ask_azure(&mut self, began: Timestamp) -> bool {
        let has_totals = self.ask_for_totals(began).await;
        self.ask_for_statements(began).await || has_totals
    }

    /// Asks for the totals of the days that are still compared, and enters them. Returns whether
    /// there are any.
    pub(super) async fn ask_for_totals(&mut self, began: Timestamp) -> bool {
        let settings = self.settings();
        if !settings.control.query
            || self.is_held_back(ControlSource::Query, began)
            || is_query_quota_scarce(&settings.client)
        {
            return false;
        }
        let today = day_of(began);
        let open = Period::of(today);
        // Month by month: Azure is said to cut a longer answer in days to its last month, without a
        // word, and days that are missing would look like days without cost.
        let mut any = false;
        if self.is_previous_compared(today) {
            match self.enter_totals(open.before().days()).await {
                Some(entered) => any = entered,
                None => return false,
            }
        }
        let days = DayRange { first: open.days().first, last: today };
        self.enter_totals(days).await.unwrap_or_default() || any
    }

    /// Returns whether the previous period is compared as well, as long as it is read.
    fn is_previous_compared(&self, today: Date) -> bool {
        let until = i64::from(self.settings().poll.previous_period_until_days);
        today < Period::of(today).days().first.saturating_add(until.days())
    }

    /// Asks for the totals of some days, and enters them. Returns whether there are any; `None` if
    /// Azure refuses or does not answer.
    async fn enter_totals(&mut self, range: DayRange) -> Option<bool> {
        let settings = self.settings();
        let account = self.account();
        let access = ControlAccess {
            client: &settings.client,
            scope: &settings.scope.id,
            account: account.as_deref(),
            longest: LONGEST,
        };
        let asked_at = self.context.clock.now();
        let span = warn_span!("control", scope = self.label());
        match control::query(&access, range).instrument(span).await {
            Ok(Answer::Known(answer)) => {
                let totals = answer.by_day(asked_at);
                let mut state = self.scope_cell.lock();
                let complete_after = state.settings.rules.day_complete_after;
                state.scope_store.scope_totals.enter_control(&totals, complete_after);
                drop(state);
                let at = self.context.clock.now();
                self.tell(|status, scope| status.controlled(scope, ControlSource::Query, at));
                Some(true)
            }
            // No data is no total of zero: nothing can be compared.
            Ok(Answer::NoData) => {
                let at = self.context.clock.now();
                self.tell(|status, scope| status.controlled(scope, ControlSource::Query, at));
                Some(false)
            }
            Ok(Answer::NotAvailable(gap)) => {
                self.control_gap(ControlSource::Query, gap);
                None
            }
            Err(error) => {
                self.control_failed(ControlSource::Query, error);
                None
            }
        }
    }

    /// Returns whether totals need a billing account that is not known yet.
    pub(super) fn lacks_account(&self) -> bool {
        let scope_type = self.scope_cell.id.scope_type;
        let is_nested = matches!(scope_type, ScopeType::Department | ScopeType::EnrollmentAccount);
        is_nested && self.account().is_none()
    }

    /// Returns the billing account of the scope, as far as the configuration or rows name it. If
    /// neither does, it is the only one that is configured.
    pub(super) fn account(&self) -> Option<String> {
        let state = self.scope_cell.lock();
        let totals = &state.scope_store.scope_totals;
        let named = totals.billing_accounts().into_iter().next();
        let known = state.settings.scope.enrollment.clone().or(named);
        let is_read = totals.read_at().is_some();
        drop(state);
        known.or_else(|| {
            let scopes = self.context.status.scopes();
            let ids = scopes.iter().map(|scope| &scope.info.id).filter(|_| is_read);
            only_billing_account(ids).map(str::to_owned)
        })
    }

    /// Returns whether a source was refused so recently that it is not asked.
    pub(super) fn is_held_back(&self, source: ControlSource, now: Timestamp) -> bool {
        self.scope_cell.lock().control_after[source as usize].is_some_and(|after| now < after)
    }

    /// Reports a total that is not available for a reason that only people can change.
    pub(super) fn control_gap(&self, source: ControlSource, gap: Gap) {
        let missing = ControlFailure::Failed(FailureReason::NotFound);
        let (reason, wait) = match gap {
            Gap::PricesHidden => (ControlFailure::Hidden, Some(REFUSED_FOR)),
            // The next rows may name it.
            Gap::AccountUnknown => (missing, None),
            Gap::OtherScope => (missing, Some(REFUSED_FOR)),
        };
        self.control_missing(source, reason, gap.as_str().to_owned(), wait);
    }

    /// Reports a source that gave no total. It is logged once until its reason changes.
    pub(super) fn control_failed(&self, source: ControlSource, error: Error) {
        let wait = match error {
            Error::Forbidden(_) => Some(NO_ROLE_FOR),
            Error::Auth(_) => None,
            ref error => (!error.is_transient()).then_some(REFUSED_FOR),
        };
        let Failure { reason, what } = error.into();
        self.control_missing(source, ControlFailure::Failed(reason), what, wait);
    }

    fn control_missing(
        &self,
        source: ControlSource,
        reason: ControlFailure,
        what: String,
        wait: Option<SignedDuration>,
    ) {
        let after = wait.and_then(|wait| self.context.clock.now().checked_add(wait).ok());
        self.scope_cell.lock().control_after[source as usize] = after;
        let is_new = self
            .last()
            .is_none_or(|status| status.control[source as usize].failure.as_ref() != Some(&what));
        if is_new {
            info!(
                scope = self.label(),
                source = source.as_str(),
                reason = reason.as_str(),
                "Azure's own totals are not to be had, costs are published without them: {what}"
            );
        }
        self.tell(|status, scope| status.control_failed(scope, source, reason, what));
    }

    /// Reads each day once more that differs from Azure's total, and asks for that total again. Of
    /// the old day and the new one that is kept which equals the total.
    pub(super) async fn mend(
        &mut self,
        began: Timestamp,
        progress: &mut Progress,
    ) -> Result<(), Failure> {
        let days = self.scope_cell.lock().scope_store.scope_totals.differing(began);
        for day in days {
            let Some(request) = self.once_more(day, progress, began) else { continue };
            if self.read_once_more(day, request, began, progress).await? {
                self.scope_cell.lock().scope_store.scope_totals.read_once_more(day);
            }
        }
        Ok(())
    }

    /// Returns the reading of a day by itself, unless it takes more calls than are left for such
    /// readings in this poll.
    fn once_more(&self, day: Date, progress: &mut Progress, now: Timestamp) -> Option<ReadRequest> {
        let state = self.scope_cell.lock();
        let planner = state.planner();
        let (request, calls) = state.settings.sources.once_more(day, &planner.known, now);
        let most = u64::from(state.settings.poll.report_after_pages);
        if progress.once_more_calls + calls > most || progress.has_failed(request.span) {
            return None;
        }
        progress.once_more_calls += calls;
        Some(request)
    }

    /// Reads a day once more. Returns whether that has ended, rightly or not: a failure of Azure is
    /// tried again in the next poll.
    async fn read_once_more(
        &mut self,
        day: Date,
        request: ReadRequest,
        began: Timestamp,
        progress: &mut Progress,
    ) -> Result<bool, Failure> {
        let span = warn_span!("reading", scope = self.label());
        let reading = match self.read(request).instrument(span).await {
            Ok(reading) => reading,
            Err(error) => {
                progress.give_up(request.span);
                warn!(
                    scope = self.label(), %day,
                    "a day that differs from Azure's own total cannot be read once more, it is tried again with the next poll: {error}"
                );
                return Ok(false);
            }
        };
        let interpreted = self.interpret(request, reading, began);
        let Ok(Some(Interpreted { answer, .. })) = interpreted else {
            progress.give_up(request.span);
            return Ok(false);
        };
        // The totals of the day may be of another refresh than its rows were.
        let is_asked = self.enter_totals(DayRange { first: day, last: day }).await == Some(true);
        self.enter(answer).await?;
        Ok(is_asked)
    }
}
