//! `check`: is the configuration valid and, with `--online`, does Azure let us read?

use std::collections::BTreeSet;

use anyhow::{Context, Result};

use super::wiring;
use crate::billing::budget::Budget;
use crate::billing::period::{Period, day_of};
use crate::cli::CheckArgs;
use crate::config::{Config, ScopeBudget};
use crate::metrics::About;

/// Whether every scope can be read.
pub(super) async fn run(args: &CheckArgs, config: &Config) -> Result<bool> {
    let scopes = config.scopes.len();
    println!("configuration: valid, {scopes} scope{}", if scopes == 1 { "" } else { "s" });
    if !args.online {
        for scope in &config.scopes {
            println!("  {} ({})", scope.label, scope.id);
        }
        return Ok(true);
    }
    let world = wiring::world(config, About { demo: false, process: false })?;
    println!("identity: {}", config.azure.auth.describe());
    println!("endpoint: {}\n", config.azure.endpoint);
    let period = Period::of(day_of(world.clock.now()));
    let width = config
        .scopes
        .iter()
        .map(|scope| scope.label.chars().count())
        .max()
        .unwrap_or(0)
        .max("SCOPE".len());
    println!("{:width$}  RESULT", "SCOPE");
    let mut all = true;
    for (index, scope) in config.scopes.iter().enumerate() {
        let label = &scope.label;
        match world.client.probe_usage(&scope.id, period).await {
            Ok(reading) if reading.rows > 0 => {
                println!("{label:width$}  ok");
                let billed = reading.ledger.currencies_of(period);
                for warning in foreign_budgets(config, index, &billed) {
                    println!("{:width$}  -> {warning}", "");
                }
            }
            Ok(_) => println!("{label:width$}  ok, but no usage in {period} yet"),
            Err(error) => {
                all = false;
                println!("{label:width$}  {error}\n{:width$}  -> {}", "", error.remedy());
            }
        }
    }
    std::io::Write::flush(&mut std::io::stdout()).context("cannot write to standard output")?;
    Ok(all)
}

/// Budgets in a currency that the scope's first row is not billed in: probably a mistake, which
/// would otherwise show as a budget that is never spent.
fn foreign_budgets(config: &Config, scope: usize, billed: &BTreeSet<String>) -> Vec<String> {
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
