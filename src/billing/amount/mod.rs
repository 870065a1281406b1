//! Exact decimal amounts: the digits that Azure sends are the digits that are added.
//!
//! Real rows have up to 28 decimals, and the sum of a million `f64` depends on their order. Here a
//! sum depends on its terms alone, so that any paging, any order and any restart give the same
//! value, and `total - old + new` is lossless.

mod compact;
mod fixed;
mod product;

use std::fmt;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub(crate) use compact::CompactAmount;

/// The number of decimals that are kept. Azure's longest amounts have 28.
const DECIMALS: usize = 36;
const SCALE: i128 = 10_i128.pow(DECIMALS as u32);
/// The maximum number of digits of an integer part. With 30 of them, the sum of a hundred million
/// of the largest amounts still fits an `i128`. A larger sum saturates, so that adding needs no
/// error path.
const INTEGER_DIGITS: usize = 30;

/// The limit up to which every whole number is an exact `f64`.
const EXACT: u128 = 1 << 53;
const MILLION: i128 = 1_000_000;
const MILLIONTH: i128 = SCALE / MILLION;
/// The scale of half the decimals, which fit a machine word.
const HALF: i128 = 10_i128.pow(DECIMALS as u32 / 2);

/// A cost or a quantity, exact to 36 decimals, up to 10^30, positive or negative.
///
/// The value is `units + fraction / 10^36` with `0 <= fraction < 10^36`: -0.25 is -1 + 0.75. One
/// `i128` at that scale would overflow at 170 units.
///
/// Packed, because otherwise a sixth of the sums of rows would be padding.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[repr(Rust, packed(4))]
pub struct Amount {
    units: i128,
    #[serde(with = "fixed")]
    fraction: i128,
}

/// The reason why a text is not an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AmountError {
    /// Not a decimal number: empty, `NaN`, `0x1F`, a word.
    #[error("not a decimal number")]
    NotANumber,
    /// A number larger than any amount of a currency: the field contains something else.
    #[error("more than {INTEGER_DIGITS} digits before the decimal point")]
    TooLarge,
}

/// An amount as it was read, and whether reading it lost decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// The amount, rounded half to even at the 36th decimal.
    pub amount: Amount,
    /// True if the text had more than 36 significant decimals.
    pub rounded: bool,
}

impl Amount {
    /// Zero: no cost or no usage.
    pub const ZERO: Self = Self { units: 0, fraction: 0 };
    /// One unit of a currency or of usage.
    pub const ONE: Self = Self { units: 1, fraction: 0 };

    /// A hundredth: the smallest unit of most currencies.
    pub const HUNDREDTH: Self = Self { units: 0, fraction: SCALE / 100 };

    /// Reads a decimal text, with or without fraction and exponent (`0.67`, `-1.5e-05`).
    pub fn parse(text: &str) -> Result<Parsed, AmountError> {
        let number = Decimal::scan(text)?;
        let (magnitude, rounded) = number.magnitude()?;
        Ok(Parsed { amount: if number.negative { -magnitude } else { magnitude }, rounded })
    }

    /// Returns whether the amount is exactly zero.
    pub fn is_zero(self) -> bool {
        self == Self::ZERO
    }

    /// Returns the absolute value.
    pub fn abs(self) -> Self {
        if self.units < 0 { -self } else { self }
    }

    /// Divides by a power of ten of at most the 36 decimals, for comparisons: cuts off what is
    /// smaller than the last of them.
    pub fn divided_by(self, power: i128) -> Self {
        let Self { units, fraction } = self.abs();
        let fraction = units % power * (SCALE / power) + fraction / power;
        Self { units: units / power, fraction }
    }

    /// Returns the smallest amount of so many decimals, at most 36: 0.01 of two.
    pub fn of_last_decimal(decimals: u32) -> Self {
        Self::ONE.divided_by(10_i128.pow(decimals))
    }

    /// Cuts off all but so many decimals, at most 36. A negative amount becomes larger.
    pub fn truncated(self, decimals: u32) -> Self {
        let Self { units, fraction } = self.abs();
        let fraction = fraction - fraction % (SCALE / 10_i128.pow(decimals));
        let magnitude = Self { units, fraction };
        if self.units < 0 { -magnitude } else { magnitude }
    }

    /// Multiplies by a small factor, for comparisons. Saturates: beyond 10^30 a comparison needs no exact value.
    pub fn times(self, factor: i128) -> Self {
        let Self { units, fraction } = self.abs();
        let carried = fraction.saturating_mul(factor);
        let magnitude = Self::normal(
            units.saturating_mul(factor).saturating_add(carried / SCALE),
            carried % SCALE,
        );
        if self.units < 0 { -magnitude } else { magnitude }
    }

    /// Returns the nearest `f64`, by parsing the decimal text: dividing the parts is off by one
    /// unit in the last place in a third of all cases. Millionths that an `f64` represents exactly
    /// are divided once, and therefore rounded once.
    pub fn to_f64(self) -> f64 {
        if self.fraction % MILLIONTH == 0 && self.units.unsigned_abs() < EXACT / MILLION as u128 {
            return (self.units * MILLION + self.fraction / MILLIONTH) as f64 / MILLION as f64;
        }
        self.to_string().parse().unwrap_or(f64::NAN)
    }

    /// Normalizes to `0 <= fraction < SCALE`. The result of an operation is at most one scale away.
    fn normal(units: i128, fraction: i128) -> Self {
        if fraction >= SCALE {
            Self { units: units.saturating_add(1), fraction: fraction - SCALE }
        } else if fraction < 0 {
            Self { units: units.saturating_sub(1), fraction: fraction + SCALE }
        } else {
            Self { units, fraction }
        }
    }
}

/// Writes the plain decimal text, without an exponent or trailing zeros.
impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.units < 0 { "-" } else { "" };
        let Self { units, fraction } = self.abs();
        if fraction == 0 {
            return write!(f, "{sign}{units}");
        }
        // Two machine words, because 128 bits take several times longer to write.
        let (first, rest) = ((fraction / HALF) as u64, (fraction % HALF) as u64);
        let digits = match rest {
            0 => format!("{first:018}"),
            rest => format!("{first:018}{rest:018}"),
        };
        write!(f, "{sign}{units}.{}", digits.trim_end_matches('0'))
    }
}

impl Neg for Amount {
    type Output = Self;
    fn neg(self) -> Self {
        Self::normal(self.units.saturating_neg(), -self.fraction)
    }
}

impl Add for Amount {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self::normal(self.units.saturating_add(other.units), self.fraction + other.fraction)
    }
}

impl Sub for Amount {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self::normal(self.units.saturating_sub(other.units), self.fraction - other.fraction)
    }
}

impl AddAssign for Amount {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Amount {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl std::iter::Sum for Amount {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

/// The parts of a decimal text. The value is `integer.decimals x 10^exponent`.
struct Decimal<'a> {
    negative: bool,
    integer: &'a [u8],
    decimals: &'a [u8],
    exponent: i64,
}

impl<'a> Decimal<'a> {
    fn scan(text: &'a str) -> Result<Self, AmountError> {
        let (negative, rest) = match text.as_bytes() {
            [b'-', rest @ ..] => (true, rest),
            rest => (false, rest),
        };
        let (integer, rest) = digits(rest);
        let (decimals, rest) = match rest {
            [b'.', rest @ ..] => digits(rest),
            rest => (&rest[..0], rest),
        };
        if integer.is_empty() && decimals.is_empty() {
            return Err(AmountError::NotANumber);
        }
        let exponent = match rest {
            [] => 0,
            [b'e' | b'E', rest @ ..] => exponent(rest)?,
            _ => return Err(AmountError::NotANumber),
        };
        Ok(Self { negative, integer, decimals, exponent })
    }

    fn magnitude(&self) -> Result<(Amount, bool), AmountError> {
        if self.exponent == 0
            && self.integer.len() <= INTEGER_DIGITS
            && self.decimals.len() <= DECIMALS
        {
            let fraction = short(self.decimals) * POWERS[DECIMALS - self.decimals.len()];
            return Ok((Amount { units: short(self.integer), fraction }, false));
        }
        self.shifted()
    }

    /// Reads numbers with an exponent or with more digits than are kept, which is slower.
    fn shifted(&self) -> Result<(Amount, bool), AmountError> {
        let written = self.integer.len() + self.decimals.len();
        let digit_at = |place: i64| match usize::try_from(place) {
            Ok(place) if place < self.integer.len() => self.integer[place],
            Ok(place) if place < written => self.decimals[place - self.integer.len()],
            _ => b'0',
        };
        let Some(first) = (0..written as i64).find(|&place| digit_at(place) != b'0') else {
            return Ok((Amount::ZERO, false));
        };
        // The index of the first decimal among the written digits.
        let point = (self.integer.len() as i64).saturating_add(self.exponent);
        if point.saturating_sub(first) > INTEGER_DIGITS as i64 {
            return Err(AmountError::TooLarge);
        }
        let kept_end = point.saturating_add(DECIMALS as i64);
        let units = number((first.min(point)..point).map(digit_at));
        let fraction = if kept_end <= first { 0 } else { number((point..kept_end).map(digit_at)) };
        let lost = (kept_end.max(first)..written as i64).any(|place| digit_at(place) != b'0');
        let up = lost && {
            let half = digit_at(kept_end);
            let beyond =
                (kept_end.max(first - 1) + 1..written as i64).any(|place| digit_at(place) != b'0');
            half > b'5' || half == b'5' && (beyond || fraction % 2 == 1)
        };
        Ok((Amount::normal(units, fraction + i128::from(up)), lost))
    }
}

fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}

/// The powers of ten: 1, 10, 100 and so on.
const POWERS: [i128; DECIMALS + 1] = {
    let mut powers = [1; DECIMALS + 1];
    let mut place = 1;
    while place <= DECIMALS {
        powers[place] = powers[place - 1] * 10;
        place += 1;
    }
    powers
};

/// Reads digits as a number, in parts that fit a machine word.
fn short(digits: &[u8]) -> i128 {
    let word = |digits: &[u8]| {
        digits.iter().fold(0_u64, |value, digit| value * 10 + u64::from(digit - b'0'))
    };
    let parts = digits.chunks(18);
    parts.fold(0, |value, part| value * POWERS[part.len()] + i128::from(word(part)))
}

fn number(digits: impl Iterator<Item = u8>) -> i128 {
    digits.fold(0, |value, digit| value * 10 + i128::from(digit - b'0'))
}

/// Reads an exponent. Saturates: one of a million digits is as far out of range as one of ten.
fn exponent(text: &[u8]) -> Result<i64, AmountError> {
    let (negative, text) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return Err(AmountError::NotANumber);
    }
    let value = text
        .iter()
        .fold(0_i64, |value, digit| (value * 10 + i64::from(digit - b'0')).min(1_000_000_000));
    Ok(if negative { -value } else { value })
}

#[cfg(test)]
mod tests;
