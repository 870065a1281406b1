//! What a table adds up for each of its keys: one amount, or several of the same rows.

use std::fmt::Debug;
use std::ops::{Add, Neg};

use crate::billing::amount::{Amount, CompactAmount};

/// Something that is added up exactly, and stored in half the memory where it fits.
pub(crate) trait Measure:
    Copy + Debug + Default + Add<Output = Self> + Neg<Output = Self>
{
    /// The compact form.
    type Compact: Copy + Debug + Default + PartialEq;
    /// Marks what does not fit the compact form.
    const LONG: Self::Compact;

    /// Returns the compact form; `None` if it does not fit.
    fn compact(self) -> Option<Self::Compact>;

    /// Returns what has a compact form.
    fn full(compact: Self::Compact) -> Self;

    /// Returns the sum of compact forms; `None` if it does not fit.
    fn checked_add(one: Self::Compact, other: Self::Compact) -> Option<Self::Compact>;
}

impl Measure for Amount {
    type Compact = CompactAmount;
    const LONG: CompactAmount = CompactAmount::LONG;

    fn compact(self) -> Option<CompactAmount> {
        CompactAmount::of(self)
    }

    fn full(compact: CompactAmount) -> Self {
        compact.amount()
    }

    fn checked_add(one: CompactAmount, other: CompactAmount) -> Option<CompactAmount> {
        one.checked_add(other)
    }
}
