//! The wiring: who starts what, and how the process ends. Logic lives in the parts that are wired.

mod backfill;
mod check;
mod demo;
mod log;
mod once;
mod serve;
mod signals;
mod simulate;
mod wiring;

use std::process::ExitCode;

use anyhow::Result;
use thiserror::Error;

use crate::cli::{Cli, Command, SourceArgs};
use crate::config::Config;

/// A bad configuration; nothing was started. As clap ends on bad flags.
const BAD_CONFIGURATION: u8 = 2;

/// Flags that are wrong together with the configuration or the time; nothing was started.
#[derive(Debug, Error)]
#[error("{0}")]
struct WrongFlags(String);

/// Runs a command to its end.
pub async fn run(cli: Cli) -> ExitCode {
    let bar = matches!(cli.command, Command::Backfill(_)) && backfill::has_bar();
    log::start(cli.log, bar);
    let config = match source(&cli.command).map(wiring::configuration).transpose() {
        Ok(config) => config,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(BAD_CONFIGURATION);
        }
    };
    match dispatch(&cli.command, config.as_ref()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("azure-billing-exporter: {error:#}");
            if error.is::<WrongFlags>() { BAD_CONFIGURATION.into() } else { ExitCode::FAILURE }
        }
    }
}

/// Where a command's configuration comes from; simulated enrollments need none.
fn source(command: &Command) -> Option<&SourceArgs> {
    match command {
        Command::Serve(args) => Some(&args.source),
        Command::Once(args) => Some(&args.source),
        Command::Check(args) => Some(&args.source),
        Command::Backfill(args) => Some(&args.source),
        Command::Demo(_) | Command::Simulate(_) => None,
    }
}

/// Whether all that was asked for succeeded.
async fn dispatch(command: &Command, config: Option<&Config>) -> Result<bool> {
    match (command, config) {
        (Command::Serve(args), Some(config)) => serve::run(args, config).await.map(|()| true),
        (Command::Once(args), Some(config)) => once::run(args, config).await,
        (Command::Check(args), Some(config)) => check::run(args, config).await,
        (Command::Backfill(args), Some(config)) => backfill::run(args, config).await.map(|()| true),
        (Command::Demo(args), _) => demo::run(args).await.map(|()| true),
        (Command::Simulate(args), _) => simulate::run(args).await.map(|()| true),
        (_, None) => anyhow::bail!("no configuration"),
    }
}
