//! Reads month by month, the oldest first. Each is kept before the next is requested.

use anyhow::{Context, Result};
use tracing::{Instrument, error, info, warn_span};

use super::job::{BackfillJob, ScopeTarget};
use super::month_file;
use super::progress::{Progress, Reading as Told};
use super::state::State;
use crate::azure::{Client, Error};
use crate::billing::history::{self, Bill};
use crate::billing::period::Period;
use crate::source::{Access, MonthReader};

/// Reads every month that is not kept yet. Returns how many scopes failed: a failure of one does
/// not stop the others.
pub(super) async fn all(
    order: &BackfillJob,
    client: &Client,
    state: &State,
    progress: &Progress,
) -> Result<usize> {
    let (mut kept, mut rows) = (0, 0);
    for scope in 0..order.scopes.len() {
        for month in order.months.iter() {
            if let Some(month) = state.month(scope, month)? {
                (kept, rows) = (kept + 1, rows + month.rows());
            }
        }
    }
    let months = order.months.iter().count() * order.scopes.len();
    info!(
        scopes = order.scopes.len(),
        months = %order.months,
        state = %state.folder().display(),
        read_before = kept,
        "reading history"
    );
    let told = progress.reading(months, kept, rows);
    let mut failed = 0;
    for (index, scope) in order.scopes.iter().enumerate() {
        let read = of_scope(order, client, state, (index, scope), &told);
        // The span adds the scope to everything that the reading logs.
        let read = read.instrument(warn_span!("reading", scope = scope.info.label)).await?;
        failed += usize::from(!read);
    }
    Ok(failed)
}

/// Reads the missing months of a scope. Returns whether all are kept now.
async fn of_scope(
    order: &BackfillJob,
    client: &Client,
    state: &State,
    (index, scope): (usize, &ScopeTarget),
    told: &Told,
) -> Result<bool> {
    let mut before: Option<(Period, Bill)> = None;
    let mut reader = MonthReader::new(scope.sources, scope.charges_are_free, order.now);
    let access = Access {
        client,
        scope: &scope.info.id,
        tag_keys: &order.tag_keys,
        cost_allocation: scope.cost_allocation,
    };
    let mut first = true;
    for month in order.months.iter() {
        let is_first = std::mem::take(&mut first);
        if state.month(index, month)?.is_some() {
            continue;
        }
        let bill = match before.take() {
            _ if is_first => None,
            Some((read, bill)) if read == month.before() => Some(bill),
            _ => Some(state.read_month(index, month.before())?.bill()?),
        };
        told.begins(&scope.info.label, month);
        let reading = match reader.read(&access, month).await {
            Ok(reading) => reading,
            Err(error) => {
                let remedy = error.remedy();
                let young = match error {
                    Error::NotFound(_) => {
                        "; if the scope is younger than this month, give a later --from"
                    }
                    _ => "",
                };
                error!(%month, "the month cannot be read: {error}. What to do: {remedy}{young}");
                return Ok(false);
            }
        };
        let (rows, pages) = (reading.counts.counted, reading.pages);
        let accounts = reading.facts.values().flat_map(|facts| facts.billing_accounts.clone());
        let accounts = accounts.collect();
        let sums = reading.sums.into_daily_sums()?;
        let made = history::month(&sums, month, bill.as_ref(), &order.wanted)?;
        let bytes = month_file::bytes_of(&made, rows, accounts)?;
        state.keep(index, month, &bytes).context("a month was read")?;
        told.ended(&scope.info.label, month, rows, pages);
        before = Some((month, made.bill));
    }
    Ok(true)
}
