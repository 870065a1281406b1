//! Costs, quantities and prices of rows, as written in the page or report.

use super::text::shortened;
use crate::billing::amount::{Amount, Parsed};
use crate::billing::charge::Price;

/// Returns the first amount that is present. `null`, a missing value and an empty text are absent;
/// a number may be in quotes. Anything else is an error, because a sum without it would be wrong.
pub(super) fn amount<const N: usize>(
    field: &str,
    sent: [Option<&str>; N],
) -> Result<Option<Parsed>, String> {
    let Some(text) = sent.into_iter().find_map(digits) else { return Ok(None) };
    let wrong = |error| format!("{field} {}: {error}", shortened(text));
    Amount::parse(text).map(Some).map_err(wrong)
}

/// Returns what usage without cost says about its price.
pub(super) fn price(effective: Option<&str>, unit: Option<&str>) -> Price {
    let read = |sent: Option<&str>| Some(Amount::parse(digits(sent)?).ok()?.amount > Amount::ZERO);
    match (read(effective), read(unit)) {
        (Some(true), _) | (None, Some(true)) => Price::Payable,
        (Some(false), Some(true)) => Price::Listed,
        (_, None | Some(false)) => Price::Unnamed,
    }
}

/// Returns a price times the first quantity that is present; `None` if one of them is absent or
/// cannot be read. Nothing that is charged depends on it.
pub(super) fn product<const N: usize>(
    price: Option<&str>,
    quantity: [Option<&str>; N],
) -> Option<Amount> {
    Amount::product(digits(price)?, quantity.into_iter().find_map(digits)?)
}

/// Returns the digits of a value, if it has any.
pub(super) fn digits(sent: Option<&str>) -> Option<&str> {
    let text = sent?;
    let quoted = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    let text = quoted.unwrap_or(text).trim();
    (!text.is_empty() && (quoted.is_some() || text != "null")).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_amount_that_is_there_counts() {
        for (sent, expected) in [
            ([None, None], None),
            ([Some("null"), Some("\"\"")], None),
            ([Some(" "), Some("2")], Some("2")),
            ([Some("null"), Some("\" 1.5 \"")], Some("1.5")),
            ([Some("0"), Some("2")], Some("0")),
        ] {
            let amount = amount("cost", sent).unwrap().map(|parsed| parsed.amount.to_string());
            assert_eq!(amount.as_deref(), expected, "{sent:?}");
        }
        for (wrong, why) in [
            ("\"dear\"", "cost \"dear\": not a decimal number"),
            ("\"null\"", "cost \"null\": not a decimal number"),
            ("\"1", "cost \"\\\"1\": not a decimal number"),
            ("true", "cost \"true\": not a decimal number"),
            ("[1]", "cost \"[1]\": not a decimal number"),
            ("\"1e400\"", "cost \"1e400\": more than 30 digits before the decimal point"),
        ] {
            assert_eq!(amount("cost", [Some(wrong), Some("2")]).unwrap_err(), why);
        }
    }

    #[test]
    fn a_price_is_payable_listed_or_unnamed() {
        for (effective, unit, expected) in [
            (Some("0.1"), Some("0"), Price::Payable),
            (Some("\"0.1\""), None, Price::Payable),
            (None, Some("0.1"), Price::Payable),
            (Some("null"), Some("0.1"), Price::Payable),
            (Some(""), Some("0.1"), Price::Payable),
            (Some("free"), Some("0.1"), Price::Payable),
            (Some("0"), Some("0.1"), Price::Listed),
            (Some("-1"), Some("0.1"), Price::Listed),
            (Some("0"), None, Price::Unnamed),
            (Some("0"), Some("0.0"), Price::Unnamed),
            (None, Some("-0.1"), Price::Unnamed),
            (None, Some("{}"), Price::Unnamed),
            (None, None, Price::Unnamed),
        ] {
            assert_eq!(price(effective, unit), expected, "{effective:?} {unit:?}");
        }
    }
}
