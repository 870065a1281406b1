//! What Azure states beside rows: amounts and moments with labels, such as the balance of a month.
//!
//! A fact belongs to the call that brought it, which replaces all its facts at once. Facts are
//! stored with the totals of their scope, and published as they are.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::amount::Amount;
use super::sample::{Sink, Value};

/// The family of the balances of an enrollment.
pub const BALANCES: &str = "azure_billing_balances_pretax_cost";
/// The family of the charges of a department or an enrollment account.
pub const CHARGES: &str = "azure_billing_charges_pretax_cost";

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

/// The facts of a scope, by the call that brought them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement(BTreeMap<String, Vec<Fact>>);

impl Statement {
    /// Replaces the facts of a call.
    pub fn put(&mut self, call: &str, facts: Vec<Fact>) {
        self.0.insert(call.to_owned(), facts);
    }

    /// Returns the facts of a call; none if it has brought none.
    pub fn of(&self, call: &str) -> &[Fact] {
        self.0.get(call).map_or(&[], Vec::as_slice)
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

    #[test]
    fn a_call_replaces_its_own_facts_and_a_family_is_sorted() {
        let mut statement = Statement::default();
        let fact = |label: &str| Fact::amount("cost", &[label], Amount::ONE);
        statement.put("one", vec![fact("b"), fact("c")]);
        statement.put("two", vec![fact("a"), Fact::amount("other", &["x"], Amount::ZERO)]);
        let listed = |statement: &Statement, family: &str| {
            let mut listed = Vec::new();
            statement.each(family, &mut |labels, _| listed.push(labels.join(" ")));
            listed
        };
        assert_eq!(listed(&statement, "cost"), ["a", "b", "c"]);
        statement.put("one", Vec::new());
        assert_eq!(listed(&statement, "cost"), ["a"]);
        assert_eq!(listed(&statement, "other"), ["x"]);
        assert_eq!(listed(&statement, "nothing"), [""; 0]);
    }
}
