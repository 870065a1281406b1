//! Tests that accumulated rows have the same sums as rows one by one, and as the charges.

use std::collections::BTreeMap;

use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::billing::amount::Amount;
use crate::billing::charge::ChargeType;
use crate::billing::column::Column;
use crate::billing::daily_sums::DailySums;

fn text(choices: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    proptest::sample::select(choices)
}

/// Charges of few resources, in many spellings, on three days.
pub(in crate::ingest) fn charges() -> impl Strategy<Value = (Charge<'static>, DayBucket)> {
    let ids = text(&[
        "/subscriptions/S1/resourceGroups/RG/providers/x/a",
        "/subscriptions/s1/resourcegroups/rg/providers/x/A/",
        "/subscriptions/ s1 /resourceGroups/ rg /x",
        "/providers/x",
        "",
    ]);
    let names = text(&["Web", "web", "", " Web "]);
    let own = (text(&["S1", " s1 ", ""]), text(&["RG", " rg ", ""]));
    let places = text(&["EU West", "westeurope", ""]);
    let money = (text(&["USD", "eur", " EUR"]), text(&["1 Hour", "10K", ""]), -9..9_i32);
    let kinds = text(&["Usage", "Purchase", "Refund"]);
    let rest = (text(&["prod", "Prod", ""]), any::<Option<bool>>(), any::<bool>(), 1..4_i8);
    (ids, names, own, places, money, kinds, rest).prop_map(
        |(id, name, (subscription, group), place, (currency, unit, cost), kind, rest)| {
            let (value, estimated, recurring, day) = rest;
            let amount = Amount::parse(&cost.to_string()).unwrap().amount;
            let charge = Charge {
                cost: amount,
                quantity: amount.abs(),
                currency: currency.into(),
                unit: unit.into(),
                instance_id: id.into(),
                instance_name: name.into(),
                subscription_id: subscription.into(),
                resource_group: group.into(),
                location: place.into(),
                tags: vec![("ENV".into(), value.into())],
                estimated,
                recurring,
                charge_type: ChargeType::parse(kind),
                ..Charge::default()
            }
            .with(Column::SubscriptionName, name)
            .with(Column::ServiceName, name)
            .with(Column::Product, value);
            (charge, DayBucket::own(date(2026, 11, day)))
        },
    )
}

/// Sums by day bucket and by currency or unit.
type Totals = BTreeMap<(DayBucket, String), Amount>;

/// Returns the costs and the usage of daily sums, without zeros.
fn totals(daily_sums: &DailySums) -> (Totals, Totals) {
    let (mut costs, mut usage) = (Totals::new(), Totals::new());
    for (bucket, day) in &daily_sums.days {
        let text = |symbol| daily_sums.strings.get(symbol).into_owned();
        for ([.., currency], sum) in day.tables.instance_cost.iter() {
            *costs.entry((*bucket, text(*currency))).or_default() += sum.amount;
        }
        for ([.., unit], sum) in day.tables.meter_usage.iter() {
            *usage.entry((*bucket, text(*unit))).or_default() += sum.amount;
        }
    }
    (some(costs), some(usage))
}

/// Returns the costs and the usage of the rows themselves, without zeros.
fn naive(rows: &[(Charge<'static>, DayBucket)]) -> (Totals, Totals) {
    let (mut costs, mut usage) = (Totals::new(), Totals::new());
    for (charge, bucket) in rows {
        let currency = charge.currency.trim().to_uppercase();
        *costs.entry((*bucket, currency)).or_default() += charge.cost;
        *usage.entry((*bucket, charge.unit.to_string())).or_default() += charge.quantity;
    }
    (some(costs), some(usage))
}

fn some(mut totals: Totals) -> Totals {
    totals.retain(|_, amount| !amount.is_zero());
    totals
}

proptest! {
    #[test]
    fn what_is_added_up_first_comes_to_the_same(rows in proptest::collection::vec(charges(), 0..60), broken in 0..60_usize) {
        let keys: TagKeys = vec!["env".to_owned()].into();
        let mut one_by_one = DailySums::new(keys.clone());
        let mut row_accumulator = RowAccumulator::new(keys.clone());
        for (place, (charge, bucket)) in rows.iter().enumerate() {
            // A page that is not read to its end leaves nothing behind.
            if place == broken {
                row_accumulator.commit_page();
                rows.iter().for_each(|(charge, bucket)| row_accumulator.push(charge, *bucket));
                row_accumulator.fold_pending();
                rows.iter().for_each(|(charge, bucket)| row_accumulator.push(charge, *bucket));
                row_accumulator.rollback_page();
            }
            row_accumulator.push(charge, *bucket);
            if place % 7 == 0 {
                row_accumulator.fold_pending();
            }
            let mut alone = RowAccumulator::new(keys.clone());
            alone.push(charge, *bucket);
            alone.commit_page();
            alone.committed().enter_into(&mut one_by_one);
        }
        row_accumulator.commit_page();
        let mut entered = DailySums::new(keys);
        row_accumulator.committed().enter_into(&mut entered);
        prop_assert_eq!(totals(&entered), naive(&rows));
        prop_assert_eq!(entered.listed(), one_by_one.listed());
        let mut counted = BTreeMap::<DayBucket, u64>::new();
        rows.iter().for_each(|(_, bucket)| *counted.entry(*bucket).or_default() += 1);
        let counted: Vec<_> = counted.into_iter().collect();
        prop_assert_eq!(row_accumulator.committed().rows_by_bucket().collect::<Vec<_>>(), counted.clone());
        prop_assert_eq!(entered.rows_by_bucket().collect::<Vec<_>>(), counted);
    }
}
