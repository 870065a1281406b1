//! The questions that are answered: one file a metric family, with its name, help, labels and what
//! a row adds to it. A new one needs its file, a line in `Tables` and a line in `docs/metrics.md`.
//!
//! Nothing here knows a format: `metrics` writes what these files define.

mod instance_cost;
mod instance_usage;
mod scope_cost;

use std::collections::HashMap;
use std::hash::Hash;

pub use instance_cost::InstanceCost;
pub use instance_usage::InstanceUsage;
pub use scope_cost::ScopeCost;

use super::amount::Amount;
use super::ledger::{Names, Row};
use super::strings::{Strings, Symbol};

/// A metric family whose samples are sums over rows. Its value is the key of one series: symbols in
/// the order of the labels, so that sorted keys are sorted series.
pub trait Family: Copy + Eq + Hash + Ord {
    /// The metric's name.
    const NAME: &'static str;
    /// What it counts, in what unit, and what not to do with it.
    const HELP: &'static str;
    /// Its labels besides `scope`.
    const LABELS: &'static [&'static str];

    /// The series a row belongs to and what it adds. `None`: the family does not count such rows.
    fn of(row: &Row) -> Option<(Self, Amount)>;

    /// The same key in another arena.
    fn translate(self, symbol: &mut impl FnMut(Symbol) -> Symbol) -> Self;

    /// The label values, in the order of `LABELS`.
    fn values<'a>(&self, strings: &'a Strings, names: &'a Names, values: &mut Vec<&'a str>);
}

/// The sums of one family.
pub type Table<F> = HashMap<F, Amount, foldhash::fast::RandomState>;

/// The sums of every family over one set of rows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tables {
    pub(crate) instance_cost: Table<InstanceCost>,
    pub(crate) instance_usage: Table<InstanceUsage>,
    pub(crate) scope_cost: Table<ScopeCost>,
}

impl Tables {
    /// Adds one row to every family that counts it.
    pub(crate) fn add(&mut self, row: &Row) {
        count(&mut self.instance_cost, row);
        count(&mut self.instance_usage, row);
        count(&mut self.scope_cost, row);
    }

    /// Adds other sums, whose symbols are translated.
    pub(crate) fn absorb(&mut self, other: &Self, mut symbol: impl FnMut(Symbol) -> Symbol) {
        merge(&mut self.instance_cost, &other.instance_cost, &mut symbol);
        merge(&mut self.instance_usage, &other.instance_usage, &mut symbol);
        merge(&mut self.scope_cost, &other.scope_cost, &mut symbol);
    }
}

fn count<F: Family>(table: &mut Table<F>, row: &Row) {
    if let Some((key, amount)) = F::of(row) {
        *table.entry(key).or_default() += amount;
    }
}

fn merge<F: Family>(
    table: &mut Table<F>,
    other: &Table<F>,
    symbol: &mut impl FnMut(Symbol) -> Symbol,
) {
    for (key, amount) in other {
        *table.entry(key.translate(symbol)).or_default() += *amount;
    }
}
