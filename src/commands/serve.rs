//! `serve`: the exporter, until a signal stops it.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use exporter_web::{ListenAddress, PathPrefix, Timeouts, Web, serve};
use jiff::SignedDuration;
use tokio::signal::unix::Signal;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::info;

use super::certificate::CertificateWatch;
use super::poll_tasks::PollTasks;
use super::reload::{Reloader, follow, hangups, reload_requests};
use super::signals::{Signals, stopped};
use super::supervisor::Systemd;
use super::threads::AnswerThreads;
use super::wiring;
use crate::cli::{ServeArgs, SourceArgs, WebArgs};
use crate::config::{Config, Scope};
use crate::metrics::{BuildFlags, LogLines};
use crate::poller::PollContext;
use crate::server::{AppState, Reloads, router};

pub(super) async fn run(
    args: &ServeArgs,
    config: Config,
    web: Web,
    log: &Arc<LogLines>,
) -> Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    info!(version, revision = env!("BUILD_REVISION"), "azure-billing-exporter");
    let signals = Signals::listen()?;
    let hangups = Some(hangups()?);
    wiring::warn(&config.warnings);
    let mut context = wiring::context(&config, BuildFlags { demo: false, process: true }, log)?;
    let listeners = bind(&args.listen_address)?;
    context.store = wiring::store(&config, &context.clock)?;
    announce(&config, &listeners, &args.web, &web);
    let source = Some(&args.source);
    let http = HttpOptions { listeners, args: &args.web, web, demo: false, source, hangups };
    exporter(config, context, http, signals).await
}

/// The listeners, the web config and the signals of the exporter.
pub(super) struct HttpOptions<'a> {
    pub(super) listeners: Vec<TcpListener>,
    pub(super) args: &'a WebArgs,
    pub(super) web: Web,
    pub(super) demo: bool,
    /// The flags that say where the configuration comes from; none in a demo.
    pub(super) source: Option<&'a SourceArgs>,
    /// The SIGHUP signals: each requests a reload. Without them a SIGHUP ends the process.
    pub(super) hangups: Option<Signal>,
}

/// Serves and polls until a signal stops it.
pub(super) async fn exporter(
    config: Config,
    context: PollContext,
    http: HttpOptions<'_>,
    signals: Signals,
) -> Result<()> {
    let access = http.web.access();
    let status = context.status.clone();
    status.configured(context.clock.now());
    let (config_in_force, clock) = (access.config(), context.clock.clone());
    let mut certificate = CertificateWatch::new(&config_in_force, status.clone(), clock);
    let (reloads, mut requested) = reload_requests();
    let (restored, is_restored) = watch::channel(false);
    let router = router(app_state(&context, &http, reloads.clone(), is_restored), access.clone());
    let threads = AnswerThreads::start().context("cannot start threads for HTTP")?;
    let mut servers = JoinSet::new();
    for listener in http.listeners {
        let stop = stopped(signals.stop.clone());
        let served = serve(listener, router.clone(), access.clone(), Timeouts::default(), stop);
        servers.spawn_on(served, threads.handle());
    }
    let supervisor = Systemd::from_environment();
    // These tasks end with this function, at the latest.
    let mut attendants = JoinSet::new();
    attendants.spawn(http.web.follow(move |changed| match changed {
        Some(config) => certificate.replace(config),
        None => certificate.look(),
    }));
    attendants.spawn(supervisor.clone().attend(status.clone()));
    if let Some(hangups) = http.hangups {
        attendants.spawn(follow(hangups, reloads));
    }
    supervisor.tell("READY=1");
    let mut poll_tasks = PollTasks::default();
    let pollers = wiring::pollers(&config, &context);
    restored.send_replace(true);
    pollers.into_iter().for_each(|poller| poll_tasks.start(poller));
    let mut reloader = Reloader::new(http.source, config, context);
    let stop = stopped(signals.stop.clone());
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            Some(served) = servers.join_next() => {
                served?.context("the server has failed")?;
                // All servers get the signal to stop. One without connections ends at once, perhaps
                // before this loop gets the signal. That is not a failure, and must not end the
                // open answers of the others.
                if *signals.stop.borrow() {
                    break;
                }
                bail!("the server has ended although nothing stopped it; restart the exporter and report this");
            }
            () = poll_tasks.watch(&status) => {}
            reload_requests = requested.next() => tokio::select! {
                () = &mut stop => break,
                () = reloader.handle(reload_requests, &mut poll_tasks, &supervisor) => {}
            }
        }
    }
    // Clients that still wait for a reload get the answer that the exporter stops.
    drop(requested);
    info!("stopping");
    supervisor.tell("STOPPING=1");
    poll_tasks.shutdown().await;
    while let Some(served) = servers.join_next().await {
        served??;
    }
    Ok(())
}

/// Returns the state that the server shows.
fn app_state(
    context: &PollContext,
    http: &HttpOptions<'_>,
    reloads: Reloads,
    restored: watch::Receiver<bool>,
) -> AppState {
    let clock = context.clock.clone();
    AppState {
        exposition: context.exposition.clone(),
        status: context.status.clone(),
        external_url: http.args.path.external_url.clone(),
        prefix: http.args.path.prefix(),
        telemetry_path: http.args.telemetry_path.clone(),
        max_requests: http.args.max_requests,
        now: Arc::new(move || clock.now()),
        demo: http.demo,
        reloads,
        restored,
    }
}

/// Returns the listeners of the addresses, bound before anything is polled.
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
                "cannot listen on {address}: {error}; stop the program that uses the port, or give another --web.listen-address"
            ),
        }
    }
    Ok(listeners)
}

/// Logs what will be polled, when and with which identity, and where the pages are.
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
        let page = page(web.scheme(), address, &args.path.prefix());
        let metrics = format!("{page}{}", &args.telemetry_path.as_str()[1..]);
        info!(%address, page, metrics, "listening");
    }
}

/// Returns a duration as `4h`.
fn span(duration: Duration) -> String {
    SignedDuration::try_from(duration)
        .map_or_else(|_| "never".to_owned(), |span| format!("{span:#}"))
}

/// Returns the address of the status page; for a listener on every interface, the one on this
/// machine.
fn page(scheme: &str, address: SocketAddr, prefix: &PathPrefix) -> String {
    let port = address.port();
    if address.ip().is_unspecified() {
        format!("{scheme}://localhost:{port}{prefix}/")
    } else {
        format!("{scheme}://{address}{prefix}/")
    }
}
