//! Suspect answers: much less than before, or much more for a complete day. What is published stays
//! until a second answer agrees.

use azure_billing_exporter::billing::charge::{Charge, ChargeType};
use azure_billing_exporter::billing::daily_sums::{DayBucket, TagKeys};
use azure_billing_exporter::billing::period::{DayRange, Period};
use azure_billing_exporter::billing::rules::Rules;
use azure_billing_exporter::billing::span::Span;
use azure_billing_exporter::store::ScopeStore;

use crate::list::List;
use crate::rows::{at, charge, day, keep, published, range, usage};

const NOW: &str = "2026-11-20T12:00:00Z";
const DAILY: &str = "azure_billing_scope_daily_pretax_cost";
/// A day that is read more than three days after its end, like all days before it.
const COMPLETE: &str = "2026-11-16";
const INCOMPLETE: &str = "2026-11-17";

/// Some equal rows.
type Same = (usize, Charge<'static>);

fn list(date: &str, rows: &[Same]) -> List {
    let mut list = List::new(&TagKeys::default());
    rows.iter().for_each(|(count, row)| (0..*count).for_each(|_| list.add(day(date), row)));
    list
}

/// Returns a month of which each day up to one has some rows.
fn read_up_to(last: i8, rows: &[Same]) -> ScopeStore {
    let mut month = List::new(&TagKeys::default());
    for date in 1..=last {
        for (count, row) in rows {
            (0..*count).for_each(|_| month.add(day(&format!("2026-11-{date:02}")), row));
        }
    }
    let mut scope_store = ScopeStore::default();
    keep(&mut scope_store, Span::Period(Period::of(day("2026-11-01"))), &month, at(NOW));
    scope_store
}

/// Enters an answer for a day, and returns what is published of its usage then.
fn answered(scope_store: &mut ScopeStore, date: &str, rows: &[Same]) -> f64 {
    keep(scope_store, range(date, date), &list(date, rows), at(NOW));
    let published = published(scope_store, &TagKeys::default(), &Rules::default());
    published.value(DAILY, &[date, "usage", "EUR"]).unwrap_or_default()
}

#[test]
fn a_day_changes_at_once_unless_it_loses_or_when_it_is_complete_gains_much() {
    let before = [(9, usage("10"))];
    for (date, rows, believed) in [
        (COMPLETE, vec![(9, usage("5"))], true),
        (COMPLETE, vec![(9, usage("4.99"))], false),
        (COMPLETE, vec![(8, usage("11"))], true),
        (COMPLETE, vec![(7, usage("13"))], false),
        (COMPLETE, vec![], false),
        (COMPLETE, vec![(9, usage("18"))], true),
        (COMPLETE, vec![(9, usage("18.01"))], false),
        (COMPLETE, vec![(110, usage("1"))], false),
        (COMPLETE, vec![(9, usage("10")), (1, charge(ChargeType::Purchase, "9999"))], true),
        (INCOMPLETE, vec![(9, usage("4.99"))], false),
        (INCOMPLETE, vec![(9, usage("18.01"))], true),
        (INCOMPLETE, vec![(110, usage("1"))], true),
    ] {
        let mut scope_store = read_up_to(19, &before);
        let mut now = 0.0;
        for (count, row) in rows.iter().filter(|(_, row)| row.charge_type == ChargeType::Usage) {
            (0..*count).for_each(|_| now += row.cost.to_f64());
        }
        let after = answered(&mut scope_store, date, &rows);
        let expected = if believed { now } else { 90.0 };
        assert!((after - expected).abs() < 1e-9, "{date} {rows:?}: {after}, not {expected}");
        let suspect: Vec<DayBucket> = scope_store.scope_totals.suspect().collect();
        assert_eq!(suspect.is_empty(), believed, "{date} {rows:?}");
        let after = answered(&mut scope_store, date, &rows);
        assert!((after - now).abs() < 1e-9, "{date} {rows:?}: a second answer agrees");
        assert_eq!(scope_store.scope_totals.suspect().count(), 0);
    }
}

#[test]
fn an_answer_is_believed_when_one_agrees_that_was_suspect_and_not_when_it_differs_as_much() {
    let mut scope_store = read_up_to(19, &[(20, usage("10"))]);
    let fewer = |count| [(count, usage("10"))];
    assert_eq!(answered(&mut scope_store, COMPLETE, &fewer(10)), 200.0, "not believed");
    assert_eq!(
        answered(&mut scope_store, COMPLETE, &fewer(2)),
        200.0,
        "neither, nor does it agree"
    );
    assert_eq!(answered(&mut scope_store, COMPLETE, &fewer(10)), 200.0, "nor does this one");
    assert_eq!(
        answered(&mut scope_store, COMPLETE, &fewer(9)),
        90.0,
        "apart from what always changes"
    );
    let more = |cost| [(9, usage(cost))];
    assert_eq!(answered(&mut scope_store, COMPLETE, &more("30")), 90.0);
    assert_eq!(
        answered(&mut scope_store, COMPLETE, &fewer(9)),
        90.0,
        "as it was: nothing is suspect"
    );
    assert_eq!(
        answered(&mut scope_store, COMPLETE, &more("30")),
        90.0,
        "so that this is the first"
    );
    assert_eq!(answered(&mut scope_store, COMPLETE, &more("30")), 270.0);
}

#[test]
fn days_behind_the_newest_usage_are_not_complete_and_gain_what_comes_late() {
    let mut scope_store = read_up_to(14, &[(9, usage("10"))]);
    assert_eq!(answered(&mut scope_store, COMPLETE, &[(110, usage("10"))]), 1100.0);
    assert_eq!(scope_store.scope_totals.suspect().count(), 0);
}

#[test]
fn a_loss_of_less_than_a_hundredth_of_the_month_is_believed_at_once() {
    let mut scope_store = read_up_to(19, &[(9, usage("10"))]);
    for _ in 0..2 {
        answered(&mut scope_store, COMPLETE, &[(9, usage("2"))]);
    }
    assert_eq!(answered(&mut scope_store, COMPLETE, &[(9, usage("0.5"))]), 4.5, "of 1638 a month");
}

#[test]
fn an_answer_has_the_whole_month_that_has_most_of_each_day_that_was_not_asked_for() {
    let november = Period::of(day("2026-11-01"));
    let mut month = List::new(&TagKeys::default());
    for date in ["2026-10-31", "2026-11-01", "2026-11-02", "2026-11-04", "2026-11-05"] {
        (0..10).for_each(|_| month.add(day(date), &usage("1")));
    }
    let mut scope_store = ScopeStore::default();
    keep(&mut scope_store, Span::Period(november), &month, at(NOW));
    let days = |first, last| DayRange { first: day(first), last: day(last) };
    // The 3rd has no rows, and late rows have dates outside.
    for (outside, asked, is_whole) in [
        ([10, 10, 10], days("2026-11-05", "2026-11-05"), true),
        ([8, 8, 8], days("2026-11-05", "2026-11-05"), true),
        ([8, 7, 8], days("2026-11-05", "2026-11-05"), false),
        ([0, 10, 10], days("2026-11-05", "2026-11-05"), false),
        ([0, 10, 0], days("2026-11-03", "2026-11-05"), false),
        ([10, 10, 0], days("2026-11-03", "2026-11-05"), true),
        // No other day of the month is known.
        ([0, 0, 0], days("2026-11-01", "2026-11-05"), false),
    ] {
        let dates = ["2026-11-01", "2026-11-02", "2026-11-04"].map(day);
        let outside = dates.into_iter().zip(outside).filter(|(_, rows)| *rows > 0).collect();
        assert_eq!(
            scope_store.scope_totals.is_whole(november, asked, &outside),
            is_whole,
            "{outside:?}"
        );
    }
}
