//! A short form of a snapshot, for the status page. It is made once, when a snapshot is published,
//! from the families as they are published: the page and Prometheus can never differ.
//!
//! Nothing is added across currencies. Scopes are not added either: one may contain another.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use jiff::Timestamp;
use jiff::civil::Date;

use super::amount::Amount;
use super::charge::Degradation;
use super::families::{InstanceCost, Metric, OTHER, ScopeCost, ServiceCost};
use super::metric_families::{FAMILIES, Value};
use super::period::Period;
use super::snapshot::Snapshot;

/// The maximum number of costliest resources or services.
const COSTLIEST: usize = 10;
/// The maximum number of currencies that are shown. Real scopes have one or two; each takes up a
/// screen.
const MOST_CURRENCIES: usize = 50;

const DAILY: &str = "azure_billing_scope_daily_pretax_cost";
const FORECAST: &str = "azure_billing_scope_forecast_pretax_cost";
const BUDGET: &str = "azure_billing_budget_pretax_cost";
const SPENT: &str = "azure_billing_budget_spent_pretax_cost";

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
        for (currency, total) in sums(snapshot, ScopeCost::NAME, |_| String::new()) {
            if let Some(costs) = shown.of(&currency) {
                costs.to_date = total.into_values().sum::<Amount>().to_f64();
            }
        }
        for (currency, days) in sums(snapshot, DAILY, |label| label("date").to_owned()) {
            let day = |(date, cost): (String, Amount)| Some((date.parse().ok()?, cost.to_f64()));
            if let Some(costs) = shown.of(&currency) {
                costs.days = days.into_iter().filter_map(day).collect();
            }
        }
        each(snapshot, FORECAST, |label, value| {
            if let Some(costs) = shown.of(label("currency")) {
                costs.forecast = Some(value.to_f64());
            }
        });
        shown.add_budgets(snapshot);
        for (currency, costliest) in costliest_instances(snapshot) {
            if let Some(costs) = shown.of(&currency) {
                costs.instances = costliest.ranked;
            }
        }
        let services =
            sums(snapshot, <ServiceCost as Metric>::NAME, |label| label("service_name").to_owned());
        for (currency, services) in services {
            let Some(costs) = shown.of(&currency) else { continue };
            let mut costliest = Costliest::default();
            for (name, cost) in services {
                costliest.offer(&name, cost, || (name.clone(), String::new()));
            }
            costs.services = costliest.ranked;
        }
        let degraded_rows = snapshot.degraded_rows().filter(|(_, rows)| *rows > 0);
        Self {
            period: snapshot.period(),
            newest_usage: snapshot.newest_usage(),
            currencies: shown.shown,
            more_currencies: shown.others.len(),
            billing_accounts: snapshot.billing_accounts().clone(),
            degraded_rows: degraded_rows.collect(),
            charges_visible: snapshot.charges_visible(),
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

    fn add_budgets(&mut self, snapshot: &Snapshot) {
        each(snapshot, BUDGET, |label, value| {
            let budget =
                BudgetUse { name: label("budget").to_owned(), limit: value.to_f64(), spent: None };
            if let Some(costs) = self.of(label("currency")) {
                costs.budgets.push(budget);
            }
        });
        each(snapshot, SPENT, |label, value| {
            let budgets = self.of(label("currency")).map(|costs| &mut costs.budgets);
            let named =
                budgets.and_then(|all| all.iter_mut().find(|one| one.name == label("budget")));
            if let Some(budget) = named {
                budget.spent = Some(value.to_f64());
            }
        });
    }
}

type Label<'a> = dyn Fn(&str) -> &'a str + 'a;

/// Passes every sample of a family on: its labels by name, and its value.
fn each(snapshot: &Snapshot, family: &str, mut sample: impl FnMut(&Label<'_>, Value)) {
    for family in FAMILIES.iter().filter(|one| one.name == family) {
        (family.each)(snapshot, &mut |values, value| {
            let label = |name: &str| {
                let place = family.labels.iter().position(|label| *label == name);
                place.and_then(|place| values.get(place)).copied().unwrap_or_default()
            };
            sample(&label, value);
        });
    }
}

/// Returns the sums of a family by currency and another property.
fn sums(
    snapshot: &Snapshot,
    family: &str,
    by: impl Fn(&Label<'_>) -> String,
) -> BTreeMap<String, BTreeMap<String, Amount>> {
    let mut sums = BTreeMap::<String, BTreeMap<String, Amount>>::new();
    each(snapshot, family, |label, value| {
        if let Value::Exact(amount) = value {
            let of_currency = sums.entry(label("currency").to_owned()).or_default();
            *of_currency.entry(by(label)).or_default() += amount;
        }
    });
    sums
}

/// Returns the costliest resources by currency. A resource can have several successive series, for
/// example one for each region. There can be a million, so that only the costliest so far are kept.
/// Costs of no resource are ranked as one.
fn costliest_instances(snapshot: &Snapshot) -> IndexMap<String, Costliest> {
    let mut costliest = IndexMap::<String, Costliest>::new();
    let mut settle = |instance: &mut Instance| {
        let Instance { id, name, costs } = instance;
        for (currency, cost) in costs.drain(..) {
            let called = || (name.clone(), id.clone());
            costliest.entry(currency).or_default().offer(id, cost, called);
        }
    };
    let (mut nothing, mut current) = (Instance::default(), Instance::default());
    each(snapshot, InstanceCost::NAME, |label, value| {
        let Value::Exact(cost) = value else { return };
        let id = label("instance_id");
        if id != current.id {
            settle(&mut current);
            id.clone_into(&mut current.id);
            label("instance_name").clone_into(&mut current.name);
        }
        let instance = if id.is_empty() { &mut nothing } else { &mut current };
        *instance.costs.entry(label("currency").to_owned()).or_default() += cost;
    });
    settle(&mut current);
    settle(&mut nothing);
    costliest
}

/// A resource whose series are being added up. Its memory is reused for the next one.
#[derive(Default)]
struct Instance {
    id: String,
    name: String,
    costs: IndexMap<String, Amount>,
}

/// The costliest entities so far.
#[derive(Default)]
struct Costliest {
    ranked: Vec<Costly>,
}

impl Costliest {
    /// Ranks an entity with a positive cost, unless it is the folded remainder.
    fn offer(&mut self, entity: &str, cost: Amount, called: impl FnOnce() -> (String, String)) {
        let cost = cost.to_f64();
        let place = self.ranked.partition_point(|other| other.cost >= cost);
        if entity == OTHER || cost <= 0.0 || place >= COSTLIEST {
            return;
        }
        let (name, id) = called();
        self.ranked.insert(place, Costly { name, id, cost });
        self.ranked.truncate(COSTLIEST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_family_of_the_overview_is_published_with_the_labels_it_is_read_by() {
        for (name, labels) in [
            (ScopeCost::NAME, &["currency"][..]),
            (DAILY, &["date", "currency"]),
            (FORECAST, &["currency"]),
            (BUDGET, &["budget", "currency"]),
            (SPENT, &["budget", "currency"]),
            (InstanceCost::NAME, &["instance_id", "instance_name", "currency"]),
            (<ServiceCost as Metric>::NAME, &["service_name", "currency"]),
        ] {
            let family = FAMILIES.iter().find(|family| family.name == name);
            let family = family.unwrap_or_else(|| panic!("{name} is not published"));
            assert!(labels.iter().all(|label| family.labels.contains(label)), "{name}");
        }
    }

    #[test]
    fn the_ten_costliest_are_kept_in_order_whatever_order_they_come_in() {
        let amount = |cost: i32| Amount::parse(&cost.to_string()).unwrap().amount;
        let mut costliest = Costliest::default();
        for cost in [5, 3, 12, -4, 0, 1, 9, 2, 11, 4, 10, 7, 6, 8] {
            let name = cost.to_string();
            costliest.offer(&name, amount(cost), || (name.clone(), String::new()));
        }
        costliest.offer(OTHER, amount(100), || (OTHER.into(), String::new()));
        let names: Vec<&str> = costliest.ranked.iter().map(|costly| costly.name.as_str()).collect();
        assert_eq!(names, ["12", "11", "10", "9", "8", "7", "6", "5", "4", "3"]);
    }
}
