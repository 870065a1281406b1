//! Commands and flags: no other module uses clap. Values are parsed here into the types of
//! `config` and of `exporter-web`; nothing is opened, resolved or started.

mod generated;
mod simulation;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use exporter_web::{ExternalUrl, ListenAddress, PathPrefix, RoutePrefix, TelemetryPath};

use crate::billing::period::Period;
use crate::config::{AuthorizationFile, ExtraHeader, ExtraLabel, ReceiverUrl, parse_duration};
pub use generated::{CompletionsArgs, ManArgs, completions, man_pages};
pub use simulation::{EnrollmentArgs, SimulateArgs};

/// Prometheus exporter of what Microsoft bills an Azure Enterprise Agreement.
///
/// Reads cost and usage of billing accounts (enrollments), departments, enrollment accounts and
/// subscriptions every few hours, and serves them as metrics and on a status page.
#[derive(Clone, Debug, Parser)]
#[command(name = "azure-billing-exporter", version, arg_required_else_help = true)]
#[command(subcommand_required = true, max_term_width = 100, after_help = EXAMPLES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// What is logged, and how. Good before and after the command.
    #[command(flatten)]
    pub log: LogArgs,
}

/// The command line of the process. Ends the process where it is wrong, or asks for help.
pub fn parse() -> Cli {
    Cli::parse()
}

const EXAMPLES: &str = concat!(
    "\
Examples:
  See it work, without an account:
    azure-billing-exporter demo
  One department, credentials from AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET:
    azure-billing-exporter serve --scope department/1234
  From a file, checked first:
    azure-billing-exporter check --config.file config.yaml --online
    azure-billing-exporter serve --config.file config.yaml
  Three years of history:
    azure-billing-exporter backfill --config.file config.yaml --from 2023-11 --to 2026-10 \\
      --output azure.om

Exit codes: 0 done, 1 failed (also: a scope could not be read), 2 wrong flags or configuration.
Documentation: ",
    env!("CARGO_PKG_REPOSITORY"),
    "/tree/main/docs"
);

/// The flag several commands have, each with its own default.
const LISTEN: &str = "web.listen-address";
const ADDRESS: &str = "[HOST]:PORT";
const WEB_CONFIG: &str = "web.config.file";

/// What the program can do.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Poll Azure and serve /metrics and a status page until stopped
    Serve(ServeArgs),
    /// Try everything on a simulated enrollment: no account, data within seconds
    Demo(DemoArgs),
    /// Poll every scope once and write the metrics to stdout or a file
    ///
    /// For cron and the textfile collector of node_exporter. Exits 1 if any scope failed.
    Once(OnceArgs),
    /// Check the configuration, and with --online also whether Azure gives access
    ///
    /// Starts nothing. Reports all problems at once, each with file, line, key and remedy.
    Check(CheckArgs),
    /// Write closed months as history, a sample a day, to a file or by remote write
    ///
    /// For Prometheus, Mimir, Thanos and VictoriaMetrics. Reading 36 months takes hours of Azure's
    /// quota; a run that was stopped continues when the same command is run again.
    Backfill(BackfillArgs),
    /// Hold a closed month against Azure's own totals, and print the statement
    ///
    /// Reads the rows of the month and Azure's totals of it, part by part and day by day, without
    /// the state of a running exporter. Exits 1 where it does not close, or Azure gives no total.
    Reconcile(ReconcileArgs),
    /// Serve a simulated Azure API, for trying other clients and for tests
    Simulate(SimulateArgs),
    /// Ask the exporter on this machine whether it is alive
    ///
    /// For HEALTHCHECK of a container and for exec probes. Exits 0 if it is alive, otherwise 1 with
    /// the reason. Uses TLS if the exporter does; needs no certificate and no user.
    Healthcheck(HealthcheckArgs),
    /// Print the completions for a shell
    ///
    /// Packages have those for bash, zsh and fish.
    Completions(CompletionsArgs),
    /// Write the man pages, for packages
    #[command(hide = true)]
    Man(ManArgs),
}

/// Where the configuration comes from: a file, or scopes by flag. One of the two is required.
#[derive(Args, Clone, Debug)]
#[group(required = true, multiple = true)]
pub struct SourceArgs {
    /// YAML configuration file; see docs/configuration.md
    #[arg(long = "config.file", value_name = "PATH", conflicts_with = "scope")]
    pub config_file: Option<PathBuf>,
    /// Scope to read, repeatable, in place of a file; the credential comes from the environment
    ///
    /// TYPE is billing_account, department, enrollment_account or subscription, and ID its number:
    /// department/1234. The credential: AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET;
    /// without them, the managed identity of this machine.
    #[arg(long, value_name = "TYPE/ID")]
    pub scope: Vec<String>,
}

/// Where the exporter is found, as Prometheus's flags of these names say it.
#[derive(Args, Clone, Debug)]
pub struct PathArgs {
    /// URL by which browsers reach the exporter, for example through a proxy; see docs/web.md
    ///
    /// All routes are below its path, unless --web.route-prefix is given. An exporter that listens on
    /// loopback only also answers requests for its host.
    #[arg(
        long = "web.external-url",
        value_name = "URL",
        default_value = "",
        hide_default_value = true
    )]
    pub external_url: ExternalUrl,
    /// Path that all routes are below [default: the path of --web.external-url]
    ///
    /// Give / behind a proxy that removes the path.
    #[arg(
        long = "web.route-prefix",
        value_name = "PATH",
        default_value = "",
        hide_default_value = true
    )]
    pub route_prefix: RoutePrefix,
}

impl PathArgs {
    /// What stands before the path of every route.
    pub fn prefix(&self) -> PathPrefix {
        self.route_prefix.beside(&self.external_url)
    }
}

/// Where the configuration comes from, and which of its scopes are meant.
#[derive(Args, Clone, Debug)]
#[group(required = true, multiple = true)]
pub struct ChosenArgs {
    /// YAML configuration file; see docs/configuration.md
    #[arg(long = "config.file", value_name = "PATH")]
    pub config_file: Option<PathBuf>,
    /// Label of a scope of the file, repeatable, in place of all; without a file TYPE/ID, as for serve
    #[arg(long, value_name = "LABEL")]
    pub scope: Vec<String>,
}

impl ChosenArgs {
    /// Returns where the configuration comes from.
    pub fn source(&self) -> SourceArgs {
        let scope = if self.config_file.is_none() { self.scope.clone() } else { Vec::new() };
        SourceArgs { config_file: self.config_file.clone(), scope }
    }

    /// Returns the labels of the scopes of a file that are meant; none for all.
    pub fn labels(&self) -> &[String] {
        if self.config_file.is_some() { &self.scope } else { &[] }
    }
}

/// Where /metrics is found, and who may ask.
#[derive(Args, Clone, Debug)]
pub struct WebArgs {
    /// Where the routes are.
    #[command(flatten)]
    pub path: PathArgs,
    /// Path of the metrics, below --web.route-prefix
    #[arg(long = "web.telemetry-path", value_name = "PATH", default_value = "/metrics")]
    pub telemetry_path: TelemetryPath,
    /// File with TLS, users and headers, as other exporters have it; see docs/web.md
    #[arg(long = WEB_CONFIG, value_name = "PATH")]
    pub web_config_file: Option<PathBuf>,
    /// Most scrapes at the same time, others get 503; 0 means no limit
    #[arg(long = "web.max-requests", value_name = "N", default_value_t = 40)]
    pub max_requests: usize,
}

/// What is logged. Flags as the Prometheus ecosystem names them.
#[derive(Args, Clone, Copy, Debug)]
pub struct LogArgs {
    /// Lowest severity to log: error, warn, info, debug (every request) or trace (libraries too)
    #[arg(
        long = "log.level",
        global = true,
        display_order = 100,
        value_name = "LEVEL",
        default_value = "info",
        hide_possible_values = true
    )]
    pub level: LogLevel,
    /// Form of log lines: logfmt, or json for collectors
    #[arg(
        long = "log.format",
        global = true,
        display_order = 101,
        value_name = "FORMAT",
        default_value = "logfmt",
        hide_possible_values = true
    )]
    pub format: LogFormat,
}

/// Severities, most severe first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogLevel {
    /// Something failed and stays so until someone acts.
    Error,
    /// Something failed and is tried again.
    Warn,
    /// What a run does, a few lines a poll.
    Info,
    /// Every request.
    Debug,
    /// Everything, libraries included.
    Trace,
}

/// Forms of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Pairs of key and value, one event a line.
    Logfmt,
    /// One JSON object a line, for collectors.
    Json,
}

/// Flags of `serve`.
#[derive(Args, Clone, Debug)]
#[command(
    after_help = "Then look at http://localhost:10540/. The first reading takes as long as Azure's quotas require, \
    minutes to hours: costs appear when the open month has been read. `state.path` in the file keeps them across restarts.\n\n\
    Example:\n  azure-billing-exporter serve --config.file /etc/azure-billing-exporter/config.yaml"
)]
pub struct ServeArgs {
    /// What to read.
    #[command(flatten)]
    pub source: SourceArgs,
    /// Address to listen on, repeatable: :PORT is every interface
    #[arg(long = LISTEN, value_name = ADDRESS, default_value = ":10540")]
    pub listen_address: Vec<ListenAddress>,
    /// Where the metrics are.
    #[command(flatten)]
    pub web: WebArgs,
}

/// Flags of `demo`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example, if the port is in use:\n  azure-billing-exporter demo \
    --web.listen-address 127.0.0.1:9000")]
pub struct DemoArgs {
    /// Address to listen on, repeatable
    #[arg(long = LISTEN, value_name = ADDRESS, default_value = "127.0.0.1:10540")]
    pub listen_address: Vec<ListenAddress>,
    /// Where the metrics are.
    #[command(flatten)]
    pub web: WebArgs,
    /// The enrollment that is made up.
    #[command(flatten)]
    pub enrollment: EnrollmentArgs,
}

/// Flags of `once`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example, for node_exporter:\n  azure-billing-exporter once \
    --config.file config.yaml --output /run/textfile/azure.prom")]
pub struct OnceArgs {
    /// What to read.
    #[command(flatten)]
    pub source: SourceArgs,
    /// File to write, whole or not at all; without it, stdout. A scope that failed has no costs in it
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// Flags of `check`.
#[derive(Args, Clone, Debug)]
#[command(
    after_help = "Example:\n  azure-billing-exporter check --config.file config.yaml --online"
)]
pub struct CheckArgs {
    /// What to check.
    #[command(flatten)]
    pub source: SourceArgs,
    /// Also get a token and ask each scope for its newest days, one call each
    #[arg(long)]
    pub online: bool,
    /// How long --online waits for Azure and for its quotas, which allow a few calls a minute
    #[arg(long, value_name = "TIME", default_value = "90s", value_parser = parse_duration, requires = "online")]
    pub timeout: Duration,
    /// Also check this file of --web.config.file
    #[arg(long = WEB_CONFIG, value_name = "PATH")]
    pub web_config_file: Option<PathBuf>,
}

/// Flags of `backfill`.
#[derive(Args, Clone, Debug)]
#[command(group(ArgGroup::new("target").required(true).args(["output", "remote_write"])))]
#[command(
    after_help = "How to load a file, and what a receiver needs: docs/history.md\n\nExample:\n  azure-billing-exporter backfill \
    --config.file config.yaml --from 2023-11 --to 2026-10 \\\n      --label job=azure-billing --output azure.om"
)]
pub struct BackfillArgs {
    /// What to read.
    #[command(flatten)]
    pub source: SourceArgs,
    /// First month
    #[arg(long, value_name = "YYYY-MM")]
    pub from: Period,
    /// Last month, which must be over; at most 36 months together
    #[arg(long, value_name = "YYYY-MM")]
    pub to: Period,
    /// OpenMetrics file to write, whole or not at all
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Receiver of remote write 1.0 to send to
    #[arg(long = "remote-write", value_name = "URL")]
    pub remote_write: Option<ReceiverUrl>,
    /// File with the Authorization header for the receiver: `Bearer …` or `Basic …`
    #[arg(
        long = "remote-write.authorization-file",
        value_name = "FILE",
        conflicts_with = "output"
    )]
    pub authorization_file: Option<AuthorizationFile>,
    /// Header for the receiver, repeatable, for example X-Scope-OrgID=finance
    #[arg(long = "remote-write.header", value_name = "NAME=VALUE", conflicts_with = "output")]
    pub header: Vec<ExtraHeader>,
    /// Also cost and usage of each resource
    #[arg(long)]
    pub instances: bool,
    /// Label of every series, repeatable: give those that scraping adds to the live series
    #[arg(long, value_name = "NAME=VALUE")]
    pub label: Vec<ExtraLabel>,
    /// Folder to keep what was read until all is written [default: FILE.backfill-state, or
    /// remote-write.backfill-state]
    #[arg(long, value_name = "FOLDER")]
    pub state: Option<PathBuf>,
}

/// Flags of `reconcile`.
#[derive(Args, Clone, Debug)]
#[command(
    after_help = "Example:\n  azure-billing-exporter reconcile --config.file config.yaml --period 2026-10"
)]
pub struct ReconcileArgs {
    /// What to read.
    #[command(flatten)]
    pub chosen: ChosenArgs,
    /// Month, which must be over
    #[arg(long, value_name = "YYYY-MM")]
    pub period: Period,
    /// Form of the statements: table, or json with one object a line and all decimals
    #[arg(
        long = "format",
        value_name = "FORMAT",
        default_value = "table",
        hide_possible_values = true
    )]
    pub statement_format: StatementFormat,
}

/// Forms of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StatementFormat {
    /// For people.
    Table,
    /// For programs.
    Json,
}

/// Flags of `healthcheck`.
#[derive(Args, Clone, Debug)]
pub struct HealthcheckArgs {
    /// Address the exporter listens on: its own --web.listen-address
    #[arg(long = LISTEN, value_name = ADDRESS, default_value = ":10540")]
    pub listen_address: ListenAddress,
    /// Where its routes are.
    #[command(flatten)]
    pub path: PathArgs,
}
