//! The forecast of what a billing period will have cost at its end.
//!
//! Expected = one-time charges so far + what runs on the complete days + the remaining days at the
//! mean of the last 14 complete days (also of the previous period, so that it works on the first
//! day) + the recurring purchases of the previous period that have not occurred yet. A purchase is
//! never extrapolated. The data decides what remains, not the clock: a day that is not complete
//! counts as remaining.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::amount::Amount;
use super::days::{KnownDay, runs};
use super::families::Sum;
use super::interner::Symbol;
use super::period::Period;
use super::scope_totals::ScopeTotals;

/// The number of complete days whose mean is the present cost of a day.
const MEAN_DAYS: usize = 14;

impl ScopeTotals {
    /// Returns the expected total by currency. Empty if no day is complete.
    pub(crate) fn forecast(
        &self,
        period: Period,
        complete_after: SignedDuration,
    ) -> BTreeMap<String, f64> {
        let complete = self.complete_days(complete_after);
        if complete.is_empty() {
            return BTreeMap::new();
        }
        let range = period.days();
        let mut known = BTreeMap::<String, Amount>::new();
        let mut add = |currency: &str, amount: Amount| match known.get_mut(currency) {
            Some(sum) => *sum += amount,
            None => _ = known.insert(currency.to_owned(), amount),
        };
        for day in self.days_in(range) {
            let one_time = self.day_costs(day).into_iter().filter(|((kind, _), _)| !runs(*kind));
            one_time.for_each(|((_, currency), amount)| add(&currency, amount));
        }
        let elapsed: Vec<_> = complete.iter().filter(|day| range.contains(day.date)).collect();
        for day in &elapsed {
            for (currency, amount) in self.running(**day) {
                add(&currency, amount);
            }
        }
        for (currency, amount) in self.outstanding(period) {
            add(&currency, amount);
        }
        let remaining = range.count() - elapsed.len();
        let mean_days = &complete[complete.len().saturating_sub(MEAN_DAYS)..];
        let mean = self.total_running(mean_days);
        let currencies =
            known.keys().chain(mean.keys()).cloned().collect::<std::collections::BTreeSet<_>>();
        let expected = |currency: String| {
            let day = mean.get(&currency).map_or(0.0, |sum| sum.to_f64() / mean_days.len() as f64);
            let so_far = known.get(&currency).copied().unwrap_or_default().to_f64();
            (currency, so_far + remaining as f64 * day)
        };
        currencies.into_iter().map(expected).collect()
    }

    /// Returns the cost of what runs on a day, by currency.
    fn running(&self, day: KnownDay<'_>) -> BTreeMap<String, Amount> {
        let mut running = BTreeMap::<String, Amount>::new();
        for ((_, currency), amount) in
            self.day_costs(day).into_iter().filter(|((kind, _), _)| runs(*kind))
        {
            *running.entry(currency.into_owned()).or_default() += amount;
        }
        running
    }

    fn total_running(&self, days: &[KnownDay<'_>]) -> BTreeMap<String, Amount> {
        let mut total = BTreeMap::<String, Amount>::new();
        for (currency, amount) in days.iter().flat_map(|day| self.running(*day)) {
            *total.entry(currency).or_default() += amount;
        }
        total
    }

    /// Returns the recurring purchases of the previous period that have not occurred in this one,
    /// by currency.
    fn outstanding(&self, period: Period) -> BTreeMap<String, Amount> {
        let of = |period: Period| {
            let period_totals = self.periods.get(&period);
            let purchases = period_totals
                .into_iter()
                .flat_map(|period_totals| period_totals.tables.recurring_cost.iter());
            let purchase = |(key, sum): (&[Symbol; 3], Sum)| (*key, sum.amount);
            purchases.map(purchase).collect::<BTreeMap<_, _>>()
        };
        let come = of(period);
        let mut outstanding = BTreeMap::<String, Amount>::new();
        for (purchase, amount) in of(period.before()) {
            if !come.contains_key(&purchase) {
                let currency = self.strings.get(purchase[2]).into_owned();
                *outstanding.entry(currency).or_default() += amount;
            }
        }
        outstanding
    }
}
