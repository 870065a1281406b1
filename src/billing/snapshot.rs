//! What is published of a scope: the sums of one billing period, made whole and never changed.

use jiff::Timestamp;

use super::amount::Amount;
use super::families::{Family, InstanceCost, InstanceUsage, ScopeCost, Table, Tables};
use super::ledger::Names;
use super::period::Period;
use super::strings::{Strings, sorted};

/// The sums of a scope over a billing period.
#[derive(Clone, Debug)]
pub struct Snapshot {
    period: Period,
    newest_usage: Option<Timestamp>,
    strings: Strings,
    names: Names,
    tables: Tables,
}

/// Receives every metric family once. The one list of families that formats and tests go by.
pub trait FamilyVisitor {
    /// One family and where its sums are in a snapshot.
    fn family<F: Family>(&mut self, table: impl Fn(&Snapshot) -> &Table<F>);
}

/// Shows each family to the visitor, in the order of publication.
pub fn visit_families(visitor: &mut impl FamilyVisitor) {
    visitor.family::<InstanceCost>(|snapshot| &snapshot.tables.instance_cost);
    visitor.family::<InstanceUsage>(|snapshot| &snapshot.tables.instance_usage);
    visitor.family::<ScopeCost>(|snapshot| &snapshot.tables.scope_cost);
}

impl Snapshot {
    /// Orders the strings by their bytes, so that sorted keys are sorted label values.
    pub(crate) fn new(
        period: Period,
        newest_usage: Option<Timestamp>,
        strings: &Strings,
        tables: &Tables,
        names: &Names,
    ) -> Self {
        let (strings, rank) = sorted(strings);
        let mut snapshot = Self {
            period,
            newest_usage,
            strings,
            names: Names::default(),
            tables: Tables::default(),
        };
        snapshot.tables.absorb(tables, &rank);
        snapshot.names.supersede(names, &rank);
        snapshot
    }

    /// The billing period the sums are of.
    pub fn period(&self) -> Period {
        self.period
    }

    /// The end of the newest day with usage, of this period or an earlier one; never after the
    /// moment of reading.
    pub fn newest_usage(&self) -> Option<Timestamp> {
        self.newest_usage
    }

    /// The series of a family's table in the order of their label values.
    pub fn sorted<F: Family>(table: &Table<F>) -> Vec<(F, Amount)> {
        let mut series: Vec<_> = table.iter().map(|(key, amount)| (*key, *amount)).collect();
        series.sort_unstable_by_key(|(key, _)| *key);
        series
    }

    /// The label values of a series, in the order of the family's labels.
    pub fn values<'a, F: Family>(&'a self, key: &F, values: &mut Vec<&'a str>) {
        key.values(&self.strings, &self.names, values);
    }
}
