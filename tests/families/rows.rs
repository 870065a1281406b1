//! Rows made for a test, and what is published of them after they were read and entered.

use std::borrow::Cow;
use std::collections::BTreeMap;

use azure_billing_exporter::billing::amount::Amount;
use azure_billing_exporter::billing::charge::{Charge, ChargeType};
use azure_billing_exporter::billing::daily_sums::TagKeys;
use azure_billing_exporter::billing::metric_families::{FAMILIES, Value};
use azure_billing_exporter::billing::period::{DayRange, Period, day_of};
use azure_billing_exporter::billing::rules::Rules;
use azure_billing_exporter::billing::span::Span;
use azure_billing_exporter::source::Reading;
use azure_billing_exporter::store::{CompletedRead, RetentionPolicy, ScopeStore};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::list::List;

pub(crate) fn amount(text: &str) -> Amount {
    Amount::parse(text).expect("an amount").amount
}

pub(crate) fn day(text: &str) -> Date {
    text.parse().expect("a day")
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

/// Returns a row of usage in euros.
pub(crate) fn usage(cost: &str) -> Charge<'static> {
    Charge { cost: amount(cost), currency: "EUR".into(), ..Charge::default() }
}

/// Returns a row of another kind in euros.
pub(crate) fn charge(kind: ChargeType, cost: &str) -> Charge<'static> {
    Charge { charge_type: kind, ..usage(cost) }
}

/// Totals that are read, whole period by whole period, at one moment.
pub(crate) struct ScopeTotals {
    pub(crate) scope_store: ScopeStore,
    pub(crate) keys: TagKeys,
    lists: BTreeMap<Period, List>,
    at: Timestamp,
}

impl ScopeTotals {
    pub(crate) fn read_at(moment: &str) -> Self {
        Self::with_tags(moment, &[])
    }

    pub(crate) fn with_tags(moment: &str, keys: &[&str]) -> Self {
        let keys: TagKeys = keys.iter().map(|&key| key.to_owned()).collect();
        Self { scope_store: ScopeStore::default(), keys, lists: BTreeMap::new(), at: at(moment) }
    }

    pub(crate) fn add(&mut self, date: &str, charge: &Charge<'_>) {
        self.add_on(day(date), charge);
    }

    fn add_on(&mut self, date: Date, charge: &Charge<'_>) {
        let list = self.lists.entry(Period::of(date));
        list.or_insert_with(|| List::new(&self.keys)).add(date, charge);
    }

    /// Adds the same row on each day of a range.
    pub(crate) fn add_daily(&mut self, first: &str, last: &str, charge: &Charge<'_>) {
        let (mut date, last) = (day(first), day(last));
        while date <= last {
            self.add_on(date, charge);
            date = date.tomorrow().expect("a day");
        }
    }

    /// Returns what is published after the period of the moment and those before it were read.
    pub(crate) fn published(&mut self, periods_read: i32, rules: &Rules) -> Published {
        let period = Period::of(day_of(self.at));
        for back in 0..periods_read {
            let month = period.months_before(back);
            let nothing = List::new(&self.keys);
            let list = self.lists.get(&month).unwrap_or(&nothing);
            keep(&mut self.scope_store, Span::Period(month), list, self.at);
        }
        published(&self.scope_store, &self.keys, rules)
    }
}

/// Everything that is published, by family and label values.
#[derive(Debug, PartialEq)]
pub(crate) struct Published {
    pub(crate) samples: BTreeMap<&'static str, BTreeMap<Vec<String>, Value>>,
    pub(crate) folded: BTreeMap<&'static str, usize>,
}

/// Reads a list and enters the result.
pub(crate) fn keep(scope_store: &mut ScopeStore, span: Span, list: &List, began: Timestamp) {
    enter(scope_store, span, list.read(span), began);
}

/// Enters a finished reading, as a poller does.
pub(crate) fn enter(scope_store: &mut ScopeStore, span: Span, reading: Reading, began: Timestamp) {
    let Reading { sums: rows, facts, .. } = reading;
    let answer = CompletedRead { span, rows, facts, began };
    let keeping = RetentionPolicy {
        since: day("2020-01-01"),
        complete_after: Rules::default().day_complete_after,
    };
    scope_store.keep(&answer, &[], keeping).expect("the disk takes it");
}

pub(crate) fn published(scope_store: &ScopeStore, keys: &TagKeys, rules: &Rules) -> Published {
    let snapshot =
        scope_store.scope_totals.snapshot(rules, keys, false).expect("something was read");
    let mut samples = BTreeMap::new();
    for family in FAMILIES {
        let of_family: &mut BTreeMap<Vec<String>, Value> = samples.entry(family.name).or_default();
        let mut last = None;
        family.each(&snapshot, &mut |values, value| {
            assert_eq!(values.len(), family.labels.len(), "{}", family.name);
            let values: Vec<String> = values.iter().map(|&value| value.to_owned()).collect();
            assert!(
                of_family.insert(values.clone(), value).is_none(),
                "{} {values:?} twice",
                family.name
            );
            // Names follow their ids, and do not count for the order.
            last = Some(values);
        });
        drop(last);
    }
    Published { samples, folded: snapshot.folded().collect() }
}

impl Published {
    /// Returns the value of one series; `None` if there is none.
    pub(crate) fn value(&self, family: &str, values: &[&str]) -> Option<f64> {
        let values: Vec<String> = values.iter().map(|&value| value.to_owned()).collect();
        self.samples[family].get(&values).map(|value| value.to_f64())
    }

    /// Returns exact sums by some labels over all others, without those that are 0.
    pub(crate) fn sums(&self, family: &str, by: &[&str]) -> BTreeMap<Vec<String>, Amount> {
        let labels = FAMILIES.iter().find(|known| known.name == family).expect("a family").labels;
        let place = |by: &&str| labels.iter().position(|label| label == by).expect("a label");
        let places: Vec<usize> = by.iter().map(place).collect();
        let mut sums = BTreeMap::<Vec<String>, Amount>::new();
        for (values, value) in &self.samples[family] {
            let Value::Exact(amount) = value else { panic!("{family} is not exact") };
            let key = places.iter().map(|place| values[*place].clone()).collect();
            *sums.entry(key).or_default() += *amount;
        }
        sums.retain(|_, amount| !amount.is_zero());
        sums
    }
}

pub(crate) fn range(first: &str, last: &str) -> Span {
    Span::Days(DayRange { first: day(first), last: day(last) })
}

pub(crate) fn text(text: impl Into<String>) -> Cow<'static, str> {
    Cow::Owned(text.into())
}
