//! `serve`: the exporter, until a signal stops it.

use std::net::TcpListener;

use anyhow::{Result, bail};
use tokio::task::JoinSet;
use tracing::{error, info};

use super::signals::{Signals, stopped};
use super::wiring;
use crate::cli::{ServeArgs, WebArgs};
use crate::config::{Config, ListenAddress, TelemetryPath};
use crate::metrics::About;
use crate::poller::World;
use crate::server::{Site, router, serve};

pub(super) async fn run(args: &ServeArgs, config: &Config) -> Result<()> {
    let signals = Signals::listen()?;
    let world = wiring::world(config, About { demo: false, process: true })?;
    let listeners = bind(&args.listen_address)?;
    announce(config, &listeners, &args.web);
    exporter(config, world, listeners, &args.web.telemetry_path, signals).await
}

/// Serves and polls until the signals say stop.
pub(super) async fn exporter(
    config: &Config,
    world: World,
    listeners: Vec<TcpListener>,
    telemetry_path: &TelemetryPath,
    signals: Signals,
) -> Result<()> {
    let site = Site {
        exposition: world.exposition.clone(),
        status: world.status.clone(),
        telemetry_path: telemetry_path.clone(),
    };
    let mut servers = JoinSet::new();
    for listener in listeners {
        servers.spawn(serve(listener, router(site.clone()), stopped(signals.stop.clone())));
    }
    let mut polls = JoinSet::new();
    for (index, poller) in wiring::pollers(config, &world).into_iter().enumerate() {
        let status = world.status.clone();
        polls.spawn(async move {
            // A panic ends the loop as well, and must not go unnoticed.
            let loop_ended = tokio::task::spawn(poller.run()).await;
            error!(scope = index, "a poll loop has ended, restart the exporter: {loop_ended:?}");
            status.died(index);
        });
    }
    stopped(signals.stop.clone()).await;
    info!("stopping");
    polls.abort_all();
    while let Some(served) = servers.join_next().await {
        served??;
    }
    Ok(())
}

/// The listeners of the addresses, bound before anything is polled.
pub(super) fn bind(addresses: &[ListenAddress]) -> Result<Vec<TcpListener>> {
    let mut listeners = Vec::new();
    for address in addresses {
        let resolved = match address.resolve() {
            Ok(resolved) => resolved,
            Err(error) => {
                bail!("cannot resolve {address}: {error}; give another --web.listen-address")
            }
        };
        match TcpListener::bind(resolved.as_slice()) {
            Ok(listener) => listeners.push(listener),
            Err(error) => bail!(
                "cannot listen on {address}: {error}; stop whoever uses the port, or give another --web.listen-address"
            ),
        }
    }
    Ok(listeners)
}

fn announce(config: &Config, listeners: &[TcpListener], web: &WebArgs) {
    let version = env!("CARGO_PKG_VERSION");
    info!(version, revision = env!("BUILD_REVISION"), "azure-billing-exporter");
    for scope in &config.scopes {
        info!(scope = scope.label, id = %scope.id, every = ?config.poll.interval, "polling");
    }
    info!(endpoint = %config.azure.endpoint, identity = config.azure.auth.describe(), "reading from Azure");
    for address in listeners.iter().filter_map(|listener| listener.local_addr().ok()) {
        info!(%address, metrics = web.telemetry_path.as_str(), "listening");
    }
}
