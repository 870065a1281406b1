//! In which state each kept day is, and what follows from it for people.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use jiff::civil::Date;

use super::ScopeTotals;
use crate::billing::control::{Agreement, DateState, difference};
use crate::billing::daily_sums::DayBucket;
use crate::billing::period::day_of;
use crate::billing::seal::{DifferingDay, DifferingSum, MOST_CURRENCIES, MOST_DAYS, Seal};

/// A kept day.
struct Kept {
    day: Date,
    state: DateState,
    is_complete: bool,
}

impl ScopeTotals {
    /// Returns the number of kept days in each state, by [`DateState`].
    pub(in crate::billing) fn dates(
        &self,
        complete_after: SignedDuration,
    ) -> [u64; DateState::ALL.len()] {
        let mut dates = [0; DateState::ALL.len()];
        for kept in self.kept_days(complete_after) {
            dates[kept.state as usize] += 1;
        }
        dates
    }

    /// Returns what Azure's totals say about the kept days; `None` if it never gave any.
    pub(in crate::billing) fn seal(&self, complete_after: SignedDuration) -> Option<Seal> {
        let mut seal = Seal {
            complete: 0,
            days: Default::default(),
            newest_verified: None,
            differing: Vec::new(),
            asked_at: self.control_asked_at()?,
        };
        let complete = self.kept_days(complete_after).into_iter().filter(|kept| kept.is_complete);
        for Kept { day, state, .. } in complete.rev() {
            seal.complete += 1;
            seal.days[state as usize] += 1;
            if state == DateState::Verified {
                seal.newest_verified.get_or_insert(day);
            }
            if state == DateState::Differs && seal.differing.len() < MOST_DAYS {
                seal.differing.extend(self.differing_day(day));
            }
        }
        Some(seal)
    }

    /// Returns the kept days in their order.
    fn kept_days(&self, complete_after: SignedDuration) -> Vec<Kept> {
        let newest = self.read_at.and_then(|read_at| self.newest_usage(day_of(read_at)));
        let mut suspect = BTreeMap::<Date, bool>::new();
        for (bucket, summary) in &self.days {
            *suspect.entry(bucket.date).or_default() |= summary.suspect.is_some();
        }
        let kept = suspect.into_iter().map(|(day, is_suspect)| {
            let has_ended = newest.is_some_and(|newest| day <= newest)
                && self.was_read_late(day, complete_after);
            let state = match self.control.get(&day).map(|control| &control.state) {
                _ if is_suspect => DateState::Suspect,
                Some(Agreement::Differs { .. }) => DateState::Differs,
                _ if !has_ended => DateState::Incomplete,
                Some(Agreement::Verified) => DateState::Verified,
                Some(Agreement::Unverified) | None => DateState::Unverified,
            };
            // Only complete days differ, also after the newest usage: its rows may be what is lost.
            Kept { day, state, is_complete: has_ended || state == DateState::Differs }
        });
        kept.collect()
    }

    /// Returns both sums of a day in the currencies that differ.
    fn differing_day(&self, day: Date) -> Option<DifferingDay> {
        let ours = self.sums_of(self.days.get(&DayBucket::own(day))?);
        let totals = &self.control.get(&day)?.totals;
        let differences = difference(&ours.costs, totals).into_iter();
        let differing = differences.filter(|(currency, _)| !ours.equals_in(currency, totals));
        let sums = differing.map(|(currency, difference)| DifferingSum {
            ours: ours.costs.get(&currency).copied().unwrap_or_default().to_f64(),
            azures: totals.get(&currency).copied().unwrap_or_default().to_f64(),
            difference: difference.to_f64(),
            currency,
        });
        let mut sums: Vec<DifferingSum> = sums.collect();
        let more_currencies = sums.len().saturating_sub(MOST_CURRENCIES);
        sums.truncate(MOST_CURRENCIES);
        Some(DifferingDay { day, sums, more_currencies })
    }
}
