//! The wiring: who starts what, and how the process ends. Logic lives in the parts that are wired.

mod backfill;
mod certificate;
mod changes;
mod check;
mod demo;
mod healthcheck;
mod log;
mod once;
mod polls;
mod reload;
mod serve;
mod signals;
mod simulate;
mod supervisor;
mod threads;
mod web;
mod wiring;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use thiserror::Error;

use crate::cli::{Cli, Command, SourceArgs};
use crate::config::Config;
use web::Web;

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
    let config = source(&cli.command).map(wiring::configuration).transpose();
    let web = Web::read(web_config_file(&cli.command));
    let (config, web) = match (config, web) {
        (Ok(config), Ok(web)) => (config, web),
        (config, web) => {
            for error in [config.err(), web.err()].into_iter().flatten() {
                eprintln!("{error}");
            }
            return ExitCode::from(BAD_CONFIGURATION);
        }
    };
    match dispatch(&cli.command, config, web).await {
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
        Command::Demo(_) | Command::Healthcheck(_) | Command::Simulate(_) => None,
    }
}

/// The file that says who may ask.
fn web_config_file(command: &Command) -> Option<&Path> {
    match command {
        Command::Serve(args) => args.web.web_config_file.as_deref(),
        Command::Demo(args) => args.web.web_config_file.as_deref(),
        Command::Check(args) => args.web_config_file.as_deref(),
        Command::Backfill(_)
        | Command::Healthcheck(_)
        | Command::Once(_)
        | Command::Simulate(_) => None,
    }
}

/// Whether all that was asked for succeeded.
async fn dispatch(command: &Command, config: Option<Config>, web: Web) -> Result<bool> {
    match (command, config) {
        (Command::Serve(args), Some(config)) => serve::run(args, config, web).await.map(|()| true),
        (Command::Once(args), Some(config)) => once::run(args, &config).await,
        (Command::Check(args), Some(config)) => check::run(args, &config).await,
        (Command::Backfill(args), Some(config)) => {
            backfill::run(args, &config).await.map(|()| true)
        }
        (Command::Demo(args), _) => demo::run(args, web).await.map(|()| true),
        (Command::Simulate(args), _) => simulate::run(args).await.map(|()| true),
        (Command::Healthcheck(args), _) => healthcheck::run(args).await.map(|()| true),
        (_, None) => anyhow::bail!("no configuration"),
    }
}
