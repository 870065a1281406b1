//! What Azure states beside rows: amounts and moments with labels, such as the balance of a month.
//!
//! A fact belongs to the call and the period that brought it, which replaces all its facts at once.
//! Facts are stored with the totals of their scope, and published as they are.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::amount::Amount;
use super::period::Period;
use super::sample::{Sink, Value};

/// A total of Azure of a month, which the rows of a closed one add up to, in parts: what prepayment
/// can pay, what it cannot, and the Marketplace.
#[derive(Debug, PartialEq, Eq)]
pub struct MonthTotal {
    /// What Azure calls it.
    pub name: &'static str,
    /// The family of the total.
    pub family: &'static str,
    /// The family of our sums less the total.
    pub difference: &'static str,
    /// The values of the `part` label, in the order of [`Part`].
    pub parts: [&'static str; 3],
    /// True if rows take the rounding of the total away, so that both become equal.
    pub has_rounding_rows: bool,
}

/// The parts of a month's costs that Azure's totals tell apart. The number of each is its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// What prepayment can pay, whether it did or not.
    Usage,
    /// Services that no prepayment covers.
    ChargedSeparately,
    /// Products of other publishers.
    Marketplace,
}

/// The balances of an enrollment.
pub static BALANCES: MonthTotal = MonthTotal {
    name: "balances",
    family: "azure_billing_balances_pretax_cost",
    difference: "azure_billing_balances_difference_pretax_cost",
    parts: ["usage", "charged_separately", "marketplace"],
    has_rounding_rows: true,
};

/// The charges of a department or an enrollment account. Rounding rows are those of the enrollment
/// alone.
pub static CHARGES: MonthTotal = MonthTotal {
    name: "charges",
    family: "azure_billing_charges_pretax_cost",
    difference: "azure_billing_charges_difference_pretax_cost",
    parts: ["azure", "charged_separately", "marketplace"],
    has_rounding_rows: false,
};

impl MonthTotal {
    /// Every total of months. A scope has one of them at most.
    pub fn all() -> [&'static Self; 2] {
        [&BALANCES, &CHARGES]
    }

    /// Returns the amounts of a period by part, as facts.
    pub fn facts(&self, period: Period, currency: &str, amounts: [Amount; 3]) -> Vec<Fact> {
        let period = period.to_string();
        let parts = self.parts.into_iter().zip(amounts);
        parts
            .map(|(part, amount)| Fact::amount(self.family, &[&period, part, currency], amount))
            .collect()
    }
}

/// The value of a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Figure {
    /// An amount of money.
    Amount(Amount),
    /// A moment, in seconds since 1970.
    Timestamp(i64),
}

/// A fact: a sample of a family, whose name is that of the metric.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// The metric's name.
    pub family: String,
    /// The values of its labels besides `scope`.
    pub labels: Vec<String>,
    /// The value.
    pub figure: Figure,
}

impl Fact {
    /// Returns an amount with its labels.
    pub fn amount(family: &str, labels: &[&str], amount: Amount) -> Self {
        let labels = labels.iter().map(|label| (*label).to_owned()).collect();
        Self { family: family.to_owned(), labels, figure: Figure::Amount(amount) }
    }
}

/// The facts of a scope, by the period they are of and the call that brought them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement(BTreeMap<(Period, String), Vec<Fact>>);

impl Statement {
    /// Replaces the facts of a call about a period.
    pub fn put(&mut self, call: &str, period: Period, facts: Vec<Fact>) {
        self.0.insert((period, call.to_owned()), facts);
    }

    /// Forgets the facts of older periods.
    pub fn forget_before(&mut self, period: Period) {
        self.0.retain(|(known, _), _| *known >= period);
    }

    /// Returns the parts of a total of a period by currency; none if Azure has not stated it.
    pub fn parts(&self, total: &MonthTotal, period: Period) -> BTreeMap<&str, [Amount; 3]> {
        let mut parts = BTreeMap::<&str, [Amount; 3]>::new();
        let facts = self.0.iter().filter(|((of, _), _)| *of == period).flat_map(|(_, it)| it);
        for fact in facts.filter(|fact| fact.family == total.family) {
            let ([_, part, currency], Figure::Amount(amount)) = (&fact.labels[..], fact.figure)
            else {
                continue;
            };
            if let Some(place) = total.parts.iter().position(|known| known == part) {
                parts.entry(currency).or_default()[place] = amount;
            }
        }
        parts
    }

    /// Passes the samples of a family, in the order of their labels.
    pub fn each(&self, family: &str, sink: &mut Sink<'_>) {
        let facts = self.0.values().flatten().filter(|fact| fact.family == family);
        let sorted: BTreeMap<&[String], Figure> =
            facts.map(|fact| (fact.labels.as_slice(), fact.figure)).collect();
        for (labels, figure) in sorted {
            let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
            let value = match figure {
                Figure::Amount(amount) => Value::Exact(amount),
                Figure::Timestamp(seconds) => Value::Derived(seconds as f64),
            };
            sink(&labels, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(text: &str) -> Period {
        text.parse().unwrap()
    }

    fn listed(statement: &Statement, family: &str) -> Vec<String> {
        let mut listed = Vec::new();
        statement.each(family, &mut |labels, _| listed.push(labels.join(" ")));
        listed
    }

    #[test]
    fn a_call_replaces_its_own_facts_of_a_period_and_a_family_is_sorted() {
        let mut statement = Statement::default();
        let fact = |label: &str| Fact::amount("cost", &[label], Amount::ONE);
        let (october, november) = (month("2026-10"), month("2026-11"));
        statement.put("one", november, vec![fact("b"), fact("c")]);
        statement.put("one", october, vec![fact("0")]);
        let other = Fact::amount("other", &["x"], Amount::ZERO);
        statement.put("two", november, vec![fact("a"), other]);
        assert_eq!(listed(&statement, "cost"), ["0", "a", "b", "c"]);
        statement.put("one", november, Vec::new());
        assert_eq!(listed(&statement, "cost"), ["0", "a"]);
        statement.forget_before(november);
        assert_eq!(listed(&statement, "cost"), ["a"]);
        assert_eq!(listed(&statement, "other"), ["x"]);
        assert_eq!(listed(&statement, "nothing"), [""; 0]);
    }

    #[test]
    fn the_parts_of_a_total_are_those_that_were_stated() {
        let mut statement = Statement::default();
        let (october, amounts) = (month("2026-10"), [1, 2, 3].map(|it| Amount::ONE.times(it)));
        statement.put("balances", october, BALANCES.facts(october, "EUR", amounts));
        assert_eq!(statement.parts(&BALANCES, october), [("EUR", amounts)].into());
        assert_eq!(statement.parts(&CHARGES, october), BTreeMap::new());
        assert_eq!(statement.parts(&BALANCES, month("2026-11")), BTreeMap::new());
    }
}
