//! The state that a poller shares with a reload: how its scope is read, and what is known about it.
//! Changing or publishing it requires the lock, so that a reload can stop all scopes for a moment.
//! The lock is never kept during a request to Azure.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;

use super::plan::Planner;
use crate::azure::Client;
use crate::billing::daily_sums::TagKeys;
use crate::billing::rules::Rules;
use crate::billing::scope::ScopeId;
use crate::billing::scope_totals::ScopeTotals;
use crate::billing::snapshot::Snapshot;
use crate::config;
use crate::source::{CostModel, Known, SourceMemory, Sources};
use crate::status::ControlSource;
use crate::store::ScopeStore;

/// The configuration of one scope. A reload replaces it whole.
pub(super) struct Settings {
    pub(super) client: Arc<Client>,
    pub(super) poll: config::Poll,
    pub(super) scope: config::Scope,
    pub(super) sources: Sources,
    pub(super) control: config::Control,
    pub(super) rules: Rules,
    pub(super) tag_keys: TagKeys,
}

impl Settings {
    /// Returns the poll interval. More polls than there is something to read would read nothing.
    pub(super) fn interval(&self) -> Duration {
        self.poll.interval.max(self.sources.least_interval())
    }

    pub(super) fn planner<'a>(
        &'a self,
        totals: &'a ScopeTotals,
        memory: &'a SourceMemory,
    ) -> Planner<'a> {
        Planner {
            poll: &self.poll,
            rules: &self.rules,
            tag_keys: &self.tag_keys,
            scope_type: self.scope.id.scope_type,
            sources: self.sources,
            known: Known { totals, memory, cost_model: CostModel::USUAL, without: None },
        }
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
    pub(super) source_memory: SourceMemory,
    /// The time before which a source of Azure's own totals is not asked, by [`ControlSource`].
    pub(super) control_after: [Option<Timestamp>; ControlSource::ALL.len()],
    /// True if a reload requested days that may not be known.
    pub(super) wants_days: bool,
    /// True if a reload changed how the scope is read, which may repair what failed.
    pub(super) read_otherwise: bool,
    /// True if the scope is not configured any more, so that nothing of it is stored.
    pub(super) removed: bool,
}

impl ScopeState {
    pub(super) fn planner(&self) -> Planner<'_> {
        self.settings.planner(&self.scope_store.scope_totals, &self.source_memory)
    }

    /// Returns what is published, by some settings; `None` if nothing was read yet.
    pub(super) fn snapshot(&self, settings: &Settings) -> Option<Snapshot> {
        let totals = &self.scope_store.scope_totals;
        let planner = settings.planner(totals, &self.source_memory);
        let settled = planner.is_settled(totals.open()?.before());
        totals.snapshot(&settings.rules, &settings.tag_keys, settled)
    }

    /// Records what is known of whole months.
    pub(super) fn record_months(&mut self, now: Timestamp) {
        let open = self.scope_store.scope_totals.open();
        let settled = open.is_some_and(|open| self.planner().is_settled(open.before()));
        self.scope_store.scope_totals.record_months(now, settled);
    }

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
    pub(super) fn new(
        settings: Settings,
        scope_store: ScopeStore,
        source_memory: SourceMemory,
    ) -> Self {
        let id = settings.scope.id.clone();
        let settings = Arc::new(settings);
        let state = ScopeState {
            settings,
            scope_store,
            source_memory,
            control_after: Default::default(),
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

/// A reference to a scope whose poller may be running.
#[derive(Clone)]
pub struct Handle(pub(super) Arc<ScopeCell>);

impl Handle {
    /// Returns the id of the scope.
    pub fn id(&self) -> &ScopeId {
        &self.0.id
    }
}
