//! `serve`: the exporter, until a signal stops it.

use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use jiff::SignedDuration;
use tokio::task::{Id, JoinError, JoinSet};
use tracing::{error, info};

use super::signals::{Signals, stopped};
use super::supervisor::Systemd;
use super::threads::AnswerThreads;
use super::web::Web;
use super::wiring;
use crate::cli::{ServeArgs, WebArgs};
use crate::config::{Config, ListenAddress, Scope};
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
    for (index, poller) in wiring::pollers(config, &world).into_iter().enumerate() {
        scopes.insert(polls.spawn(poller.run()).id(), index);
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
fn told_dead(ended: Result<(Id, ()), JoinError>, scopes: &HashMap<Id, usize>, status: &Status) {
    let id = ended.as_ref().map_or_else(JoinError::id, |(id, ())| *id);
    if let Some(&scope) = scopes.get(&id) {
        let label = status.scopes()[scope].info.label.clone();
        error!(scope = label, "polling has ended, restart the exporter and report this: {ended:?}");
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

/// What will be polled, when, with which identity, and where to look.
fn announce(config: &Config, listeners: &[TcpListener], args: &WebArgs, web: &Web) {
    info!(endpoint = %config.azure.endpoint, identity = config.azure.auth.describe(), "reading from Azure");
    for Scope { label, id, read, .. } in &config.scopes {
        let (every, read) = (span(config.poll.interval), read.as_str());
        let calls_per_minute = config.azure.requests_per_minute.of(id.scope_type);
        info!(scope = label, %id, every, read, calls_per_minute, "polling");
    }
    if let Some(path) = &config.state_path {
        info!(path = %path.display(), "keeping days");
    }
    for address in listeners.iter().filter_map(|listener| listener.local_addr().ok()) {
        let page = page(web.scheme(), address);
        let metrics = format!("{page}{}", &args.telemetry_path.as_str()[1..]);
        info!(%address, page, metrics, "listening");
    }
}

/// `4h`.
fn span(duration: Duration) -> String {
    SignedDuration::try_from(duration)
        .map_or_else(|_| "never".to_owned(), |span| format!("{span:#}"))
}

/// Where the status page is: of every interface, on this machine.
fn page(scheme: &str, address: SocketAddr) -> String {
    let port = address.port();
    if address.ip().is_unspecified() {
        format!("{scheme}://localhost:{port}/")
    } else {
        format!("{scheme}://{address}/")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::billing::scope::{CostType, ScopeId, ScopeType};
    use crate::status::ScopeInfo;

    #[tokio::test]
    async fn a_poll_loop_that_panics_is_told_dead() {
        let id =
            ScopeId { scope_type: ScopeType::Department, id: "1".into(), cost: CostType::Actual };
        let scopes = ["shop", "web"].map(|label| ScopeInfo {
            label: label.into(),
            id: id.clone(),
            nested: false,
        });
        let status = Status::new(scopes, Duration::from_secs(60));
        let mut polls = JoinSet::new();
        let ids = HashMap::from([(polls.spawn(async { panic!("a bug") }).id(), 1)]);
        told_dead(polls.join_next_with_id().await.unwrap(), &ids, &status);
        let dead: Vec<bool> = status.scopes().iter().map(|scope| scope.dead).collect();
        assert_eq!(dead, [false, true]);
    }
}
