//! Bounded families: the costliest entities keep their series, the rest becomes one series per
//! currency or unit, so that no total changes.

use std::collections::BTreeMap;

use crate::billing::amount::Amount;
use crate::billing::interner::{Sorted, Symbol};
use crate::billing::limits::{Limit, Limits};

use super::key::Key;
use super::sums::Sums;

type HashMap<K, V> = std::collections::HashMap<K, V, foldhash::fast::RandomState>;
type HashSet<T> = std::collections::HashSet<T, foldhash::fast::RandomState>;

/// The entity label of folded series.
pub(crate) const OTHER: &str = "__other__";

/// The bound of a family: its limit, and the parts of its key.
#[derive(Clone, Copy)]
pub(crate) struct Bound {
    /// The metric that is ranked. The number of folded entities is published under its name.
    pub(crate) metric: &'static str,
    /// The limit of its series, by its key in a configuration and its default.
    pub(crate) limit: Limit,
    /// The number of leading symbols of the key that are the entity.
    pub(crate) entity: usize,
    /// The number of leading symbols of the entity that have a limit for each of their values: a
    /// tag's key.
    pub(crate) group: usize,
    /// The index of the symbol that becomes `__other__`.
    pub(crate) other: usize,
    /// The number of trailing symbols that belong to the charge, not to the entity, and are not
    /// folded: the currency or unit, and before it the kind of charge.
    pub(crate) stay: usize,
}

/// The number of folded entities by metric.
pub(crate) type Folded = BTreeMap<&'static str, usize>;

/// A bound with what it needs to fold.
pub(crate) struct Fold {
    bound: Bound,
    limit: usize,
    /// `__other__` and the empty text, in the symbols of the keys.
    other: Option<(Symbol, Symbol)>,
}

/// The entities that keep their series; `None` means all.
pub(crate) type Kept = Option<HashSet<Vec<Symbol>>>;

impl Bound {
    /// Returns the bound with the limits of a configuration.
    pub(crate) fn of(self, limits: &Limits, strings: &Sorted) -> Fold {
        let other = strings.find(OTHER).zip(strings.find(""));
        Fold { limit: limits.of(self.limit), bound: self, other }
    }
}

impl Fold {
    /// Returns the metric that is ranked.
    pub(super) fn metric(&self) -> &'static str {
        self.bound.metric
    }

    /// Folds a family of costs and returns the entities that keep their series.
    pub(crate) fn fold<K: Key>(&self, table: &mut Sums<K>, folded: &mut Folded) -> Kept {
        let count = folded.entry(self.bound.metric).or_default();
        if self.limit == 0 {
            table.clear();
            return None;
        }
        if table.len() <= self.limit {
            // All entities fit, whatever their rank.
            *count = 0;
            return None;
        }
        let ranked = self.ranked(table);
        let mut series = HashMap::<&[Symbol], usize>::default();
        let mut kept = HashSet::default();
        let mut beyond = HashSet::default();
        for (entity, count) in &ranked {
            let group = &entity[..self.bound.group];
            let used = series.entry(group).or_default();
            // The first entity that does not fit ends its group: all later ones rank lower.
            if !beyond.contains(group) && *used + count <= self.limit {
                *used += count;
                kept.insert(entity.clone());
            } else {
                beyond.insert(group);
            }
        }
        *count = ranked.len() - kept.len();
        let kept = (kept.len() < ranked.len()).then_some(kept);
        self.fold_like(&kept, table);
        kept
    }

    /// Folds a family so that it keeps the same entities as another one.
    pub(crate) fn fold_like<K: Key>(&self, kept: &Kept, table: &mut Sums<K>) {
        if self.limit == 0 {
            table.clear();
        }
        let (Some(kept), Some((other, empty))) = (kept, self.other) else { return };
        let mut folded = Sums::<K>::default();
        for (key, sum) in table.iter() {
            let mut key = *key;
            if !kept.contains(&key.as_ref()[..self.bound.entity]) {
                self.fold_key(&mut key, other, empty);
            }
            folded.add(key, sum);
        }
        *table = folded;
    }

    fn fold_key(&self, key: &mut impl Key, other: Symbol, empty: Symbol) {
        let symbols = key.as_mut();
        let folds = symbols.len() - self.bound.stay;
        for (place, symbol) in symbols.iter_mut().enumerate().take(folds).skip(self.bound.group) {
            *symbol = if place == self.bound.other { other } else { empty };
        }
    }

    /// Returns every entity and its number of series, the costliest first: by the largest absolute
    /// amount in any one currency, ties in the order of the labels.
    fn ranked<K: Key>(&self, table: &Sums<K>) -> Vec<(Vec<Symbol>, usize)> {
        // An entity has one amount in each currency, whatever its regions.
        let mut amounts = HashMap::<(&[Symbol], Symbol), Amount>::default();
        let mut counts = HashMap::<&[Symbol], usize>::default();
        for (key, sum) in table.iter() {
            let symbols = key.as_ref();
            let entity = &symbols[..self.bound.entity];
            *amounts.entry((entity, symbols[symbols.len() - 1])).or_default() += sum.amount;
            *counts.entry(entity).or_default() += 1;
        }
        let mut largest = HashMap::<&[Symbol], Amount>::default();
        for ((entity, _), amount) in amounts {
            let largest = largest.entry(entity).or_default();
            *largest = (*largest).max(amount.abs());
        }
        let mut ranked: Vec<(&[Symbol], usize)> = counts.into_iter().collect();
        ranked
            .sort_unstable_by(|(a, _), (b, _)| largest[b].cmp(&largest[a]).then_with(|| a.cmp(b)));
        ranked.into_iter().map(|(entity, count)| (entity.to_vec(), count)).collect()
    }
}
