//! The enrollment, and the calls by which its owner changes it and asks about it. Not here: what it
//! answers to requests (`answer`), and what answers need of it (`serving`).

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
};

use jiff::{Timestamp, civil::Date};

use super::{
    calendar,
    enrollment::Scope,
    fault::Fault,
    faults::Faults,
    ledger::Ledger,
    money::Money,
    options::Options,
    quota::Spent,
    record::{Record, Request},
    report::{Desk, Format},
    selection::{Days, Rows, Selection, View},
    target::Step,
    throttle::Throttle,
};

/// Returns the moment that the simulator takes for now.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A scope that can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimulatedScope {
    /// `billing_account`, `department`, `enrollment_account` or `subscription`.
    pub kind: &'static str,
    /// Enrollment number, department id, account id or subscription GUID.
    pub id: String,
    /// The name that people use.
    pub name: &'static str,
}

/// A simulated enrollment. Clones share it.
#[derive(Clone)]
pub struct Simulator(pub(super) Arc<Inner>);

/// What all clones share.
pub(super) struct Inner {
    pub(super) options: Options,
    pub(super) ledger: Arc<Ledger>,
    pub(super) now: Now,
    pub(super) record: Mutex<Record>,
    pub(super) throttle: Mutex<Throttle>,
    pub(super) faults: Mutex<Faults>,
    pub(super) desk: Mutex<Desk>,
    pub(super) spent: Mutex<Spent>,
    /// Refreshes by which totals are ahead of the rows.
    pub(super) totals_ahead: AtomicI64,
    pub(super) format: Arc<Format>,
    pub(super) late_filter_ignored: AtomicBool,
}

impl Simulator {
    /// Makes the enrollment of `options`, whose history ends today and goes on as `now` does.
    pub fn new(options: Options, now: Now) -> Self {
        let ledger = Arc::new(Ledger::new(&options, calendar::day_at(now())));
        let format = Arc::new(Format::new(options.report.format, options.seed));
        let ahead = options.control.ahead.into();
        Self(Arc::new(Inner {
            options,
            ledger,
            now,
            record: Mutex::default(),
            throttle: Mutex::default(),
            faults: Mutex::default(),
            desk: Mutex::default(),
            spent: Mutex::default(),
            totals_ahead: AtomicI64::new(ahead),
            format,
            late_filter_ignored: AtomicBool::new(false),
        }))
    }

    /// Returns every scope of the enrollment, the billing account first.
    pub fn scopes(&self) -> Vec<SimulatedScope> {
        let scope = |scope: Scope| SimulatedScope {
            kind: scope.kind(),
            id: scope.id(),
            name: scope.name(),
        };
        Scope::all().map(scope).collect()
    }

    /// Returns the exact sums, by currency, of what a reading of those dates, both included, shows
    /// now. Empty for a scope that does not exist.
    pub fn totals(&self, kind: &str, id: &str, first: Date, last: Date) -> BTreeMap<String, Money> {
        self.sum(kind, id, View::Actual, dates(first, last))
    }

    /// Returns the sums of [`Simulator::totals`] with `metric=amortizedcost`.
    pub fn amortized_totals(
        &self,
        kind: &str,
        id: &str,
        first: Date,
        last: Date,
    ) -> BTreeMap<String, Money> {
        self.sum(kind, id, View::Amortized, dates(first, last))
    }

    /// Returns the sums of a reading by billing period. It contains late third-party usage of the
    /// month before, which a reading by date never shows.
    pub fn period_totals(
        &self,
        kind: &str,
        id: &str,
        year: i16,
        month: i8,
    ) -> BTreeMap<String, Money> {
        let Ok(first) = Date::new(year, month, 1) else { return BTreeMap::new() };
        self.sum(kind, id, View::Actual, (calendar::month_of(first), Rows::Billed))
    }

    /// Returns the number of rows that a reading of those dates shows now.
    pub fn row_count(&self, kind: &str, id: &str, first: Date, last: Date) -> u64 {
        let (days, rows) = dates(first, last);
        Scope::find(kind, id).map_or(0, |scope| {
            let selection = Selection { scope, view: View::Actual, rows };
            self.0.ledger.count(selection, days, calendar::refreshed_at(self.now()))
        })
    }

    /// Returns the newest 10,000 requests for usage, oldest first.
    pub fn requests(&self) -> Vec<Request> {
        locked(&self.0.record).requests()
    }

    /// Returns the number of requests for usage since the start.
    pub fn request_count(&self) -> u64 {
        locked(&self.0.record).seen()
    }

    /// Makes the next requests for pages of the list, at any scope, fail in these ways, one each.
    /// These faults come before those of [`Simulator::set_fault`] and before random ones.
    pub fn next_faults(&self, faults: impl IntoIterator<Item = Fault>) {
        self.next_faults_at(Step::List, faults);
    }

    /// Makes the next requests of a step fail in these ways. Each step has a queue of its own.
    pub fn next_faults_at(&self, step: Step, faults: impl IntoIterator<Item = Fault>) {
        self.script_at(step, faults.into_iter().map(Some));
    }

    /// Schedules faults as [`Simulator::next_faults`] does; `None` is a good answer between them.
    pub fn script(&self, faults: impl IntoIterator<Item = Option<Fault>>) {
        self.script_at(Step::List, faults);
    }

    /// Schedules faults and good answers for the next requests of a step.
    pub fn script_at(&self, step: Step, faults: impl IntoIterator<Item = Option<Fault>>) {
        locked(&self.0.faults).script(step, faults);
    }

    /// Makes every request at a scope, of any step, fail in this way until `None` is set. Does
    /// nothing for a scope that does not exist.
    pub fn set_fault(&self, kind: &str, id: &str, fault: Option<Fault>) {
        let Some(scope) = Scope::find(kind, id) else { return };
        locked(&self.0.faults).set(scope, None, fault);
    }

    /// Makes every request of one step at a scope fail in this way. This fault takes the place of
    /// the one for all steps.
    pub fn set_fault_at(&self, step: Step, kind: &str, id: &str, fault: Option<Fault>) {
        let Some(scope) = Scope::find(kind, id) else { return };
        locked(&self.0.faults).set(scope, Some(step), fault);
    }

    /// Returns the faults that happened so far, scheduled or random, and how often each did.
    pub fn fault_counts(&self) -> BTreeMap<Fault, u64> {
        locked(&self.0.faults).happened().clone()
    }

    /// From now on, answers a filter for the late rows of a billing period with the whole period.
    pub fn ignore_late_filter(&self) {
        self.0.late_filter_ignored.store(true, Ordering::Relaxed);
    }

    /// Restates a day: removes so many of 100 of its rows from now on.
    pub fn shrink_day(&self, date: Date, percent: u8) {
        self.0.ledger.shrink(calendar::day_of(date), percent);
    }

    pub(super) fn now(&self) -> Timestamp {
        (self.0.now)()
    }

    fn sum(
        &self,
        kind: &str,
        id: &str,
        view: View,
        (days, rows): (Days, Rows),
    ) -> BTreeMap<String, Money> {
        Scope::find(kind, id).map_or_else(BTreeMap::new, |scope| {
            let selection = Selection { scope, view, rows };
            self.0.ledger.totals(selection, days, calendar::refreshed_at(self.now()))
        })
    }
}

/// Leaves the options out, because they may contain a token.
impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator").field("seed", &self.0.options.seed).finish_non_exhaustive()
    }
}

/// Returns the days of a reading by date.
fn dates(first: Date, last: Date) -> (Days, Rows) {
    ((calendar::day_of(first), calendar::day_of(last)), Rows::Dated)
}

/// Locks a value, poisoned or not: a panic elsewhere leaves these values complete.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
