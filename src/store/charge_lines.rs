//! Tests of the lines of charges, which nothing publishes yet: they add up to the costs that are
//! published, whatever was replaced, and survive a restart.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::{Archive, CompletedRead, RetentionPolicy, ScopeStore, Store};
use crate::billing::amount::Amount;
use crate::billing::charge::{Charge, ChargeType};
use crate::billing::column::Column;
use crate::billing::daily_sums::{DayBucket, TagKeys};
use crate::billing::facts::BucketFacts;
use crate::billing::period::{DayRange, Period};
use crate::billing::scope::{CostType, ScopeId, ScopeType};
use crate::billing::span::Span;
use crate::ingest::SpillBuffer;

const KEEPING: RetentionPolicy =
    RetentionPolicy { since: date(2026, 10, 1), complete_after: SignedDuration::from_hours(72) };

fn charges() -> impl Strategy<Value = Charge<'static>> {
    let text = |choices: &'static [&'static str]| prop::sample::select(choices);
    let ids = (text(&["M-1", "m-1", "m-2", ""]), text(&["/x/B-1", "b-1", "00-00", ""]));
    let kind = text(&["Usage", "Purchase", "Refund", "UnusedReservation"]);
    let words = (text(&["Recurring", "OneTime", ""]), text(&["12", ""]), text(&["EUR", "usd"]));
    let owner = (text(&["s-1", "s-2"]), text(&["/o/1", "/o/2"]), text(&["Azure", "Marketplace"]));
    let amounts = ("-?[0-9]{1,12}\\.[0-9]{1,30}", "[0-9]{1,4}\\.[0-9]{1,9}", "[0-9]\\.[0-9]{0,24}");
    let said = (any::<Option<bool>>(), any::<bool>());
    (ids, kind, words, owner, amounts, said).prop_map(|(ids, kind, words, owner, amounts, said)| {
        let amount = |text: &str| Amount::parse(text).unwrap().amount;
        Charge {
            cost: amount(&amounts.0),
            quantity: amount(&amounts.1),
            effective_cost: Amount::product("0.5", &amounts.1).unwrap(),
            currency: words.2.into(),
            credit_eligible: said.0,
            subscription_id: owner.0.into(),
            charge_type: ChargeType::parse(kind),
            ..Charge::default()
        }
        .with(Column::ListPrice, if said.1 { amounts.2 } else { String::new() })
        .with(Column::MeterId, ids.0)
        .with(Column::Meter, "Compute Hours")
        .with(Column::Benefit, ids.1)
        .with(Column::BenefitName, "Plan")
        .with(Column::Frequency, words.0)
        .with(Column::Term, words.1)
        .with(Column::Product, owner.1)
        .with(Column::PublisherType, owner.2)
    })
}

/// Returns a reading of the first days of November, one list of charges for each.
fn reading(days: &[Vec<Charge<'static>>], began: Timestamp) -> CompletedRead {
    let mut rows = SpillBuffer::new(&TagKeys::default());
    for (day, charges) in (1..).zip(days) {
        charges.iter().for_each(|charge| rows.push(charge, DayBucket::own(date(2026, 11, day))));
        rows.commit_page();
    }
    rows.finish();
    let last = date(2026, 11, 1).saturating_add(jiff::Span::new().days(days.len() as i64 - 1));
    let span = Span::Days(DayRange { first: date(2026, 11, 1), last });
    CompletedRead { span, rows, facts: BucketFacts::new(), began }
}

/// Returns the sums of what lines and the scope's cost have in common, in texts and without zeros.
type Common = BTreeMap<[String; 3], Amount>;

fn of_lines(scope_store: &ScopeStore, period: Period) -> Common {
    let totals = &scope_store.scope_totals;
    let tables = totals.tables(period).unwrap();
    let mut sums = Common::new();
    for ([kind, publisher, .., currency], sum) in tables.charge_lines.iter() {
        let key = [kind, publisher, currency].map(|symbol| totals.text(*symbol));
        *sums.entry(key).or_default() += sum.amount.cost;
    }
    sums.retain(|_, cost| !cost.is_zero());
    sums
}

fn of_scope(scope_store: &ScopeStore, period: Period) -> Common {
    let totals = &scope_store.scope_totals;
    let mut sums = Common::new();
    for ([kind, publisher, _, currency], sum) in totals.tables(period).unwrap().scope_cost.iter() {
        let key = [kind, publisher, currency].map(|symbol| totals.text(*symbol));
        *sums.entry(key).or_default() += sum.amount;
    }
    sums.retain(|_, cost| !cost.is_zero());
    sums
}

/// Returns every line as text, with its rows and amounts.
fn lines(scope_store: &ScopeStore, period: Period) -> Vec<String> {
    let totals = &scope_store.scope_totals;
    let lines = totals.tables(period).unwrap().charge_lines.iter();
    let mut lines: Vec<String> =
        lines.map(|(key, sum)| format!("{:?} {sum:?}", key.map(|s| totals.text(s)))).collect();
    lines.sort_unstable();
    lines
}

fn opened(path: &std::path::Path) -> ScopeStore {
    let id = ScopeId { scope_type: ScopeType::Department, id: "1".into(), cost: CostType::Actual };
    let store = Store::open(path, Box::new(|| Timestamp::UNIX_EPOCH)).unwrap();
    let (archive, restored) = Archive::open(Arc::new(store), &id);
    ScopeStore { scope_totals: restored.unwrap().scope_totals.unwrap_or_default(), archive }
}

fn days() -> impl Strategy<Value = Vec<Vec<Charge<'static>>>> {
    prop::collection::vec(prop::collection::vec(charges(), 0..30), 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn lines_add_up_to_the_cost_of_the_scope_and_survive_replaced_days_and_restarts(
        before in days(), after in days()
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.redb");
        let november = Period::of(date(2026, 11, 1));
        let mut scope_store = opened(&path);
        // Suspect answers count when they come again.
        for (hour, days) in [&before, &after, &after].into_iter().enumerate() {
            let began = format!("2026-11-03T1{hour}:00:00Z").parse().unwrap();
            scope_store.keep(&reading(days, began), &[], KEEPING).unwrap();
            prop_assert_eq!(of_lines(&scope_store, november), of_scope(&scope_store, november));
        }
        let known = lines(&scope_store, november);
        drop(scope_store);
        let mut scope_store = opened(&path);
        prop_assert_eq!(lines(&scope_store, november), known.clone());
        // A closed month keeps its lines.
        let began = "2026-12-01T10:00:00Z".parse().unwrap();
        scope_store.keep(&reading(&[], began), &[], KEEPING).unwrap();
        prop_assert_eq!(lines(&scope_store, november), known);
        let mut alone = ScopeStore::default();
        let days: Vec<_> = after.iter().chain(before.iter().skip(after.len())).cloned().collect();
        alone.keep(&reading(&days, "2026-11-03T10:00:00Z".parse().unwrap()), &[], KEEPING).unwrap();
        prop_assert_eq!(lines(&alone, november), lines(&scope_store, november));
    }
}

/// Returns usage of a resource under a benefit.
fn usage(id: &str, list_price: &'static str) -> Charge<'static> {
    Charge {
        instance_id: format!("/subscriptions/s/resourceGroups/g/x/{id}").into(),
        cost: Amount::ONE,
        quantity: Amount::ONE,
        currency: "EUR".into(),
        ..Charge::default()
    }
    .with(Column::MeterId, "M-1")
    .with(Column::Meter, "Hours")
    .with(Column::Benefit, "/providers/x/B-1")
    .with(Column::BenefitName, "Plan")
    .with(Column::ListPrice, list_price)
    .with(Column::Frequency, "UsageBased")
    .with(Column::Product, "Product")
}

#[test]
fn a_line_has_what_its_uses_need_and_no_resource() {
    let bought = |kind, cost: Amount| {
        Charge {
            subscription_id: "s".into(),
            credit_eligible: Some(true),
            charge_type: kind,
            cost,
            currency: "EUR".into(),
            ..Charge::default()
        }
        .with(Column::Product, "Order")
        .with(Column::Frequency, "Recurring")
        .with(Column::Term, "12")
    };
    let day = vec![
        usage("a", "2.50"),
        usage("b", "2.5"),
        usage("c", "free"),
        bought(ChargeType::Purchase, Amount::ONE),
        bought(ChargeType::Refund, -Amount::ONE),
    ];
    let mut scope_store = ScopeStore::default();
    scope_store
        .keep(&reading(&[day], "2026-11-01T10:00:00Z".parse().unwrap()), &[], KEEPING)
        .unwrap();
    let totals = &scope_store.scope_totals;
    let tables = totals.tables(Period::of(date(2026, 11, 1))).unwrap();
    let mut lines: Vec<String> = tables
        .charge_lines
        .iter()
        .map(|(key, sum)| {
            let key: Vec<String> = key.iter().map(|symbol| totals.text(*symbol)).collect();
            let amounts = sum.amount;
            format!("{} {} {} {}", key.join("|"), sum.rows, amounts.cost, amounts.quantity)
        })
        .collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "purchase||yes||||s|Order|recurring|12||EUR 1 1 0",
            "refund||yes||||s|Order|recurring|12||EUR 1 -1 0",
            "usage|||m-1|b-1|2.5|s|||||EUR 2 2 2",
            "usage|||m-1|b-1||s|||||EUR 1 1 1",
        ]
    );
}
