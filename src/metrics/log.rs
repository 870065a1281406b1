//! Counts dropped lines of the log, where they are dropped; the family is written at each scrape.

use std::fmt::Error;
use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;

/// The lines of the log since the start.
#[derive(Debug, Default)]
pub struct LogLines {
    dropped: AtomicU64,
}

impl LogLines {
    /// Counts a line that was dropped.
    pub fn drop_one(&self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns the number of lines that were dropped.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    pub(super) fn encode(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
        let dropped = encoder.encode_descriptor(
            "azure_billing_exporter_log_lines_dropped",
            "Lines of the log that were dropped, because standard error was not read in time or could not be written.",
            None,
            MetricType::Counter,
        )?;
        ConstCounter::new(self.dropped()).encode(dropped)
    }
}
