//! `serve`: the exporter, until a signal stops it.

use std::collections::HashMap;
use std::net::TcpListener;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use tokio::task::{Id, JoinError, JoinSet};
use tracing::{error, info};

use super::signals::{Signals, stopped};
use super::supervisor::Systemd;
use super::threads::AnswerThreads;
use super::web::Web;
use super::wiring;
use crate::billing::scope::ScopeId;
use crate::cli::{ServeArgs, WebArgs};
use crate::config::{Config, ListenAddress};
use crate::metrics::About;
use crate::poller::World;
use crate::server::{Patience, Site, router, serve};
use crate::status::Status;

pub(super) async fn run(args: &ServeArgs, config: &Config, web: Web) -> Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    info!(version, revision = env!("BUILD_REVISION"), "azure-billing-exporter");
    let signals = Signals::listen()?;
    wiring::warn(config);
    let mut world = wiring::world(config, About { demo: false, process: true })?;
    let listeners = bind(&args.listen_address)?;
    world.store = wiring::store(config, &world.clock)?;
    announce(config, &listeners, &args.web, &web);
    let front = Front { listeners, args: &args.web, web, demo: false };
    exporter(config, world, front, signals).await
}

/// Where the exporter is found, and by whom.
pub(super) struct Front<'a> {
    pub(super) listeners: Vec<TcpListener>,
    pub(super) args: &'a WebArgs,
    pub(super) web: Web,
    pub(super) demo: bool,
}

/// Serves and polls until the signals say stop.
pub(super) async fn exporter(
    config: &Config,
    world: World,
    front: Front<'_>,
    signals: Signals,
) -> Result<()> {
    let access = front.web.access();
    let router = router(site(&world, &front), access.clone());
    let threads = AnswerThreads::start().context("no threads to answer with")?;
    let mut servers = JoinSet::new();
    for listener in front.listeners {
        let stop = stopped(signals.stop.clone());
        let served = serve(listener, router.clone(), access.clone(), Patience::default(), stop);
        servers.spawn_on(served, threads.handle());
    }
    let supervisor = Systemd::from_environment();
    // They end with this function, at the latest.
    let mut attendants = JoinSet::new();
    attendants.spawn(front.web.follow());
    attendants.spawn(supervisor.clone().attend(world.status.clone()));
    supervisor.tell("READY=1");
    let mut polls = JoinSet::new();
    let mut scopes = HashMap::new();
    for poller in wiring::pollers(config, &world) {
        let scope = poller.handle().id().clone();
        scopes.insert(polls.spawn(poller.run()).id(), scope);
    }
    let stop = stopped(signals.stop.clone());
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            Some(served) = servers.join_next() => {
                served?.context("the server has failed")?;
                // Told to stop as well, one without connections ends at once, perhaps before this loop
                // hears of it: that neither ends the others' open answers nor is a failure.
                if *signals.stop.borrow() {
                    break;
                }
                bail!("the server has ended although nothing stopped it; restart the exporter and report this");
            }
            Some(ended) = polls.join_next_with_id() => told_dead(ended, &scopes, &world.status),
        }
    }
    info!("stopping");
    supervisor.tell("STOPPING=1");
    polls.shutdown().await;
    while let Some(served) = servers.join_next().await {
        served??;
    }
    Ok(())
}

/// What the server shows.
fn site(world: &World, front: &Front<'_>) -> Site {
    let clock = world.clock.clone();
    Site {
        exposition: world.exposition.clone(),
        status: world.status.clone(),
        telemetry_path: front.args.telemetry_path.clone(),
        max_requests: front.args.max_requests,
        now: Arc::new(move || clock.now()),
        demo: front.demo,
    }
}

/// A poll loop ends with the exporter or by a panic, which must not go unnoticed.
fn told_dead(ended: Result<(Id, ()), JoinError>, scopes: &HashMap<Id, ScopeId>, status: &Status) {
    let id = ended.as_ref().map_or_else(JoinError::id, |(id, ())| *id);
    if let Some(scope) = scopes.get(&id) {
        error!(%scope, "polling has ended, restart the exporter and report this: {ended:?}");
        status.died(scope);
    }
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

fn announce(config: &Config, listeners: &[TcpListener], args: &WebArgs, web: &Web) {
    for scope in &config.scopes {
        info!(scope = scope.label, id = %scope.id, every = ?config.poll.interval, "polling");
    }
    info!(endpoint = %config.azure.endpoint, identity = config.azure.auth.describe(), "reading from Azure");
    for address in listeners.iter().filter_map(|listener| listener.local_addr().ok()) {
        let (scheme, metrics) = (web.scheme(), args.telemetry_path.as_str());
        info!(%address, scheme, metrics, "listening");
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::billing::scope::{CostType, ScopeType};
    use crate::status::ScopeInfo;

    #[tokio::test]
    async fn a_poll_loop_that_panics_is_told_dead() {
        let id = |id: &str| ScopeId {
            scope_type: ScopeType::Department,
            id: id.into(),
            cost: CostType::Actual,
        };
        let scopes = ["shop", "web"].map(|label| ScopeInfo {
            label: label.into(),
            id: id(label),
            nested: false,
        });
        let status = Status::new(scopes, Duration::from_secs(60));
        let mut polls = JoinSet::new();
        let ids = HashMap::from([(polls.spawn(async { panic!("a bug") }).id(), id("web"))]);
        told_dead(polls.join_next_with_id().await.unwrap(), &ids, &status);
        let dead: Vec<bool> = status.scopes().iter().map(|scope| scope.dead).collect();
        assert_eq!(dead, [false, true]);
    }
}
