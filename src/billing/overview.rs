//! A short form of a snapshot, for the status page. It is made once, when a snapshot is published,
//! from the sums as they are published: the page and Prometheus can never differ.
//!
//! Nothing is added across currencies. Scopes are not added either: one may contain another.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;

use super::amount::Amount;
use super::charge::Degradation;
use super::families::OTHER;
use super::interner::Symbol;
use super::names::Named;
use super::period::Period;
use super::period_statement::PeriodStatement;
use super::seal::Seal;
use super::snapshot::Snapshot;

/// The maximum number of costliest resources or services.
const COSTLIEST: usize = 10;
/// The maximum number of currencies that are shown. Real scopes have one or two; each takes up a
/// screen.
const MOST_CURRENCIES: usize = 50;

/// The costs of a scope, in short form.
#[derive(Clone, Debug)]
pub struct Overview {
    /// The billing period of the costs.
    pub period: Period,
    /// The end of the newest day with usage.
    pub newest_usage: Option<Timestamp>,
    /// The costs by currency, the first currencies by name.
    pub currencies: BTreeMap<String, Costs>,
    /// The number of currencies that are not shown.
    pub more_currencies: usize,
    /// The billing accounts to which rows are billed, as far as rows name them.
    pub billing_accounts: BTreeSet<String>,
    /// The number of rows that count although a part could not be read, by reason, without zeros.
    pub degraded_rows: Vec<(Degradation, u64)>,
    /// True if charges are visible, as far as is known.
    pub charges_visible: bool,
    /// The statements of the newest periods, the newest first.
    pub statements: Vec<PeriodStatement>,
    /// What Azure's own totals say about the kept days; `None` if it never gave any.
    pub seal: Option<Seal>,
}

/// The costs of a scope in one currency. They are `f64`, because they are shown and never added up
/// again.
#[derive(Clone, Debug, Default)]
pub struct Costs {
    /// The cost of the billing period to date.
    pub to_date: f64,
    /// The expected cost of the whole billing period.
    pub forecast: Option<f64>,
    /// The budgets in this currency, by name.
    pub budgets: Vec<BudgetUse>,
    /// The days of the window that have costs, oldest first.
    pub days: BTreeMap<Date, f64>,
    /// The costliest resources, costliest first.
    pub instances: Vec<Costly>,
    /// The costliest services, costliest first.
    pub services: Vec<Costly>,
}

/// A budget and what is spent of it.
#[derive(Clone, Debug)]
pub struct BudgetUse {
    /// The name of the budget.
    pub name: String,
    /// The limit of the month, quarter or year.
    pub limit: f64,
    /// The cost that counts against the limit, if that is known.
    pub spent: Option<f64>,
}

/// One of the costliest resources or services.
#[derive(Clone, Debug, PartialEq)]
pub struct Costly {
    /// The name that people use; empty for costs that belong to nothing.
    pub name: String,
    /// The id that distinguishes resources of the same name; empty for services.
    pub id: String,
    /// The cost of the billing period to date.
    pub cost: f64,
}

impl Overview {
    /// Makes the overview of a snapshot.
    pub fn of(snapshot: &Snapshot) -> Self {
        let mut shown = Currencies::default();
        shown.add_totals(snapshot);
        shown.add_days(snapshot);
        shown.add_budgets(snapshot);
        shown.add_instances(snapshot);
        shown.add_services(snapshot);
        let degraded_rows = snapshot.degraded_rows().filter(|(_, rows)| *rows > 0);
        Self {
            period: snapshot.period(),
            newest_usage: snapshot.newest_usage(),
            currencies: shown.shown,
            more_currencies: shown.others.len(),
            billing_accounts: snapshot.billing_accounts().clone(),
            degraded_rows: degraded_rows.collect(),
            charges_visible: snapshot.charges_visible(),
            statements: snapshot.statements(),
            seal: snapshot.seal.clone(),
        }
    }
}

/// The currencies that are shown, and the names of those that are not.
#[derive(Default)]
struct Currencies {
    shown: BTreeMap<String, Costs>,
    others: BTreeSet<String>,
}

impl Currencies {
    /// Returns the costs in a currency, at first empty ones; `None` if it is not shown.
    fn of(&mut self, currency: &str) -> Option<&mut Costs> {
        if !self.shown.contains_key(currency) {
            if self.shown.len() >= MOST_CURRENCIES {
                self.others.insert(currency.to_owned());
                return None;
            }
            self.shown.insert(currency.to_owned(), Costs::default());
        }
        self.shown.get_mut(currency)
    }

    fn add_totals(&mut self, snapshot: &Snapshot) {
        let sums = snapshot.current.scope_cost.iter();
        let totals = sums_by(sums.map(|([.., currency], sum)| (*currency, sum.amount)));
        for (currency, total) in totals {
            if let Some(costs) = self.of(&snapshot.text(currency)) {
                costs.to_date = total.to_f64();
            }
        }
        for (currency, expected) in &snapshot.forecast {
            if let Some(costs) = self.of(currency) {
                costs.forecast = Some(*expected);
            }
        }
    }

    fn add_days(&mut self, snapshot: &Snapshot) {
        let sums = snapshot.daily.iter();
        let days = sums_by(sums.map(|((day, _, currency), amount)| ((currency, *day), *amount)));
        for ((currency, day), cost) in days {
            if let Some(costs) = self.of(currency) {
                costs.days.insert(day, cost.to_f64());
            }
        }
    }

    fn add_budgets(&mut self, snapshot: &Snapshot) {
        for (budget, spent) in &snapshot.budgets {
            let used = BudgetUse {
                name: budget.name.clone(),
                limit: budget.amount.to_f64(),
                spent: spent.map(Amount::to_f64),
            };
            if let Some(costs) = self.of(&budget.currency) {
                costs.budgets.push(used);
            }
        }
    }

    /// Adds the costliest resources. One can have several series, for example one for each region.
    /// Costs of no resource are ranked as one.
    fn add_instances(&mut self, snapshot: &Snapshot) {
        let series = snapshot.current.instance_cost.iter();
        let sums = sums_by(series.map(|([_, _, id, _, currency], sum)| {
            let by = (*currency, *id);
            (by, sum.amount)
        }));
        for (currency, costliest) in costliest(snapshot, &sums) {
            let Some(costs) = self.of(&snapshot.text(currency)) else { continue };
            let costly = |(id, cost): (Symbol, f64)| {
                let name = snapshot.names.of(Named::Instance(id));
                let name = name.map(|name| snapshot.text(name).into_owned()).unwrap_or_default();
                Costly { name, id: snapshot.text(id).into_owned(), cost }
            };
            costs.instances = costliest.ranked.into_iter().map(costly).collect();
        }
    }

    /// Adds the costliest services of all subscriptions together.
    fn add_services(&mut self, snapshot: &Snapshot) {
        let series = snapshot.current.service_cost.iter();
        let sums = sums_by(series.map(|([_, service, currency], sum)| {
            let by = (*currency, *service);
            (by, sum.amount)
        }));
        for (currency, costliest) in costliest(snapshot, &sums) {
            let Some(costs) = self.of(&snapshot.text(currency)) else { continue };
            let costly = |(service, cost): (Symbol, f64)| Costly {
                name: snapshot.text(service).into_owned(),
                id: String::new(),
                cost,
            };
            costs.services = costliest.ranked.into_iter().map(costly).collect();
        }
    }
}

/// Returns sums by a part of their keys, in its order. There can be a million, which take up less
/// memory in a list than in a map.
fn sums_by<K: Ord>(series: impl Iterator<Item = (K, Amount)>) -> Vec<(K, Amount)> {
    let mut sums: Vec<(K, Amount)> = series.collect();
    sums.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    sums.dedup_by(|(later, amount), (first, sum)| {
        let is_same = later == first;
        if is_same {
            *sum += *amount;
        }
        is_same
    });
    sums
}

/// Returns the costliest entities by currency, without the folded remainder.
fn costliest(
    snapshot: &Snapshot,
    sums: &[((Symbol, Symbol), Amount)],
) -> impl Iterator<Item = (Symbol, Costliest)> {
    let other = snapshot.strings.find(OTHER);
    let currencies = sums.chunk_by(|((one, _), _), ((next, _), _)| one == next);
    currencies.map(move |of_currency| {
        let mut costliest = Costliest::default();
        for ((_, entity), cost) in of_currency {
            if Some(*entity) != other {
                costliest.offer(*entity, *cost);
            }
        }
        (of_currency[0].0.0, costliest)
    })
}

/// The costliest entities so far, costliest first.
#[derive(Default)]
struct Costliest {
    ranked: Vec<(Symbol, f64)>,
}

impl Costliest {
    /// Ranks an entity with a positive cost.
    fn offer(&mut self, entity: Symbol, cost: Amount) {
        let cost = cost.to_f64();
        let place = self.ranked.partition_point(|(_, other)| *other >= cost);
        if cost > 0.0 && place < COSTLIEST {
            self.ranked.insert(place, (entity, cost));
            self.ranked.truncate(COSTLIEST);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ten_costliest_are_kept_in_order_whatever_order_they_come_in() {
        let amount = |cost: i32| Amount::parse(&cost.to_string()).unwrap().amount;
        let mut costliest = Costliest::default();
        for (number, cost) in [5, 3, 12, -4, 0, 1, 9, 2, 11, 4, 10, 7, 6, 8].into_iter().enumerate()
        {
            costliest.offer(Symbol::at(number), amount(cost));
        }
        let costs: Vec<f64> = costliest.ranked.iter().map(|(_, cost)| *cost).collect();
        assert_eq!(costs, [12.0, 11.0, 10.0, 9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0]);
    }
}
