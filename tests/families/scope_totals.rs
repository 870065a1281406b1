//! Days that are replaced: what is removed with them, and what stays.

use azure_billing_exporter::billing::charge::Charge;
use azure_billing_exporter::billing::daily_sums::TagKeys;
use azure_billing_exporter::billing::metric_families::Value;
use azure_billing_exporter::billing::period::{Period, day_of};
use azure_billing_exporter::billing::rules::Rules;
use azure_billing_exporter::billing::span::Span;
use azure_billing_exporter::store::ScopeStore;

use crate::list::List;
use crate::rows::{at, day, keep, published, range, usage};

const NOW: &str = "2026-11-20T12:00:00Z";
const INSTANCES: &str = "azure_billing_instance_pretax_cost";
const DAILY: &str = "azure_billing_scope_daily_pretax_cost";
const TAGS: &str = "azure_billing_tag_pretax_cost";
const SCOPE: &str = "azure_billing_scope_pretax_cost";
const PREVIOUS: &str = "azure_billing_scope_previous_period_pretax_cost";

fn november() -> Period {
    Period::of(day("2026-11-01"))
}

/// Returns a row that costs a euro.
fn named(id: &'static str, name: &'static str) -> Charge<'static> {
    Charge { instance_id: id.into(), instance_name: name.into(), ..usage("1") }
}

fn list(keys: &TagKeys, rows: &[(&str, Charge<'static>)]) -> List {
    let mut list = List::new(keys);
    for (date, charge) in rows {
        list.add(day(date), charge);
    }
    list
}

fn no_rows() -> List {
    List::new(&TagKeys::default())
}

/// Returns the costs of the previous period.
fn previous(scope_store: &ScopeStore) -> Vec<Value> {
    let published = published(scope_store, &TagKeys::default(), &Rules::default());
    published.samples[PREVIOUS].values().copied().collect()
}

/// Returns the names of the instances.
fn names(scope_store: &ScopeStore) -> Vec<String> {
    let published = published(scope_store, &TagKeys::default(), &Rules::default());
    published.samples[INSTANCES].keys().map(|values| values[3].clone()).collect()
}

#[test]
fn a_name_stays_as_long_as_some_day_has_it_and_the_newest_one_wins() {
    let no_tags = TagKeys::default();
    let mut scope_store = ScopeStore::default();
    let rows = [
        ("2026-11-10", named("/x/a", "old")),
        ("2026-11-12", named("/x/a", "newer")),
        ("2026-11-12", named("/x/b", "other")),
        ("2026-11-14", named("/x/a", "newest")),
        ("2026-11-14", named("/x/a", "newest too")),
    ];
    keep(&mut scope_store, Span::Period(november()), &list(&no_tags, &rows), at(NOW));
    assert_eq!(names(&scope_store), ["newest", "other"], "of two on one day the lesser");
    // The names are removed day by day, each twice, as so much less is suspect at first.
    for (date, left) in [
        ("2026-11-14", vec!["newer", "other"]),
        ("2026-11-12", vec!["old"]),
        ("2026-11-10", vec![]),
    ] {
        for _ in 0..2 {
            keep(&mut scope_store, range(date, date), &no_rows(), at(NOW));
        }
        assert_eq!(names(&scope_store), left, "without {date}");
    }
}

#[test]
fn rows_that_are_dated_elsewhere_stay_while_days_are_read_by_date() {
    let no_tags = TagKeys::default();
    let mut scope_store = ScopeStore::default();
    let rows = [("2026-10-28", named("/x/late", "late")), ("2026-11-01", named("/x/own", "own"))];
    keep(&mut scope_store, Span::Period(november()), &list(&no_tags, &rows), at(NOW));
    let first = |scope_store: &ScopeStore| {
        let published = published(scope_store, &TagKeys::default(), &Rules::default());
        (
            published.value(DAILY, &["2026-11-01", "usage", "EUR"]),
            published.value(SCOPE, &["usage", "", "", "EUR"]),
            published.samples[INSTANCES].len(),
        )
    };
    assert_eq!(
        first(&scope_store),
        (Some(2.0), Some(2.0), 2),
        "late rows count on the nearest day"
    );
    let again = list(
        &no_tags,
        &[("2026-11-01", Charge { cost: crate::rows::amount("5"), ..named("/x/own", "own") })],
    );
    for _ in 0..2 {
        keep(&mut scope_store, range("2026-11-01", "2026-11-02"), &again, at(NOW));
    }
    assert_eq!(first(&scope_store), (Some(6.0), Some(6.0), 2));
    let late = list(
        &no_tags,
        &[("2026-10-29", Charge { cost: crate::rows::amount("3"), ..named("/x/late", "late") })],
    );
    keep(&mut scope_store, Span::Late(november()), &late, at(NOW));
    assert_eq!(first(&scope_store), (Some(8.0), Some(8.0), 2));
    // Late rows do not show that usage is still arriving.
    let newest =
        scope_store.scope_totals.snapshot(&Rules::default(), &no_tags, false).expect("a snapshot");
    assert_eq!(newest.newest_usage(), Some(at("2026-11-02T00:00:00Z")));
}

#[test]
fn a_tag_is_published_when_every_day_was_read_with_its_key() {
    let (no_tags, keys): (TagKeys, TagKeys) = (TagKeys::default(), ["team".to_owned()].into());
    let tagged = || Charge { tags: vec![("Team".into(), "shop".into())], ..usage("2") };
    let mut scope_store = ScopeStore::default();
    let rows = [("2026-11-05", tagged()), ("2026-11-15", tagged())];
    keep(&mut scope_store, Span::Period(november()), &list(&no_tags, &rows), at(NOW));
    let newest = list(&keys, &rows[1..]);
    keep(&mut scope_store, range("2026-11-10", "2026-11-20"), &newest, at(NOW));
    let tags = |scope_store: &ScopeStore, keys: &TagKeys| {
        let published = published(scope_store, keys, &Rules::default());
        published.samples[TAGS].values().map(|value| value.to_f64()).collect::<Vec<f64>>()
    };
    assert!(tags(&scope_store, &keys).is_empty(), "half of the days would not add up");
    assert!(!scope_store.scope_totals.knows(november(), &no_tags), "days are still to come");
    let oldest = list(&keys, &rows[..1]);
    keep(&mut scope_store, range("2026-11-01", "2026-11-09"), &oldest, at(NOW));
    // The period has no late rows, but they were not requested with this key.
    assert_eq!(tags(&scope_store, &keys), [4.0]);
    assert!(tags(&scope_store, &no_tags).is_empty(), "a key that is not configured any more");
}

#[test]
fn a_month_is_known_by_the_tags_that_all_of_its_days_were_read_with() {
    let october = november().before();
    let (no_tags, keys): (TagKeys, TagKeys) = (TagKeys::default(), ["team".to_owned()].into());
    let mut scope_store = ScopeStore::default();
    let rows = [("2026-10-05", usage("1"))];
    keep(&mut scope_store, Span::Period(october), &list(&no_tags, &rows), at(NOW));
    let newest = range("2026-10-20", "2026-10-31");
    keep(&mut scope_store, newest, &list(&keys, &[]), at(NOW));
    assert!(
        scope_store.scope_totals.knows(october, &no_tags)
            && !scope_store.scope_totals.knows(october, &keys)
    );
    keep(&mut scope_store, Span::Period(october), &list(&keys, &rows), at(NOW));
    assert!(
        scope_store.scope_totals.knows(october, &no_tags)
            && scope_store.scope_totals.knows(october, &keys)
    );
}

#[test]
fn a_clock_that_is_set_back_over_a_month_forgets_what_it_brought() {
    let no_tags = TagKeys::default();
    let mut scope_store = ScopeStore::default();
    let october = Period::of(day("2026-10-01"));
    let mut rows = no_rows();
    rows.add(day("2026-10-10"), &usage("7"));
    keep(&mut scope_store, Span::Period(october), &rows, at("2026-10-31T23:00:00Z"));
    let one = list(&no_tags, &[("2026-11-01", usage("1"))]);
    keep(&mut scope_store, Span::Period(november()), &one, at("2026-11-01T01:00:00Z"));
    keep(&mut scope_store, Span::Period(october), &rows, at("2026-10-31T23:30:00Z"));
    let published = published(&scope_store, &no_tags, &Rules::default());
    assert_eq!(published.value(SCOPE, &["usage", "", "", "EUR"]), Some(7.0));
    let days: Vec<&str> = published.samples[DAILY].keys().map(|key| key[0].as_str()).collect();
    assert_eq!(days, ["2026-10-10"]);
}

#[test]
fn of_a_month_that_a_clock_went_back_to_nothing_counts_until_it_is_read_again() {
    let no_tags = TagKeys::default();
    let mut scope_store = ScopeStore::default();
    let october = list(&no_tags, &[("2026-10-01", usage("5")), ("2026-10-10", usage("7"))]);
    keep(&mut scope_store, Span::Period(november().before()), &october, at("2026-10-31T23:00:00Z"));
    keep(&mut scope_store, Span::Period(november()), &no_rows(), at("2026-11-01T01:00:00Z"));
    let tenth = list(&no_tags, &[("2026-10-10", usage("7"))]);
    keep(&mut scope_store, range("2026-10-10", "2026-10-10"), &tenth, at("2026-10-31T23:30:00Z"));
    let published = published(&scope_store, &no_tags, &Rules::default());
    assert_eq!(published.value(SCOPE, &["usage", "", "", "EUR"]), Some(7.0));
    let days: Vec<&str> = published.samples[DAILY].keys().map(|key| key[0].as_str()).collect();
    assert_eq!(days, ["2026-10-10"]);
}

#[test]
fn a_month_of_which_no_day_was_forgotten_is_published_however_early_it_was_read() {
    let no_tags = TagKeys::default();
    let mut scope_store = ScopeStore::default();
    let october = list(&no_tags, &[("2026-10-01", usage("5"))]);
    keep(&mut scope_store, Span::Period(november().before()), &october, at("2026-11-01T01:00:00Z"));
    keep(&mut scope_store, Span::Period(november()), &no_rows(), at("2026-11-01T02:00:00Z"));
    scope_store.scope_totals.forget_before(day("2026-10-01"), Rules::default().day_complete_after);
    assert_eq!(previous(&scope_store), [Value::Exact(crate::rows::amount("5"))]);
}

#[test]
fn a_bill_is_none_any_more_once_one_of_its_forgotten_days_is_read_by_itself() {
    let no_tags = TagKeys::default();
    let mut scope_store = ScopeStore::default();
    let october = list(&no_tags, &[("2026-10-01", usage("5")), ("2026-10-30", usage("2"))]);
    keep(&mut scope_store, Span::Period(november().before()), &october, at("2026-11-10T00:00:00Z"));
    keep(&mut scope_store, Span::Period(november()), &no_rows(), at("2026-11-10T01:00:00Z"));
    assert!(!scope_store.scope_totals.is_bill(november().before()), "its days are there");
    scope_store.scope_totals.forget_before(day("2026-11-01"), Rules::default().day_complete_after);
    assert!(scope_store.scope_totals.is_bill(november().before()));
    assert_eq!(previous(&scope_store), [Value::Exact(crate::rows::amount("7"))]);
    let day = list(&no_tags, &[("2026-10-30", usage("2"))]);
    keep(&mut scope_store, range("2026-10-30", "2026-10-30"), &day, at("2026-11-10T02:00:00Z"));
    assert!(previous(&scope_store).is_empty(), "the day is in the sum already");
    assert!(
        !scope_store.scope_totals.knows(november().before(), &no_tags),
        "so that it is read again"
    );
}

#[test]
fn a_month_that_was_kept_too_early_is_no_bill() {
    let mut scope_store = ScopeStore::default();
    let october = Period::of(day("2026-10-01"));
    for (now, bill) in [
        ("2026-10-31T20:00:00Z", false),
        ("2026-11-03T23:59:59Z", false),
        ("2026-11-04T00:00:00Z", true),
    ] {
        let mut rows = no_rows();
        rows.add(day("2026-10-31"), &usage("7"));
        let mut early = ScopeStore::default();
        keep(&mut early, Span::Period(october), &rows, at(now));
        assert_eq!(day_of(at(now)) > day("2026-10-31"), now.contains("-11-"));
        let complete_after = Rules::default().day_complete_after;
        // Days in the future are not known either.
        early.scope_totals.forget_before(day("2026-12-01"), complete_after);
        assert_eq!(early.scope_totals.knows(october, &TagKeys::default()), bill, "read {now}");
        scope_store = early;
    }
    // Reading such a month again does not add it to itself.
    let mut rows = no_rows();
    rows.add(day("2026-10-30"), &usage("9"));
    keep(&mut scope_store, Span::Period(october), &rows, at("2026-12-05T00:00:00Z"));
    let one = list(&TagKeys::default(), &[("2026-11-01", usage("1"))]);
    keep(&mut scope_store, Span::Period(november()), &one, at("2026-11-20T00:00:00Z"));
    assert_eq!(previous(&scope_store), [Value::Exact(crate::rows::amount("9"))]);
}

#[test]
fn the_period_before_changed_when_a_reading_found_other_costs_and_not_when_it_found_the_same() {
    let (no_tags, october) = (TagKeys::default(), Period::of(day("2026-10-01")));
    let mut scope_store = ScopeStore::default();
    keep(&mut scope_store, Span::Period(november()), &no_rows(), at("2026-11-02T01:00:00Z"));
    let mut changed = |cost: &'static str, when: &str| {
        let mut rows = List::new(&no_tags);
        rows.add(day("2026-10-30"), &usage(cost));
        keep(&mut scope_store, Span::Period(october), &rows, at(when));
        let snapshot = scope_store.scope_totals.snapshot(&Rules::default(), &no_tags, false);
        snapshot.expect("something was read").previous_changed()
    };
    let (first, again) = ("2026-11-02T02:00:00Z", "2026-11-03T02:00:00Z");
    assert_eq!(changed("1.10", first), None, "nobody knows what it was before");
    assert_eq!(changed("1.1", again), None, "the same is no change");
    let restated = "2026-11-04T02:00:00Z";
    assert_eq!(changed("1.2", restated), Some(at(restated)));
}
