//! Sends the history month by month, the oldest first. A month that was not finished is sent again
//! from its beginning: receivers count a repeated sample once.

use anyhow::Result;

use super::receiver::Receiver;
use super::wire::Batch;
use crate::backfill::merge::{Extent, History};
use crate::backfill::progress::Progress;

/// The number of samples in one request, which is that of Prometheus itself.
const SAMPLES_AT_ONCE: usize = 2000;

/// Sends the months that the receiver does not have yet.
pub(in crate::backfill) async fn send(
    history: &History<'_>,
    receiver: &Receiver,
    progress: &Progress,
    extent: Extent,
) -> Result<()> {
    let writing = progress.writing(extent.samples);
    for month in history.order.months.iter() {
        for scope in 0..history.order.scopes.len() {
            let sent = history.state.is_sent(scope, month);
            let mut batch = Batch::default();
            for family in &history.families {
                let mut series = history.series(family, scope, &[month])?;
                while let Some(series) = series.next().await? {
                    writing.done(series.samples.len() as u64);
                    if sent {
                        continue;
                    }
                    batch.add(family.described.name, &series);
                    if batch.samples() >= SAMPLES_AT_ONCE {
                        receiver.send(&std::mem::take(&mut batch)).await?;
                    }
                }
            }
            if batch.samples() > 0 {
                receiver.send(&batch).await?;
            }
            history.state.sent(scope, month)?;
        }
    }
    Ok(())
}
