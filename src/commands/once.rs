//! `once`: one poll of every scope, for cron and node_exporter's textfile collector.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tokio::task::JoinSet;
use tracing::error;

use super::signals::{Signals, stopped};
use super::wiring;
use crate::cli::OnceArgs;
use crate::config::Config;
use crate::metrics::{About, Format};

/// Whether every scope was read.
pub(super) async fn run(args: &OnceArgs, config: &Config) -> Result<bool> {
    let signals = Signals::listen()?;
    wiring::warn(config);
    // Before hours of polling, not after them.
    if let Some(path) = &args.output {
        writable(path).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let world = wiring::world(config, About { demo: false, process: false })?;
    let mut polls = JoinSet::new();
    for mut poller in wiring::pollers(config, &world) {
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
    let text = world.exposition.scrape(Format::Text).context("no exposition")?;
    match &args.output {
        Some(path) => {
            replace(path, &text).with_context(|| format!("cannot write {}", path.display()))?
        }
        None => std::io::stdout()
            .write_all(text.as_bytes())
            .context("cannot write to standard output")?,
    }
    if failed > 0 {
        let scopes = config.scopes.len();
        error!(
            "{failed} of {scopes} scopes could not be read; their costs are not in what was written"
        );
    }
    Ok(failed == 0)
}

/// Whether a file can be put in its place, as far as can be known without doing it.
fn writable(path: &Path) -> std::io::Result<()> {
    if path.is_dir() {
        return Err(std::io::ErrorKind::IsADirectory.into());
    }
    let scratch = scratch(path);
    std::fs::File::create(&scratch)?;
    std::fs::remove_file(&scratch)
}

/// A file of this process beside another. Ends in no `.prom`, so that the collector never reads it.
fn scratch(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    path.with_file_name(name)
}

/// Writes a file whole or not at all: whoever reads it meanwhile reads the old one.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let scratch = scratch(path);
    let written = std::fs::File::create(&scratch).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    let replaced = written.and_then(|()| std::fs::rename(&scratch, path));
    if replaced.is_err() {
        // It may never have been there.
        let _ = std::fs::remove_file(&scratch);
    }
    replaced
}
