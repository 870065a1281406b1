//! The values that follow from days: the daily costs, the latest and the usual day, the forecast,
//! budgets; as docs/metrics.md describes them, computed anew from the rows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use azure_billing_simulator::Money;
use jiff::ToSpan;
use jiff::civil::Date;

use crate::labels::TAG_KEYS;
use crate::rows::Fact;
use crate::scopes::COMPLETE_AFTER_DAYS;
use crate::series::{Sums, Writer, number};

/// The complete days before the latest one that make a usual day, at most and at least.
const USUAL_DAYS: usize = 28;
const FEWEST_USUAL_DAYS: usize = 7;
/// The complete days whose mean the forecast uses.
const MEAN_DAYS: usize = 14;

/// The rows of a day and their costs.
pub(crate) struct DaySums {
    facts: Arc<[Fact]>,
    /// Costs by service, kind of charge and currency.
    costs: BTreeMap<[String; 3], Money>,
}

impl DaySums {
    pub(crate) fn of(facts: Arc<[Fact]>) -> Self {
        let mut costs = BTreeMap::new();
        for fact in facts.iter() {
            let labels = &fact.labels;
            let key = [&labels.service_name, &labels.charge_type, &labels.currency];
            *costs.entry(key.map(String::clone)).or_default() += fact.cost;
        }
        Self { facts, costs }
    }

    /// Returns costs by kind of charge and currency.
    fn costs(&self) -> BTreeMap<[&str; 2], Money> {
        let mut costs = BTreeMap::<[&str; 2], Money>::new();
        for ([_, kind, currency], cost) in &self.costs {
            *costs.entry([kind, currency]).or_default() += *cost;
        }
        costs
    }

    /// Returns costs by currency, of some kinds of charge.
    fn of_kinds(&self, wanted: impl Fn(&str) -> bool) -> BTreeMap<&str, Money> {
        let mut costs = BTreeMap::<&str, Money>::new();
        for ([kind, currency], cost) in self.costs() {
            if wanted(kind) {
                *costs.entry(currency).or_default() += cost;
            }
        }
        costs
    }

    /// Returns usage by service and currency.
    fn services(&self) -> BTreeMap<[&str; 2], Money> {
        let usage = self.costs.iter().filter(|([_, kind, _], _)| kind == "usage");
        usage.map(|([service, _, currency], cost)| ([&**service, &**currency], *cost)).collect()
    }
}

/// The days that are known, and the current day.
pub(crate) struct Known {
    pub(crate) days: BTreeMap<Date, DaySums>,
    pub(crate) today: Date,
    pub(crate) open_from: Date,
}

impl Known {
    pub(crate) fn facts_from(&self, first: Date) -> impl Iterator<Item = &Fact> {
        self.days.range(first..).flat_map(|(_, day)| day.facts.iter())
    }

    pub(crate) fn facts_between(&self, first: Date, end: Date) -> impl Iterator<Item = &Fact> {
        self.days.range(first..end).flat_map(|(_, day)| day.facts.iter())
    }

    /// Returns the days that ended long enough ago, up to the newest with usage. All were read
    /// today.
    fn complete(&self) -> Vec<(Date, &DaySums)> {
        let used = |day: &DaySums| day.costs.keys().any(|[_, kind, _]| kind == "usage");
        let newest = self.days.iter().rev().find(|(_, day)| used(day)).map(|(date, _)| *date);
        let settled = self.today.saturating_sub((COMPLETE_AFTER_DAYS + 1).days());
        let last = newest.map(|newest| newest.min(settled));
        let complete = self.days.iter().filter(|(date, _)| last.is_some_and(|last| **date <= last));
        complete.map(|(date, day)| (*date, day)).collect()
    }
}

/// Writes the costs of days.
pub(crate) fn write_days(writer: &mut Writer, known: &Known, window_from: Date) {
    for (date, day) in known.days.range(window_from..) {
        let date = date.to_string();
        for ([kind, currency], cost) in day.costs() {
            let labels = [("date", &*date), ("charge_type", kind), ("currency", currency)];
            writer.exact("scope_daily_pretax_cost", &labels, cost);
        }
    }
}

/// Writes the latest complete day, and the mean and deviation of those before it.
pub(crate) fn write_usual(writer: &mut Writer, known: &Known) {
    let complete = known.complete();
    let Some(((_, latest), before)) = complete.split_last() else { return };
    let before = &before[before.len().saturating_sub(USUAL_DAYS)..];
    let (mut costs, mut services) = (latest.costs(), latest.costs.clone());
    if before.len() >= FEWEST_USUAL_DAYS {
        for currency in write_usual_scope(writer, latest, before) {
            costs.entry(["usage", currency]).or_default();
        }
        for [service, currency] in write_usual_services(writer, latest, before) {
            services.entry([service, "usage", currency].map(str::to_owned)).or_default();
        }
    }
    for ([kind, currency], cost) in costs {
        let labels = [("charge_type", kind), ("currency", currency)];
        writer.exact("scope_latest_day_pretax_cost", &labels, cost);
    }
    for ([service, kind, currency], cost) in &services {
        let labels = [("service_name", &**service), ("charge_type", kind), ("currency", currency)];
        writer.exact("service_latest_day_pretax_cost", &labels, *cost);
    }
}

/// Writes the usual day of the scope, and returns the currencies.
fn write_usual_scope<'a>(
    writer: &mut Writer,
    latest: &'a DaySums,
    before: &[(Date, &'a DaySums)],
) -> BTreeSet<&'a str> {
    let usage = |day: &'a DaySums| day.of_kinds(|kind| kind == "usage");
    let by_day: Vec<_> = before.iter().map(|(_, day)| usage(day)).collect();
    let all = by_day.iter().flat_map(BTreeMap::keys).copied();
    let currencies: BTreeSet<&str> = all.chain(usage(latest).into_keys()).collect();
    for currency in &currencies {
        let of_day = |day: &BTreeMap<&str, Money>| day.get(currency).copied().unwrap_or_default();
        let mut sum = Money::default();
        by_day.iter().for_each(|day| sum += of_day(day));
        let mean = number(sum) / before.len() as f64;
        let squares: f64 = by_day.iter().map(|day| (number(of_day(day)) - mean).powi(2)).sum();
        let deviation = (squares / before.len() as f64).sqrt();
        let labels = [("currency", *currency)];
        writer.near("scope_usual_day_pretax_cost", &labels, mean);
        writer.near("scope_usual_day_pretax_cost_stddev", &labels, deviation);
    }
    currencies
}

/// Writes the usual day of each service, and returns the services by currency.
fn write_usual_services<'a>(
    writer: &mut Writer,
    latest: &'a DaySums,
    before: &[(Date, &'a DaySums)],
) -> Vec<[&'a str; 2]> {
    let mut sums: BTreeMap<[&str; 2], Money> =
        latest.services().into_keys().map(|key| (key, Money::default())).collect();
    for (key, cost) in before.iter().flat_map(|(_, day)| day.services()) {
        *sums.entry(key).or_default() += cost;
    }
    for ([service, currency], sum) in &sums {
        let labels = [("service_name", *service), ("currency", *currency)];
        let mean = number(*sum) / before.len() as f64;
        writer.near("service_usual_day_pretax_cost", &labels, mean);
    }
    sums.into_keys().collect()
}

/// Writes the forecast: running costs continue as on the last days; recurring purchases are still
/// to come.
pub(crate) fn write_forecast(writer: &mut Writer, known: &Known, knows_previous: bool) {
    let complete = known.complete();
    if complete.is_empty() {
        return;
    }
    let runs = |kind: &str| matches!(kind, "usage" | "unused_reservation" | "unused_savings_plan");
    let mut so_far = BTreeMap::<&str, Money>::new();
    let once = known.days.range(known.open_from..).map(|(_, day)| day.of_kinds(|k| !runs(k)));
    let elapsed: Vec<_> = complete.iter().filter(|(date, _)| *date >= known.open_from).collect();
    let running = elapsed.iter().map(|(_, day)| day.of_kinds(runs));
    let due = if knows_previous { due(known) } else { BTreeMap::new() };
    for (currency, cost) in once.chain(running).flatten().chain(due) {
        *so_far.entry(currency).or_default() += cost;
    }
    let mean_days = &complete[complete.len().saturating_sub(MEAN_DAYS)..];
    let mut total = BTreeMap::<&str, Money>::new();
    for (currency, cost) in mean_days.iter().flat_map(|(_, day)| day.of_kinds(runs)) {
        *total.entry(currency).or_default() += cost;
    }
    let days = usize::from(known.open_from.days_in_month().unsigned_abs());
    let left = (days - elapsed.len()) as f64;
    let currencies: BTreeSet<&str> = so_far.keys().chain(total.keys()).copied().collect();
    for currency in currencies {
        let of = |sums: &BTreeMap<&str, Money>| sums.get(currency).copied().unwrap_or_default();
        let mean = number(of(&total)) / mean_days.len() as f64;
        let expected = number(of(&so_far)) + left * mean;
        writer.near("scope_forecast_pretax_cost", &[("currency", currency)], expected);
    }
}

/// Returns the recurring purchases of the previous period that are still to come, by currency.
fn due(known: &Known) -> BTreeMap<&str, Money> {
    let purchase = |fact: &Fact| {
        let product = fact.labels.recurring.clone()?;
        Some((fact.labels.subscription_id.clone(), product, fact.labels.currency.clone()))
    };
    let come: BTreeSet<_> = known.facts_from(known.open_from).filter_map(purchase).collect();
    let before = known.open_from.saturating_sub(1.month());
    let mut due = BTreeMap::<&str, Money>::new();
    for fact in known.facts_between(before, known.open_from) {
        if purchase(fact).is_some_and(|purchase| !come.contains(&purchase)) {
            *due.entry(&fact.labels.currency).or_default() += fact.cost;
        }
    }
    due
}

/// Writes the limit of a budget and its spending. Quarters begin with the month before the open
/// one.
pub(crate) fn write_budget(
    writer: &mut Writer,
    (name, amount, currency, months, team): &(&str, &str, &str, usize, Option<&str>),
    open: &Sums,
    before: &Sums,
    knows_previous: bool,
) {
    let labels = [("budget", *name), ("currency", *currency)];
    writer.near("budget_pretax_cost", &labels, amount.parse().expect("a number"));
    let is_month = *months == 1;
    if !is_month && !knows_previous {
        return;
    }
    let team_key = TAG_KEYS.iter().position(|key| *key == "team").expect("a key");
    let mut spent = Money::default();
    for (row, (cost, _)) in open.iter().chain(before.iter().filter(|_| !is_month)) {
        let counts = team.is_none_or(|team| row.tags[team_key] == team);
        if counts && row.currency == *currency {
            spent += *cost;
        }
    }
    writer.exact("budget_spent_pretax_cost", &labels, spent);
}
