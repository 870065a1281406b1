//! Sums are conserved: for any rows in any pages, any limits, any order, and after any day was
//! replaced; and each is the sum of the rows that have its labels.

use std::collections::{BTreeMap, BTreeSet};

use azure_billing_exporter::billing::amount::Amount;
use azure_billing_exporter::billing::charge::{Charge, ChargeType};
use azure_billing_exporter::billing::column::Column;
use azure_billing_exporter::billing::daily_sums::TagKeys;
use azure_billing_exporter::billing::limits::{Limit, Limits};
use azure_billing_exporter::billing::metric_families::{self as families, FAMILIES};
use azure_billing_exporter::billing::period::{DayRange, Period};
use azure_billing_exporter::billing::rules::Rules;
use azure_billing_exporter::billing::span::Span;
use azure_billing_exporter::store::ScopeStore;
use jiff::civil::date;
use proptest::prelude::*;

use crate::list::List;
use crate::rows::{Published, amount, at, keep, published, text};
use crate::truth::{CostOf, cost, labelled, naive, quantity};

/// A family, and the limit that bounds it.
type Bounded = (&'static str, Option<Limit>);

/// Returns the families whose sum is all the money of the period, each with the limit that bounds
/// it, and those whose sum is all the usage. Tags are apart: each key has all the money.
fn complete() -> (Vec<Bounded>, Vec<Bounded>) {
    let whole = FAMILIES.iter().filter(|family| !["period", "tag"].contains(&family.labels[0]));
    let bounded = whole.filter(|family| family.limit.is_some());
    let bounded = bounded.map(|family| (family.name, family.limit));
    let (usage, mut money): (Vec<_>, Vec<_>) =
        bounded.partition(|(name, _)| name.ends_with("_usage_quantity"));
    money.push((SCOPE, None));
    assert!(usage.len() >= 2 && money.len() >= 8, "{usage:?} {money:?}");
    (money, usage)
}

const SCOPE: &str = "azure_billing_scope_pretax_cost";
const ESTIMATED: &str = "azure_billing_scope_estimated_pretax_cost";
const INSTANCES: &str = "azure_billing_instance_pretax_cost";
const INSTANCE_USAGE: &str = "azure_billing_instance_usage_quantity";
const TAGS: &str = "azure_billing_tag_pretax_cost";
const NOW: &str = "2026-11-28T12:00:00Z";

fn keys() -> TagKeys {
    ["team".to_owned(), "Env".to_owned()].into_iter().collect()
}

/// Returns a row of some of many entities, with fields missing now and then.
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
    let columns = prop::collection::vec(0..=entities, Column::COUNT);
    let tags = (some("team"), some("env"));
    // Never equal, so that one in the place of the other is noticed.
    let amounts = ("-?[0-9]{1,9}\\.[0-9]{1,20}", "[0-9]{1,6}\\.[0-9]{0,9}1");
    let currency = prop::sample::select(vec!["EUR", "USD", "jpy ", ""]);
    let unit = prop::sample::select(vec!["1 Hour", " 1 Hour", "10 GB", ""]);
    let terms = (
        prop::sample::select(vec!["Azure", "Marketplace", ""]),
        prop::sample::select(vec!["OnDemand", "On Demand", "Reservation", ""]),
        any::<Option<bool>>(),
    );
    (1_i8..=28, kind, ids, columns, tags, amounts, currency, unit, terms).prop_map(
        |(day, charge_type, ids, columns, tags, amounts, currency, unit, terms)| {
            let id = if ids.0.is_empty() {
                String::new()
            } else {
                format!("/subscriptions/{}/resourceGroups/{}/x/{}", ids.2, ids.1, ids.0)
            };
            let charge = Charge {
                charge_type,
                cost: amount(&amounts.0),
                quantity: amount(&amounts.1),
                currency: text(currency),
                unit: text(unit),
                instance_id: text(id),
                resource_group: text(ids.1),
                subscription_id: text(ids.2.clone()),
                location: text(ids.3),
                tags: vec![(text("TEAM"), text(tags.0)), (text("env"), text(tags.1))],
                estimated: terms.2,
                ..Charge::default()
            }
            .with(Column::SubscriptionName, text(ids.2))
            .with(Column::PublisherType, text(terms.0))
            .with(Column::PricingModel, text(terms.1));
            (day, with_columns(charge, &columns))
        },
    )
}

/// Returns a charge with a text in each column that is published and has none, by numbers of
/// which 0 is no text.
fn with_columns(charge: Charge<'static>, numbers: &[usize]) -> Charge<'static> {
    let is_published =
        |column: Column| FAMILIES.iter().any(|family| family.labels.contains(&column.name()));
    let given = [Column::SubscriptionName, Column::PublisherType, Column::PricingModel];
    let own = |column: &Column| is_published(*column) && !given.contains(column);
    let own = Column::ALL.into_iter().filter(own);
    own.fold(charge, |charge, column| {
        let of_column = |column: Column| match (numbers[column as usize], column) {
            (0, _) => String::new(),
            (number, Column::CostCenter) => format!("CC-{number}"),
            (number, _) => format!("{}-{number}", column.name()),
        };
        let sent = match column {
            Column::Subcategory => of_column(Column::ServiceName).to_uppercase(),
            _ => of_column(column),
        };
        charge.with(column, sent)
    })
}

/// Returns the number of rows in a page.
fn page_sizes() -> impl Strategy<Value = usize> {
    prop_oneof![Just(1_usize), 2_usize..50, Just(1000)]
}

fn rows() -> impl Strategy<Value = Vec<(i8, Charge<'static>)>> {
    prop_oneof![Just(1_usize), Just(4), Just(40)]
        .prop_flat_map(|entities| prop::collection::vec(row(entities), 0..150))
}

fn limits() -> impl Strategy<Value = Limits> {
    let limit = prop_oneof![Just(0_usize), 1_usize..6, Just(10_000)];
    prop::collection::vec(limit, families::limits().len()).prop_map(|chosen| {
        let mut limits = Limits::default();
        families::limits()
            .into_iter()
            .zip(chosen)
            .for_each(|(limit, most)| limits.set(limit, most));
        limits
    })
}

fn list(rows: &[(i8, Charge<'static>)], rows_per_page: usize) -> List {
    let mut list = List::new(&keys()).in_pages_of(rows_per_page);
    for (day, charge) in rows {
        list.add(date(2026, 11, *day), charge);
    }
    list
}

fn scope_store(rows: &[(i8, Charge<'static>)], rows_per_page: usize) -> ScopeStore {
    let mut scope_store = ScopeStore::default();
    keep(&mut scope_store, Span::Period(november()), &list(rows, rows_per_page), at(NOW));
    scope_store
}

fn november() -> Period {
    Period::of(date(2026, 11, 1))
}

fn publish(scope_store: &ScopeStore, limits: &Limits) -> Published {
    published(scope_store, &keys(), &Rules { limits: limits.clone(), ..Rules::default() })
}

/// Checks the rules for all families of the period, whatever is folded.
fn assert_conserved(published: &Published, rows: &[(i8, Charge<'static>)], limits: &Limits) {
    let money = naive(rows, &["currency"], cost);
    let (costs, usage) = complete();
    for (families, label, truth) in
        [(costs, "currency", &money), (usage, "unit", &naive(rows, &["unit"], quantity))]
    {
        for (family, limit) in families {
            let limit = limit.map_or(usize::MAX, |limit| limits.of(limit));
            if limit == 0 {
                assert!(published.samples[family].is_empty(), "{family} is turned off");
                continue;
            }
            assert_eq!(&published.sums(family, &[label]), truth, "{family}");
            // The limit counts series of costs, which also decide the rank of usage.
            if label == "currency" {
                let mut own = published.samples[family].keys().collect::<Vec<_>>();
                own.retain(|values| !values.iter().any(|value| value == "__other__"));
                assert!(own.len() <= limit, "{family} has more than {limit} series of its own");
            }
        }
    }
    assert_eq!(published.sums("azure_billing_scope_daily_pretax_cost", &["currency"]), money);
    let tags = families::limits().into_iter().find(|limit| limit.key == "tags").expect("tags");
    if limits.of(tags) > 0 {
        let mut of_keys = published.sums(TAGS, &["tag", "currency"]);
        for key in ["team", "Env"] {
            let of_key = money.iter().map(|(currency, amount)| {
                let series = vec![key.to_owned(), currency[0].clone()];
                (of_keys.remove(&series), Some(*amount))
            });
            of_key.for_each(|(published, truth)| assert_eq!(published, truth, "tag {key}"));
        }
        assert!(of_keys.is_empty(), "{of_keys:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_family_adds_up_to_the_same_money_under_any_limits(rows in rows(), limits in limits(), page in page_sizes()) {
        assert_conserved(&publish(&scope_store(&rows, page), &limits), &rows, &limits);
    }

    #[test]
    fn every_series_is_the_sum_of_the_rows_that_its_labels_tell(rows in rows(), page in page_sizes()) {
        let published = publish(&scope_store(&rows, page), &Limits::default());
        let (costs, usage) = complete();
        let costs = costs.into_iter().map(|(family, _)| (family, cost as CostOf));
        let usage = usage.into_iter().map(|(family, _)| (family, quantity as CostOf));
        let estimated: CostOf = |charge| {
            if charge.estimated == Some(true) { charge.cost } else { Amount::ZERO }
        };
        for (family, amount) in costs.into_iter().chain(usage).chain([(ESTIMATED, estimated)]) {
            let labels = labelled(family);
            prop_assert_eq!(published.sums(family, &labels), naive(&rows, &labels, amount), "{}", family);
        }
        for (key, place) in [("team", 0), ("Env", 1)] {
            let mut values = BTreeMap::<Vec<String>, Amount>::new();
            for (_, charge) in &rows {
                let series = vec![charge.tags[place].1.to_string(), charge.currency.trim().to_uppercase()];
                *values.entry(series).or_default() += charge.cost;
            }
            values.retain(|_, amount| !amount.is_zero());
            let of_key = published.sums(TAGS, &["tag", "value", "currency"]).into_iter();
            let of_key = of_key.filter(|(series, _)| series[0] == key);
            let of_key: BTreeMap<_, _> = of_key.map(|(series, amount)| (series[1..].to_vec(), amount)).collect();
            prop_assert_eq!(of_key, values, "tag {}", key);
        }
    }

    #[test]
    fn every_day_is_the_sum_of_its_rows(rows in rows(), page in page_sizes()) {
        let mut days = BTreeMap::<Vec<String>, Amount>::new();
        for (day, charge) in &rows {
            let (kind, currency) = (charge.charge_type.as_str(), charge.currency.trim().to_uppercase());
            let series = vec![date(2026, 11, *day).to_string(), kind.to_owned(), currency];
            *days.entry(series).or_default() += charge.cost;
        }
        days.retain(|_, amount| !amount.is_zero());
        let published = publish(&scope_store(&rows, page), &Limits::default());
        prop_assert_eq!(published.sums("azure_billing_scope_daily_pretax_cost", &["date", "charge_type", "currency"]), days);
    }

    #[test]
    fn what_is_folded_is_the_least_costly(rows in rows(), limit in 1_usize..6) {
        let scope_store = scope_store(&rows, 50);
        let limits = Limits::default().with("locations", limit);
        let all = publish(&scope_store, &Limits::default());
        let bounded = publish(&scope_store, &limits);
        const LOCATIONS: &str = "azure_billing_location_pretax_cost";
        let largest = |location: &str| {
            let series = all.samples[LOCATIONS].iter().filter(|(values, _)| values[0] == location);
            series.map(|(_, value)| value.to_f64().abs()).fold(0.0, f64::max)
        };
        let locations = |published: &Published| -> BTreeSet<String> {
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
        let bounded = publish(&scope_store(&rows, 50), &Limits::default().with("instances", limit));
        let ids = |family: &str| -> BTreeSet<Vec<String>> {
            bounded.samples[family].keys().map(|values| values[..3].to_vec()).collect()
        };
        prop_assert_eq!(ids(INSTANCES), ids(INSTANCE_USAGE));
    }

    #[test]
    fn a_replaced_day_leaves_nothing_behind(rows in rows(), other in rows(), replaced in 1_i8..=28, page in page_sizes()) {
        let mut scope_store = scope_store(&rows, page);
        let (day, mut expected) = (date(2026, 11, replaced), rows);
        expected.retain(|(day, _)| *day != replaced);
        let mut other = other;
        other.retain(|(day, _)| *day == replaced);
        // Twice: an answer with much less is suspect until it comes again.
        for _ in 0..2 {
            let day = Span::Days(DayRange { first: day, last: day });
            keep(&mut scope_store, day, &list(&other, page), at(NOW));
        }
        expected.extend(other);
        let published = publish(&scope_store, &Limits::default());
        assert_conserved(&published, &expected, &Limits::default());
        prop_assert_eq!(published, publish(&self::scope_store(&expected, 1000), &Limits::default()));
    }

    #[test]
    fn the_order_of_rows_and_their_pages_mean_nothing((rows, shuffled) in rows().prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())), limits in limits(), pages in (page_sizes(), page_sizes())) {
        prop_assert_eq!(publish(&scope_store(&rows, pages.0), &limits), publish(&scope_store(&shuffled, pages.1), &limits));
    }
}

#[test]
fn five_thousand_entities_fold_without_losing_a_cent() {
    let rows: Vec<(i8, Charge<'static>)> = (0..5000)
        .map(|number| {
            let sign = if number % 7 == 0 { "-" } else { "" };
            let charge = Charge {
                cost: amount(&format!("{sign}{}.000000001", number % 911)),
                quantity: amount(&format!("{}.5", number % 13)),
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
    let scope_store = scope_store(&rows, 1000);
    for instances in [1, 17, 4999, 5000, 5001] {
        let limits =
            Limits::default().with("instances", instances).with("resource_groups", instances);
        let published = publish(&scope_store, &limits);
        assert_conserved(&published, &rows, &limits);
        assert_eq!(published.folded[INSTANCES], 5000_usize.saturating_sub(instances));
    }
    let money = naive(&rows, &["currency"], cost);
    assert_eq!(publish(&scope_store, &Limits::default()).sums(SCOPE, &["currency"]), money);
}
