//! Closed months day by day, worked out by hand, and compared with what is published live.

use std::collections::BTreeMap;

use azure_billing_exporter::billing::charge::{Charge, ChargeType};
use azure_billing_exporter::billing::column::Column;
use azure_billing_exporter::billing::daily_sums::DailySums;
use azure_billing_exporter::billing::history::{Bill, DayValues, HistoryOptions, Month, month};
use azure_billing_exporter::billing::limits::Limits;
use azure_billing_exporter::billing::period::Period;
use azure_billing_exporter::billing::rules::Rules;
use azure_billing_exporter::billing::scope::ScopeType;
use azure_billing_exporter::billing::span::Span;
use azure_billing_exporter::source::Reading;

use crate::list::List;
use crate::rows::{ScopeTotals, charge, day, usage};

const SCOPE: &str = "azure_billing_scope_pretax_cost";
const SERVICES: &str = "azure_billing_service_pretax_cost";
const SUBSCRIPTIONS: &str = "azure_billing_subscription_pretax_cost";
const INSTANCES: &str = "azure_billing_instance_pretax_cost";
const BEFORE: &str = "azure_billing_scope_previous_period_pretax_cost";
const SUBSCRIPTIONS_BEFORE: &str = "azure_billing_subscription_previous_period_pretax_cost";
const TAGS_BEFORE: &str = "azure_billing_tag_previous_period_pretax_cost";

fn options() -> HistoryOptions {
    let limits = Limits::default().with("instances", 10).with("services", 10);
    HistoryOptions { limits: limits.with("resource_groups", 10), instances: true }
}

fn period(text: &str) -> Period {
    text.parse().expect("a month")
}

/// Makes a list of rows by their dates.
fn list(rows: &[(&str, Charge<'static>)]) -> List {
    let mut list = List::new(&["team".to_owned()].into());
    for (date, charge) in rows {
        list.add(day(date), charge);
    }
    list
}

/// Reads rows as a billing period is read.
fn read(of: &str, rows: &[(&str, Charge<'static>)]) -> DailySums {
    sums(list(rows).read(Span::Period(period(of))))
}

/// Returns all of a reading in memory, as a backfill keeps it.
fn sums(reading: Reading) -> DailySums {
    reading.sums.into_daily_sums().expect("sums")
}

fn made(of: &str, rows: &[(&str, Charge<'static>)], before: Option<&Bill>) -> Month {
    month(&read(of, rows), period(of), before, &options()).expect("room")
}

/// Returns the series of a family by its label values, joined by blanks.
fn series(month: &Month, family: &str, wanted: &HistoryOptions) -> BTreeMap<String, DayValues> {
    let families = wanted.families();
    let place = families.iter().position(|known| known.name == family).expect("a family");
    let series = month.families[place].iter();
    series.map(|(labels, values)| (labels.join(" "), values.clone())).collect()
}

/// Returns the values of the only series of a family.
fn only(month: &Month, family: &str) -> DayValues {
    let series = series(month, family, &options());
    assert_eq!(series.len(), 1, "{family}: {series:?}");
    series.into_values().next().expect("a series")
}

/// Returns the same value from one day to another.
fn constant(first: u8, last: u8, value: f64) -> DayValues {
    (first..=last).map(|day| (day, value)).collect()
}

#[test]
fn a_series_begins_with_its_first_row_and_goes_on_to_the_end_of_the_month() {
    // A February of 29 days: 0.1 ten times on the 3rd, a refund of 2 on the 10th, and 5 bought in
    // January that was billed in February.
    let mut rows: Vec<(&str, Charge<'static>)> = vec![("2028-02-03", usage("0.1")); 10];
    rows.push(("2028-02-10", usage("-2")));
    rows.push(("2028-01-30", charge(ChargeType::Purchase, "5")));
    let february = made("2028-02", &rows, None);
    let scope = series(&february, SCOPE, &options());
    assert_eq!(scope["usage   EUR"], [constant(3, 9, 1.0), constant(10, 29, -1.0)].concat());
    assert_eq!(scope["purchase   EUR"], constant(1, 29, 5.0), "late rows count on the nearest day");
    assert_eq!(scope.len(), 2);
    let all = [constant(1, 2, 5.0), constant(3, 9, 6.0), constant(10, 29, 4.0)].concat();
    assert_eq!(only(&february, SERVICES), all);
    assert_eq!(only(&february, INSTANCES), all);
    assert!(series(&february, BEFORE, &options()).is_empty(), "nothing is known before it");
}

#[test]
fn the_month_before_is_its_whole_bill_on_every_day_and_its_currencies_begin_with_zero() {
    let tagged = Charge { tags: vec![("Team".into(), "shop".into())], ..usage("3") };
    let january = made("2027-01", &[("2027-01-31", tagged), ("2027-01-01", usage("4"))], None);
    let rows = [("2027-02-03", charge(ChargeType::Refund, "-1"))];
    let february = made("2027-02", &rows, Some(&january.bill));
    let before = series(&february, BEFORE, &options());
    assert_eq!(before, BTreeMap::from([("2027-01 usage   EUR".to_owned(), constant(1, 28, 7.0))]));
    let tags = series(&february, TAGS_BEFORE, &options());
    assert_eq!(tags["2027-01 team shop EUR"], constant(1, 28, 3.0));
    assert_eq!(tags["2027-01 team  EUR"], constant(1, 28, 4.0));
    // It is 0 until there is a row in euros.
    let scope = series(&february, SCOPE, &options());
    assert_eq!(scope["usage   EUR"], constant(1, 2, 0.0));
    assert_eq!(scope["refund   EUR"], constant(3, 28, -1.0));
    let march = made("2027-03", &[], Some(&february.bill));
    assert_eq!(series(&march, SCOPE, &options())["usage   EUR"], constant(1, 31, 0.0));
    assert_eq!(series(&march, BEFORE, &options())["2027-02 refund   EUR"], constant(1, 31, -1.0));
}

#[test]
fn a_series_keeps_its_place_from_the_first_day_of_a_month_to_the_last() {
    let service = |name: &'static str, cost: &str| usage(cost).with(Column::ServiceName, name);
    // On the 1st the first service is the costliest, at the end it is the last of the three.
    let rows = [
        ("2026-10-01", service("a", "5")),
        ("2026-10-02", service("b", "6")),
        ("2026-10-30", service("c", "7")),
    ];
    let wanted = HistoryOptions { limits: options().limits.with("services", 1), ..options() };
    let month = month(&read("2026-10", &rows), period("2026-10"), None, &wanted).expect("room");
    let services = series(&month, SERVICES, &wanted);
    assert_eq!(services[" c EUR"], constant(30, 31, 7.0));
    let others = [constant(1, 1, 5.0), constant(2, 31, 11.0)].concat();
    assert_eq!(services[" __other__ EUR"], others);
    assert_eq!(services.len(), 2);
}

#[test]
fn a_subscription_has_the_newest_name_that_is_known_in_all_of_a_month() {
    let named = |name: &'static str| {
        Charge { subscription_id: "s".into(), ..usage("1") }.with(Column::SubscriptionName, name)
    };
    let january = made("2027-01", &[("2027-01-02", named("old"))], None);
    let rows = [("2027-02-01", named("older")), ("2027-02-09", named("new"))];
    let february = made("2027-02", &rows, Some(&january.bill));
    let of =
        |month: &Month, family| series(month, family, &options()).into_keys().collect::<Vec<_>>();
    assert_eq!(of(&january, SUBSCRIPTIONS), ["s old EUR"]);
    assert_eq!(of(&february, SUBSCRIPTIONS), ["s new EUR"]);
    assert_eq!(of(&february, SUBSCRIPTIONS_BEFORE), ["2027-01 s new EUR"], "as live");
    let march = made("2027-03", &[("2027-03-05", named(""))], Some(&february.bill));
    assert_eq!(of(&march, SUBSCRIPTIONS), ["s new EUR"]);
}

#[test]
fn rows_of_other_months_do_not_count() {
    // The month of a subscription is requested by date, and a filter may be ignored.
    let rows =
        [("2026-09-30", usage("100")), ("2026-10-05", usage("1")), ("2026-11-01", usage("100"))];
    let reading = list(&rows).read_of(ScopeType::Subscription, Span::Period(period("2026-10")));
    assert_eq!((reading.counts.counted, reading.counts.outside), (1, 2));
    let october = month(&sums(reading), period("2026-10"), None, &options()).expect("room");
    assert_eq!(only(&october, SCOPE), constant(5, 31, 1.0));
    let november = made("2026-11", &[], Some(&october.bill));
    assert_eq!(only(&november, BEFORE), constant(1, 30, 1.0));
}

/// Returns a row that has a subscription and a service in all its texts.
fn row(subscription: &'static str, service: &'static str, cost: &str) -> Charge<'static> {
    Charge {
        subscription_id: subscription.into(),
        instance_id: format!("/x/{service}").into(),
        resource_group: service.into(),
        location: "eastus2".into(),
        unit: "1 Hour".into(),
        quantity: crate::rows::amount("3"),
        tags: vec![("team".into(), service.into())],
        ..usage(cost)
    }
    .with(Column::SubscriptionName, subscription.to_uppercase())
    .with(Column::ServiceName, service)
    .with(Column::Department, service.to_uppercase())
    .with(Column::Account, "a")
    .with(Column::CostCenter, subscription)
}

#[test]
fn the_last_day_of_a_month_is_what_was_published_live_that_evening() {
    let limits = options().limits.with("services", 2).with("instances", 2);
    let wanted = HistoryOptions { limits: limits.clone(), instances: true };
    let months = [
        (
            "2026-09",
            vec![("2026-09-04", row("s1", "vm", "5")), ("2026-09-05", row("s2", "db", "9"))],
        ),
        (
            "2026-10",
            vec![
                ("2026-10-01", row("s1", "vm", "0.3")),
                ("2026-10-07", row("s2", "db", "-4")),
                ("2026-10-07", row("s2", "dns", "1")),
                ("2026-10-31", row("s3", "vm", "2")),
            ],
        ),
    ];
    let mut scope_totals = ScopeTotals::with_tags("2026-10-31T23:59:59Z", &["team"]);
    let mut history: Option<Month> = None;
    for (of, rows) in months {
        for (date, charge) in &rows {
            scope_totals.add(date, charge);
        }
        let bill = history.as_ref().map(|month| &month.bill);
        history = month(&read(of, &rows), period(of), bill, &wanted).ok();
    }
    let live = scope_totals.published(2, &Rules { limits, ..Rules::default() });
    let history = history.expect("a month");
    let families = wanted.families();
    assert_eq!(families.len(), 6 + 7);
    for (family, series) in families.iter().zip(&history.families) {
        let last: BTreeMap<Vec<String>, f64> = series
            .iter()
            .map(|(labels, values)| {
                let (day, value) = *values.last().expect("a value");
                assert_eq!(day, 31);
                (labels.clone(), value)
            })
            .collect();
        let live = live.samples[family.name].iter();
        let live: BTreeMap<Vec<String>, f64> =
            live.map(|(labels, value)| (labels.clone(), value.to_f64())).collect();
        assert!(!live.is_empty(), "{}", family.name);
        assert_eq!(last, live, "{}", family.name);
    }
}
