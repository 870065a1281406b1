//! The spellings of labels. Keys contain caseless names, which identify entities; series have their
//! spellings.

use super::family::Spelled;
use super::key::Key;
use super::sums::Sums;
use crate::billing::names::Spellings;

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
