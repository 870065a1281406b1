//! The status of polling: which scopes are polled, how it went, and since when. Written by the
//! poller, read by metrics, health and pages. It has no history: Prometheus keeps that.

mod api_calls;
mod control;
mod part;
mod reason;

use std::collections::BTreeSet;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use jiff::Timestamp;

pub use api_calls::{Api, ApiCalls, ApiCounts, Code, Quota, QuotaUnit, Wait};
pub use control::{ControlFailure, ControlSource, ControlStatus};
pub use part::PollPart;
pub use reason::FailureReason;

use crate::billing::scope::{ScopeId, ScopeType};

/// A scope, as it is published.
#[derive(Clone, Debug)]
pub struct ScopeInfo {
    /// The value of the `scope` label.
    pub label: String,
    /// The id of the scope.
    pub id: ScopeId,
    /// The billing account it belongs to by the configuration, used if its rows do not name one.
    pub enrollment: Option<String>,
}

impl ScopeInfo {
    /// Returns whether the money of a scope is also in another of the configured ones, so that
    /// adding both counts it twice. The rows name the billing accounts (`billed_to`), otherwise the
    /// configuration does. If neither does, a department or account belongs to the only billing
    /// account; a subscription may well belong to another one.
    pub fn is_nested<'a>(
        &self,
        billed_to: &BTreeSet<String>,
        all: impl Iterator<Item = &'a ScopeInfo>,
    ) -> bool {
        if self.id.scope_type == ScopeType::BillingAccount {
            return false;
        }
        let accounts = all.map(|other| &other.id).filter(|other| {
            other.scope_type == ScopeType::BillingAccount && other.cost == self.id.cost
        });
        let accounts: Vec<&str> = accounts.map(|account| account.id.as_str()).collect();
        match &self.enrollment {
            _ if !billed_to.is_empty() => accounts.iter().any(|id| billed_to.contains(*id)),
            Some(enrollment) => accounts.contains(&enrollment.as_str()),
            None => self.id.scope_type != ScopeType::Subscription && accounts.len() == 1,
        }
    }
}

/// Returns the only billing account among some scopes: where neither rows nor the configuration name
/// that of a department, it is this one.
pub fn only_billing_account<'a>(scopes: impl Iterator<Item = &'a ScopeId>) -> Option<&'a str> {
    let accounts = scopes.filter(|scope| scope.scope_type == ScopeType::BillingAccount);
    let accounts: BTreeSet<&str> = accounts.map(|account| account.id.as_str()).collect();
    accounts.iter().next().copied().filter(|_| accounts.len() == 1)
}

/// The status of polling a scope.
#[derive(Clone, Debug)]
pub struct ScopeStatus {
    /// The scope.
    pub info: ScopeInfo,
    /// The time between two polls.
    pub interval: Duration,
    /// The number of polls that ended.
    pub polls: u64,
    /// The number of failures of polls or of their older parts, by [`FailureReason`].
    pub failures: [u64; FailureReason::ALL.len()],
    /// The outcome of the last poll.
    pub last_poll: Option<PollResult>,
    /// The time at which the last successful poll ended.
    pub last_success: Option<Timestamp>,
    /// The number of rows that counted in the last successful poll.
    pub rows: Option<u64>,
    /// The number of rows left out.
    pub ignored: Ignored,
    /// The outcome of each [`PollPart`] when it was last tried; `None` before the first try.
    pub parts: [Option<PartResult>; PollPart::ALL.len()],
    /// How it goes with Azure's own totals, by [`ControlSource`].
    pub control: [ControlStatus; ControlSource::ALL.len()],
    /// True if there is data from before the start.
    pub restored: bool,
    /// True if its loop ended although the exporter did not: a bug, which health reports.
    pub dead: bool,
}

impl ScopeStatus {
    /// Creates the status of a scope that is not polled yet.
    fn new(info: ScopeInfo, interval: Duration) -> Self {
        Self {
            info,
            interval,
            polls: 0,
            failures: [0; FailureReason::ALL.len()],
            last_poll: None,
            last_success: None,
            rows: None,
            ignored: Ignored::default(),
            parts: [const { None }; PollPart::ALL.len()],
            control: Default::default(),
            restored: false,
            dead: false,
        }
    }
}

/// The numbers of rows that were left out, by the reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ignored {
    /// Rows dated outside the requested days.
    pub outside: u64,
    /// Rows of cost allocation, which only move costs.
    pub allocated: u64,
}

impl Ignored {
    fn add(&mut self, other: Self) {
        self.outside += other.outside;
        self.allocated += other.allocated;
    }

    /// Returns each number with the label value of its reason: a closed set, in published order.
    pub const fn by_reason(self) -> [(&'static str, u64); 2] {
        [("cost_allocation", self.allocated), ("outside_range", self.outside)]
    }
}

/// The outcome of a part of a poll: if it failed, the reason and the logged text.
pub type PartResult = Result<(), (FailureReason, String)>;

/// The outcome of a poll.
#[derive(Clone, Debug)]
pub struct PollResult {
    /// The time at which it began.
    pub began: Timestamp,
    /// Its duration, waits included.
    pub took: Duration,
    /// The reason why it failed, and the logged text.
    pub failure: Option<(FailureReason, String)>,
}

/// The status of every configured scope, in the order of the configuration.
#[derive(Debug)]
pub struct Status {
    scopes: RwLock<Vec<ScopeStatus>>,
    reload: RwLock<Option<LastReload>>,
    certificate_expiry: RwLock<Option<Timestamp>>,
}

/// The outcome of reading the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastReload {
    /// True if the file's content, as last read, is in force.
    pub successful: bool,
    /// The time at which a configuration last came into force.
    pub success_at: Timestamp,
}

impl Status {
    /// Creates the status of scopes that are not polled yet.
    pub fn new(scopes: impl IntoIterator<Item = ScopeInfo>, interval: Duration) -> Self {
        let fresh = |info| ScopeStatus::new(info, interval);
        Self {
            scopes: RwLock::new(scopes.into_iter().map(fresh).collect()),
            reload: RwLock::default(),
            certificate_expiry: RwLock::default(),
        }
    }

    /// Returns all scopes as they are now.
    pub fn scopes(&self) -> RwLockReadGuard<'_, Vec<ScopeStatus>> {
        self.scopes.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records a successful poll.
    pub fn succeeded(
        &self,
        scope: &ScopeId,
        poll: PollResult,
        ended: Timestamp,
        rows: u64,
        ignored: Ignored,
    ) {
        self.update(scope, |status| {
            status.polls += 1;
            status.last_success = Some(ended);
            status.rows = Some(rows);
            status.ignored.add(ignored);
            status.last_poll = Some(poll);
        });
    }

    /// Records a poll that had nothing to read of the open period.
    pub fn idle(&self, scope: &ScopeId, poll: PollResult, ignored: Ignored) {
        self.update(scope, |status| {
            status.polls += 1;
            status.ignored.add(ignored);
            status.last_poll = Some(poll);
        });
    }

    /// Sets the time between two polls of a scope.
    pub fn polled_every(&self, scope: &ScopeId, interval: Duration) {
        self.update(scope, |status| status.interval = interval);
    }

    /// Records a failed poll. What was published stays.
    pub fn failed(&self, scope: &ScopeId, poll: PollResult) {
        self.update(scope, |status| {
            status.polls += 1;
            if let Some((reason, _)) = poll.failure {
                status.failures[reason as usize] += 1;
            }
            status.last_poll = Some(poll);
        });
    }

    /// Records the outcome of parts. A failed older part fails no poll, so it is counted here.
    pub fn tried(&self, scope: &ScopeId, parts: [Option<PartResult>; PollPart::ALL.len()]) {
        self.update(scope, |status| {
            for (part, result) in PollPart::ALL.into_iter().zip(parts) {
                if let (Some(Err((reason, _))), true) = (&result, part != PollPart::Open) {
                    status.failures[*reason as usize] += 1;
                }
                let known = &mut status.parts[part as usize];
                *known = result.or(known.take());
            }
        });
    }

    /// Records that Azure has given a total.
    pub fn controlled(&self, scope: &ScopeId, source: ControlSource, at: Timestamp) {
        self.update(scope, |status| status.control[source as usize].succeeded(at));
    }

    /// Records that Azure has given no total. It fails no poll.
    pub fn control_failed(
        &self,
        scope: &ScopeId,
        source: ControlSource,
        reason: ControlFailure,
        what: String,
    ) {
        self.update(scope, |status| status.control[source as usize].failed(reason, what));
    }

    /// Records that stored data is published again, and how the last poll went if that was stored.
    pub fn restored(
        &self,
        scope: &ScopeId,
        poll: Option<PollResult>,
        last_success: Option<Timestamp>,
        rows: Option<u64>,
    ) {
        self.update(scope, |status| {
            status.restored = true;
            (status.last_poll, status.last_success, status.rows) = (poll, last_success, rows);
        });
    }

    /// Records that what was read could not be stored.
    pub fn unwritten(&self, scope: &ScopeId) {
        self.update(scope, |status| status.failures[FailureReason::Store as usize] += 1);
    }

    /// Records that a poll loop ended before the exporter did.
    pub fn died(&self, scope: &ScopeId) {
        self.update(scope, |status| status.dead = true);
    }

    /// Replaces the scopes. Those that existed before keep their status, even if they are renamed.
    /// Calls `meanwhile` while no reader can see a state in between.
    pub fn renew<T>(
        &self,
        scopes: impl IntoIterator<Item = (ScopeInfo, Duration)>,
        meanwhile: impl FnOnce() -> T,
    ) -> T {
        let mut statuses = self.write();
        let old = std::mem::take(&mut *statuses);
        let renewed = scopes.into_iter().map(|(info, interval)| {
            match old.iter().find(|status| status.info.id == info.id) {
                Some(status) => ScopeStatus { info, interval, ..status.clone() },
                None => ScopeStatus::new(info, interval),
            }
        });
        *statuses = renewed.collect();
        meanwhile()
    }

    /// Records that the configuration was read, at the start or by a reload.
    pub fn configured(&self, at: Timestamp) {
        let mut reload = self.reload.write().unwrap_or_else(PoisonError::into_inner);
        *reload = Some(LastReload { successful: true, success_at: at });
    }

    /// Records that a reload failed. What was in force stays.
    pub fn reload_failed(&self) {
        let mut reload = self.reload.write().unwrap_or_else(PoisonError::into_inner);
        *reload = reload.map(|last| LastReload { successful: false, ..last });
    }

    /// Returns the outcome of reading the configuration, if it can be read again.
    pub fn last_reload(&self) -> Option<LastReload> {
        *self.reload.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets when the served certificate expires; `None` if none is served.
    pub fn serves_certificate_until(&self, end: Option<Timestamp>) {
        let mut expiry = self.certificate_expiry.write().unwrap_or_else(PoisonError::into_inner);
        *expiry = end;
    }

    /// Returns when the served certificate expires.
    pub fn certificate_expiry(&self) -> Option<Timestamp> {
        *self.certificate_expiry.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Vec<ScopeStatus>> {
        self.scopes.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn update(&self, scope: &ScopeId, change: impl FnOnce(&mut ScopeStatus)) {
        // A scope that a reload removed has no status.
        if let Some(status) = self.write().iter_mut().find(|status| status.info.id == *scope) {
            change(status);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::billing::scope::CostType;

    fn info(scope_type: ScopeType, id: &str, cost: CostType) -> ScopeInfo {
        let id = ScopeId { scope_type, id: id.to_owned(), cost };
        ScopeInfo { label: id.to_string(), id, enrollment: None }
    }

    #[test]
    fn a_scope_is_nested_in_the_billing_account_that_its_rows_or_the_configuration_name() {
        let actual = |scope_type, id: &str| info(scope_type, id, CostType::Actual);
        let account = |id: &str| actual(ScopeType::BillingAccount, id);
        let nested = |scope: &ScopeInfo, billed_to: &[&str], others: &[ScopeInfo]| {
            let billed_to = billed_to.iter().map(|&id| id.to_owned()).collect();
            scope.is_nested(&billed_to, others.iter())
        };
        let one = [account("1000001")];
        for scope_type in ScopeType::ALL {
            let scope = actual(scope_type, "2222");
            let inner = scope_type != ScopeType::BillingAccount;
            assert_eq!(nested(&scope, &["1000001"], &one), inner, "{scope_type:?}");
            assert!(!nested(&scope, &["2000002"], &one), "of another enrollment: {scope_type:?}");
            let guessed = inner && scope_type != ScopeType::Subscription;
            assert_eq!(nested(&scope, &[], &one), guessed, "{scope_type:?}");
        }
        let department = actual(ScopeType::Department, "2222");
        let two = [account("1000001"), account("2000002")];
        assert!(!nested(&department, &[], &two), "nobody knows in which");
        assert!(nested(&department, &["2000002"], &two));
        assert!(!nested(&department, &[], std::slice::from_ref(&department)));
        let configured = |enrollment: &str, scope_type| ScopeInfo {
            enrollment: Some(enrollment.to_owned()),
            ..actual(scope_type, "2222")
        };
        assert!(nested(&configured("2000002", ScopeType::Subscription), &[], &two));
        assert!(!nested(&configured("3000003", ScopeType::Department), &[], &one));
        assert!(
            nested(&configured("3000003", ScopeType::Department), &["1000001"], &one),
            "rows win"
        );
        let amortized = [info(ScopeType::BillingAccount, "1000001", CostType::Amortized)];
        assert!(!nested(&department, &["1000001"], &amortized), "other money");
    }
}
