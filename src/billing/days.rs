//! Costs day by day: what each day cost, which days are complete, and what a usual day costs.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use jiff::civil::Date;

use super::amount::Amount;
use super::charge::ChargeType;
use super::daily_sums::{Dated, DayBucket};
use super::day_summary::DaySummary;
use super::families::{Sum, Sums};
use super::interner::Symbol;
use super::period::{DayRange, day_of};
use super::scope_totals::ScopeTotals;

/// The number of complete days before the latest one, whose mean is a usual day.
const USUAL_DAYS: usize = 28;
/// The fewest days that make a usual day: with fewer, a weekend would look like an anomaly.
const FEWEST_USUAL_DAYS: usize = 7;

/// The number of newest complete days that are kept however old they are: those of a usual day, the
/// latest, and about a week more.
const COMPLETE_DAYS_KEPT: usize = 35;

/// Costs by kind of charge and currency.
type Costs<'a> = BTreeMap<(ChargeType, Cow<'a, str>), Amount>;

/// The mean and the standard deviation of a usual day's cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Usual {
    pub(crate) mean: f64,
    /// The deviation of the population: of these days, not of a sample of others.
    pub(crate) deviation: f64,
}

/// Returns whether charges of a kind occur day by day, as long as something runs. In amortized cost
/// the idle part of a reservation does; a purchase, a refund or a correction does not.
pub(crate) fn runs(charge_type: ChargeType) -> bool {
    use ChargeType::{UnusedReservation, UnusedSavingsPlan, Usage};
    matches!(charge_type, Usage | UnusedReservation | UnusedSavingsPlan)
}

/// The summaries of a day: of the rows that are dated on it, and of others that count on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KnownDay<'a> {
    pub(crate) date: Date,
    parts: [Option<&'a DaySummary>; Dated::ALL.len()],
}

impl<'a> KnownDay<'a> {
    fn parts(self) -> impl Iterator<Item = &'a DaySummary> {
        self.parts.into_iter().flatten()
    }
}

impl ScopeTotals {
    /// Returns the known days of a range, oldest first.
    pub(crate) fn days_in(&self, range: DayRange) -> impl Iterator<Item = KnownDay<'_>> {
        let own = self.buckets_of(range).filter(|(bucket, _)| bucket.dated == Dated::InDay);
        own.map(|(bucket, _)| {
            let parts = Dated::ALL.map(|dated| self.days.get(&DayBucket { dated, ..*bucket }));
            KnownDay { date: bucket.date, parts }
        })
    }

    /// Returns the days that were read late enough to be complete, oldest first. None is after the
    /// newest usage: when usage stops arriving, days without rows may have usage that is missing.
    pub(crate) fn complete_days(&self, after: SignedDuration) -> Vec<KnownDay<'_>> {
        let today = self.read_at.map(day_of);
        let newest = today.and_then(|today| self.newest_usage(today));
        let Some((first, newest)) = self.first_day().zip(newest) else {
            return Vec::new();
        };
        let complete = |day: &KnownDay<'_>| {
            day.parts().all(|summary| summary.suspect.is_none())
                && self.was_read_late(day.date, after)
        };
        self.days_in(DayRange { first, last: newest.max(first) }).filter(complete).collect()
    }

    /// Returns the oldest of the newest complete days, which are kept whatever the window is: an
    /// outage, during which no day becomes complete, must not reduce the days behind a mean. `None`
    /// while there are too few.
    pub fn oldest_compared_day(&self, after: SignedDuration) -> Option<Date> {
        let complete = self.complete_days(after);
        complete.iter().rev().nth(COMPLETE_DAYS_KEPT - 1).map(|day| day.date)
    }

    /// Returns the cost of a day by kind of charge and currency.
    pub(crate) fn day_costs(&self, day: KnownDay<'_>) -> Costs<'_> {
        let mut costs = Costs::new();
        for ([charge_type, _, _, currency], sum) in
            day.parts().flat_map(|summary| summary.scope_cost.iter())
        {
            let charge_type = ChargeType::parse(&self.strings.get(*charge_type));
            *costs.entry((charge_type, self.strings.get(*currency))).or_default() += sum.amount;
        }
        costs
    }

    /// Returns the cost of a day by service, kind of charge and currency.
    pub(crate) fn day_services(&self, day: KnownDay<'_>) -> Sums<[Symbol; 3]> {
        let mut services = Sums::default();
        for (key, sum) in day.parts().flat_map(|summary| summary.service_charge.iter()) {
            services.add(*key, sum);
        }
        services
    }

    /// Returns the usage cost of a day by service and currency.
    fn service_usage(&self, day: KnownDay<'_>) -> Sums<[Symbol; 2]> {
        let mut usage = Sums::default();
        for ([service, charge_type, currency], sum) in self.day_services(day).iter() {
            if ChargeType::parse(&self.strings.get(*charge_type)) == ChargeType::Usage {
                usage.add([*service, *currency], sum);
            }
        }
        usage
    }

    /// Returns the mean and deviation of a usual day's usage cost, by currency. `days` are
    /// complete. The latest is compared with the others, so it only adds its currencies.
    pub(crate) fn usual_day(&self, days: &[KnownDay<'_>]) -> BTreeMap<String, Usual> {
        let Some((latest, before)) = usual_days(days) else { return BTreeMap::new() };
        let usage = |day: KnownDay<'_>| {
            let costs = self.day_costs(day).into_iter();
            let usage = costs.filter(|((kind, _), _)| *kind == ChargeType::Usage);
            usage.map(|((_, currency), amount)| (currency.into_owned(), amount)).collect()
        };
        let by_day: Vec<BTreeMap<String, Amount>> = before.iter().map(|day| usage(*day)).collect();
        let currencies: BTreeSet<String> =
            by_day.iter().cloned().chain([usage(latest)]).flatten().map(|(c, _)| c).collect();
        let of = |currency: String| {
            let amounts: Vec<Amount> =
                by_day.iter().map(|day| day.get(&currency).copied().unwrap_or_default()).collect();
            (currency, usual(&amounts))
        };
        currencies.into_iter().map(of).collect()
    }

    /// Returns the usage cost of all days that make a usual day, by service and currency, and the
    /// number of these days. A service that is new on the latest day is included with 0.
    pub(crate) fn usual_service_days(
        &self,
        days: &[KnownDay<'_>],
    ) -> Option<(Sums<[Symbol; 2]>, usize)> {
        let (latest, before) = usual_days(days)?;
        let mut sums: Sums<[Symbol; 2]> =
            self.service_usage(latest).keys().map(|key| (*key, Sum::default())).collect();
        for day in before {
            self.service_usage(*day).iter().for_each(|(key, sum)| sums.add(*key, sum));
        }
        Some((sums, before.len()))
    }

    /// Returns the cost by day, kind of charge and currency of the known days of a range.
    pub(crate) fn daily(
        &self,
        range: DayRange,
    ) -> impl Iterator<Item = ((Date, ChargeType, Cow<'_, str>), Amount)> {
        self.days_in(range).flat_map(|day| {
            let costs = self.day_costs(day).into_iter();
            costs.map(move |((kind, currency), amount)| ((day.date, kind, currency), amount))
        })
    }
}

/// Returns the latest complete day, and the earlier days with which it is compared.
fn usual_days<'a, 'b>(days: &'b [KnownDay<'a>]) -> Option<(KnownDay<'a>, &'b [KnownDay<'a>])> {
    let (latest, before) = days.split_last()?;
    let before = &before[before.len().saturating_sub(USUAL_DAYS)..];
    (before.len() >= FEWEST_USUAL_DAYS).then_some((*latest, before))
}

fn usual(amounts: &[Amount]) -> Usual {
    let count = amounts.len() as f64;
    let mean = amounts.iter().copied().sum::<Amount>().to_f64() / count;
    let squares = amounts.iter().map(|amount| (amount.to_f64() - mean).powi(2)).sum::<f64>();
    Usual { mean, deviation: (squares / count).sqrt() }
}
