//! Sums are conserved: for any rows, any limits, any order, and after any day was replaced.

use std::collections::BTreeMap;

use azure_billing_exporter::billing::amount::Amount;
use azure_billing_exporter::billing::charge::{Charge, ChargeType};
use azure_billing_exporter::billing::ledger::{Ledger, Slot, TagKeys};
use azure_billing_exporter::billing::limits::Limits;
use azure_billing_exporter::billing::period::{DayRange, Period};
use azure_billing_exporter::billing::rules::Rules;
use azure_billing_exporter::billing::span::Span;
use azure_billing_exporter::store::Shelf;
use jiff::civil::date;
use proptest::prelude::*;

use crate::rows::{Published, amount, at, keep, published, text};

type LimitOf = fn(&Limits) -> usize;

/// Families whose sum is all the money of the period, by the limit that bounds each.
const COMPLETE: [(&str, LimitOf); 8] = [
    ("azure_billing_instance_pretax_cost", |limits| limits.instances),
    ("azure_billing_account_pretax_cost", |limits| limits.accounts),
    ("azure_billing_subscription_pretax_cost", |limits| limits.subscriptions),
    ("azure_billing_resource_group_pretax_cost", |limits| limits.resource_groups),
    ("azure_billing_location_pretax_cost", |limits| limits.locations),
    ("azure_billing_cost_center_pretax_cost", |limits| limits.cost_centers),
    ("azure_billing_service_pretax_cost", |limits| limits.services),
    ("azure_billing_scope_pretax_cost", |_| usize::MAX),
];

const SCOPE: &str = "azure_billing_scope_pretax_cost";
const INSTANCES: &str = "azure_billing_instance_pretax_cost";
const TAGS: &str = "azure_billing_tag_pretax_cost";
const NOW: &str = "2026-11-28T12:00:00Z";

fn keys() -> TagKeys {
    ["team".to_owned(), "Env".to_owned()].into_iter().collect()
}

/// A row of some of many entities, with fields missing now and then.
fn row(entities: usize) -> impl Strategy<Value = (i8, Charge<'static>)> {
    let some = move |name: &'static str| {
        (0..=entities).prop_map(move |number| {
            if number == 0 { String::new() } else { format!("{name}-{number}") }
        })
    };
    let kind = prop::sample::select(vec![
        ChargeType::Usage,
        ChargeType::Purchase,
        ChargeType::Refund,
        ChargeType::UnusedReservation,
    ]);
    let ids = (some("id"), some("group"), some("sub"), some("place"));
    let owners = (some("department"), some("account"), some("cc"), some("service"), some("meter"));
    let tags = (some("team"), some("env"));
    let money =
        ("-?[0-9]{1,9}\\.[0-9]{1,20}", prop::sample::select(vec!["EUR", "USD", "jpy ", ""]));
    (1_i8..=28, kind, ids, owners, tags, money).prop_map(
        |(day, charge_type, ids, owners, tags, (cost, currency))| {
            let id = if ids.0.is_empty() {
                String::new()
            } else {
                format!("/subscriptions/{}/resourceGroups/{}/x/{}", ids.2, ids.1, ids.0)
            };
            let charge = Charge {
                charge_type,
                cost: amount(&cost),
                quantity: amount(&cost),
                currency: text(currency),
                unit: text("1 Hour"),
                instance_id: text(id),
                resource_group: text(ids.1),
                subscription_id: text(ids.2.clone()),
                subscription_name: text(ids.2),
                location: text(ids.3),
                department: text(owners.0),
                account: text(owners.1),
                cost_center: text(owners.2),
                service_name: text(owners.3),
                meter: text(owners.4),
                tags: vec![(text("TEAM"), text(tags.0)), (text("env"), text(tags.1))],
                ..Charge::default()
            };
            (day, charge)
        },
    )
}

fn rows() -> impl Strategy<Value = Vec<(i8, Charge<'static>)>> {
    prop_oneof![Just(1_usize), Just(4), Just(40)]
        .prop_flat_map(|entities| prop::collection::vec(row(entities), 0..150))
}

fn limits() -> impl Strategy<Value = Limits> {
    let limit = || prop_oneof![Just(0_usize), 1_usize..6, Just(10_000)];
    ([limit(), limit(), limit()], [limit(), limit(), limit()], [limit(), limit(), limit()])
        .prop_map(|(a, b, c)| Limits {
            instances: a[0],
            accounts: a[1],
            subscriptions: a[2],
            resource_groups: b[0],
            locations: b[1],
            cost_centers: b[2],
            services: c[0],
            meters: c[1],
            tags: c[2],
        })
}

fn shelf(rows: &[(i8, Charge<'static>)]) -> Shelf {
    let (mut shelf, mut reading) = (Shelf::default(), Ledger::new(keys()));
    for (day, charge) in rows {
        reading.add(charge, Slot::own(date(2026, 11, *day)));
    }
    keep(&mut shelf, Span::Period(november()), &reading, at(NOW));
    shelf
}

fn november() -> Period {
    Period::of(date(2026, 11, 1))
}

fn publish(shelf: &Shelf, limits: Limits) -> Published {
    published(shelf, &keys(), &Rules { limits, ..Rules::default() })
}

/// Added up here, by currency.
fn truth(rows: &[(i8, Charge<'static>)]) -> BTreeMap<String, Amount> {
    let mut sums = BTreeMap::<String, Amount>::new();
    for (_, charge) in rows {
        *sums.entry(charge.currency.trim().to_uppercase()).or_default() += charge.cost;
    }
    sums.retain(|_, amount| !amount.is_zero());
    sums
}

fn assert_conserved(published: &Published, truth: &BTreeMap<String, Amount>, limits: &Limits) {
    for (family, limit) in COMPLETE {
        let limit = limit(limits);
        if limit == 0 {
            assert!(published.samples[family].is_empty(), "{family} is turned off");
            continue;
        }
        assert_eq!(&published.sums(family, "currency"), truth, "{family}");
        let own = published.samples[family]
            .keys()
            .filter(|values| !values.iter().any(|value| value == "__other__"));
        assert!(own.count() <= limit, "{family} has more than {limit} series of its own");
    }
    assert_eq!(&published.sums("azure_billing_scope_daily_pretax_cost", "currency"), truth, "days");
    if limits.tags > 0 && !truth.is_empty() {
        for key in ["team", "Env"] {
            let mut of_key = BTreeMap::<String, Amount>::new();
            for (values, value) in
                published.samples[TAGS].iter().filter(|(values, _)| values[0] == key)
            {
                let azure_billing_exporter::billing::published::Value::Exact(amount) = value else {
                    panic!()
                };
                *of_key.entry(values[2].clone()).or_default() += *amount;
            }
            of_key.retain(|_, amount| !amount.is_zero());
            assert_eq!(&of_key, truth, "tag {key}");
        }
    }
    let usage = |family: &str| published.sums(family, "unit");
    if limits.instances > 0 && limits.meters > 0 {
        assert_eq!(
            usage("azure_billing_instance_usage_quantity"),
            usage("azure_billing_meter_usage_quantity")
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_family_adds_up_to_the_same_money_under_any_limits(rows in rows(), limits in limits()) {
        assert_conserved(&publish(&shelf(&rows), limits), &truth(&rows), &limits);
    }

    #[test]
    fn what_is_folded_is_the_least_costly(rows in rows(), limit in 1_usize..6) {
        let shelf = shelf(&rows);
        let limits = Limits { locations: limit, ..Limits::default() };
        let all = publish(&shelf, Limits::default());
        let bounded = publish(&shelf, limits);
        const LOCATIONS: &str = "azure_billing_location_pretax_cost";
        let largest = |location: &str| {
            let series = all.samples[LOCATIONS].iter().filter(|(values, _)| values[0] == location);
            series.map(|(_, value)| value.to_f64().abs()).fold(0.0, f64::max)
        };
        let locations = |published: &Published| -> std::collections::BTreeSet<String> {
            published.samples[LOCATIONS].keys().map(|values| values[0].clone()).filter(|location| location != "__other__").collect()
        };
        let (before, kept) = (locations(&all), locations(&bounded));
        for folded in before.difference(&kept) {
            prop_assert!(kept.iter().all(|kept| largest(kept) >= largest(folded)));
        }
        prop_assert_eq!(bounded.folded[LOCATIONS], before.len() - kept.len());
    }

    #[test]
    fn usage_is_kept_for_the_same_instances_as_cost(rows in rows(), limit in 1_usize..6) {
        let bounded = publish(&shelf(&rows), Limits { instances: limit, ..Limits::default() });
        let ids = |family: &str| -> std::collections::BTreeSet<Vec<String>> {
            bounded.samples[family].keys().map(|values| values[..3].to_vec()).collect()
        };
        prop_assert_eq!(ids(INSTANCES), ids("azure_billing_instance_usage_quantity"));
    }

    #[test]
    fn a_replaced_day_leaves_nothing_behind(rows in rows(), other in rows(), replaced in 1_i8..=28) {
        let mut shelf = shelf(&rows);
        let on_day = |rows: &[(i8, Charge<'static>)]| -> Vec<_> {
            rows.iter().filter(|(day, _)| *day == replaced).cloned().collect()
        };
        let day = date(2026, 11, replaced);
        let mut reading = Ledger::new(keys());
        for (_, charge) in on_day(&other) {
            reading.add(&charge, Slot::own(day));
        }
        // Twice: an answer that holds much less is believed when it comes again.
        for _ in 0..2 {
            let day = Span::Days(DayRange { first: day, last: day });
            keep(&mut shelf, day, &reading, at(NOW));
        }
        let mut expected: Vec<_> = rows.iter().filter(|(day, _)| *day != replaced).cloned().collect();
        expected.extend(on_day(&other));
        prop_assert_eq!(publish(&shelf, Limits::default()), publish(&self::shelf(&expected), Limits::default()));
    }

    #[test]
    fn the_order_of_rows_means_nothing((rows, shuffled) in rows().prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())), limits in limits()) {
        prop_assert_eq!(publish(&shelf(&rows), limits), publish(&shelf(&shuffled), limits));
    }
}

#[test]
fn five_thousand_entities_fold_without_losing_a_cent() {
    let mut reading = Ledger::new(keys());
    let rows: Vec<(i8, Charge<'static>)> = (0..5000)
        .map(|number| {
            let sign = if number % 7 == 0 { "-" } else { "" };
            let charge = Charge {
                cost: amount(&format!("{sign}{}.000000001", number % 911)),
                currency: text(if number % 3 == 0 { "EUR" } else { "USD" }),
                instance_id: text(format!(
                    "/subscriptions/s{}/resourceGroups/g{}/x/{number}",
                    number % 11,
                    number % 501
                )),
                ..Charge::default()
            };
            (1 + (number % 28) as i8, charge)
        })
        .collect();
    for (day, charge) in &rows {
        reading.add(charge, Slot::own(date(2026, 11, *day)));
    }
    let mut shelf = Shelf::default();
    keep(&mut shelf, Span::Period(november()), &reading, at(NOW));
    for instances in [1, 17, 4999, 5000, 5001] {
        let limits = Limits { instances, resource_groups: instances, ..Limits::default() };
        let published = publish(&shelf, limits);
        assert_conserved(&published, &truth(&rows), &limits);
        assert_eq!(published.folded[INSTANCES], 5000_usize.saturating_sub(instances));
    }
    assert_eq!(publish(&shelf, Limits::default()).sums(SCOPE, "currency"), truth(&rows));
}
