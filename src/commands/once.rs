//! `once`: one poll of every scope, for cron and node_exporter's textfile collector.

use std::io::Write;
use std::sync::Arc;

use anyhow::{Context, Result};
use tokio::task::JoinSet;
use tracing::error;

use super::signals::{Signals, stopped};
use super::wiring;
use crate::cli::OnceArgs;
use crate::config::Config;
use crate::files::Output;
use crate::metrics::{BuildFlags, Format, LogLines};

/// Polls every scope, writes the exposition, and returns whether every scope was read.
pub(super) async fn run(args: &OnceArgs, config: &Config, log: &Arc<LogLines>) -> Result<bool> {
    let signals = Signals::listen()?;
    wiring::warn(&config.warnings);
    // Checked before hours of polling, not after them.
    let cannot = || match &args.output {
        Some(path) => format!("cannot write {}", path.display()),
        None => "cannot write to standard output".to_owned(),
    };
    let output = args.output.as_deref().map(Output::prepare).transpose().with_context(cannot)?;
    let context = wiring::context(config, BuildFlags { demo: false, process: false }, log)?;
    let mut polls = JoinSet::new();
    for mut poller in wiring::pollers(config, &context) {
        polls.spawn(async move { poller.poll().await });
    }
    let polled = async {
        let mut failed = 0;
        while let Some(polled) = polls.join_next().await {
            failed += usize::from(!polled.unwrap_or(false));
        }
        failed
    };
    let failed = tokio::select! {
        failed = polled => failed,
        () = stopped(signals.stop.clone()) => anyhow::bail!("stopped before every scope was read; nothing was written"),
    };
    let text = context.exposition.scrape(Format::Text).context("no exposition")?;
    let written = async {
        let Some(mut output) = output else {
            return std::io::stdout().write_all(text.as_bytes());
        };
        output.write(text.as_bytes()).await?;
        output.finish()
    };
    tokio::select! {
        written = written => written.with_context(cannot)?,
        () = stopped(signals.stop.clone()) => anyhow::bail!("stopped before all was written"),
    }
    if failed > 0 {
        let scopes = config.scopes.len();
        error!(
            "{failed} of {scopes} scopes could not be read; their costs are not in what was written"
        );
    }
    Ok(failed == 0)
}
