//! `backfill`: months that are over, for Prometheus and compatible databases.

use std::ffi::OsString;
use std::io::{IsTerminal, stderr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use tracing::warn;

use super::signals::{Signals, stopped};
use super::wiring;
use super::wrong_flags::WrongFlags;
use crate::azure::transport;
use crate::backfill::{
    self, BackfillJob, Months, Persistence, Progress, Receiver, ScopeTarget, Target, foreign_labels,
};
use crate::billing::history::HistoryOptions;
use crate::billing::period::{Period, day_of};
use crate::cli::BackfillArgs;
use crate::config::{Config, ReceiverUrl};
use crate::poller::{Clock, scope_info};
use crate::source::Sources;
use crate::status::ApiCalls;

/// The suffix of the state folder. It is beside the output, so that it is easy to find and on the
/// same disk.
const STATE: &str = ".backfill-state";

/// Returns whether the progress bar is shown: only where standard error is a terminal.
pub(super) fn has_bar() -> bool {
    stderr().is_terminal()
}

pub(super) async fn run(args: &BackfillArgs, config: &Config) -> Result<()> {
    let signals = Signals::listen()?;
    let now = Clock::system().now();
    let order = order(args, config, now)?;
    warn_of_scraped(order.months, config, now);
    let client = wiring::client(config, Arc::<ApiCalls>::default())?;
    let progress = if has_bar() { Progress::Bar } else { Progress::Log };
    tokio::select! {
        done = backfill::run(&order, &client, &progress) => done,
        () = stopped(signals.stop.clone()) => anyhow::bail!(
            "stopped; what was read is kept in {}: run the same command again to continue",
            order.state.display()
        ),
    }
}

fn order(args: &BackfillArgs, config: &Config, now: Timestamp) -> Result<BackfillJob> {
    let months = Months::closed(args.from, args.to, now).map_err(WrongFlags)?;
    let wanted =
        HistoryOptions { limits: config.metrics.limits.clone(), instances: args.instances };
    foreign_labels(&args.label, &wanted).map_err(WrongFlags)?;
    let (target, state) = match (&args.output, &args.remote_write) {
        (Some(path), _) => (Target::File(path.clone()), beside(lasting(path))),
        (None, Some(url)) => {
            let receiver = receiver(args, &config.azure.extra_roots, url, now)?;
            (Target::RemoteWrite(receiver), beside(Path::new("remote-write")))
        }
        (None, None) => anyhow::bail!("no target"),
    };
    let scopes = config.scopes.iter().map(|scope| ScopeTarget {
        info: scope_info(scope),
        sources: Sources::new(scope.read, &config.poll),
        cost_allocation: scope.cost_allocation,
        charges_are_free: scope.charges_are_free,
    });
    Ok(BackfillJob {
        scopes: scopes.collect(),
        months,
        wanted,
        tag_keys: config.metrics.tags.iter().cloned().collect(),
        now,
        labels: args.label.clone(),
        target,
        state: args.state.clone().unwrap_or(state),
    })
}

/// Returns the path that the state folder is beside. For a device such as `/dev/stdout` this is the
/// working directory, because nothing beside a device lasts.
fn lasting(output: &Path) -> &Path {
    let passing = ["/dev", "/proc"].iter().any(|folder| output.starts_with(folder));
    output.file_name().map(Path::new).filter(|_| passing).unwrap_or(output)
}

fn beside(path: &Path) -> PathBuf {
    let name: OsString = [path.as_os_str(), STATE.as_ref()].into_iter().collect();
    PathBuf::from(name)
}

fn receiver(
    args: &BackfillArgs,
    roots: &[CertificateDer<'static>],
    url: &ReceiverUrl,
    now: Timestamp,
) -> Result<Receiver> {
    let client = transport::receiver_client(url.as_url(), roots).context(wiring::NO_CLIENT)?;
    let age = day_of(now) - args.from.days().first;
    Ok(Receiver {
        url: url.clone(),
        transport: transport::over(client),
        authorization: args.authorization_file.clone(),
        headers: args.header.clone(),
        persistence: Persistence::default(),
        oldest_days: i64::from(age.get_days()),
    })
}

/// Warns of months in which an exporter ran: a sample of what is known now beside one that was
/// scraped then gives one series two values a day. When an exporter first ran shows at best in the
/// age of its state file, which is only looked at and never opened.
fn warn_of_scraped(months: Months, config: &Config, now: Timestamp) {
    let born = config.state_path.as_ref().and_then(|path| path.metadata().ok()?.created().ok());
    let born = born.and_then(|born| Timestamp::try_from(born).ok());
    let since = born.map(|born| Period::of(day_of(born)));
    if let Some(months) = months.scraped(since, now) {
        warn!(
            %months,
            "an exporter may have been scraped in these months: their series would then have two values a day, the cost known then and the cost known now. End with --to before the month of the first scrape, or delete one of the two"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_lies_beside_a_file_and_not_among_devices() {
        for (output, state) in [
            ("history.om", "history.om.backfill-state"),
            ("/srv/history.om", "/srv/history.om.backfill-state"),
            ("/dev/stdout", "stdout.backfill-state"),
            ("/dev/fd/63", "63.backfill-state"),
            ("/proc/self/fd/1", "1.backfill-state"),
            ("/developers/x.om", "/developers/x.om.backfill-state"),
        ] {
            assert_eq!(beside(lasting(Path::new(output))), Path::new(state));
        }
    }
}
