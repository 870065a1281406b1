//! The keys of sums.

use std::hash::Hash;

use crate::billing::interner::Symbol;

/// The symbols of a series: its label values in order, so that sorted keys are sorted series. The
/// last one is the currency or the unit.
pub(crate) trait Key:
    Copy + Eq + Hash + Ord + AsRef<[Symbol]> + AsMut<[Symbol]> + 'static
{
    /// The number of symbols.
    const LENGTH: usize;
}

impl<const N: usize> Key for [Symbol; N] {
    const LENGTH: usize = N;
}
