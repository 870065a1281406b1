//! The state that a poller shares with a reload: how its scope is read, and what is known about it.
//! Changing or publishing it requires the lock, so that a reload can stop all scopes for a moment.
//! The lock is never kept during a request to Azure.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::plan::{CostModel, Planner};
use crate::azure::Client;
use crate::billing::daily_sums::TagKeys;
use crate::billing::rules::Rules;
use crate::billing::scope::ScopeId;
use crate::billing::scope_totals::ScopeTotals;
use crate::billing::snapshot::Snapshot;
use crate::config::{self, Read};
use crate::store::ScopeStore;

/// The configuration of one scope. A reload replaces it whole.
pub(super) struct Settings {
    pub(super) client: Arc<Client>,
    pub(super) poll: config::Poll,
    pub(super) scope: config::Scope,
    pub(super) rules: Rules,
    pub(super) tag_keys: TagKeys,
}

impl Settings {
    /// Returns the poll interval. If only reports are read, more polls than reports would read
    /// nothing.
    pub(super) fn interval(&self) -> Duration {
        match self.scope.read {
            Read::CostDetails => self.poll.interval.max(self.poll.report_min_interval),
            Read::Auto | Read::UsageDetails => self.poll.interval,
        }
    }

    pub(super) fn planner<'a>(&'a self, scope_totals: &'a ScopeTotals) -> Planner<'a> {
        Planner {
            poll: &self.poll,
            rules: &self.rules,
            tag_keys: &self.tag_keys,
            scope_type: self.scope.id.scope_type,
            read: self.scope.read,
            measures: CostModel::USUAL,
            without_reports: false,
            scope_totals,
        }
    }

    pub(super) fn snapshot(&self, scope_totals: &ScopeTotals) -> Option<Snapshot> {
        let settled = self.planner(scope_totals).is_settled(scope_totals.open()?.before());
        scope_totals.snapshot(&self.rules, &self.tag_keys, settled)
    }

    /// Returns whether other settings need days that these did not request.
    fn asks_less_than(&self, other: &Self) -> bool {
        self.tag_keys != other.tag_keys
            || self.rules.daily_window < other.rules.daily_window
            || self.rules.budgets != other.rules.budgets
    }

    fn reads_as(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.client, &other.client)
            && self.scope.read == other.scope.read
            && self.scope.charges_are_free == other.scope.charges_are_free
    }
}

/// The state of a scope, behind its lock.
pub(super) struct ScopeState {
    pub(super) settings: Arc<Settings>,
    pub(super) scope_store: ScopeStore,
    /// True if a reload requested days that may not be known.
    pub(super) wants_days: bool,
    /// True if a reload changed how the scope is read, which may repair what failed.
    pub(super) read_otherwise: bool,
    /// True if the scope is not configured any more, so that nothing of it is stored.
    pub(super) removed: bool,
}

impl ScopeState {
    /// Replaces the settings.
    pub(super) fn read_as(&mut self, new: Settings) {
        self.removed = false;
        self.wants_days |= self.settings.asks_less_than(&new);
        self.read_otherwise |= !self.settings.reads_as(&new);
        self.settings = Arc::new(new);
    }
}

/// A scope with its lock.
pub(super) struct ScopeCell {
    pub(super) id: ScopeId,
    state: Mutex<ScopeState>,
    /// The notification of a reload.
    pub(super) changed: Notify,
}

impl ScopeCell {
    pub(super) fn new(settings: Settings, scope_store: ScopeStore) -> Self {
        let id = settings.scope.id.clone();
        let settings = Arc::new(settings);
        let state = ScopeState {
            settings,
            scope_store,
            wants_days: false,
            read_otherwise: false,
            removed: false,
        };
        Self { id, state: Mutex::new(state), changed: Notify::new() }
    }

    /// Locks the scope, also after a panic: the poll that panicked has ended its loop, so that only
    /// a reload comes here again, and it checks [`ScopeCell::is_broken`].
    pub(super) fn lock(&self) -> MutexGuard<'_, ScopeState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns whether a task panicked while it had the lock, so that the totals may be half
    /// written.
    pub(super) fn is_broken(&self) -> bool {
        self.state.is_poisoned()
    }
}
