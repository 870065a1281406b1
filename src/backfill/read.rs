//! Reading: month by month, the oldest first, each kept before the next is asked for.

use anyhow::{Context, Result};
use tracing::{Instrument, error, info, warn, warn_span};

use super::kept;
use super::order::{Order, Subject};
use super::progress::{Progress, Reading as Told};
use super::state::State;
use crate::azure::{Client, Error, Reading};
use crate::billing::history::{self, Bill};
use crate::billing::ledger::TagKeys;
use crate::billing::period::Period;
use crate::billing::span::Span;

/// Reads every month that is not kept yet. How many scopes failed: one that does leaves the others
/// their history.
pub(super) async fn all(
    order: &Order,
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
        // What is logged on the way says whose reading it is.
        let read = read.instrument(warn_span!("reading", scope = scope.label)).await?;
        failed += usize::from(!read);
    }
    Ok(failed)
}

/// Reads the missing months of a scope. Whether all are there now.
async fn of_scope(
    order: &Order,
    client: &Client,
    state: &State,
    (index, scope): (usize, &Subject),
    told: &Told,
) -> Result<bool> {
    let mut before: Option<(Period, Bill)> = None;
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
        told.begins(&scope.label, month);
        let reading = match read_month(client, scope, month, &order.tag_keys).await {
            Ok(reading) => reading,
            Err(error) => {
                let remedy = error.remedy();
                let young = match error {
                    Error::NotFound(_) => "; or begin with a later --from, if it is younger",
                    _ => "",
                };
                error!(%month, "the month cannot be read: {error}. What to do: {remedy}{young}");
                return Ok(false);
            }
        };
        let (rows, pages) = (reading.rows, reading.pages);
        let made = history::month(&reading.ledger, month, bill.as_ref(), order.wanted);
        state.keep(index, month, &kept::bytes_of(&made, rows)?).context("a month was read")?;
        told.ended(&scope.label, month, rows, pages);
        before = Some((month, made.bill));
    }
    Ok(true)
}

/// All rows of a month, by whichever way reads it best.
async fn read_month(
    client: &Client,
    scope: &Subject,
    month: Period,
    tag_keys: &TagKeys,
) -> Result<Reading, Error> {
    let reading = client.read_usage(&scope.id, Span::Period(month), tag_keys).await?;
    // Nobody asked for other months, and a month that is not there must not pass for a free one.
    match (reading.rows, reading.outside) {
        (_, 0) => {}
        (0, outside) => {
            return Err(Error::BadAnswer(format!(
                "all {outside} rows are of other months than {month}, which Azure was asked for"
            )));
        }
        (_, outside) => {
            warn!(%month, rows = outside, "Azure sent rows of other months than were asked for");
        }
    }
    Ok(reading)
}
