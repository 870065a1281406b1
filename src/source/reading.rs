//! A finished reading, and what its rows show beside their sums.

use super::page_counts::RowCounts;
use crate::azure::Error;
use crate::billing::facts::BucketFacts;
use crate::ingest::SpillBuffer;

/// The number of rows of usage, all free, from which on their cost is considered hidden.
const HIDDEN_AFTER: u64 = 100;

/// The judgement whether charges can be seen, if no row says that they are hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChargesShown {
    /// Charges can be seen, as far as the rows show.
    Yes,
    /// All of this many rows of usage cost nothing, which are too few to judge by.
    TooFewRows(u64),
    /// All usage costs nothing, and this many rows of it name no price either.
    Unpriced(u64),
}

/// A finished reading.
#[derive(Debug)]
pub struct Reading {
    /// The sums of the rows, also of rows dated outside the requested days.
    pub sums: SpillBuffer,
    /// The facts of the rows beside their sums.
    pub facts: BucketFacts,
    /// The numbers of its rows.
    pub counts: RowCounts,
    /// The number of pages or files.
    pub pages: u64,
}

impl Reading {
    /// Refuses a reading whose costs are hidden: Azure then sends zeros, not an error. Usage
    /// without cost proves nothing, as it can be free or covered by a purchase; usage that also
    /// names a price does.
    ///
    /// # Errors
    /// [`Error::NoCharges`].
    pub fn refuse_hidden(&self) -> Result<(), Error> {
        let RowCounts { used, payable, charged, .. } = self.counts;
        if charged == 0 && used >= HIDDEN_AFTER && payable > 0 {
            return Err(Error::NoCharges(format!(
                "all {used} rows of usage cost 0, although {payable} of them name a price"
            )));
        }
        Ok(())
    }

    /// Returns whether charges can be seen, judged by some of the scope's rows.
    pub(super) fn charges_shown(&self) -> ChargesShown {
        let unpriced: u64 = self.facts.values().map(|facts| facts.unpriced).sum();
        let is_priced = self.facts.values().any(|facts| facts.priced);
        match self.zeros() {
            None => ChargesShown::Yes,
            Some(_) if self.counts.used < HIDDEN_AFTER => {
                ChargesShown::TooFewRows(self.counts.used)
            }
            Some(_) if unpriced >= HIDDEN_AFTER && !is_priced => ChargesShown::Unpriced(unpriced),
            Some(_) => ChargesShown::Yes,
        }
    }

    /// Returns the number of rows of on-demand usage if no row at all has a cost other than 0.
    pub fn zeros(&self) -> Option<u64> {
        let RowCounts { charged, unpaid, .. } = self.counts;
        (charged == 0 && unpaid > 0).then_some(unpaid)
    }
}
