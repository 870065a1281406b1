//! Builds the parts from a configuration.

use std::sync::Arc;

use anyhow::{Context, Result};
use jiff::SignedDuration;
use tracing::warn;

use crate::azure::transport::{self, Transport};
use crate::azure::{Client, Timeouts};
use crate::billing::daily_sums::TagKeys;
use crate::billing::rules::Rules;
use crate::billing::scope::ScopeId;
use crate::cli::SourceArgs;
use crate::config::{Config, Environment, Problem, Scope};
use crate::control;
use crate::metrics::{BuildFlags, Exposition, LogLines};
use crate::poller::{Clock, PollContext, Poller, ScopeSpec, scope_info};
use crate::status::ApiCalls;
use crate::status::Status;
use crate::store::Store;

/// Returns the configuration of the flags and the environment, valid or not at all.
pub(super) fn configuration(source: &SourceArgs) -> Result<Config, crate::config::Error> {
    let environment = Environment::read();
    match &source.config_file {
        Some(path) => Config::from_file(path, &environment),
        None => Config::from_flags(&source.scope, &environment),
    }
}

/// The error if there is no HTTP client, with its likely causes.
pub(super) const NO_CLIENT: &str = "no HTTP client: is the system's certificate store there (Debian: package ca-certificates), and are the proxy variables URLs?";

/// Returns a client that reaches Azure over the real network.
pub(super) fn client(config: &Config, calls: Arc<ApiCalls>) -> Result<Client> {
    let client = Client::new(&config.azure, transport(config)?, Timeouts::default(), calls);
    control::limit(&client, config.control);
    Ok(client)
}

/// Returns the client of another configuration, which continues with the queues of the one before.
pub(super) fn successor(config: &Config, before: &Client) -> Result<Arc<Client>> {
    Ok(Arc::new(before.successor(&config.azure, transport(config)?)))
}

fn transport(config: &Config) -> Result<Transport> {
    let client = transport::client(&config.azure.endpoint, &config.azure.extra_roots);
    Ok(transport::over(client.context(NO_CLIENT)?))
}

/// Logs, once, what in the configuration works but is probably a mistake.
pub(super) fn warn(warnings: &[Problem]) {
    for warning in warnings {
        warn!("{warning}");
    }
}

/// Returns the parts that all scopes share.
pub(super) fn context(
    config: &Config,
    about: BuildFlags,
    log: &Arc<LogLines>,
) -> Result<PollContext> {
    let infos = config.scopes.iter().map(scope_info);
    let status = Arc::new(Status::new(infos, config.poll.interval));
    let calls = Arc::new(ApiCalls::default());
    let exposition =
        Exposition::new(status.clone(), calls.clone(), about).context("no exposition")?;
    let exposition = exposition.with_log(log.clone());
    let client = client(config, calls)?;
    Ok(PollContext {
        client: Arc::new(client),
        poll: config.poll,
        control: config.control,
        clock: Clock::system(),
        status,
        exposition: Arc::new(exposition),
        store: None,
    })
}

/// Opens the file that the configuration stores days in. Only `serve` does so.
pub(super) fn store(config: &Config, clock: &Clock) -> Result<Option<Arc<Store>>> {
    let Some(path) = &config.state_path else {
        warn!(
            "days are kept in memory only: after a restart everything is read from Azure again; set state.path to keep them"
        );
        return Ok(None);
    };
    let clock = clock.clone();
    let store = Store::open(path, Box::new(move || clock.now()))?;
    let scopes: Vec<ScopeId> = config.scopes.iter().map(|scope| scope.id.clone()).collect();
    store.keep_only(&scopes);
    Ok(Some(Arc::new(store)))
}

/// Returns a poller for each scope, with what is stored of it.
pub(super) fn pollers(config: &Config, context: &PollContext) -> Vec<Poller> {
    wanted(config).into_iter().map(|wanted| Poller::new(context.clone(), wanted)).collect()
}

/// Returns how each scope is to be read.
pub(super) fn wanted(config: &Config) -> Vec<ScopeSpec> {
    let tag_keys: TagKeys = config.metrics.tags.iter().cloned().collect();
    let wanted = |(index, scope): (usize, &Scope)| ScopeSpec {
        scope: scope.clone(),
        rules: rules(config, index),
        tag_keys: tag_keys.clone(),
    };
    config.scopes.iter().enumerate().map(wanted).collect()
}

/// Returns the rules for what is published of a scope.
fn rules(config: &Config, scope: usize) -> Rules {
    let complete_after = SignedDuration::try_from(config.poll.day_complete_after);
    let budgets = config.budgets.iter().filter(|budget| budget.scope == scope);
    Rules {
        limits: config.metrics.limits.clone(),
        // The configuration keeps both far below these bounds.
        daily_window: i32::try_from(config.metrics.daily_window_days).unwrap_or(i32::MAX),
        day_complete_after: complete_after.unwrap_or(SignedDuration::MAX),
        charges_are_free: config.scopes.get(scope).is_some_and(|scope| scope.charges_are_free),
        budgets: budgets.map(|of_scope| of_scope.budget.clone()).collect(),
    }
}
