//! The state that answers depend on: the clock, the record, the faults, the quotas.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use http::{HeaderValue, request::Parts};

use super::{
    calendar,
    chance::{Chance, mix},
    enrollment::Scope,
    fault::{CostQuota, Fault},
    ledger::Ledger,
    query::Context,
    quota::{Left, with_quota},
    record::Request,
    refusal::{REPORT_REMAINING, REPORT_RETRY_AFTER, RETRY_AFTER, Refusal},
    simulator::{Simulator, locked},
    target::{Step, Target},
};

impl Simulator {
    pub(super) fn ledger(&self) -> &Arc<Ledger> {
        &self.0.ledger
    }

    pub(super) fn latency(&self) -> Duration {
        self.0.options.latency
    }

    pub(super) fn token(&self) -> Option<&str> {
        self.0.options.token.as_deref()
    }

    pub(super) fn scheme(&self) -> &'static str {
        if self.0.options.https_base { "https" } else { "http" }
    }

    pub(super) fn context(&self) -> Context {
        let (now, options) = (self.now(), &self.0.options);
        Context {
            seed: options.seed,
            today: calendar::date_of(calendar::day_at(now)),
            as_of: calendar::refreshed_at(now),
            ignore_filter: options.ignore_filter,
            ignore_late_filter: self.0.late_filter_ignored.load(Ordering::Relaxed),
            drift: options.drift,
        }
    }

    /// Returns the scope that a request is about.
    pub(super) fn scope_of(&self, target: &Target) -> Option<Scope> {
        match target {
            Target::List(scope, _) | Target::Report(scope, _) | Target::Status(scope, _) => {
                Some(*scope)
            }
            Target::Blob(report, _) => {
                locked(&self.0.desk).find(report).map(|report| report.scope())
            }
            Target::Query(scope) | Target::Charges(scope, _) => Some(*scope),
            Target::Balances(_) | Target::Transactions => Some(Scope::BillingAccount),
            Target::Refused(_) => None,
        }
    }

    pub(super) fn arrived(
        &self,
        (step, scope): (Option<Step>, Option<Scope>),
        parts: &Parts,
        body: &[u8],
    ) -> u64 {
        let text = |value: &HeaderValue| value.to_str().ok().map(str::to_owned);
        locked(&self.0.record).arrived(Request {
            number: 0,
            kind: scope.map_or("", Scope::kind),
            step,
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            body: String::from_utf8_lossy(body).into_owned(),
            client_type: parts.headers.get("ClientType").and_then(text).unwrap_or_default(),
            status: None,
        })
    }

    pub(super) fn answered(&self, number: u64, status: u16) {
        locked(&self.0.record).answered(number, status);
    }

    pub(super) fn answer_counts(&self) -> BTreeMap<(&'static str, u16), u64> {
        locked(&self.0.record).counts().clone()
    }

    /// Returns the fault of a request; the request's number decides a random one.
    pub(super) fn fault(&self, scope: Scope, step: Step, number: u64) -> Option<Fault> {
        let mut faults = locked(&self.0.faults);
        let fault = faults.take(scope, step).unwrap_or_else(|| self.chosen_fault(step, number));
        if let Some(fault) = &fault {
            faults.count(fault);
        }
        fault
    }

    fn chosen_fault(&self, step: Step, number: u64) -> Option<Fault> {
        let mut chance = Chance::new(mix(self.0.options.seed ^ 0xFA17, number));
        let fails = (chance.below(1_000_000) as f64) < self.0.options.error_rate * 1e6;
        fails.then(|| Fault::any_at(step, &mut chance))
    }

    /// Counts a call against the list's quota. Returns how many are left, or the refusal.
    pub(super) fn admit(&self, scope: Scope) -> Result<u32, Refusal> {
        self.admit_as(scope.kind())
            .map_err(|seconds| Refusal::throttled(seconds).with(RETRY_AFTER, seconds))
    }

    /// Counts a request against the quota of reports, which is one for all scopes. A status request
    /// is free, and a download belongs to another service.
    pub(super) fn admit_report(&self) -> Result<u32, Refusal> {
        self.admit_as("cost_details").map_err(|seconds| {
            let refusal = Refusal::too_many(seconds).with(REPORT_REMAINING, 0);
            refusal.with(REPORT_RETRY_AFTER, seconds)
        })
    }

    /// Counts a call for a kind of total other than a query, each of which has its own quota.
    pub(super) fn admit_control(&self, bucket: &'static str) -> Result<u32, Refusal> {
        self.admit_as(bucket)
            .map_err(|seconds| Refusal::throttled(seconds).with(RETRY_AFTER, seconds))
    }

    /// Spends query processing units, which one tenant has for all scopes.
    pub(super) fn spend(&self, units: u32) -> Result<Left, Refusal> {
        let Some(quota) = &self.0.options.control.query_quota else {
            return Ok(Left::unlimited(units));
        };
        let spent = locked(&self.0.spent).spend(units, quota, tokio::time::Instant::now());
        spent.map_err(|(seconds, left)| with_quota(CostQuota::Qpu.refusal(seconds), left))
    }

    /// Returns the refresh that totals show, in hours since 1970.
    pub(super) fn totals_as_of(&self, fault: Option<&Fault>) -> i64 {
        let ahead = match fault {
            Some(Fault::TotalsBehind) => -1,
            Some(Fault::TotalsAhead) => 1,
            _ => self.0.totals_ahead.load(Ordering::Relaxed),
        };
        calendar::refreshed_at(self.now()) + ahead * calendar::REFRESH_HOURS
    }

    fn admit_as(&self, bucket: &'static str) -> Result<u32, u64> {
        const UNLIMITED: u32 = 9;
        let Some(limit) = self.0.options.requests_per_minute else { return Ok(UNLIMITED) };
        locked(&self.0.throttle).admit(bucket, limit, tokio::time::Instant::now())
    }
}
