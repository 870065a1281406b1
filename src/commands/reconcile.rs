//! `reconcile`: the statement of a closed month, rows beside Azure's own totals.

use std::io::{Write, stdout};
use std::sync::Arc;

use anyhow::{Context, Result};
use jiff::{SignedDuration, Timestamp};
use tracing::{error, info};

use super::signals::{Signals, stopped};
use super::wiring;
use super::wrong_flags::WrongFlags;
use crate::azure::Client;
use crate::billing::period::{Period, day_of};
use crate::cli::{ReconcileArgs, StatementFormat};
use crate::config::{Config, Scope};
use crate::poller::{Clock, last_rereading};
use crate::reconcile::{Reconciled, Reconciliation};
use crate::source::Sources;
use crate::statements::{Statement, json, table};
use crate::status::{ApiCalls, only_billing_account};

/// Prints the statements of all chosen scopes, and returns whether each of them closes.
pub(super) async fn run(args: &ReconcileArgs, config: &Config) -> Result<bool> {
    let signals = Signals::listen()?;
    let now = Clock::system().now();
    let period = closed(args.period, now).map_err(WrongFlags)?;
    let scopes = chosen(config, args.chosen.labels()).map_err(WrongFlags)?;
    wiring::warn(&config.warnings);
    let client = wiring::client(config, Arc::<ApiCalls>::default())?;
    let calls = "a call for each page of rows or one report, 1 query of days, and 1 balance or charges where the scope has them";
    info!(scopes = scopes.len(), month = %period, "asking Azure, for each scope: {calls}");
    let all = async {
        let mut all_close = true;
        for scope in scopes {
            all_close &= of_scope(args, config, &client, (scope, period), now).await?;
        }
        Ok(all_close)
    };
    tokio::select! {
        done = all => done,
        () = stopped(signals.stop.clone()) => anyhow::bail!("stopped before all statements were made"),
    }
}

async fn of_scope(
    args: &ReconcileArgs,
    config: &Config,
    client: &Client,
    (scope, period): (&Scope, Period),
    now: Timestamp,
) -> Result<bool> {
    let complete_after = SignedDuration::try_from(config.poll.day_complete_after);
    let reconciliation = Reconciliation {
        client,
        scope,
        only_account: only_billing_account(config.scopes.iter().map(|scope| &scope.id)),
        sources: Sources::new(scope.read, &config.poll),
        period,
        complete_after: complete_after.unwrap_or(SignedDuration::MAX),
        now,
    };
    // A failure of one scope leaves the statements of the others.
    let Reconciled { statement, gaps } = match reconciliation.run().await {
        Ok(reconciled) => reconciled,
        Err(error) => {
            error!(scope = scope.label, "there is no statement: {error}");
            return Ok(false);
        }
    };
    let corrected_until = last_rereading(&config.poll, period).filter(|until| *until > now);
    let statement = Statement { scope: &scope.label, period: &statement, corrected_until, gaps };
    let text = match args.statement_format {
        StatementFormat::Table => table(&statement) + "\n",
        StatementFormat::Json => json(&statement) + "\n",
    };
    stdout().write_all(text.as_bytes()).context("cannot write to standard output")?;
    Ok(statement.closes() == Some(true))
}

/// Returns the month if it is over.
fn closed(period: Period, now: Timestamp) -> Result<Period, String> {
    let open = Period::of(day_of(now));
    if period < open {
        return Ok(period);
    }
    Err(format!(
        "--period {period}: this month is not over, and rows and totals of it are of different hours; use --period {} or earlier",
        open.before()
    ))
}

/// Returns the scopes with some labels; all if there are none.
fn chosen<'a>(config: &'a Config, labels: &[String]) -> Result<Vec<&'a Scope>, String> {
    if labels.is_empty() {
        return Ok(config.scopes.iter().collect());
    }
    let find = |label: &String| {
        let known = config.scopes.iter().map(|scope| scope.label.as_str());
        let found = config.scopes.iter().find(|scope| scope.label == *label);
        found.ok_or_else(|| {
            let known = known.collect::<Vec<_>>().join(", ");
            format!("--scope {label}: the file has no scope of this label; it has {known}")
        })
    };
    labels.iter().map(find).collect()
}
