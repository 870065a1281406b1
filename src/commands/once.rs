//! `once`: one poll of every scope, for cron and node_exporter's textfile collector.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use tokio::task::JoinSet;

use super::signals::{Signals, stopped};
use super::wiring;
use crate::cli::OnceArgs;
use crate::config::Config;
use crate::metrics::{About, Format};

/// Whether every scope was read.
pub(super) async fn run(args: &OnceArgs, config: &Config) -> Result<bool> {
    let signals = Signals::listen()?;
    let world = wiring::world(config, About { demo: false, process: false })?;
    let mut polls = JoinSet::new();
    for mut poller in wiring::pollers(config, &world) {
        polls.spawn(async move { poller.poll().await });
    }
    let polled = async {
        let mut all = true;
        while let Some(polled) = polls.join_next().await {
            all &= polled.unwrap_or(false);
        }
        all
    };
    let all = tokio::select! {
        all = polled => all,
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
    Ok(all)
}

/// Writes a file whole or not at all: whoever reads it meanwhile reads the old one.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    // Ends in no `.prom`, so that the collector never reads it.
    name.push(format!(".{}.tmp", std::process::id()));
    let scratch = path.with_file_name(name);
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
