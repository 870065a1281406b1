//! Multiplies amounts as they were sent: a price and a quantity.

use super::{Amount, DECIMALS, Decimal, INTEGER_DIGITS, POWERS, short};

/// The number of decimals of a product that are kept: as many as fit the compact form, because
/// those of a price and a quantity together are more than any cost has.
const KEPT: usize = 28;
/// The maximum number of digits that certainly fit an `i128`.
const FITTING: usize = 38;

impl Amount {
    /// Returns the product of two decimal texts, rounded half to even at the 28th decimal; `None`
    /// if one of them is no number, or if the product is too large. A product depends on its row
    /// alone, so sums of products are as independent of the order of rows as sums of costs.
    pub fn product(price: &str, quantity: &str) -> Option<Self> {
        let (price, quantity) = (Decimal::scan(price).ok()?, Decimal::scan(quantity).ok()?);
        let magnitude = fast(&price, &quantity).or_else(|| slow(&price, &quantity))?;
        Some(if price.negative == quantity.negative { magnitude } else { -magnitude })
    }
}

/// Multiplies in 128 bits; `None` if that is not enough.
fn fast(price: &Decimal<'_>, quantity: &Decimal<'_>) -> Option<Amount> {
    let (price, price_scale) = whole(price)?;
    let (quantity, quantity_scale) = whole(quantity)?;
    let (product, scale) = (price.checked_mul(quantity)?, price_scale + quantity_scale);
    let (product, scale) = match scale.checked_sub(KEPT) {
        None | Some(0) => (product, scale),
        Some(beyond) => (rounded(product, *POWERS.get(beyond)?), KEPT),
    };
    let fraction = product % POWERS[scale] * POWERS[DECIMALS - scale];
    let units = product / POWERS[scale];
    (units < POWERS[INTEGER_DIGITS]).then_some(Amount { units, fraction })
}

/// Returns the digits as one number, and how many of them are decimals; `None` if there is an
/// exponent or if they are too many.
fn whole(number: &Decimal<'_>) -> Option<(i128, usize)> {
    let zeros = number.decimals.iter().rev().take_while(|digit| **digit == b'0').count();
    let decimals = &number.decimals[..number.decimals.len() - zeros];
    let fits = number.exponent == 0 && number.integer.len() + decimals.len() < FITTING;
    let scale = POWERS.get(decimals.len())?;
    fits.then(|| (short(number.integer) * scale + short(decimals), decimals.len()))
}

/// Divides, and rounds half to even.
fn rounded(number: i128, by: i128) -> i128 {
    let (quotient, remainder) = (number / by, number % by);
    let up = remainder > by / 2 || remainder == by / 2 && quotient % 2 == 1;
    quotient + i128::from(up)
}

/// Multiplies digit by digit, whatever the length.
fn slow(price: &Decimal<'_>, quantity: &Decimal<'_>) -> Option<Amount> {
    /// The longest number that is multiplied: no price has more digits.
    const LONGEST: usize = 100;
    let digits = |number: &Decimal<'_>| -> Vec<u8> {
        number.decimals.iter().rev().chain(number.integer.iter().rev()).map(|d| d - b'0').collect()
    };
    let (ours, theirs) = (digits(price), digits(quantity));
    if ours.len().max(theirs.len()) > LONGEST {
        return None;
    }
    let mut product = vec![0_u32; ours.len() + theirs.len()];
    for (place, digit) in ours.iter().enumerate() {
        let mut carry = 0;
        for (other_place, other) in theirs.iter().enumerate() {
            let sum = product[place + other_place] + u32::from(*digit) * u32::from(*other) + carry;
            product[place + other_place] = sum % 10;
            carry = sum / 10;
        }
        product[place + theirs.len()] += carry;
    }
    let text: String =
        product.iter().rev().filter_map(|digit| char::from_digit(*digit, 10)).collect();
    let decimals = (price.decimals.len() + quantity.decimals.len()) as i64;
    let exponent = price.exponent.saturating_add(quantity.exponent).saturating_sub(decimals);
    let exact = Amount::parse(&format!("{text}e{exponent}")).ok()?.amount;
    let beyond = POWERS[DECIMALS - KEPT];
    Some(Amount::normal(exact.units, rounded(exact.fraction, beyond) * beyond))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn product(price: &str, quantity: &str) -> Option<String> {
        Amount::product(price, quantity).map(|amount| amount.to_string())
    }

    #[test]
    fn products_are_exact_up_to_their_28th_decimal() {
        for (price, quantity, expected) in [
            ("0.0456789", "23.5", Some("1.07345415")),
            ("-2", "0.5", Some("-1")),
            ("-0.1", "-10", Some("1")),
            ("0", "1e30", Some("0")),
            ("1.5e-05", "2E2", Some("0.003")),
            ("0.00000000000001", "0.00000000000001", Some("0.0000000000000000000000000001")),
            ("0.00000000000001", "0.000000000000005", Some("0")),
            ("0.00000000000003", "0.000000000000005", Some("0.0000000000000000000000000002")),
            ("0.00000000000001", "0.0000000000000051", Some("0.0000000000000000000000000001")),
            ("123456789012345678901234567890", "0.5", Some("61728394506172839450617283945")),
            ("123456789012345678901234567890", "100", None),
            ("dear", "1", None),
            ("1", "", None),
        ] {
            assert_eq!(product(price, quantity).as_deref(), expected, "{price} x {quantity}");
        }
    }

    proptest! {
        #[test]
        fn both_ways_give_the_same(price in "[0-9]{1,9}\\.[0-9]{0,12}", quantity in "[0-9]{1,5}\\.[0-9]{0,10}") {
            let (a, b) = (Decimal::scan(&price).unwrap(), Decimal::scan(&quantity).unwrap());
            prop_assert_eq!(fast(&a, &b), slow(&a, &b));
            prop_assert!(fast(&a, &b).is_some());
        }
    }
}
