//! Wires the parts together: what starts, in which order, and how the process ends. Logic belongs
//! in the parts.

mod backfill;
mod certificate;
mod changes;
mod check;
mod demo;
mod generated;
mod healthcheck;
mod log;
mod once;
mod poll_tasks;
mod protection;
mod reconcile;
mod reload;
mod serve;
mod signals;
mod simulate;
mod supervisor;
mod threads;
mod wiring;
mod wrong_flags;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use exporter_web::Web;
use tokio::runtime::Runtime;
use tracing::warn;

use crate::cli::{Cli, Command, SourceArgs};
use crate::config::Config;
use log::Log;
use wrong_flags::WrongFlags;

/// The exit code for a bad configuration; nothing was started. It is that of clap for bad flags.
const BAD_CONFIGURATION: u8 = 2;

/// The time for which the end of a command waits for work such as writing to a disk. On a network
/// file system that is gone, this work may never end.
const LAST_WORK: Duration = Duration::from_secs(5);

/// Runs a command to its end.
pub fn run(cli: Cli) -> ExitCode {
    let bar = matches!(cli.command, Command::Backfill(_)) && backfill::has_bar();
    let started = Runtime::new().and_then(|runtime| Ok((runtime, Log::start(cli.log, bar)?)));
    let (runtime, log) = match started {
        Ok(started) => started,
        Err(error) => {
            eprintln!("azure-billing-exporter: cannot start a thread: {error}");
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(run_in(&cli.command, &log));
    runtime.shutdown_timeout(LAST_WORK);
    code
}

async fn run_in(command: &Command, log: &Log) -> ExitCode {
    if let Err(error) = protection::protect() {
        warn!("cannot turn off core dumps and the signal of the file size limit: {error}");
    }
    let config = source(command).as_ref().map(wiring::configuration).transpose();
    let web = Web::read(web_config_file(command), env!("CARGO_PKG_NAME"));
    let (config, web) = match (config, web) {
        (Ok(config), Ok(web)) => (config, web),
        (config, web) => {
            for error in [config.err(), web.err()].into_iter().flatten() {
                log.print(&error.to_string());
            }
            return ExitCode::from(BAD_CONFIGURATION);
        }
    };
    match dispatch(command, config, web, log).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            log.print(&format!("azure-billing-exporter: {error:#}"));
            if error.is::<WrongFlags>() { BAD_CONFIGURATION.into() } else { ExitCode::FAILURE }
        }
    }
}

/// Returns where a command's configuration comes from; simulated enrollments need none.
fn source(command: &Command) -> Option<SourceArgs> {
    match command {
        Command::Serve(args) => Some(args.source.clone()),
        Command::Once(args) => Some(args.source.clone()),
        Command::Check(args) => Some(args.source.clone()),
        Command::Backfill(args) => Some(args.source.clone()),
        Command::Reconcile(args) => Some(args.chosen.source()),
        Command::Completions(_)
        | Command::Demo(_)
        | Command::Healthcheck(_)
        | Command::Man(_)
        | Command::Simulate(_) => None,
    }
}

/// Returns the path of the web config.
fn web_config_file(command: &Command) -> Option<&Path> {
    match command {
        Command::Serve(args) => args.web.web_config_file.as_deref(),
        Command::Demo(args) => args.web.web_config_file.as_deref(),
        Command::Check(args) => args.web_config_file.as_deref(),
        Command::Backfill(_)
        | Command::Completions(_)
        | Command::Healthcheck(_)
        | Command::Man(_)
        | Command::Once(_)
        | Command::Reconcile(_)
        | Command::Simulate(_) => None,
    }
}

/// Runs a command and returns whether all of it succeeded.
async fn dispatch(command: &Command, config: Option<Config>, web: Web, log: &Log) -> Result<bool> {
    let log = log.lines();
    match (command, config) {
        (Command::Serve(args), Some(config)) => {
            serve::run(args, config, web, log).await.map(|()| true)
        }
        (Command::Once(args), Some(config)) => once::run(args, &config, log).await,
        (Command::Check(args), Some(config)) => check::run(args, &config, log).await,
        (Command::Backfill(args), Some(config)) => {
            backfill::run(args, &config).await.map(|()| true)
        }
        (Command::Reconcile(args), Some(config)) => reconcile::run(args, &config).await,
        (Command::Demo(args), _) => demo::run(args, web, log).await.map(|()| true),
        (Command::Simulate(args), _) => simulate::run(args).await.map(|()| true),
        (Command::Healthcheck(args), _) => healthcheck::run(args).await.map(|()| true),
        (Command::Completions(args), _) => generated::completions(args).map(|()| true),
        (Command::Man(args), _) => generated::man(args).map(|()| true),
        (_, None) => anyhow::bail!("no configuration"),
    }
}
