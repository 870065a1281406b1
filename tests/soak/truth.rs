//! What the source allows to be published of a scope: every series with its value, at each of the
//! source's steps.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use azure_billing_exporter::simulator::Money;
use jiff::ToSpan;
use jiff::civil::Date;

use crate::outlook::{self, DaySums, Known};
use crate::rows::{self, Fact, Labels, TAG_KEYS, escaped};
use crate::scopes::Scope;
use crate::source::Source;

/// The days that the daily family reaches back, today included.
const WINDOW_DAYS: i64 = 35;
/// Days after its start until none of a day's rows changes any more, and one beside.
const MOVING_DAYS: i64 = 6;

/// The families of the open period whose series are sums of rows, with their labels.
const SUMS: [(&str, &[&str], Of); 10] = [
    (
        "instance_pretax_cost",
        &[
            "subscription_id",
            "resource_group",
            "instance_id",
            "instance_name",
            "location",
            "currency",
        ],
        Of::Cost,
    ),
    (
        "instance_usage_quantity",
        &["subscription_id", "resource_group", "instance_id", "instance_name", "location", "unit"],
        Of::Quantity,
    ),
    (
        "scope_pretax_cost",
        &["charge_type", "publisher_type", "pricing_model", "currency"],
        Of::Cost,
    ),
    ("account_pretax_cost", &["department", "account", "currency"], Of::Cost),
    ("subscription_pretax_cost", &["subscription_id", "subscription_name", "currency"], Of::Cost),
    ("resource_group_pretax_cost", &["subscription_id", "resource_group", "currency"], Of::Cost),
    ("location_pretax_cost", &["location", "currency"], Of::Cost),
    ("cost_center_pretax_cost", &["cost_center", "currency"], Of::Cost),
    ("service_pretax_cost", &["subscription_id", "service_name", "currency"], Of::Cost),
    ("meter_usage_quantity", &["service_name", "subcategory", "meter", "unit"], Of::Quantity),
];

/// Those that the period before has as well.
const PREVIOUS: [&str; 6] = [
    "scope_pretax_cost",
    "account_pretax_cost",
    "subscription_pretax_cost",
    "resource_group_pretax_cost",
    "cost_center_pretax_cost",
    "service_pretax_cost",
];

/// What is added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Cost,
    Quantity,
}

/// Series by their text up to the value.
pub(crate) type Series = BTreeMap<String, Value>;

/// A value as it must be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value {
    /// A sum of rows, to the last bit.
    Exact(f64),
    /// Worked out of sums in floating point, in whatever order.
    Near(f64),
}

impl Value {
    pub(crate) fn allows(self, published: f64) -> bool {
        match self {
            Self::Exact(value) => value == published,
            Self::Near(value) => (value - published).abs() <= 1e-9 * value.abs().max(1e-3),
        }
    }
}

/// Of which readings a scope's series are: each of them shows the source at one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct View {
    /// The step of the open period.
    pub(crate) open: usize,
    /// The step of the days before it.
    pub(crate) previous: usize,
    /// Whether the period before was read.
    pub(crate) knows_previous: bool,
    /// Whether the older days of the window were.
    pub(crate) knows_window: bool,
}

type Days = BTreeMap<Date, Arc<[Fact]>>;

/// All rows of all scopes at all steps.
pub(crate) struct Truth {
    pub(crate) scopes: Vec<Scope>,
    pub(crate) today: Date,
    /// The first day whose rows change from step to step.
    first_moving: Date,
    /// Days that no step changes, by scope.
    settled: Vec<Days>,
    /// The others, by step and scope.
    moving: Vec<Vec<Days>>,
}

impl Truth {
    /// Reads the source as it will be at each step, by a twin that has no faults.
    pub(crate) fn read(source: &Source, scopes: Vec<Scope>, today: Date) -> Self {
        let first_moving = source.first_day().saturating_sub(MOVING_DAYS.days());
        let mut truth =
            Self { scopes, today, first_moving, settled: Vec::new(), moving: Vec::new() };
        let yesterday = first_moving.saturating_sub(1.day());
        truth.settled = truth.days(source, 0, truth.first_day(), yesterday);
        truth.moving =
            (0..source.steps()).map(|step| truth.days(source, step, first_moving, today)).collect();
        truth
    }

    fn days(&self, source: &Source, step: usize, first: Date, last: Date) -> Vec<Days> {
        let router = source.twin_at(step);
        let of = |scope: &Scope| {
            let mut days = BTreeMap::<Date, Vec<Fact>>::new();
            for fact in source.wait(rows::read(&router, scope, first, last)) {
                days.entry(fact.date).or_default().push(fact);
            }
            days.into_iter().map(|(date, facts)| (date, facts.into())).collect()
        };
        self.scopes.iter().map(of).collect()
    }

    /// The first of the open month.
    pub(crate) fn open_from(&self) -> Date {
        self.today.first_of_month()
    }

    /// The first of the month before it.
    pub(crate) fn previous_from(&self) -> Date {
        self.open_from().saturating_sub(1.month())
    }

    fn window_from(&self) -> Date {
        self.today.saturating_sub((WINDOW_DAYS - 1).days())
    }

    fn first_day(&self) -> Date {
        self.previous_from().min(self.window_from())
    }

    /// Whether the days before the open period change from step to step.
    pub(crate) fn previous_moves(&self) -> bool {
        self.first_moving < self.open_from()
    }

    /// Whether the window has days that are of no other part.
    pub(crate) fn has_window(&self) -> bool {
        self.window_from() < self.previous_from()
    }

    /// The rows of each day that a view shows; none of a day that it does not.
    fn shown(&self, scope: usize, view: View) -> Known {
        let mut days = BTreeMap::new();
        let all = self.first_day().series(1.day()).take_while(|day| *day <= self.today);
        for date in all {
            let (known, step) = if date >= self.open_from() {
                (true, view.open)
            } else if date >= self.previous_from() {
                (view.knows_previous, view.previous)
            } else {
                (view.knows_window, view.previous)
            };
            if known {
                let days_of_step = match date {
                    date if date < self.first_moving => &self.settled[scope],
                    _ => &self.moving[step][scope],
                };
                let facts = days_of_step.get(&date).cloned().unwrap_or_default();
                days.insert(date, DaySums::of(facts));
            }
        }
        Known { days, today: self.today, open_from: self.open_from() }
    }

    /// Every series of a scope.
    pub(crate) fn series(&self, scope: usize, view: View) -> Series {
        let known = self.shown(scope, view);
        let mut writer = Writer { scope: self.scopes[scope].label, series: Series::new() };
        let open = sums(known.facts_from(self.open_from()));
        write_sums(&mut writer, &open);
        let before = known.facts_between(self.previous_from(), self.open_from());
        let before = sums(before);
        if view.knows_previous {
            write_previous(&mut writer, &before, self.previous_from());
        }
        let budgets = if scope == 0 { &crate::scopes::BUDGETS[..] } else { &[] };
        let expected = before.keys().map(|labels| labels.currency.as_str());
        for currency in expected.chain(budgets.iter().map(|budget| budget.2)) {
            if open.keys().all(|labels| labels.currency != currency) {
                let labels =
                    [("charge_type", "usage"), ("publisher_type", ""), ("pricing_model", "")];
                let labels = [&labels[..], &[("currency", currency)]].concat();
                writer.exact("scope_pretax_cost", &labels, Money::default());
            }
        }
        outlook::write_days(&mut writer, &known, self.window_from());
        outlook::write_usual(&mut writer, &known);
        outlook::write_forecast(&mut writer, &known, view.knows_previous);
        for budget in budgets {
            outlook::write_budget(&mut writer, budget, &open, &before, view.knows_previous);
        }
        writer.series
    }
}

/// Cost and quantity of all rows with the same labels.
pub(crate) type Sums = HashMap<Arc<Labels>, (Money, Money)>;

fn sums<'a>(facts: impl Iterator<Item = &'a Fact>) -> Sums {
    let mut sums = Sums::new();
    for fact in facts {
        let (cost, quantity) = sums.entry(fact.labels.clone()).or_default();
        *cost += fact.cost;
        *quantity += fact.quantity;
    }
    sums
}

/// Gathers series in the text that they are published in.
pub(crate) struct Writer {
    scope: &'static str,
    series: Series,
}

impl Writer {
    fn name(&self, family: &str, labels: &[(&str, &str)]) -> String {
        let mut name = format!("azure_billing_{family}{{scope=\"{}\"", self.scope);
        for (label, value) in labels {
            name.push_str(&format!(",{label}=\"{}\"", escaped(value)));
        }
        name + "}"
    }

    pub(crate) fn exact(&mut self, family: &str, labels: &[(&str, &str)], money: Money) {
        let name = self.name(family, labels);
        self.series.insert(name, Value::Exact(number(money)));
    }

    pub(crate) fn near(&mut self, family: &str, labels: &[(&str, &str)], value: f64) {
        let name = self.name(family, labels);
        self.series.insert(name, Value::Near(value));
    }
}

/// The number nearest to an exact amount.
pub(crate) fn number(money: Money) -> f64 {
    money.to_string().parse().expect("a number")
}

/// Sums by the values of some labels.
fn by<'a>(sums: &'a Sums, labels: &[&str], of: Of) -> BTreeMap<Vec<&'a str>, Money> {
    let mut by = BTreeMap::<Vec<&str>, Money>::new();
    for (row, (cost, quantity)) in sums {
        let values = labels.iter().map(|label| row.get(label)).collect();
        *by.entry(values).or_default() += if of == Of::Cost { *cost } else { *quantity };
    }
    by
}

fn by_tag(sums: &Sums, key: usize) -> BTreeMap<[&str; 2], Money> {
    let mut by = BTreeMap::<[&str; 2], Money>::new();
    for (row, (cost, _)) in sums {
        *by.entry([&row.tags[key], &row.currency]).or_default() += *cost;
    }
    by
}

fn write_sums(writer: &mut Writer, open: &Sums) {
    for (family, labels, of) in SUMS {
        for (values, sum) in by(open, labels, of) {
            let labels: Vec<_> = labels.iter().copied().zip(values).collect();
            writer.exact(family, &labels, sum);
        }
    }
    for (place, tag) in TAG_KEYS.into_iter().enumerate() {
        for ([value, currency], sum) in by_tag(open, place) {
            let labels = [("tag", tag), ("value", value), ("currency", currency)];
            writer.exact("tag_pretax_cost", &labels, sum);
        }
    }
}

fn write_previous(writer: &mut Writer, before: &Sums, month: Date) {
    let period = month.strftime("%Y-%m").to_string();
    let previous = |family: &str| family.replace("_pretax", "_previous_period_pretax");
    for (family, labels, of) in SUMS.into_iter().filter(|(name, ..)| PREVIOUS.contains(name)) {
        for (values, sum) in by(before, labels, of) {
            let labels = labels.iter().copied().zip(values);
            let labels: Vec<_> = [("period", period.as_str())].into_iter().chain(labels).collect();
            writer.exact(&previous(family), &labels, sum);
        }
    }
    for (place, tag) in TAG_KEYS.into_iter().enumerate() {
        for ([value, currency], sum) in by_tag(before, place) {
            let labels = [("period", period.as_str()), ("tag", tag), ("value", value)];
            let labels = [&labels[..], &[("currency", currency)]].concat();
            writer.exact(&previous("tag_pretax_cost"), &labels, sum);
        }
    }
}
