//! Reads a month and Azure's totals of it by themselves, and holds them against each other.
//!
//! No part of the running exporter is used here: no poller, no file of the state, no clock. The sums
//! are made by the same code as there, so that both tell the same.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tracing::info;

use crate::azure::{Client, Error};
use crate::billing::daily_sums::TagKeys;
use crate::billing::period::Period;
use crate::billing::period_statement::PeriodStatement;
use crate::billing::scope_totals::ScopeTotals;
use crate::billing::span::Span;
use crate::config::{Control, Scope};
use crate::control::{self, Answer, ControlAccess};
use crate::source::{Access, MonthReader, Sources};
use crate::status::ControlSource;
use crate::store::{self, CompletedRead, RetentionPolicy, ScopeStore};

/// The longest wait for one of Azure's totals: nobody polls meanwhile.
const LONGEST: Duration = Duration::from_secs(300);

/// A month to be reconciled.
pub struct Reconciliation<'a> {
    /// The client for Azure.
    pub client: &'a Client,
    /// The scope.
    pub scope: &'a Scope,
    /// The billing account of a department or an enrollment account whose rows do not name it and
    /// that has no `enrollment`.
    pub only_account: Option<&'a str>,
    /// The sources of its rows.
    pub sources: Sources,
    /// The month, which must be over.
    pub period: Period,
    /// When a day is complete.
    pub complete_after: SignedDuration,
    /// The time, by which sources are chosen and days are complete.
    pub now: Timestamp,
}

/// The statement of the month, and which of Azure's totals are not to be had, and why.
pub struct Reconciled {
    /// The statement.
    pub statement: PeriodStatement,
    /// The totals that are missing.
    pub gaps: Vec<(&'static str, String)>,
}

/// The reason why there is no statement.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// The rows cannot be read.
    #[error("the rows of {period} of {scope} cannot be read: {error}. What to do: {}", error.remedy())]
    Rows {
        /// The label of the scope.
        scope: String,
        /// The month.
        period: Period,
        /// The error of the last request.
        error: Error,
    },
    /// The rows cannot be added up.
    #[error(transparent)]
    Sums(#[from] store::Error),
}

impl Reconciliation<'_> {
    /// Reads the rows and asks for the totals. A total that is not to be had is a gap of the
    /// statement.
    ///
    /// # Errors
    /// [`ReconcileError`]; all tries and waits are over by then.
    pub async fn run(&self) -> Result<Reconciled, ReconcileError> {
        let mut totals = self.read().await?;
        let account = self.scope.enrollment.clone();
        let account = account.or_else(|| totals.billing_accounts().into_iter().next());
        let account = account.as_deref().or(self.only_account);
        let access =
            ControlAccess { client: self.client, scope: &self.scope.id, account, longest: LONGEST };
        let mut gaps = Vec::new();
        match known(control::query(&access, self.period.days()).await) {
            Ok(days) => totals.enter_control(&days.by_day(self.now), self.complete_after),
            Err(why) => gaps.push((ControlSource::Query.as_str(), why)),
        }
        for source in control::month_sources(&self.scope.id, Control::default()) {
            match known(control::month_facts(&access, source, self.period).await) {
                Ok(facts) => totals.state(source.as_str(), self.period, facts),
                Err(why) => gaps.push((source.as_str(), why)),
            }
        }
        totals.close_month(self.period, self.now);
        let statement = totals.statement(self.period, self.complete_after);
        // It was just recorded, also without rows.
        let statement = statement.unwrap_or_else(|| PeriodStatement::none(self.period));
        Ok(Reconciled { statement, gaps })
    }

    /// Reads the rows of the month.
    async fn read(&self) -> Result<ScopeTotals, ReconcileError> {
        let Scope { id, label, .. } = self.scope;
        let (tag_keys, cost_allocation) = (TagKeys::default(), self.scope.cost_allocation);
        let access =
            Access { client: self.client, scope: id, tag_keys: &tag_keys, cost_allocation };
        let free = self.scope.charges_are_free;
        let mut reader = MonthReader::new(self.sources, free, self.now);
        let reading = reader.read(&access, self.period).await.map_err(|error| {
            ReconcileError::Rows { scope: label.clone(), period: self.period, error }
        })?;
        info!(scope = label, rows = reading.counts.counted, pages = reading.pages, "read");
        let answer = CompletedRead {
            span: Span::Period(self.period),
            rows: reading.sums,
            facts: reading.facts,
            began: self.now,
        };
        let since = self.period.days().first;
        let keeping = RetentionPolicy { since, complete_after: self.complete_after };
        let mut store = ScopeStore::default();
        store.keep(&answer, &[], keeping)?;
        Ok(store.scope_totals)
    }
}

/// Returns a total, or the words why there is none.
fn known<T>(answer: Result<Answer<T>, Error>) -> Result<T, String> {
    match answer {
        Ok(Answer::Known(total)) => Ok(total),
        Ok(Answer::NoData) => Err("Azure has no data of this month".to_owned()),
        Ok(Answer::NotAvailable(gap)) => Err(gap.as_str().to_owned()),
        Err(error) => Err(format!("{error}. What to do: {}", error.remedy())),
    }
}
