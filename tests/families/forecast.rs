//! Forecasts worked out by hand.

use azure_billing_exporter::billing::charge::{Charge, ChargeType};
use azure_billing_exporter::billing::column::Column;
use azure_billing_exporter::billing::rules::Rules;

use crate::rows::{ScopeTotals, charge, usage};

const FORECAST: &str = "azure_billing_scope_forecast_pretax_cost";

fn forecast(scope_totals: &mut ScopeTotals, currency: &str) -> Option<f64> {
    scope_totals.published(2, &Rules::default()).value(FORECAST, &[currency])
}

fn recurring(product: &'static str, cost: &str) -> Charge<'static> {
    Charge { recurring: true, ..charge(ChargeType::Purchase, cost) }.with(Column::Product, product)
}

#[test]
fn on_the_first_day_the_month_before_tells_what_a_day_costs() {
    // No day of November is complete: 30 days at the mean of 15 to 28 October.
    let mut scope_totals = ScopeTotals::read_at("2026-11-01T06:00:00Z");
    scope_totals.add_daily("2026-10-01", "2026-10-14", &usage("100"));
    scope_totals.add_daily("2026-10-15", "2026-10-31", &usage("10"));
    assert_eq!(forecast(&mut scope_totals, "EUR"), Some(300.0));
}

#[test]
fn in_the_middle_known_days_count_as_they_are() {
    // Complete: 1 to 16. 16 days at 10, of which 3 to 16 give the cost of a day; 14 days remain.
    let mut scope_totals = ScopeTotals::read_at("2026-11-20T00:00:00Z");
    scope_totals.add_daily("2026-10-01", "2026-10-31", &usage("1"));
    scope_totals.add_daily("2026-11-01", "2026-11-02", &usage("50"));
    scope_totals.add_daily("2026-11-03", "2026-11-16", &usage("10"));
    // These are not complete yet, and do not count.
    scope_totals.add_daily("2026-11-17", "2026-11-19", &usage("3"));
    assert_eq!(forecast(&mut scope_totals, "EUR"), Some(100.0 + 140.0 + 14.0 * 10.0));
}

#[test]
fn february_has_its_own_length() {
    for (now, days) in [("2027-02-10T00:00:00Z", 28.0), ("2028-02-10T00:00:00Z", 29.0)] {
        let mut scope_totals = ScopeTotals::read_at(now);
        let (january, february) = (&now[..4].to_owned(), now[..4].to_owned());
        scope_totals.add_daily(
            &format!("{january}-01-01"),
            &format!("{january}-01-31"),
            &usage("2"),
        );
        scope_totals.add_daily(
            &format!("{february}-02-01"),
            &format!("{february}-02-09"),
            &usage("2"),
        );
        assert_eq!(forecast(&mut scope_totals, "EUR"), Some(2.0 * days), "{now}");
    }
}

#[test]
fn at_the_end_of_the_month_only_the_last_days_are_guessed() {
    // On the 30th the 26th is complete; 4 days remain.
    let mut scope_totals = ScopeTotals::read_at("2026-11-30T12:00:00Z");
    scope_totals.add_daily("2026-10-01", "2026-10-31", &usage("1"));
    scope_totals.add_daily("2026-11-01", "2026-11-29", &usage("1"));
    assert_eq!(forecast(&mut scope_totals, "EUR"), Some(30.0));
}

#[test]
fn a_purchase_counts_once_and_is_never_extrapolated() {
    let mut scope_totals = ScopeTotals::read_at("2026-11-20T00:00:00Z");
    scope_totals.add_daily("2026-10-01", "2026-10-31", &usage("1"));
    scope_totals.add_daily("2026-11-01", "2026-11-19", &usage("1"));
    scope_totals.add("2026-11-10", &charge(ChargeType::Purchase, "5000"));
    // It also counts if its day is not complete yet.
    scope_totals.add("2026-11-19", &charge(ChargeType::Refund, "-40"));
    assert_eq!(forecast(&mut scope_totals, "EUR"), Some(30.0 + 5000.0 - 40.0));
}

#[test]
fn a_purchase_that_comes_every_month_is_expected_until_it_came() {
    let november = |came: bool| {
        let mut scope_totals = ScopeTotals::read_at("2026-11-20T00:00:00Z");
        scope_totals.add_daily("2026-10-01", "2026-11-19", &usage("1"));
        scope_totals.add("2026-10-05", &recurring("Support", "100"));
        scope_totals.add("2026-10-05", &recurring("Licences", "30"));
        scope_totals.add("2026-10-06", &charge(ChargeType::Purchase, "7777"));
        if came {
            scope_totals.add("2026-11-05", &recurring("Support", "110"));
        }
        forecast(&mut scope_totals, "EUR")
    };
    assert_eq!(november(false), Some(30.0 + 130.0));
    assert_eq!(november(true), Some(30.0 + 110.0 + 30.0));
}

#[test]
fn totals_may_be_negative_and_currencies_stay_apart() {
    let mut scope_totals = ScopeTotals::read_at("2026-11-20T00:00:00Z");
    scope_totals.add_daily("2026-10-01", "2026-11-19", &usage("-1"));
    let dollars = Charge { currency: "USD".into(), ..usage("2") };
    scope_totals.add_daily("2026-11-01", "2026-11-16", &dollars);
    // The cost of idle reservations runs day by day as well.
    let idle = Charge { currency: "JPY".into(), ..charge(ChargeType::UnusedReservation, "3") };
    scope_totals.add_daily("2026-10-01", "2026-11-19", &idle);
    assert_eq!(forecast(&mut scope_totals, "EUR"), Some(-30.0));
    assert_eq!(forecast(&mut scope_totals, "USD"), Some(16.0 * 2.0 + 14.0 * 2.0));
    assert_eq!(forecast(&mut scope_totals, "JPY"), Some(90.0));
}

#[test]
fn without_a_complete_day_there_is_no_forecast() {
    let mut scope_totals = ScopeTotals::read_at("2026-11-02T00:00:00Z");
    scope_totals.add("2026-11-01", &usage("10"));
    assert_eq!(forecast(&mut scope_totals, "EUR"), None);
}
