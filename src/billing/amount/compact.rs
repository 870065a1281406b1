//! A compact form of amounts: most of them fit into half the memory.

use super::{Amount, SCALE};

/// The number of decimals that fit: as many as Azure's longest amounts have.
const SHORT_DECIMALS: u32 = 28;
const SHORT_SCALE: i128 = 10_i128.pow(SHORT_DECIMALS);
/// The largest number of whole units that fits, positive or negative.
const MOST_UNITS: i128 = i128::MAX / SHORT_SCALE - 1;

/// `5^OTHERS`, the odd factor of `10^OTHERS`: the scale of the decimals that do not fit.
const FIVES: u128 = 5_u128.pow(OTHERS);
const OTHERS: u32 = super::DECIMALS as u32 - SHORT_DECIMALS;
/// The inverse of `FIVES` modulo 2^128. Each step of Newton's method doubles the number of correct
/// bits.
const INVERSE: u128 = {
    let mut inverse = FIVES;
    let mut bits = 3;
    while bits < 128 {
        inverse = inverse.wrapping_mul(2_u128.wrapping_sub(FIVES.wrapping_mul(inverse)));
        bits *= 2;
    }
    inverse
};

/// An amount of up to 28 decimals and about 1.7 × 10^10 units.
///
/// Packed, because otherwise a sixth of a table of sums would be padding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(Rust, packed(4))]
pub(crate) struct CompactAmount(i128);

impl CompactAmount {
    /// Marks an amount that does not fit.
    pub(crate) const LONG: Self = Self(i128::MIN);

    /// Returns the compact form of an amount; `None` if it does not fit.
    pub(crate) fn of(amount: Amount) -> Option<Self> {
        let Amount { units, fraction } = amount;
        let fraction = without_zeros(fraction)?;
        let is_small = (-MOST_UNITS..=MOST_UNITS).contains(&units);
        is_small.then(|| Self(units * SHORT_SCALE + fraction))
    }

    /// Returns the sum of two amounts; `None` if it does not fit.
    pub(crate) fn checked_add(self, other: Self) -> Option<Self> {
        let (ours, theirs) = (self.0, other.0);
        ours.checked_add(theirs).map(Self).filter(|sum| *sum != Self::LONG)
    }

    /// Returns the full amount.
    pub(crate) fn amount(self) -> Amount {
        let Self(value) = self;
        let fraction = value.rem_euclid(SHORT_SCALE) * (SCALE / SHORT_SCALE);
        Amount { units: value.div_euclid(SHORT_SCALE), fraction }
    }
}

/// Divides a fraction by `10^OTHERS`; `None` if there is a remainder. A multiple of an odd number
/// is divided by multiplying it by the inverse of that number, and only multiples give so small a
/// result. A division of 128 bits takes ten times longer.
fn without_zeros(fraction: i128) -> Option<i128> {
    let fraction = fraction as u128;
    let divided = (fraction >> OTHERS).wrapping_mul(INVERSE);
    (fraction.trailing_zeros() >= OTHERS && divided <= u128::MAX / FIVES).then_some(divided as i128)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn amount(text: &str) -> Amount {
        Amount::parse(text).unwrap().amount
    }

    #[test]
    fn what_is_longer_or_larger_is_not_short() {
        let (zeros, nines) = ("0".repeat(27), "9".repeat(28));
        for (text, short) in [
            ("0".to_owned(), true),
            (format!("0.{zeros}1"), true),
            (format!("-0.{zeros}1"), true),
            (format!("0.{zeros}01"), false),
            (format!("-7.{zeros}012"), false),
            (format!("0.{zeros}{}1", "0".repeat(8)), false),
            (format!("17014118345.{nines}"), true),
            ("17014118346.5".to_owned(), false),
            ("-17014118345".to_owned(), true),
            (format!("-17014118345.{zeros}1"), false),
            ("1e29".to_owned(), false),
        ] {
            let short_one = CompactAmount::of(amount(&text));
            assert_eq!(
                short_one.map(CompactAmount::amount),
                short.then(|| amount(&text)),
                "{text}"
            );
        }
    }

    #[test]
    fn a_sum_that_is_too_large_is_none() {
        let large = CompactAmount::of(amount("17014118345")).unwrap();
        assert_eq!(large.checked_add(large), None);
        let negative = CompactAmount::of(amount("-17014118345")).unwrap();
        assert_eq!(negative.checked_add(negative), None);
        assert_eq!(large.checked_add(negative).map(CompactAmount::amount), Some(Amount::ZERO));
        // This sum would be the value of `LONG`.
        let half = CompactAmount(i128::MIN / 2);
        assert_eq!(half.checked_add(half), None);
    }

    proptest! {
        #[test]
        fn short_amounts_are_the_same_amounts(
            one in r"-?[0-9]{1,9}\.[0-9]{0,28}0{0,8}", other in r"-?[0-9]{1,9}\.[0-9]{0,28}"
        ) {
            let short = |text| CompactAmount::of(amount(text)).unwrap();
            prop_assert_eq!(short(&one).amount(), amount(&one));
            let sum = short(&one).checked_add(short(&other)).unwrap();
            prop_assert_eq!(sum.amount(), amount(&one) + amount(&other));
        }

        #[test]
        fn an_amount_is_short_or_has_more_decimals(text in r"-?[0-9]{1,9}\.[0-9]{20,36}") {
            let (_, decimals) = text.split_once('.').unwrap();
            let long = decimals.trim_end_matches('0').len() > 28;
            prop_assert_eq!(CompactAmount::of(amount(&text)).is_none(), long);
        }
    }
}
