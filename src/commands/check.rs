//! `check`: is the configuration valid and, with `--online`, does Azure let us read?

use anyhow::{Context, Result};

use super::wiring;
use crate::billing::period::{Period, day_of};
use crate::cli::CheckArgs;
use crate::config::Config;
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
    for scope in &config.scopes {
        let label = &scope.label;
        match world.client.probe_usage(&scope.id, period).await {
            Ok(reading) if reading.rows > 0 => println!("{label:width$}  ok"),
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
