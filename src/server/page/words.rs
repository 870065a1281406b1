//! Numbers and times for people.

use std::time::Duration;

use jiff::Timestamp;
use maud::{Markup, html};

/// Returns `-1,234.50 EUR`: to the cent, as on an invoice.
pub(super) fn money(amount: f64, currency: &str) -> String {
    let cents = format!("{:.2}", amount.abs());
    let (whole, fraction) = cents.split_once('.').unwrap_or((&cents, "00"));
    let grouped = grouped(whole);
    let sign = if amount < 0.0 && cents.bytes().any(|byte| (b'1'..=b'9').contains(&byte)) {
        "−"
    } else {
        ""
    };
    format!("{sign}{grouped}.{fraction} {currency}")
}

/// Returns `43,178 rows`.
pub(super) fn count(number: u64, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {what}{plural}", self::number(number))
}

/// Returns `43,178`.
pub(super) fn number(number: u64) -> String {
    grouped(&number.to_string())
}

fn grouped(digits: &str) -> String {
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Returns `3 h ago`.
pub(super) fn ago(at: Timestamp, now: Timestamp) -> String {
    match Duration::try_from(now.duration_since(at)) {
        Ok(age) if age >= Duration::from_secs(1) => format!("{} ago", span(age)),
        _ => "just now".to_owned(),
    }
}

/// Returns a duration in the largest unit in which the number is still exact enough: `90 min`, `36
/// h`, `4 d`.
pub(super) fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// Returns `2026-11-24 10:40 UTC`.
pub(super) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// Shows `(2026-11-24 10:40 UTC)`.
pub(super) fn time(at: Timestamp) -> Markup {
    html! { time datetime=(at) { "(" (moment(at)) ")" } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_has_cents_groups_and_a_sign() {
        for (amount, text) in [
            (0.0, "0.00 EUR"),
            (-0.001, "0.00 EUR"),
            (12.5, "12.50 EUR"),
            (999.999, "1,000.00 EUR"),
            (-1234567.894, "−1,234,567.89 EUR"),
            (100_000.0, "100,000.00 EUR"),
        ] {
            assert_eq!(money(amount, "EUR"), text);
        }
    }

    #[test]
    fn ages_are_in_the_unit_that_suits_them() {
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
        for (at, text) in [
            ("2026-11-24T12:00:05Z", "just now"),
            ("2026-11-24T11:59:15Z", "45 s ago"),
            ("2026-11-24T10:30:00Z", "90 min ago"),
            ("2026-11-23T00:00:00Z", "36 h ago"),
            ("2026-11-20T00:00:00Z", "4 d ago"),
        ] {
            assert_eq!(ago(at.parse().unwrap(), now), text);
        }
    }
}
