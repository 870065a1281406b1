//! What people are told of Azure's own totals: the seal, which agrees with the metrics.

use std::collections::BTreeMap;

use azure_billing_exporter::billing::charge::ChargeType;
use azure_billing_exporter::billing::control::{ByCurrency, DailyTotals, DateState};
use azure_billing_exporter::billing::daily_sums::TagKeys;
use azure_billing_exporter::billing::overview::Overview;
use azure_billing_exporter::billing::period::DayRange;
use azure_billing_exporter::billing::rules::Rules;
use azure_billing_exporter::billing::seal::{DifferingSum, Seal};
use azure_billing_exporter::store::ScopeStore;

use crate::list::List;
use crate::rows::{ScopeTotals, amount, at, charge, day, keep, range, usage};

/// More than three days after every day with usage.
const NOW: &str = "2026-11-29T00:00:00Z";

/// Returns a scope with 10 EUR of usage on each of 22 days, and a purchase two days later.
fn read() -> ScopeStore {
    let mut scope_totals = ScopeTotals::read_at(NOW);
    scope_totals.add_daily("2026-11-01", "2026-11-22", &usage("10"));
    scope_totals.add("2026-11-24", &charge(ChargeType::Purchase, "1000"));
    let _ = scope_totals.published(1, &Rules::default());
    scope_totals.scope_store
}

fn euros(cost: &str) -> ByCurrency {
    ByCurrency::from([("EUR".to_owned(), amount(cost))])
}

/// Enters Azure's totals, of which some are other than the rows of [`read`].
fn control(scope_store: &mut ScopeStore, others: &[(&str, ByCurrency)]) {
    let all = DayRange { first: day("2026-11-01"), last: day("2026-11-28") };
    let mut days = BTreeMap::new();
    days.extend((1..=22).map(|date| (day(&format!("2026-11-{date:02}")), euros("10"))));
    days.insert(day("2026-11-24"), euros("1000"));
    days.extend(others.iter().map(|(date, totals)| (day(date), totals.clone())));
    let totals = DailyTotals { range: all, asked_at: at(NOW), days };
    scope_store.scope_totals.enter_control(&totals, Rules::default().day_complete_after);
}

fn seal(scope_store: &ScopeStore) -> Option<Seal> {
    let snapshot = scope_store.scope_totals.snapshot(&Rules::default(), &TagKeys::default(), false);
    Overview::of(&snapshot.expect("something was read")).seal
}

#[test]
fn a_scope_has_a_seal_once_azure_gave_totals_and_only_complete_days_count() {
    let mut scope_store = read();
    assert_eq!(seal(&scope_store), None);
    control(&mut scope_store, &[]);
    let seal = seal(&scope_store).expect("a seal");
    // The purchase is later than the newest usage: its day is not complete, although it is equal.
    assert_eq!((seal.complete, seal.days_in(DateState::Verified)), (22, 22));
    assert_eq!(seal.newest_verified, Some(day("2026-11-22")));
    assert_eq!((seal.differing.len(), seal.more_differing()), (0, 0));
    assert_eq!(seal.asked_at, at(NOW));
}

#[test]
fn a_day_that_differs_has_both_sums_of_the_currencies_that_differ() {
    let mut two = euros("10.005");
    two.insert("USD".to_owned(), amount("5"));
    let mut scope_store = read();
    let lost = euros("1500");
    control(&mut scope_store, &[("2026-11-22", two), ("2026-11-24", lost)]);
    let seal = seal(&scope_store).expect("a seal");
    assert_eq!(seal.newest_verified, Some(day("2026-11-21")));
    let days: Vec<_> = seal.differing.iter().map(|differing| differing.day).collect();
    // What is lost may be the newest usage, so a later day that differs counts.
    assert_eq!(days, [day("2026-11-24"), day("2026-11-22")]);
    assert_eq!((seal.complete, seal.days_in(DateState::Differs)), (23, 2));
    let sum = |currency: &str, ours, azures| DifferingSum {
        currency: currency.to_owned(),
        ours,
        azures,
        difference: ours - azures,
    };
    assert_eq!(seal.differing[0].sums, [sum("EUR", 1000.0, 1500.0)]);
    assert_eq!(seal.differing[1].sums, [sum("USD", 0.0, 5.0)], "half a cent is no difference");
}

#[test]
fn five_days_and_five_currencies_are_shown_and_the_rest_is_counted() {
    let many: ByCurrency =
        (0..8).map(|number| (format!("X{number}"), amount("1"))).chain(euros("10")).collect();
    let others: Vec<_> = (10..=18).map(|date| format!("2026-11-{date}")).collect();
    let others: Vec<_> = others.iter().map(|date| (date.as_str(), many.clone())).collect();
    let mut scope_store = read();
    control(&mut scope_store, &others);
    let seal = seal(&scope_store).expect("a seal");
    assert_eq!((seal.differing.len(), seal.more_differing()), (5, 4));
    assert_eq!(seal.differing[0].day, day("2026-11-18"), "newest first");
    let newest = &seal.differing[0];
    assert_eq!((newest.sums.len(), newest.more_currencies), (5, 3));
}

#[test]
fn a_suspect_day_is_complete_and_neither_verified_nor_differing() {
    let mut scope_store = read();
    control(&mut scope_store, &[]);
    let mut fewer = List::new(&TagKeys::default());
    fewer.add(day("2026-11-05"), &usage("1"));
    keep(&mut scope_store, range("2026-11-05", "2026-11-05"), &fewer, at("2026-11-29T04:00:00Z"));
    let seal = seal(&scope_store).expect("a seal");
    assert_eq!(seal.complete, 22);
    assert_eq!(seal.days, [0, 0, 21, 1, 0]);
}
