//! Rows that are gathered come to what the same rows come to one by one, and to what was charged.

use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::billing::amount::Amount;
use crate::billing::charge::ChargeType;

fn text(choices: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    proptest::sample::select(choices)
}

fn charges() -> impl Strategy<Value = (Charge<'static>, Slot)> {
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
                subscription_name: name.into(),
                resource_group: group.into(),
                location: place.into(),
                service_name: name.into(),
                product: value.into(),
                tags: vec![("ENV".into(), value.into())],
                estimated,
                recurring,
                charge_type: ChargeType::parse(kind),
                ..Charge::default()
            };
            (charge, Slot::own(date(2026, 11, day)))
        },
    )
}

/// Sums by the day and the currency or unit of rows.
type Totals = BTreeMap<(Slot, String), Amount>;

/// What a ledger says was charged and used, without what is nothing.
fn totals(ledger: &Ledger) -> (Totals, Totals) {
    let (mut costs, mut usage) = (Totals::new(), Totals::new());
    for (slot, day) in &ledger.days {
        let text = |symbol| ledger.strings.get(symbol).into_owned();
        for ([.., currency], sum) in day.tables.instance_cost.iter() {
            *costs.entry((*slot, text(*currency))).or_default() += sum.amount;
        }
        for ([.., unit], sum) in day.tables.meter_usage.iter() {
            *usage.entry((*slot, text(*unit))).or_default() += sum.amount;
        }
    }
    (some(costs), some(usage))
}

/// The same of the rows themselves.
fn naive(rows: &[(Charge<'static>, Slot)]) -> (Totals, Totals) {
    let (mut costs, mut usage) = (Totals::new(), Totals::new());
    for (charge, slot) in rows {
        let currency = charge.currency.trim().to_uppercase();
        *costs.entry((*slot, currency)).or_default() += charge.cost;
        *usage.entry((*slot, charge.unit.to_string())).or_default() += charge.quantity;
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
        let mut one_by_one = Ledger::new(keys.clone());
        let mut gathering = Gathering::new(keys.clone());
        for (place, (charge, slot)) in rows.iter().enumerate() {
            // A page that breaks off leaves nothing behind.
            if place == broken {
                gathering.count();
                rows.iter().for_each(|(charge, slot)| gathering.note(charge, *slot));
                gathering.discard();
            }
            gathering.note(charge, *slot);
            if place % 7 == 0 {
                gathering.add_up_noted();
            }
            let mut alone = Gathering::new(keys.clone());
            alone.note(charge, *slot);
            alone.count();
            alone.enter_into(&mut one_by_one);
        }
        gathering.count();
        let mut entered = Ledger::new(keys);
        gathering.enter_into(&mut entered);
        prop_assert_eq!(totals(&entered), naive(&rows));
        prop_assert_eq!(entered.told(), one_by_one.told());
        let mut counted = BTreeMap::<Slot, u64>::new();
        rows.iter().for_each(|(_, slot)| *counted.entry(*slot).or_default() += 1);
        let counted: Vec<_> = counted.into_iter().collect();
        prop_assert_eq!(gathering.rows_by_slot().collect::<Vec<_>>(), counted.clone());
        prop_assert_eq!(entered.rows_by_slot().collect::<Vec<_>>(), counted);
    }
}
