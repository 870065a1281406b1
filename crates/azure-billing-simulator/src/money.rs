//! The simulator's own exact money. It does not use the exporter's amounts: a bug of theirs would
//! cancel itself out in every comparison with what was served.

use std::{
    fmt,
    ops::{Add, AddAssign},
};

/// The decimals of a [`Money`]: a quantity has 6, a price 9, so every cost is exact.
const DECIMALS: u32 = 15;

/// An exact amount, in units of 10^-15 of its currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Money(i128);

impl Money {
    /// Makes an amount from units of 10^-15 of a currency.
    pub const fn from_units(units: i128) -> Self {
        Self(units)
    }

    /// Returns the amount in units of 10^-15 of a currency.
    pub const fn units(self) -> i128 {
        self.0
    }

    /// Returns it as the price of one unit, in 10^-9 of the currency; what is below that is cut.
    pub(super) fn price(self) -> i64 {
        i64::try_from(self.0 / 1_000_000).unwrap_or(0)
    }
}

impl Add for Money {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

/// Writes plain decimal text without trailing zeros, as `-12.5`: tests compare it.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&decimal(self.0, DECIMALS))
    }
}

/// Writes `units` of 10^-`decimals` as plain decimal text without trailing zeros.
pub(super) fn decimal(units: i128, decimals: u32) -> String {
    if units == 0 {
        return "0".into();
    }
    let (sign, decimals) = (if units < 0 { "-" } else { "" }, decimals as usize);
    let digits = digits(units.unsigned_abs());
    let zeros = "0".repeat((decimals + 1).saturating_sub(digits.len()));
    let digits = [&zeros, &*digits].concat();
    let (whole, fraction) = digits.split_at(digits.len() - decimals);
    match fraction.trim_end_matches('0') {
        "" => [sign, whole].concat(),
        fraction => [sign, whole, ".", fraction].concat(),
    }
}

/// Returns the digits of a number. Most amounts fit 64 bits, whose digits are found much faster.
fn digits(magnitude: u128) -> String {
    u64::try_from(magnitude).map_or_else(|_| magnitude.to_string(), |small| small.to_string())
}

/// Writes a number as the source does in JSON: below 0.0001 with an exponent (`1E-05`), as .NET
/// does.
pub(super) fn json_number(units: i128, decimals: u32) -> String {
    if units == 0 || units.unsigned_abs() * 10_000 >= 10_u128.pow(decimals) {
        return decimal(units, decimals);
    }
    let digits = digits(units.unsigned_abs());
    let exponent = decimals as usize + 1 - digits.len();
    let sign = if units < 0 { "-" } else { "" };
    let (first, rest) = digits.split_at(1);
    match rest.trim_end_matches('0') {
        "" => format!("{sign}{first}E-{exponent:02}"),
        rest => format!("{sign}{first}.{rest}E-{exponent:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_the_source_writes_them() {
        let written = [0, 15, 100_000_000_000_000, -1_500_000_000_000_000, 10_000_000_000];
        let texts = written.map(|units| json_number(units, DECIMALS));
        assert_eq!(texts, ["0", "1.5E-14", "0.1", "-1.5", "1E-05"]);
        assert_eq!(Money::from_units(-1_500_000_000_000_000).to_string(), "-1.5");
        assert_eq!(Money::from_units(15).to_string(), "0.000000000000015");
    }
}
