//! Series as published text, and the families whose series are sums of rows.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use azure_billing_exporter::billing::metric_families::FAMILIES;
use azure_billing_simulator::Money;
use jiff::civil::Date;

use crate::labels::{Labels, TAG_KEYS};
use crate::rows::{Fact, escaped};

/// A family whose series are sums of rows: its name, its labels, and what is added up.
type Family = (&'static str, &'static [&'static str], Of);

const SCOPE: &str = "azure_billing_scope_pretax_cost";

/// Returns the families of the open period whose series are sums of rows: those that are bounded,
/// and the scope's cost. Tags are apart, because a row counts once for each key.
fn of_open() -> impl Iterator<Item = Family> {
    let sums = FAMILIES.iter().filter(|family| family.limit.is_some() || family.name == SCOPE);
    let open = sums.filter(|family| !["period", "tag"].contains(&family.labels[0]));
    open.map(|family| {
        let is_usage = family.name.ends_with("_usage_quantity");
        (family.name, family.labels, if is_usage { Of::Quantity } else { Of::Cost })
    })
}

/// Returns the labels of the families that are sums of rows.
pub(crate) fn labels() -> Vec<&'static str> {
    of_open().flat_map(|(_, labels, _)| labels).copied().collect()
}

fn without_prefix(family: &str) -> &str {
    family.strip_prefix("azure_billing_").unwrap_or(family)
}

/// Returns the name of a family for the previous period, whether there is one or not.
fn previous(family: &str) -> String {
    family.replace("_pretax", "_previous_period_pretax")
}

/// The amount that is added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Cost,
    Quantity,
}

/// Series by their text up to the value.
pub(crate) type Series = BTreeMap<String, Value>;

/// An expected value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value {
    /// A sum of rows, to the last bit.
    Exact(f64),
    /// Computed from sums in floating point, in any order.
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

/// Cost and quantity of all rows with the same labels.
pub(crate) type Sums = HashMap<Arc<Labels>, (Money, Money)>;

/// Adds up rows.
pub(crate) fn sums<'a>(facts: impl Iterator<Item = &'a Fact>) -> Sums {
    let mut sums = Sums::new();
    for fact in facts {
        let (cost, quantity) = sums.entry(fact.labels.clone()).or_default();
        *cost += fact.cost;
        *quantity += fact.quantity;
    }
    sums
}

/// Collects series as published text.
pub(crate) struct Writer {
    scope: &'static str,
    pub(crate) series: Series,
}

impl Writer {
    pub(crate) fn of(scope: &'static str) -> Self {
        Self { scope, series: Series::new() }
    }

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

/// Returns the number nearest to an exact amount.
pub(crate) fn number(money: Money) -> f64 {
    money.to_string().parse().expect("a number")
}

/// Returns sums by the values of some labels.
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

/// Writes the families of the open period.
pub(crate) fn write_sums(writer: &mut Writer, open: &Sums) {
    for (family, labels, of) in of_open() {
        for (values, sum) in by(open, labels, of) {
            let labels: Vec<_> = labels.iter().copied().zip(values).collect();
            writer.exact(without_prefix(family), &labels, sum);
        }
    }
    for (place, tag) in TAG_KEYS.into_iter().enumerate() {
        for ([value, currency], sum) in by_tag(open, place) {
            let labels = [("tag", tag), ("value", value), ("currency", currency)];
            writer.exact("tag_pretax_cost", &labels, sum);
        }
    }
}

/// Writes the families of the previous period.
pub(crate) fn write_previous(writer: &mut Writer, before: &Sums, month: Date) {
    let period = month.strftime("%Y-%m").to_string();
    let both = of_open().filter(|(open, ..)| {
        open.ends_with("_cost") && FAMILIES.iter().any(|family| family.name == previous(open))
    });
    for (family, labels, of) in both {
        for (values, sum) in by(before, labels, of) {
            let labels = labels.iter().copied().zip(values);
            let labels: Vec<_> = [("period", period.as_str())].into_iter().chain(labels).collect();
            writer.exact(&previous(without_prefix(family)), &labels, sum);
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
