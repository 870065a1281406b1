//! Facts about rows beside their sums: whether a part of them could not be read, whether costs are
//! visible, who is billed, and whether they answer the request.

use azure_billing_exporter::azure::Error;
use azure_billing_exporter::billing::charge::{Charge, ChargeType, Degradation};
use azure_billing_exporter::billing::column::Column;
use azure_billing_exporter::billing::daily_sums::{DayBucket, TagKeys};
use azure_billing_exporter::billing::period::{DayRange, Period};
use azure_billing_exporter::billing::rules::Rules;
use azure_billing_exporter::billing::scope::ScopeType;
use azure_billing_exporter::billing::span::Span;
use azure_billing_exporter::store::ScopeStore;
use serde_json::{Value, json};

use crate::list::List;
use crate::rows::{amount, at, day, keep, published, range, usage};

const NOW: &str = "2026-11-28T12:00:00Z";
const SCOPE: &str = "azure_billing_scope_pretax_cost";

fn november() -> Span {
    Span::Period(Period::of(day("2026-11-01")))
}

fn no_rows() -> List {
    List::new(&TagKeys::default())
}

/// Returns a row of on-demand usage.
fn used(cost: &str) -> Charge<'static> {
    Charge { quantity: amount("1"), ..usage(cost) }.with(Column::PricingModel, "OnDemand")
}

/// Returns a row of usage that an earlier purchase covers.
fn covered() -> Charge<'static> {
    used("0").with(Column::PricingModel, "SavingsPlan")
}

fn to_be_paid(row: &mut Value) {
    row["properties"]["effectivePrice"] = json!(0.5);
}

fn without_cost(row: &mut Value) {
    row["properties"]["cost"] = Value::Null;
}

fn without_date(row: &mut Value) {
    row["properties"]["date"] = Value::Null;
}

/// Returns the numbers of degraded rows in the order of [`Degradation`].
fn degraded(scope_store: &ScopeStore, keys: &TagKeys) -> Vec<u64> {
    let snapshot = scope_store.scope_totals.snapshot(&Rules::default(), keys, false);
    let rows: Vec<(Degradation, u64)> = snapshot.expect("a reading").degraded_rows().collect();
    assert_eq!(rows.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), Degradation::ALL);
    rows.into_iter().map(|(_, rows)| rows).collect()
}

#[test]
fn rows_of_which_something_cannot_be_read_count_and_are_counted_until_their_day_is_replaced() {
    let keys: TagKeys = ["team".to_owned()].into();
    let (tenth, twelfth) = (day("2026-11-10"), day("2026-11-12"));
    let mut list = List::new(&keys).in_pages_of(2);
    list.add(tenth, &used("1"));
    for _ in 0..3 {
        list.add_changed(tenth, &used("1"), |row| row["properties"]["product"] = json!(["a"]));
    }
    list.add_changed(tenth, &used("1"), |row| row["tags"] = json!([1]));
    list.add_changed(tenth, &used("1"), without_date);
    list.add_changed(twelfth, &used("1"), without_cost);
    list.add_changed(twelfth, &used("1"), |row| {
        without_cost(row);
        row["tags"] = json!([1]);
    });
    let mut scope_store = ScopeStore::default();
    keep(&mut scope_store, november(), &list, at(NOW));
    assert_eq!(degraded(&scope_store, &keys), [2, 3, 2, 1], "tags, text, no_cost, no_date");
    let of_month = Period::of(tenth);
    assert!(
        scope_store.scope_totals.has_undated(of_month)
            && !scope_store.scope_totals.has_undated(of_month.before())
    );
    let cost = |scope_store: &ScopeStore| {
        let published = published(scope_store, &keys, &Rules::default());
        published.value(SCOPE, &["usage", "", "on_demand", "EUR"])
    };
    assert_eq!(cost(&scope_store), Some(6.0));
    let mut again = List::new(&keys);
    again.add(tenth, &used("7"));
    for _ in 0..2 {
        keep(&mut scope_store, range("2026-11-10", "2026-11-10"), &again, at(NOW));
    }
    assert_eq!(degraded(&scope_store, &keys), [1, 0, 2, 1], "the row without a date is of no day");
    assert_eq!(cost(&scope_store), Some(8.0));
}

/// Some equal rows, all changed in the same way.
type Same = (&'static str, usize, Charge<'static>, fn(&mut Value));

fn list(rows: &[Same]) -> List {
    let mut list = no_rows().in_pages_of(30);
    for (date, count, charge, change) in rows {
        (0..*count).for_each(|_| list.add_changed(day(date), charge, change));
    }
    list
}

const AS_IT_IS: fn(&mut Value) = |_| {};

#[test]
fn a_hundred_rows_without_cost_and_price_hide_charges_unless_a_day_since_shows_money() {
    let (old, new) = ("2026-11-10", "2026-11-12");
    let free = |date, count| (date, count, used("0"), AS_IT_IS);
    for (rows, visible) in [
        (vec![free(old, 99)], true),
        (vec![free(old, 100)], false),
        (vec![free(old, 50), free(new, 50)], false),
        (vec![free(old, 100), (new, 1, used("0.01"), AS_IT_IS)], true),
        (vec![free(old, 100), (new, 1, used("0"), to_be_paid)], true),
        (vec![free(new, 100), (old, 1, used("1"), AS_IT_IS)], false),
        (vec![(old, 200, covered(), AS_IT_IS)], true),
        (vec![(old, 200, usage("0"), AS_IT_IS)], true),
        // The cost of a row without one is unknown.
        (vec![(old, 200, used("0"), without_cost), free(old, 1)], true),
    ] {
        let mut scope_store = ScopeStore::default();
        keep(&mut scope_store, november(), &list(&rows), at(NOW));
        let snapshot =
            scope_store.scope_totals.snapshot(&Rules::default(), &TagKeys::default(), false);
        assert_eq!(snapshot.expect("a reading").charges_visible(), visible, "{rows:?}");
    }
}

#[test]
fn an_answer_without_any_cost_is_refused_where_a_price_is_to_be_paid() {
    let date = "2026-11-10";
    let priced = |count| (date, count, used("0"), to_be_paid as fn(&mut Value));
    let free = |count| (date, count, used("0"), AS_IT_IS);
    for (rows, refused, zeros) in [
        (vec![free(99), priced(1)], true, Some(100)),
        (vec![free(98), priced(1)], false, Some(99)),
        (vec![priced(100)], true, Some(100)),
        (vec![free(100)], false, Some(100)),
        (vec![free(100), priced(1), (date, 1, used("1"), AS_IT_IS)], false, None),
        (vec![(date, 100, covered(), to_be_paid)], false, None),
        (vec![free(1), (date, 99, covered(), to_be_paid)], false, Some(1)),
        (vec![priced(1), (date, 100, usage("0"), AS_IT_IS)], false, Some(1)),
        (vec![], false, None),
    ] {
        let reading = list(&rows).read(november());
        assert_eq!(reading.refuse_hidden().is_err(), refused, "{rows:?}");
        assert_eq!(reading.zeros(), zeros, "{rows:?}");
    }
}

#[test]
fn usage_had_cost_on_days_on_which_any_was_paid_for() {
    let (free, paid) = (usage("0"), Charge { charge_type: ChargeType::Purchase, ..usage("9") });
    let mut scope_store = ScopeStore::default();
    let rows = list(&[
        ("2026-11-10", 3, used("0"), AS_IT_IS),
        ("2026-11-11", 1, used("0.01"), AS_IT_IS),
        ("2026-11-12", 1, paid, AS_IT_IS),
        ("2026-11-12", 1, free, AS_IT_IS),
    ]);
    keep(&mut scope_store, november(), &rows, at(NOW));
    for (days, had_cost) in [
        (vec!["2026-11-10", "2026-11-12"], false),
        (vec!["2026-11-10", "2026-11-11"], true),
        (vec!["2026-12-01"], false),
    ] {
        let buckets = days.iter().map(|date| DayBucket::own(day(date)));
        assert_eq!(scope_store.scope_totals.had_cost(buckets), had_cost, "{days:?}");
    }
}

#[test]
fn a_scope_is_billed_to_the_accounts_of_the_newest_day_that_names_any() {
    let billed_to = |account: &'static str| Charge { billing_account: account.into(), ..used("1") };
    let path = "/providers/Microsoft.Billing/billingAccounts/8611537/";
    let mut list = no_rows();
    for (date, account) in [
        ("2026-11-09", "8611537"),
        ("2026-11-10", "8611537"),
        ("2026-11-12", "1"),
        ("2026-11-12", path),
        ("2026-11-12", "1"),
        ("2026-11-14", ""),
    ] {
        list.add(day(date), &billed_to(account));
    }
    let mut scope_store = ScopeStore::default();
    keep(&mut scope_store, november(), &list, at(NOW));
    let accounts = |scope_store: &ScopeStore| -> Vec<String> {
        let snapshot =
            scope_store.scope_totals.snapshot(&Rules::default(), &TagKeys::default(), false);
        snapshot.expect("a reading").billing_accounts().iter().cloned().collect()
    };
    assert_eq!(accounts(&scope_store), ["1", "8611537"]);
    for (date, left) in [("2026-11-12", vec!["8611537"]), ("2026-11-10", vec!["8611537"])] {
        let mut again = no_rows();
        again.add(day(date), &billed_to(""));
        for _ in 0..2 {
            keep(&mut scope_store, range(date, date), &again, at(NOW));
        }
        assert_eq!(accounts(&scope_store), left, "without {date}");
    }
}

fn of_period(start: &str) -> Charge<'static> {
    Charge { billing_period_start: Some(day(start)), ..used("1") }
}

#[test]
fn an_answer_is_bad_that_has_no_row_of_what_was_asked_for_none_with_a_cost_or_none_with_a_date() {
    let date = "2026-11-10";
    let unreadable: fn(&mut Value) = |row| row["properties"]["date"] = json!("soon");
    let good = |count| (date, count, used("1"), AS_IT_IS);
    let costless = |count| (date, count, used("1"), without_cost as fn(&mut Value));
    let dateless = |count| (date, count, used("1"), unreadable);
    let own = |count| (date, count, of_period("2026-11-01"), AS_IT_IS);
    let foreign = |count| (date, count, of_period("2026-10-01"), AS_IT_IS);
    let foreign_alone =
        "none of 2 rows belongs to 2026-11, which was requested; they belong to 2026-10";
    for (rows, span, why) in [
        (vec![good(2)], november(), None),
        (vec![costless(2)], november(), Some("none of 2 rows has a cost")),
        (vec![costless(1), good(1)], november(), None),
        (vec![dateless(2)], november(), Some("none of 2 rows has a date that can be read")),
        (vec![dateless(1), good(1)], november(), None),
        (vec![foreign(2)], november(), Some(foreign_alone)),
        (vec![foreign(1), own(1)], november(), None),
        (vec![own(2)], november(), None),
        (vec![own(1), foreign(1)], range("2026-11-01", "2026-11-20"), None),
        (vec![], november(), None),
    ] {
        let answer = list(&rows).in_pages_of(1).answer_of(ScopeType::Department, span);
        let refused = answer.err().map(|error| match error {
            Error::BadAnswer(why) => why,
            other => panic!("{other}"),
        });
        assert_eq!(refused.as_deref(), why, "{rows:?}");
    }
}

#[test]
fn one_page_shows_the_newest_day_with_usage_that_was_asked_for_and_every_currency() {
    let days = DayRange { first: day("2026-11-10"), last: day("2026-11-20") };
    let bought = Charge { charge_type: ChargeType::Purchase, currency: "USD".into(), ..usage("9") };
    let mut list = no_rows().in_pages_of(4);
    list.add(day("2026-11-12"), &used("1"));
    list.add(day("2026-11-13"), &used("1"));
    list.add(day("2026-11-15"), &bought);
    list.add(day("2026-11-21"), &used("1"));
    let shown = |list: &List| {
        let probe = list.probe(days);
        (probe.rows, probe.more, probe.newest, probe.currencies.into_iter().collect::<Vec<_>>())
    };
    let currencies = vec!["EUR".to_owned(), "USD".to_owned()];
    assert_eq!(shown(&list), (3, false, Some(day("2026-11-13")), currencies.clone()));
    list.add(day("2026-11-19"), &used("1"));
    assert_eq!(
        shown(&list),
        (3, true, Some(day("2026-11-13")), currencies),
        "the first page alone"
    );
    assert_eq!(shown(&no_rows()), (0, false, None, vec![]));
}

#[test]
fn rows_of_a_subscription_belong_to_a_month_by_their_date_and_without_one_by_their_period() {
    let mut list = no_rows().in_pages_of(1);
    let (ours, other) = (of_period("2026-11-01"), of_period("2026-10-01"));
    list.add(day("2026-11-10"), &other);
    list.add(day("2026-11-11"), &other);
    list.add_changed(day("2026-11-12"), &ours, without_date);
    list.add_changed(day("2026-11-12"), &other, without_date);
    list.add_changed(day("2026-11-12"), &used("1"), without_date);
    list.add(day("2026-12-01"), &ours);
    let reading = list.read_of(ScopeType::Subscription, november());
    let counts = reading.counts;
    assert_eq!((counts.counted, counts.outside, counts.undated), (3, 1, 2));
    // A subscription is read by days, whatever its billing period.
    let mut list = no_rows();
    list.add(day("2026-11-10"), &other);
    assert_eq!(list.read_of(ScopeType::Subscription, november()).counts.counted, 1);
}
