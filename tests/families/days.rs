//! Complete days, the usual day, and single days.

use azure_billing_exporter::billing::charge::{Charge, ChargeType};
use azure_billing_exporter::billing::column::Column;
use azure_billing_exporter::billing::daily_sums::TagKeys;
use azure_billing_exporter::billing::rules::Rules;
use azure_billing_exporter::store::ScopeStore;

use crate::list::List;
use crate::rows::{ScopeTotals, at, charge, day, keep, published, range, usage};

const LATEST: &str = "azure_billing_scope_latest_day_pretax_cost";
const USUAL: &str = "azure_billing_scope_usual_day_pretax_cost";
const DEVIATION: &str = "azure_billing_scope_usual_day_pretax_cost_stddev";
const SERVICE_LATEST: &str = "azure_billing_service_latest_day_pretax_cost";
const SERVICE_USUAL: &str = "azure_billing_service_usual_day_pretax_cost";
const DAILY: &str = "azure_billing_scope_daily_pretax_cost";

fn of_service(name: &'static str, cost: &str) -> Charge<'static> {
    usage(cost).with(Column::ServiceName, name)
}

#[test]
fn the_latest_day_is_the_newest_that_was_read_three_days_after_its_end() {
    // Usage up to the 22nd; on the 23rd at noon the 19th ended 84 hours ago, the 20th 60 hours ago.
    for (now, latest, cost) in [
        ("2026-11-23T12:00:00Z", "2026-11-20T00:00:00Z", 19.0),
        ("2026-11-23T23:59:59Z", "2026-11-20T00:00:00Z", 19.0),
        ("2026-11-24T00:00:00Z", "2026-11-21T00:00:00Z", 20.0),
        // Usage has stopped coming: no day after the newest usage is complete.
        ("2026-11-29T00:00:00Z", "2026-11-23T00:00:00Z", 22.0),
    ] {
        let mut scope_totals = ScopeTotals::read_at(now);
        for day in 1..=22 {
            scope_totals.add(&format!("2026-11-{day:02}"), &usage(&day.to_string()));
        }
        // A purchase is not usage.
        scope_totals.add("2026-11-26", &charge(ChargeType::Purchase, "1000"));
        let published = scope_totals.published(1, &Rules::default());
        assert_eq!(published.value(LATEST, &["usage", "EUR"]), Some(cost), "{now}");
        let snapshot = scope_totals.scope_store.scope_totals.snapshot(
            &Rules::default(),
            &scope_totals.keys,
            false,
        );
        let snapshot = snapshot.expect("something was read");
        assert_eq!(snapshot.latest_complete_day(), Some(at(latest)), "{now}");
    }
}

#[test]
fn a_usual_day_is_the_mean_of_the_28_before_the_latest_and_a_day_without_rows_counts_as_nothing() {
    let mut scope_totals = ScopeTotals::read_at("2026-11-23T12:00:00Z");
    // Latest: the 19th. Before it: 22 October to 18 November. 27 days of 2 and one of 16, of which
    // the 10th has no row: (26 * 2 + 16) / 28.
    scope_totals.add_daily("2026-10-01", "2026-10-31", &usage("2"));
    scope_totals.add_daily("2026-11-01", "2026-11-09", &usage("2"));
    scope_totals.add_daily("2026-11-11", "2026-11-18", &usage("2"));
    scope_totals.add("2026-11-12", &usage("14"));
    scope_totals.add("2026-11-12", &charge(ChargeType::Purchase, "9999"));
    scope_totals.add_daily("2026-11-19", "2026-11-22", &usage("5"));
    let published = scope_totals.published(2, &Rules::default());
    let mean = 68.0 / 28.0;
    assert_eq!(published.value(USUAL, &["EUR"]), Some(mean));
    let squares = 26.0 * (2.0_f64 - mean).powi(2) + (16.0 - mean).powi(2) + mean.powi(2);
    let deviation = published.value(DEVIATION, &["EUR"]).expect("a deviation");
    assert!((deviation - (squares / 28.0).sqrt()).abs() < 1e-12, "{deviation}");
    assert_eq!(published.value(LATEST, &["usage", "EUR"]), Some(5.0));
}

#[test]
fn with_fewer_than_seven_days_to_compare_nothing_is_usual() {
    for (first, usual) in [("2026-11-13", None), ("2026-11-12", Some(3.0))] {
        // The latest day is the 19th. Days before the first have no rows but are read: this reading
        // leaves them out.
        let mut list = List::new(&TagKeys::default());
        let mut date = day(first);
        while date <= day("2026-11-22") {
            list.add(date, &usage("3"));
            date = date.tomorrow().expect("a day");
        }
        let mut scope_store = ScopeStore::default();
        keep(&mut scope_store, range(first, "2026-11-22"), &list, at("2026-11-23T12:00:00Z"));
        let published = published(&scope_store, &Vec::new().into(), &Rules::default());
        assert_eq!(published.value(USUAL, &["EUR"]), usual, "from {first}");
        assert_eq!(published.value(LATEST, &["usage", "EUR"]), Some(3.0));
    }
}

#[test]
fn a_service_that_is_new_or_gone_is_compared_with_nothing() {
    let mut scope_totals = ScopeTotals::read_at("2026-11-23T12:00:00Z");
    scope_totals.add_daily("2026-11-01", "2026-11-18", &of_service("Old", "4"));
    scope_totals.add_daily("2026-11-19", "2026-11-22", &of_service("New", "6"));
    let published = scope_totals.published(1, &Rules::default());
    assert_eq!(published.value(SERVICE_LATEST, &["New", "usage", "EUR"]), Some(6.0));
    assert_eq!(published.value(SERVICE_USUAL, &["New", "EUR"]), Some(0.0));
    assert_eq!(published.value(SERVICE_LATEST, &["Old", "usage", "EUR"]), Some(0.0));
    assert_eq!(published.value(SERVICE_USUAL, &["Old", "EUR"]), Some(4.0));
}

#[test]
fn days_are_published_one_by_one_for_the_window() {
    let mut scope_totals = ScopeTotals::read_at("2026-11-23T12:00:00Z");
    scope_totals.add_daily("2026-10-01", "2026-11-22", &usage("1.5"));
    scope_totals.add("2026-11-02", &charge(ChargeType::Refund, "-7"));
    let published = scope_totals.published(2, &Rules::default());
    let dates: Vec<&str> =
        published.samples[DAILY].keys().map(|values| values[0].as_str()).collect();
    assert_eq!(
        (dates[0], *dates.last().expect("a day")),
        ("2026-10-20", "2026-11-22"),
        "35 days up to today"
    );
    assert_eq!(published.value(DAILY, &["2026-11-02", "refund", "EUR"]), Some(-7.0));
    assert_eq!(published.value(DAILY, &["2026-11-02", "usage", "EUR"]), Some(1.5));
}

#[test]
fn a_month_begins_at_zero_in_each_currency_of_the_one_before() {
    const SCOPE: &str = "azure_billing_scope_pretax_cost";
    let mut scope_totals = ScopeTotals::read_at("2026-11-01T12:00:00Z");
    scope_totals.add("2026-10-10", &usage("5"));
    scope_totals
        .add("2026-10-11", &Charge { currency: "USD".into(), ..charge(ChargeType::Refund, "-1") });
    scope_totals.add("2026-11-01", &usage("2"));
    let published = scope_totals.published(2, &Rules::default());
    assert_eq!(published.value(SCOPE, &["usage", "", "", "EUR"]), Some(2.0));
    assert_eq!(published.value(SCOPE, &["usage", "", "", "USD"]), Some(0.0));
    assert_eq!(published.samples[SCOPE].len(), 2);
}

#[test]
fn the_previous_period_is_not_published_until_all_of_it_was_read() {
    const PREVIOUS: &str = "azure_billing_scope_previous_period_pretax_cost";
    let mut scope_totals = ScopeTotals::read_at("2026-11-23T12:00:00Z");
    scope_totals.add_daily("2026-10-01", "2026-11-22", &usage("2"));
    let mut list = List::new(&TagKeys::default());
    for number in 2..=31 {
        list.add(day(&format!("2026-10-{number:02}")), &usage("2"));
    }
    let window = range("2026-10-02", "2026-10-31");
    keep(&mut scope_totals.scope_store, window, &list, at("2026-11-23T12:00:00Z"));
    assert!(
        scope_totals.published(1, &Rules::default()).samples[PREVIOUS].is_empty(),
        "the 1st is unknown"
    );
    let published = scope_totals.published(2, &Rules::default());
    assert_eq!(published.value(PREVIOUS, &["2026-10", "usage", "", "", "EUR"]), Some(62.0));
}
