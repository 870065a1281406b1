//! Statements as they are printed, of a month that differs and of one that nothing is known of.

use std::collections::BTreeMap;

use jiff::civil::date;

use super::*;
use crate::billing::control::DaysControl;
use crate::billing::period_statement::CurrencyStatement;

fn amount(text: &str) -> Amount {
    Amount::parse(text).unwrap().amount
}

fn line(name: &'static str, rows: &str, azure: &str) -> Line {
    Line { name, rows: amount(rows), azure: Some(amount(azure)) }
}

/// Returns October, of which a page of the 13th is missing.
fn october() -> PeriodStatement {
    let currency = CurrencyStatement {
        parts: vec![
            line("usage", "1200.123456789", "1529.46"),
            line("charged_separately", "30", "30"),
            line("marketplace", "-2.5", "-2.5"),
        ],
        total: line("total", "1227.623456789", "1556.96"),
        rounding_rows: None,
        predicted_rounding: amount("-0.003456789"),
        bound: (amount("8.33"), amount("0.02")),
    };
    let of = |text: &str| BTreeMap::from([("EUR".to_owned(), amount(text))]);
    let differing = [(date(2026, 10, 13), (of("10.5"), of("339.84")))].into();
    PeriodStatement {
        period: "2026-10".parse().unwrap(),
        state: PeriodState::Differs,
        closed_at: Some("2026-11-29T02:00:00Z".parse().unwrap()),
        total: Some("balances"),
        verdict: Some(Verdict::Differs),
        currencies: [("EUR".to_owned(), currency)].into(),
        days: Some(DaysControl { complete: 31, verified: 30, differing }),
    }
}

fn of(period: &PeriodStatement) -> Statement<'_> {
    Statement { scope: "contoso", period, corrected_until: None, gaps: Vec::new() }
}

#[test]
fn the_table_shows_rows_beside_azure_s_total_part_by_part_and_the_days_that_differ() {
    assert_eq!(
        table(&of(&october())),
        "\
contoso, 2026-10 (differs)

  EUR                                   rows                 Azure            difference
  usage                        1200.12345678               1529.46         -329.33654321
  charged separately                   30.00                 30.00                  0.00
  marketplace                          -2.50                 -2.50                  0.00
  total                        1227.62345678               1556.96         -329.33654321
  No rounding rows; predicted -0.00345678, so the rows may be up to 8.33 above Azure's total and 0.02 below.

  30 of 31 complete days equal Azure's total of the day.
  2026-10-13 EUR                       10.50                339.84               -329.34
  It does not close: the difference from Azure's balances is more than rounding explains.
  In no row, and so in neither sum: support plans, taxes, credits, refunds of an Enterprise Agreement, which come as prepayment or as a credit note.
"
    );
}

#[test]
fn json_has_every_decimal_and_closes() {
    assert_eq!(
        json(&of(&october())),
        concat!(
            r#"{"scope":"contoso","period":"2026-10","state":"differs","closed_at":"2026-11-29T02:00:00Z","corrected_until":null,"#,
            r#""total":"balances","closes":false,"result":"It does not close: the difference from Azure's balances is more than rounding explains.","#,
            r#""currencies":[{"currency":"EUR","parts":["#,
            r#"{"part":"usage","rows":1200.123456789,"azure":1529.46,"difference":-329.336543211},"#,
            r#"{"part":"charged_separately","rows":30,"azure":30,"difference":0},"#,
            r#"{"part":"marketplace","rows":-2.5,"azure":-2.5,"difference":0}],"#,
            r#""total":{"rows":1227.623456789,"azure":1556.96,"difference":-329.336543211},"#,
            r#""rounding":{"rows":null,"predicted":-0.003456789,"bound_up":8.33,"bound_down":0.02}}],"#,
            r#""days":{"complete":31,"verified":30,"differing":[{"date":"2026-10-13","currency":"EUR","rows":10.5,"azure":339.84,"difference":-329.34}]},"#,
            r#""gaps":[],"in_no_row":["support plans","taxes","credits","refunds of an Enterprise Agreement, which come as prepayment or as a credit note"]}"#,
        )
    );
}

#[test]
fn a_month_closes_by_its_verdict_and_never_for_want_of_a_total() {
    let mut october = october();
    for (verdict, closes, says) in [
        (Some(Verdict::Reconciled), Some(true), "It closes: the rows agree"),
        (Some(Verdict::WithinBound), Some(true), "It closes: the difference"),
        (Some(Verdict::Differs), Some(false), "It does not close"),
        (None, None, "It cannot be compared: charges may be hidden"),
    ] {
        october.verdict = verdict;
        assert_eq!(of(&october).closes(), closes, "{verdict:?}");
        assert!(of(&october).result().starts_with(says), "{}", of(&october).result());
    }
    let nothing = PeriodStatement::none("2026-10".parse().unwrap());
    let gaps = vec![("balances", "Azure refuses it".to_owned())];
    let until = Some("2026-11-29T00:00:00Z".parse().unwrap());
    let statement = Statement { scope: "contoso", period: &nothing, corrected_until: until, gaps };
    assert_eq!(statement.closes(), None);
    assert_eq!(
        table(&statement),
        "\
contoso, 2026-10 (open)

  The month has no rows.

  Azure's balances cannot be had: Azure refuses it
  It cannot be compared: Azure gives no total of this month.
  Azure may still correct this month until 2026-11-29T00:00:00Z.
  In no row, and so in neither sum: support plans, taxes, credits, refunds of an Enterprise Agreement, which come as prepayment or as a credit note.
"
    );
}
