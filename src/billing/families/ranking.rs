//! The choice of entities that keep their series under each bound. Sums that are ranked are folded
//! at once; sums over a part of the same rows follow the same ranking.

use std::collections::BTreeMap;

use super::bound::{Fold, Folded, Kept};
use super::key::Key;
use super::sums::Sums;

/// The entities that keep their series, by the metric of their bound.
#[derive(Default)]
pub(crate) struct Ranking(BTreeMap<&'static str, Kept>);

impl Ranking {
    /// Ranks and folds the first family of a bound. The next ones keep the same entities.
    pub(super) fn fold<K: Key>(&mut self, fold: Fold, sums: &mut Sums<K>, folded: &mut Folded) {
        if self.0.contains_key(fold.metric()) {
            self.fold_like(fold, sums);
        } else {
            self.0.insert(fold.metric(), fold.fold(sums, folded));
        }
    }

    /// Folds sums of some of the rows that were ranked.
    pub(super) fn fold_like<K: Key>(&self, fold: Fold, sums: &mut Sums<K>) {
        fold.fold_like(self.0.get(fold.metric()).unwrap_or(&None), sums);
    }
}
