//! Tests of reading, adding and converting amounts, exact to the last digit.

use super::*;
use proptest::prelude::*;

fn amount(text: &str) -> Amount {
    Amount::parse(text).unwrap().amount
}

#[test]
fn a_million_small_amounts_add_up_exactly() {
    let sum: Amount = std::iter::repeat_n(amount("0.00328"), 1_000_000).sum();
    assert_eq!(sum.to_string(), "3280");
}

#[test]
fn sums_beyond_all_amounts_stop_and_do_not_turn_over() {
    let mut sum = amount(&format!("{}.5", "9".repeat(30)));
    let first = sum;
    // 2^30 times the amount would be 10^39.
    for _ in 0..30 {
        sum += sum;
    }
    assert!(sum > first && sum.to_f64() > 1e38, "{sum}");
    assert!(-sum < -first && (-sum).abs() > first);
    assert!(-sum - sum < -first, "downwards as well");
    let lowest = -sum - sum - sum;
    assert!(lowest < -first && lowest.abs() > first && -lowest > first);
}

#[test]
fn every_legal_spelling_of_a_number_is_read() {
    for (text, plain) in [
        ("0", "0"),
        ("-0", "0"),
        ("-0.0e7", "0"),
        ("007", "7"),
        ("0.67", "0.67"),
        (".5", "0.5"),
        ("5.", "5"),
        ("-0.25", "-0.25"),
        ("1E-05", "0.00001"),
        ("-1.5e+3", "-1500"),
        ("123.456e-2", "1.23456"),
        ("0.0012e2", "0.12"),
        ("1e29", "100000000000000000000000000000"),
        ("0e400", "0"),
        ("0.0000000000000000000000000001", "0.0000000000000000000000000001"),
        ("1e-400", "0"),
    ] {
        assert_eq!(amount(text).to_string(), plain, "{text}");
    }
}

#[test]
fn more_than_36_decimals_are_rounded_half_to_even_and_said_so() {
    let zeros = "0".repeat(34);
    for (text, plain, rounded) in [
        (format!("0.{zeros}125"), format!("0.{zeros}12"), true),
        (format!("0.{zeros}135"), format!("0.{zeros}14"), true),
        (format!("0.{zeros}1251"), format!("0.{zeros}13"), true),
        (format!("-0.{zeros}126"), format!("-0.{zeros}13"), true),
        (format!("0.{}6", "9".repeat(36)), "1".to_owned(), true),
        (format!("0.{zeros}12000"), format!("0.{zeros}12"), false),
        ("5e-37".to_owned(), "0".to_owned(), true),
        ("15e-37".to_owned(), format!("0.{zeros}02"), true),
        ("6e-37".to_owned(), format!("0.{zeros}01"), true),
        ("1e-400".to_owned(), "0".to_owned(), true),
    ] {
        let parsed = Amount::parse(&text).unwrap();
        assert_eq!((parsed.amount.to_string(), parsed.rounded), (plain, rounded), "{text}");
    }
}

#[test]
fn what_is_no_amount_is_an_error_and_never_zero() {
    for text in [
        "", "-", "NaN", "Infinity", "+1", "1,5", "0x10", "1e", "1e+", "1.2.3", ".", " 1", "1 ",
        "null",
    ] {
        assert_eq!(Amount::parse(text), Err(AmountError::NotANumber), "{text:?}");
    }
    for text in ["1e30", "1e400", "1e99999999999999999999", &"9".repeat(31)] {
        assert_eq!(Amount::parse(text), Err(AmountError::TooLarge), "{text:?}");
    }
}

#[test]
fn an_amount_becomes_the_nearest_f64() {
    for text in [
        "0.1",
        "0.3",
        "-1.005",
        "209.92",
        "123456789.123456789",
        "1e-28",
        "24",
        "-7",
        "9007199254740991",
        "9007199254740993",
        "1e29",
    ] {
        assert_eq!(amount(text).to_f64(), text.parse::<f64>().unwrap());
    }
}

proptest! {
    #[test]
    fn an_amount_of_any_length_becomes_the_nearest_f64(text in "-?[0-9]{1,20}\\.[0-9]{1,24}0{0,6}") {
        prop_assert_eq!(amount(&text).to_f64(), text.parse::<f64>().unwrap());
    }

    #[test]
    fn an_amount_of_millionths_becomes_the_nearest_f64(text in "-?[0-9]{1,11}\\.[0-9]{1,6}") {
        prop_assert_eq!(amount(&text).to_f64(), text.parse::<f64>().unwrap());
    }

    #[test]
    fn what_is_added_can_be_taken_away(a in "-?[0-9]{1,30}\\.[0-9]{1,36}", b in "-?[0-9]{1,30}\\.[0-9]{1,36}") {
        let (a, b) = (amount(&a), amount(&b));
        prop_assert_eq!(a + b - b, a);
        prop_assert_eq!(a + b, b + a);
        prop_assert_eq!(-(-a), a);
    }

    #[test]
    fn text_survives_the_way_there_and_back(text in "-?(0|[1-9][0-9]{0,29})(\\.[0-9]{0,35}[1-9])?") {
        prop_assume!(text != "-0");
        prop_assert_eq!(amount(&text).to_string(), text);
    }

    #[test]
    fn an_exponent_only_moves_the_point(digits in "[1-9][0-9]{0,20}", places in 0_usize..15) {
        let shifted = format!("{digits}e-{places}");
        let padded = format!("{digits:0>width$}", width = places + 1);
        let (integer, decimals) = padded.split_at(padded.len() - places);
        prop_assert_eq!(amount(&shifted), amount(&format!("{integer}.{decimals}")));
    }

    #[test]
    fn no_text_makes_it_panic(text in "[-+0-9eE.]{0,60}") {
        let _ = Amount::parse(&text);
    }
}

#[test]
fn a_share_is_cut_off_at_the_last_decimal() {
    for (text, power, expected) in [
        ("1", 100_000_000, "0.00000001"),
        ("2000000", 100_000_000, "0.02"),
        ("-30000000.5", 1_000_000_000, "0.0300000005"),
        ("123456789012.25", 1_000_000_000, "123.45678901225"),
        ("0.000000000000000000000000000000000009", 1_000_000_000, "0"),
    ] {
        let of = |text: &str| Amount::parse(text).unwrap().amount;
        assert_eq!(of(text).divided_by(power), of(expected), "{text} by {power}");
    }
}
