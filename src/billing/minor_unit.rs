//! The minor units of currencies, to which invoices are cut.
//!
//! Facts: ISO 4217, list one ("current currency and funds"), published by SIX as the standard's
//! maintenance agency, as of 2026-01-01. Almost every currency has two decimals; the others are here.

use super::amount::Amount;

/// The currencies without a minor unit.
const NO_DECIMALS: [&str; 16] = [
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV",
    "XAF", "XOF", "XPF",
];
/// The currencies whose minor unit is a thousandth.
const THREE_DECIMALS: [&str; 7] = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];

/// Returns the number of decimals of a currency, by its code in capitals.
pub(crate) fn decimals(currency: &str) -> u32 {
    if NO_DECIMALS.contains(&currency) {
        0
    } else if THREE_DECIMALS.contains(&currency) {
        3
    } else {
        2
    }
}

/// Returns the minor unit of a currency.
pub(crate) fn minor_unit(currency: &str) -> Amount {
    Amount::of_last_decimal(decimals(currency))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minor_unit_is_a_hundredth_unless_the_standard_says_otherwise() {
        for (currency, unit) in [("EUR", "0.01"), ("JPY", "1"), ("KWD", "0.001"), ("INR", "0.01")] {
            assert_eq!(minor_unit(currency).to_string(), unit, "{currency}");
        }
    }

    #[test]
    fn an_amount_is_cut_towards_zero() {
        for (amount, decimals, cut) in [
            ("1.239", 2, "1.23"),
            ("-1.239", 2, "-1.23"),
            ("-0.009", 2, "0"),
            ("12.5", 0, "12"),
            ("-12", 2, "-12"),
            ("0.0019", 3, "0.001"),
        ] {
            let amount = Amount::parse(amount).unwrap().amount;
            assert_eq!(amount.truncated(decimals).to_string(), cut, "{amount}");
        }
    }
}
