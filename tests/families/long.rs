//! Readings that are longer than memory may contain, days that are stored, and both together: none
//! of them changes a digit.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use azure_billing_exporter::billing::charge::Charge;
use azure_billing_exporter::billing::column::Column;
use azure_billing_exporter::billing::daily_sums::{DayBucket, TagKeys};
use azure_billing_exporter::billing::limits::Limits;
use azure_billing_exporter::billing::period::Period;
use azure_billing_exporter::billing::rules::Rules;
use azure_billing_exporter::billing::scope::{CostType, ScopeId, ScopeType};
use azure_billing_exporter::billing::span::Span;
use azure_billing_exporter::store::{Archive, PollRecord, ScopeStore, Store};
use jiff::Timestamp;
use jiff::civil::date;

use crate::list::List;
use crate::rows::{Published, amount, at, enter, keep, published, range, text, usage};
use crate::truth::{cost, labelled, naive, quantity};

const NOW: &str = "2026-11-28T12:00:00Z";
const INSTANCES: &str = "azure_billing_instance_pretax_cost";
const USAGE: &str = "azure_billing_instance_usage_quantity";
const SCOPE: &str = "azure_billing_scope_pretax_cost";
const SERVICES: &str = "azure_billing_service_pretax_cost";

/// The resources billed on each of three days: together more than memory may contain.
const RESOURCES: usize = 2_700;
const DAYS: std::ops::RangeInclusive<i8> = 1..=3;

type Rows = Vec<(i8, Charge<'static>)>;

fn keys() -> TagKeys {
    ["team".to_owned()].into()
}

/// Returns all resources on each day, and all of them once more under another name.
fn rows() -> Rows {
    let mut rows = Rows::new();
    for pass in ["second", "first"] {
        for day in DAYS {
            rows.extend((0..RESOURCES).map(|number| (day, charge(pass, day, number))));
        }
    }
    rows
}

fn charge(pass: &str, day: i8, number: usize) -> Charge<'static> {
    let sign = if number.is_multiple_of(7) { "-" } else { "" };
    let digits = number * number + pass.len();
    Charge {
        cost: amount(&format!("{sign}{}.{digits:024}{day}", number % 97)),
        quantity: amount(&format!("{}.{digits}1", day)),
        currency: text(if number.is_multiple_of(3) { "EUR" } else { "USD" }),
        unit: text("1 Hour"),
        instance_id: text(format!("/subscriptions/s{}/resourceGroups/g/x/{number}", number % 11)),
        instance_name: text(format!("{pass}-{number}")),
        subscription_id: text(format!("s{}", number % 11)),
        resource_group: text("g"),
        tags: vec![(text("team"), text(format!("team-{}", number % 5)))],
        ..Charge::default()
    }
    .with(Column::ServiceName, text(format!("service-{}", number % 13)))
}

/// Returns rows in pages as Azure sends them.
fn list<'a>(rows: impl Iterator<Item = &'a (i8, Charge<'static>)>) -> List {
    let mut list = List::new(&keys()).in_pages_of(1000);
    rows.for_each(|(day, charge)| list.add(date(2026, 11, *day), charge));
    list
}

fn november() -> Span {
    Span::Period(Period::of(date(2026, 11, 1)))
}

fn publish(scope_store: &ScopeStore) -> Published {
    let limits = Limits::default().with("instances", RESOURCES);
    published(scope_store, &keys(), &Rules { limits, ..Rules::default() })
}

fn assert_is_sum_of(published: &Published, rows: &Rows) {
    for (family, amount) in [(INSTANCES, cost as _), (USAGE, quantity as _), (SERVICES, cost as _)]
    {
        let labels = labelled(family);
        assert!(published.sums(family, &labels) == naive(rows, &labels, amount), "{family}");
    }
}

/// Returns the number of parts in which a reading has its first day.
fn parts(reading: &azure_billing_exporter::source::Reading) -> usize {
    reading.sums.parts(DayBucket::own(date(2026, 11, 1))).count()
}

fn scope(id: &str) -> ScopeId {
    ScopeId { scope_type: ScopeType::Department, id: id.to_owned(), cost: CostType::Actual }
}

fn open(path: &Path) -> ScopeStore {
    let store = Store::open(path, Box::new(|| Timestamp::UNIX_EPOCH)).expect("nobody uses it");
    let (archive, restored) = Archive::open(Arc::new(store), &scope("1"));
    ScopeStore { scope_totals: restored.expect("books").scope_totals.unwrap_or_default(), archive }
}

#[test]
fn a_reading_that_is_longer_than_memory_comes_to_what_its_days_come_to() {
    let rows = rows();
    let mut whole = ScopeStore::default();
    let reading = list(rows.iter()).read(november());
    assert!(parts(&reading) > 1, "it was written to a file");
    enter(&mut whole, november(), reading, at(NOW));
    let published = publish(&whole);
    assert_is_sum_of(&published, &rows);
    let mut by_day = ScopeStore::default();
    let late = Span::Late(Period::of(date(2026, 11, 1)));
    keep(&mut by_day, late, &list([].iter()), at(NOW));
    for (day, last) in DAYS.zip([1, 2, 28]) {
        let span = range(&format!("2026-11-{day:02}"), &format!("2026-11-{last:02}"));
        let reading = list(rows.iter().filter(|(of, _)| *of == day)).read(span);
        assert_eq!(parts(&reading), 1, "it stayed in memory");
        enter(&mut by_day, span, reading, at(NOW));
    }
    assert!(published == publish(&by_day), "the same, however it was read");
}

#[test]
fn what_was_stored_is_published_and_replaced_to_the_digit_after_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state.redb");
    let mut rows = rows();
    let mut scope_store = open(&path);
    keep(&mut scope_store, november(), &list(rows.iter()), at(NOW));
    let before = publish(&scope_store);
    drop(scope_store);
    let mut scope_store = open(&path);
    assert!(before == publish(&scope_store), "the same after a restart");
    // A day loses the rows that named its resources; so much less is suspect until it is read
    // twice.
    rows.retain(|(day, charge)| *day != 2 || charge.instance_name.starts_with("second"));
    let second = list(rows.iter().filter(|(day, _)| *day == 2));
    for _ in 0..2 {
        keep(&mut scope_store, range("2026-11-02", "2026-11-02"), &second, at(NOW));
    }
    drop(scope_store);
    let replaced = publish(&open(&path));
    assert_is_sum_of(&replaced, &rows);
    let mut anew = ScopeStore::default();
    keep(&mut anew, november(), &list(rows.iter()), at(NOW));
    assert!(replaced == publish(&anew), "nothing is left of the day that was replaced");
}

#[test]
fn scopes_of_one_store_keep_to_themselves_and_remember_how_their_polls_went() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state.redb");
    let scopes = ["1", "2"].map(scope);
    let store = || {
        let store = Store::open(&path, Box::new(|| Timestamp::UNIX_EPOCH));
        Arc::new(store.expect("nobody uses it"))
    };
    let began = at(NOW);
    let record = |rows| PollRecord {
        began,
        took: Duration::from_secs(rows),
        failure: Some(("forbidden".to_owned(), "why".to_owned())),
        last_success: Some(began),
        rows: Some(rows),
    };
    let rows = |cost: &str, days: &[i8]| {
        let mut list = List::new(&keys());
        days.iter().for_each(|day| list.add(date(2026, 11, *day), &usage(cost)));
        list
    };
    let cost =
        |scope_store: &ScopeStore| publish(scope_store).value(SCOPE, &["usage", "", "", "EUR"]);
    let opened = store();
    for (number, id) in scopes.iter().enumerate() {
        let (archive, _) = Archive::open(opened.clone(), id);
        let mut scope_store = ScopeStore { archive, ..ScopeStore::default() };
        keep(&mut scope_store, november(), &rows(["1", "10"][number], &[1, 2]), at(NOW));
        opened.record(id, &record(number as u64)).expect("the disk takes it");
    }
    drop(opened);
    let opened = store();
    for (number, id) in scopes.iter().enumerate() {
        let (archive, restored) = Archive::open(opened.clone(), id);
        let restored = restored.expect("what was stored");
        assert_eq!(restored.poll, Some(record(number as u64)));
        let mut scope_store =
            ScopeStore { scope_totals: restored.scope_totals.expect("books"), archive };
        assert_eq!(cost(&scope_store), Some([2.0, 20.0][number]));
        let day = range("2026-11-02", "2026-11-02");
        keep(&mut scope_store, day, &rows(["2", "11"][number], &[2]), at(NOW));
        assert_eq!(cost(&scope_store), Some([3.0, 21.0][number]));
    }
}
