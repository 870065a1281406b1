//! Loads another configuration while serving, on SIGHUP and `POST /-/reload`.
//!
//! A file that cannot be used changes nothing. Reloads run one at a time; all requests that come
//! meanwhile share the next one, which reads what the file says then.

use std::future::pending;
use std::io;

use anyhow::{Context, Result, anyhow};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, oneshot};
use tokio::task::spawn_blocking;
use tracing::{error, info, warn};

use super::changes::{self, changes};
use super::poll_tasks::PollTasks;
use super::supervisor::Systemd;
use super::wiring;
use crate::billing::scope::ScopeId;
use crate::cli::SourceArgs;
use crate::config::{Config, Problem};
use crate::control;
use crate::descriptors;
use crate::log_limit::LogLimit;
use crate::poller::{self, PollContext};
use crate::server::{Reloaded, Reloads};

/// The most requests that wait; further ones wait to be added.
const MOST_REQUESTS: usize = 64;

/// The requests for a reload.
pub(super) struct ReloadRequests(mpsc::Receiver<oneshot::Sender<Reloaded>>);

/// Returns the sender of requests for a reload, and their receiver.
pub(super) fn reload_requests() -> (Reloads, ReloadRequests) {
    let (reloads, reload_requests) = mpsc::channel(MOST_REQUESTS);
    (reloads, ReloadRequests(reload_requests))
}

impl ReloadRequests {
    /// Waits for requests and returns all that have come.
    pub(super) async fn next(&mut self) -> Vec<oneshot::Sender<Reloaded>> {
        let mut reload_requests = Vec::new();
        if self.0.recv_many(&mut reload_requests, MOST_REQUESTS).await == 0 {
            // No sender is left.
            return pending().await;
        }
        reload_requests
    }
}

/// Returns the SIGHUP signals of this process, which no longer end it.
///
/// # Errors
/// Returns an error if the system gives no signal handlers.
pub(super) fn hangups() -> io::Result<Signal> {
    signal(SignalKind::hangup())
}

/// Requests a reload at each SIGHUP. The log reports the result.
pub(super) async fn follow(mut hangups: Signal, reloads: Reloads) {
    while hangups.recv().await.is_some() {
        let (answer, _) = oneshot::channel();
        if reloads.send(answer).await.is_err() {
            return;
        }
    }
}

/// The configuration in force, and the source of the next.
pub(super) struct Reloader {
    /// The flags, if they name a file.
    source: Option<SourceArgs>,
    config: Config,
    context: PollContext,
    /// Limits the log, because a client may request thousands of reloads.
    limit: LogLimit,
}

impl Reloader {
    pub(super) fn new(source: Option<&SourceArgs>, config: Config, context: PollContext) -> Self {
        let source = source.filter(|source| source.config_file.is_some()).cloned();
        Self { source, config, context, limit: LogLimit::default() }
    }

    /// Answers some requests by one reload.
    pub(super) async fn handle(
        &mut self,
        reload_requests: Vec<oneshot::Sender<Reloaded>>,
        poll_tasks: &mut PollTasks,
        supervisor: &Systemd,
    ) {
        supervisor.tell_reloading();
        let reloaded = self.reload(poll_tasks).await;
        supervisor.tell("READY=1");
        for request in reload_requests {
            // The client may have gone.
            let _ = request.send(reloaded.clone());
        }
    }

    /// Reads the configuration again and puts it in force, whole or not at all.
    async fn reload(&mut self, poll_tasks: &mut PollTasks) -> Reloaded {
        let Some(source) = self.source.clone() else {
            const WHY: &str = "there is no configuration file to read again: restart the exporter with other flags, or with --config.file";
            if let Some(left_out) = self.limit.pass(WHY) {
                warn!(left_out, "{WHY}");
            }
            return Reloaded::Impossible(format!("{WHY}\n"));
        };
        match self.follow(source, poll_tasks).await {
            Ok((changes, warnings)) => {
                self.context.status.configured(self.context.clock.now());
                let lines: String = changes.iter().map(|change| format!("{change}\n")).collect();
                if let Some(left_out) = self.limit.pass(&format!("{lines}{warnings:?}")) {
                    let changes = changes.join("; ");
                    info!(left_out, changes, "the configuration was read again");
                    wiring::warn(&warnings);
                }
                Reloaded::Done(format!("the configuration was read again\n{lines}"))
            }
            Err(why) => {
                self.context.status.reload_failed();
                let why = descriptors::explain(format!("{why:#}"));
                if let Some(left_out) = self.limit.pass(&why) {
                    error!(left_out, "the configuration stays as it was: {why}");
                }
                Reloaded::Failed(format!("the configuration stays as it was:\n{why}\n"))
            }
        }
    }

    /// Reads the configuration and returns what has changed, and the warnings of the new one.
    async fn follow(
        &mut self,
        source: SourceArgs,
        poll_tasks: &mut PollTasks,
    ) -> Result<(Vec<String>, Vec<Problem>)> {
        let read = spawn_blocking(move || wiring::configuration(&source)).await;
        let new = read.context("reading it failed because of a bug, please report this")??;
        let (changes, warnings) = (changes(&self.config, &new), new.warnings.clone());
        if !changes::are_none(&self.config, &new) {
            self.take_over(new, poll_tasks).await?;
        }
        Ok((changes, warnings))
    }

    /// Puts another configuration in force.
    async fn take_over(&mut self, new: Config, poll_tasks: &mut PollTasks) -> Result<()> {
        let mut context =
            PollContext { poll: new.poll, control: new.control, ..self.context.clone() };
        if new.azure != self.config.azure {
            context.client = wiring::successor(&new, &context.client)?;
        }
        let (handles, wanted) = (poll_tasks.handles(), wiring::wanted(&new));
        let reloaded = spawn_blocking(move || {
            let added = poller::reload(&context, &handles, wanted).map_err(|why| anyhow!(why))?;
            Ok::<_, anyhow::Error>((context, added))
        });
        let (context, added) = reloaded
            .await
            .context("it has ended because of a bug; restart the exporter and report this")??;
        context.client.take_over(&new.azure);
        control::limit(&context.client, new.control);
        let scopes: Vec<ScopeId> = new.scopes.iter().map(|scope| scope.id.clone()).collect();
        poll_tasks.keep_only(&scopes);
        for poller in added {
            poll_tasks.start(poller);
        }
        self.context = context;
        // The path of the store cannot change while it is open.
        self.config = Config { state_path: self.config.state_path.take(), ..new };
        Ok(())
    }
}
