//! `check`: is the configuration valid and, with `--online`, does Azure let us read?

use std::collections::BTreeSet;
use std::io::{Write, stdout};

use anyhow::{Context, Result};

use super::wiring;
use crate::azure::{Error, Reading};
use crate::billing::budget::Budget;
use crate::billing::period::{Period, day_of};
use crate::cli::CheckArgs;
use crate::config::{Config, ScopeBudget};
use crate::metrics::About;

/// Whether every scope can be read.
pub(super) async fn run(args: &CheckArgs, config: &Config) -> Result<bool> {
    say(&valid(config, args.online))?;
    if !args.online {
        return Ok(true);
    }
    let world = wiring::world(config, About { demo: false, process: false })?;
    let identity = config.azure.auth.describe();
    say(&format!("identity: {identity}\nendpoint: {}\n\n", config.azure.endpoint))?;
    let period = Period::of(day_of(world.clock.now()));
    let lengths = config.scopes.iter().map(|scope| scope.label.chars().count());
    let width = lengths.max().unwrap_or(0).max("SCOPE".len());
    say(&format!("{:width$}  RESULT\n", "SCOPE"))?;
    let mut all = true;
    for (index, scope) in config.scopes.iter().enumerate() {
        let probed = world.client.probe_usage(&scope.id, period).await;
        all &= probed.is_ok();
        let billed = match &probed {
            Ok(reading) => reading.ledger.currencies(),
            Err(_) => BTreeSet::new(),
        };
        say(&line(&scope.label, width, period, probed))?;
        for warning in foreign_budgets(config, index, &billed) {
            say(&format!("{:width$}  -> {warning}\n", ""))?;
        }
    }
    Ok(all)
}

fn valid(config: &Config, online: bool) -> String {
    let scopes = config.scopes.len();
    let mut text =
        format!("configuration: valid, {scopes} scope{}\n", if scopes == 1 { "" } else { "s" });
    if !online {
        for scope in &config.scopes {
            text.push_str(&format!("  {} ({})\n", scope.label, scope.id));
        }
    }
    text
}

fn line(label: &str, width: usize, period: Period, probed: Result<Reading, Error>) -> String {
    match probed {
        Ok(reading) if reading.rows > 0 => format!("{label:width$}  ok\n"),
        Ok(_) => format!("{label:width$}  ok, but no usage in {period} yet\n"),
        Err(error) => {
            format!("{label:width$}  {error}\n{:width$}  -> {}\n", "", error.remedy())
        }
    }
}

/// Budgets in a currency that the scope's first row is not billed in: probably a mistake, which
/// would otherwise show as a budget that is never spent.
fn foreign_budgets(config: &Config, scope: usize, billed: &BTreeSet<String>) -> Vec<String> {
    if billed.is_empty() {
        return Vec::new();
    }
    let of_scope = config.budgets.iter().filter(|budget| budget.scope == scope);
    let foreign = of_scope.filter(|of_scope| !billed.contains(&of_scope.budget.currency));
    let billed = billed.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let warning = |of_scope: &ScopeBudget| {
        let Budget { name, currency, .. } = &of_scope.budget;
        format!(
            "warning: budget `{name}` is in {currency}, and the scope is billed in {billed}; check budgets[].currency"
        )
    };
    foreign.map(warning).collect()
}

/// Out at once, as a scope can wait a minute for its turn. `println!` would panic where nobody reads.
fn say(text: &str) -> Result<()> {
    let mut output = stdout();
    output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush())
        .context("cannot write to standard output")
}
