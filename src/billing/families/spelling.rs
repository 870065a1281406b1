//! The spellings of labels. Keys contain caseless names, which identify entities; series have their
//! spellings.

use super::{
    AccountCost, Family, Key, MeterCost, MeterUsage, ServiceCost, Sums, Table, Tables, TagCost,
};
use crate::billing::names::{Named, Spellings};

/// The index of a caseless name in a key, and what it names.
pub(crate) type Spelled<K> = (usize, fn(&K) -> Named);

impl Tables {
    /// Replaces caseless names with their spellings. An entity has one spelling, so that no two
    /// sums get the same key.
    pub(crate) fn spell(&mut self, spellings: &Spellings) {
        spell::<AccountCost>(&mut self.account_cost, spellings);
        spell::<ServiceCost>(&mut self.service_cost, spellings);
        spell::<MeterCost>(&mut self.meter_cost, spellings);
        spell::<MeterUsage>(&mut self.meter_usage, spellings);
        spell::<TagCost>(&mut self.tag_cost, spellings);
    }
}

fn spell<F: Family>(table: &mut Table<F>, spellings: &Spellings) {
    *table = spelled(table, F::SPELLED, spellings);
}

/// Returns sums with the spellings in place of caseless names.
pub(crate) fn spelled<K: Key>(
    sums: &Sums<K>,
    places: &[Spelled<K>],
    spellings: &Spellings,
) -> Sums<K> {
    let with_spellings = |key: &K| {
        let mut labels = *key;
        for (place, named) in places {
            if let Some(name) = spellings.of(named(key)) {
                labels.as_mut()[*place] = name;
            }
        }
        labels
    };
    sums.iter().map(|(key, sum)| (with_spellings(key), sum)).collect()
}
