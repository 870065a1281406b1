//! Single values of an answer, from their text: amounts are added as Azure has written them.

use jiff::civil::Date;
use serde_json::value::RawValue;

use crate::azure::{Error, sanitize_line};
use crate::billing::amount::Amount;

use super::LONGEST_REASON;

/// The longest quote of a value, in characters.
const LONGEST_VALUE: usize = 40;

/// Returns the text of a number, or of a text without escapes; empty for null and absent values.
pub(super) fn text(sent: Option<&RawValue>) -> &str {
    let Some(sent) = sent.map(RawValue::get) else { return "" };
    match sent.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        Some(quoted) => quoted.trim(),
        None if sent == "null" => "",
        None => sent,
    }
}

/// Returns an amount, which must be there: a total without it would be wrong.
pub(super) fn amount(field: &str, sent: Option<&RawValue>) -> Result<Amount, String> {
    let text = text(sent);
    if text.is_empty() {
        return Err(format!("{field} is missing"));
    }
    let read = Amount::parse(text).map(|parsed| parsed.amount);
    read.map_err(|error| format!("{field} {}: {error}", shown(text)))
}

/// Returns a currency as rows have it: without the blanks that balances are padded with, in
/// capitals.
pub(super) fn currency(sent: Option<&RawValue>) -> Result<String, String> {
    let text = text(sent);
    let letters = text.len() == 3 && text.bytes().all(|letter| letter.is_ascii_alphabetic());
    if !letters {
        return Err(format!("{} is not a currency", shown(text)));
    }
    Ok(text.to_ascii_uppercase())
}

/// Returns a day: the digits `20261101`, or a date that a time may follow.
pub(super) fn day(field: &str, sent: Option<&RawValue>) -> Result<Date, String> {
    let text = text(sent);
    let digits = text.len() == 8 && text.bytes().all(|digit| digit.is_ascii_digit());
    let date = if digits {
        format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..]).parse().ok()
    } else {
        text.get(..10).and_then(|date| date.parse().ok())
    };
    date.ok_or_else(|| format!("{field} {} is not a date", shown(text)))
}

/// Returns a value of an answer as it may stand in a log line.
pub(super) fn shown(text: &str) -> String {
    format!("`{}`", sanitize_line(text, LONGEST_VALUE))
}

/// Returns the error for an answer that cannot be used, in one line.
pub(crate) fn bad(what: &str, why: &str) -> Error {
    Error::BadAnswer(format!("{what}: {}", sanitize_line(why, LONGEST_REASON)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str) -> Box<RawValue> {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn an_amount_is_what_is_written() {
        for (sent, expected) in [
            ("2.10333307059661", "2.10333307059661"),
            ("-1.5E-05", "-0.000015"),
            ("1e3", "1000"),
            ("0", "0"),
            ("\" 12.50 \"", "12.5"),
        ] {
            assert_eq!(amount("Cost", Some(&raw(sent))).unwrap().to_string(), expected);
        }
        for (sent, why) in [
            ("null", "Cost is missing"),
            ("\"\"", "Cost is missing"),
            ("\"dear\"", "Cost `dear`: not a decimal number"),
            ("true", "Cost `true`: not a decimal number"),
            ("1e400", "Cost `1e400`: more than 30 digits before the decimal point"),
        ] {
            assert_eq!(amount("Cost", Some(&raw(sent))).unwrap_err(), why);
        }
        assert!(amount("Cost", None).is_err());
    }

    #[test]
    fn a_currency_is_three_letters() {
        assert_eq!(currency(Some(&raw("\"usd  \""))).unwrap(), "USD");
        for wrong in ["null", "\"\"", "\"US Dollar\"", "840", "[\"USD\"]"] {
            assert!(currency(Some(&raw(wrong))).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_day_is_a_number_or_a_date() {
        for sent in ["20261101", "\"20261101\"", "\"2026-11-01\"", "\"2026-11-01T00:00:00Z\""] {
            let read = day("UsageDate", Some(&raw(sent))).unwrap();
            assert_eq!(read, jiff::civil::date(2026, 11, 1), "{sent}");
        }
        for wrong in ["20261301", "2026110", "null", "\"2026-11\"", "202611010", "\"éééééééé\""]
        {
            assert!(day("UsageDate", Some(&raw(wrong))).is_err(), "{wrong}");
        }
    }
}
