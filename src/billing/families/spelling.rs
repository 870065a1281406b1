//! Labels as they are spelled: keys have names without their case, which tell one entity from
//! another.

use super::{
    AccountCost, Family, Key, MeterCost, MeterUsage, ServiceCost, Sums, Table, Tables, TagCost,
};
use crate::billing::names::{Named, Spellings};

/// Where in a key a name stands without its case, and what it names.
pub(crate) type Spelled<K> = (usize, fn(&K) -> Named);

impl Tables {
    /// Puts spellings in the place of names without case. An entity has one, so that no sums meet.
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

/// Sums by the spellings of their names.
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
