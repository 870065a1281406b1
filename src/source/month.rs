//! Reads whole months by themselves, outside of polls: for history and for statements.

use jiff::Timestamp;
use tracing::{info, warn};

use super::{Access, CostModel, Known, Reading, SourceMemory, Sources, read};
use crate::azure::Error;
use crate::billing::period::Period;
use crate::billing::scope_totals::ScopeTotals;

/// Reads months of a scope from the best source. What it learns of one is used for the next.
pub struct MonthReader {
    sources: Sources,
    /// True if the scope really costs nothing, so that zeros are not taken for hidden charges.
    charges_are_free: bool,
    /// The time by which sources are chosen.
    now: Timestamp,
    memory: SourceMemory,
    /// True if a month has turned out to be long.
    is_long: bool,
}

impl MonthReader {
    /// Creates the reader of a scope, which has learnt nothing yet.
    pub fn new(sources: Sources, charges_are_free: bool, now: Timestamp) -> Self {
        let (memory, is_long) = (SourceMemory::default(), false);
        Self { sources, charges_are_free, now, memory, is_long }
    }

    /// Reads all rows of a month.
    ///
    /// # Errors
    /// Every [`Error`] of the source that was read last.
    pub async fn read(&mut self, access: &Access<'_>, period: Period) -> Result<Reading, Error> {
        let nothing = ScopeTotals::default();
        loop {
            let (totals, cost_model) = (&nothing, CostModel::USUAL);
            let known = Known { totals, memory: &self.memory, cost_model, without: None };
            let request = self.sources.of_period(period, self.is_long, &known, self.now);
            let reading = match read(access, &request).await {
                Ok(reading) => reading,
                Err(Error::TooLong(pages)) => {
                    info!(month = %period, "more than {pages} pages, reports are read from now on");
                    self.is_long = true;
                    continue;
                }
                Err(error) => {
                    // A report is never the only way. After a temporary error the next run tries it
                    // again.
                    let other = self.sources.fallback(request, &error);
                    let Some(other) = other.filter(|_| !error.is_transient()) else {
                        return Err(error);
                    };
                    info!(
                        month = %period,
                        "Azure gives no {}, the {} is read from now on: {error}. What to do: {}",
                        request.source.noun(),
                        other.noun(),
                        error.remedy()
                    );
                    self.memory.refuse(request.source, self.now);
                    continue;
                }
            };
            if !self.charges_are_free {
                reading.refuse_hidden()?;
            }
            if reading.counts.outside > 0 {
                let rows = reading.counts.outside;
                warn!(month = %period, rows, "Azure sent rows of other months than requested");
            }
            return Ok(reading);
        }
    }
}
