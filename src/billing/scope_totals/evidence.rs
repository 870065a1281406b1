//! Evidence of how far the sums can be trusted: what could not be read, whether costs are visible,
//! and who is billed.

use std::collections::BTreeSet;

use super::ScopeTotals;
use crate::billing::charge::Degradation;
use crate::billing::daily_sums::{Dated, DayBucket};
use crate::billing::day_summary::{DaySummary, usage};

/// The number of rows of on-demand usage without cost and price from which on charges count as
/// possibly hidden.
const UNPRICED_ROWS: u64 = 100;

impl ScopeTotals {
    /// Returns the number of rows of all kept days that count although a part could not be read, by
    /// [`Degradation`].
    pub fn degraded_rows(&self) -> [u64; Degradation::ALL.len()] {
        let mut rows = [0; Degradation::ALL.len()];
        for summary in self.days.values() {
            for (sum, of_day) in rows.iter_mut().zip(summary.facts.degraded) {
                *sum += of_day;
            }
        }
        rows
    }

    /// Returns the billing accounts of the newest day that names any. An older day may name the
    /// account from which a department was moved away.
    pub fn billing_accounts(&self) -> BTreeSet<String> {
        let mut facts = self.days.values().rev().map(|summary| &summary.facts);
        let newest = facts.find(|facts| !facts.billing_accounts.is_empty());
        newest.map(|facts| facts.billing_accounts.clone()).unwrap_or_default()
    }

    /// Returns whether charges are visible, as far as rows show. They may be hidden if a hundred
    /// rows of on-demand usage cost 0 and have no price, and no later day has a price or a cost.
    pub fn charges_visible(&self) -> bool {
        let own = self.days.iter().rev().filter(|(bucket, _)| bucket.dated == Dated::InDay);
        let dark = own.map(|(_, summary)| summary).take_while(|summary| !summary.shows_money());
        dark.map(|summary| summary.facts.unpriced).sum::<u64>() < UNPRICED_ROWS
    }

    /// Returns whether usage of some buckets had a cost when it was last read. If so, an answer in
    /// which all usage is free probably hides its cost.
    pub fn had_cost(&self, buckets: impl IntoIterator<Item = DayBucket>) -> bool {
        let mut summaries = buckets.into_iter().filter_map(|bucket| self.days.get(&bucket));
        summaries
            .any(|summary| usage(&summary.scope_cost, &self.strings).values().any(|c| !c.is_zero()))
    }
}

impl DaySummary {
    /// Returns whether its rows have a cost or a price.
    fn shows_money(&self) -> bool {
        self.facts.priced || self.scope_cost.iter().any(|(_, sum)| !sum.amount.is_zero())
    }
}
