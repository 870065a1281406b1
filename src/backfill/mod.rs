//! OUT, for closed months: history for Prometheus and compatible databases, as a file or by remote
//! write.
//!
//! First every month of every scope is read and kept on the disk (`read`, `state`, `month_file`):
//! that takes hours of quota, so it is never done twice, whatever happens. Then the months are
//! merged series by series (`merge`) and written (`openmetrics`) or sent (`remote_write`).
//! [`crate::billing::history`] decides what a month contains day by day. Only one month is in
//! memory at a time.
//!
//! No part of the running exporter is used here: no poller, no store, no clock.

mod job;
mod merge;
mod month_file;
mod openmetrics;
mod progress;
mod read;
mod remote_write;
mod series;
mod state;

use anyhow::{Context, Result, bail};
use tracing::info;

pub use job::{BackfillJob, Months, ScopeTarget, Target, foreign_labels};
pub use progress::Progress;
pub use remote_write::{Persistence, Receiver};

use crate::azure::Client;
use crate::files::Output;
use merge::History;
use state::State;

/// Reads what is not read yet, then writes everything. After a failure the months that were read
/// stay, and the next run continues from there.
///
/// # Errors
/// The error says what to do.
pub async fn run(order: &BackfillJob, client: &Client, progress: &Progress) -> Result<()> {
    // Checked before hours of reading, not after them.
    let output = match &order.target {
        Target::File(path) => {
            let output = Output::prepare(path);
            Some(output.with_context(|| format!("cannot write {}", path.display()))?)
        }
        Target::RemoteWrite(receiver) => {
            receiver.probe().await?;
            None
        }
    };
    let state = State::open(&order.state, &order.settings())?;
    let failed = read::all(order, client, &state, progress).await?;
    if failed > 0 {
        bail!(
            "{failed} of {} scopes could not be read, so nothing was written; what was read is kept in {}: run the same command again to continue",
            order.scopes.len(),
            state.folder().display()
        );
    }
    let history = History::new(order, &state);
    let extent = history.extent().await?;
    info!(
        series = extent.series,
        samples = extent.samples,
        to = %order.target,
        "writing history"
    );
    match (&order.target, output) {
        (Target::RemoteWrite(receiver), _) => {
            remote_write::send(&history, receiver, progress, extent).await?;
        }
        (Target::File(_), Some(output)) => {
            openmetrics::write(output, &history, progress, extent).await?;
        }
        (Target::File(_), None) => {}
    }
    info!(series = extent.series, samples = extent.samples, to = %order.target, "history is written");
    // The kept months repeat the written costs, and are outdated by the next correction of a month.
    state.remove();
    Ok(())
}
