//! Names that differ in case alone are one entity, in the spelling of the newest day.

use std::collections::{BTreeMap, BTreeSet};

use azure_billing_exporter::billing::amount::Amount;
use azure_billing_exporter::billing::budget::{Budget, Grain, Only};
use azure_billing_exporter::billing::charge::Charge;
use azure_billing_exporter::billing::column::Column;
use azure_billing_exporter::billing::daily_sums::{DailySums, TagKeys};
use azure_billing_exporter::billing::history::{HistoryOptions, month};
use azure_billing_exporter::billing::limits::Limits;
use azure_billing_exporter::billing::metric_families::Value;
use azure_billing_exporter::billing::overview::Overview;
use azure_billing_exporter::billing::period::{DayRange, Period};
use azure_billing_exporter::billing::rules::Rules;
use azure_billing_exporter::billing::span::Span;
use azure_billing_exporter::store::ScopeStore;
use jiff::civil::{Date, date};
use proptest::prelude::*;

use crate::list::List;
use crate::rows::{Published, ScopeTotals, amount, at, day, keep, published, range, usage};

const NOW: &str = "2026-11-28T12:00:00Z";
const ACCOUNTS: &str = "azure_billing_account_pretax_cost";
const COST_CENTERS: &str = "azure_billing_cost_center_pretax_cost";
const SERVICES: &str = "azure_billing_service_pretax_cost";
const METERS: &str = "azure_billing_meter_usage_quantity";
const TAGS: &str = "azure_billing_tag_pretax_cost";

/// Returns a charge on which every field that is compared without regard to case has this name.
fn named(name: &'static str, cost: &str) -> Charge<'static> {
    Charge { quantity: amount(cost), tags: vec![("team".into(), name.into())], ..usage(cost) }
        .with(Column::Department, name)
        .with(Column::Account, name)
        .with(Column::CostCenter, name)
        .with(Column::ServiceName, name)
        .with(Column::Subcategory, name)
        .with(Column::Meter, name)
}

fn november() -> Period {
    Period::of(date(2026, 11, 1))
}

fn keys() -> TagKeys {
    ["team".to_owned()].into()
}

fn reading(rows: &[(Date, Charge<'static>)]) -> List {
    let mut list = List::new(&keys());
    rows.iter().for_each(|(date, charge)| list.add(*date, charge));
    list
}

/// Returns all of a month in memory, as a backfill keeps it.
fn sums(rows: &[(Date, Charge<'static>)], month: Period) -> DailySums {
    reading(rows).read(Span::Period(month)).sums.into_daily_sums().expect("sums")
}

/// Replaces a day by a reading, twice: so much less is suspect at first.
fn replace(scope_store: &mut ScopeStore, day: Date, rows: &[(Date, Charge<'static>)]) {
    for _ in 0..2 {
        keep(scope_store, Span::Days(DayRange { first: day, last: day }), &reading(rows), at(NOW));
    }
}

/// Returns label values except keys, currencies and units, by family.
fn labels(published: &Published, families: &[&'static str]) -> BTreeSet<String> {
    let keys = families.iter().flat_map(|family| published.samples[family].keys());
    keys.map(|values| values[..values.len() - 1].join("|")).collect()
}

fn all(name: &str) -> BTreeSet<String> {
    let labels = [
        format!("{name}|{name}"),
        format!("|{name}"),
        format!("{name}|{name}|{name}"),
        format!("team|{name}"),
    ];
    labels.into_iter().collect()
}

const SPELLED: [&str; 4] = [ACCOUNTS, SERVICES, METERS, TAGS];

#[test]
fn a_service_and_a_department_in_two_cases_are_one_each() {
    let mut scope_totals = ScopeTotals::read_at(NOW);
    for (date, department, service, cost) in [
        ("2026-11-10", "Wholesale", "Microsoft.Network", "3"),
        ("2026-11-10", "WHOLESALE", "MICROSOFT.NETWORK", "5"),
        ("2026-11-11", "wholesale", "microsoft.network", "7"),
        // On the newest day the lesser of two.
        ("2026-11-12", "wholesale", "Microsoft.network", "11"),
        ("2026-11-12", "Wholesale", "microsoft.Network", "13"),
    ] {
        let row =
            usage(cost).with(Column::Department, department).with(Column::ServiceName, service);
        scope_totals.add(date, &row);
    }
    let published = scope_totals.published(1, &Rules::default());
    let only = |family: &str| published.samples[family].iter().next().expect("a series");
    let total = Value::Exact(amount("39"));
    assert_eq!(only(ACCOUNTS), (&vec!["Wholesale".into(), String::new(), "EUR".into()], &total));
    let service = vec![String::new(), "Microsoft.network".into(), "EUR".into()];
    assert_eq!(only(SERVICES), (&service, &total));
    for family in [ACCOUNTS, SERVICES] {
        assert_eq!(published.samples[family].len(), 1, "{family}");
    }
}

#[test]
fn a_tag_key_with_an_accent_is_found_in_any_case() {
    let mut scope_totals = ScopeTotals::with_tags(NOW, &["größe", "ÉTAT"]);
    let row = |sent: [&'static str; 2], value: &'static str| Charge {
        tags: sent.map(|key| (key.into(), value.into())).into(),
        ..usage("2")
    };
    scope_totals.add("2026-11-10", &row(["GRÖẞE", "état"], "l"));
    scope_totals.add("2026-11-10", &row(["GRÖSSE", "État"], "L"));
    scope_totals.add("2026-11-10", &row(["grosse", "etat"], "another key"));
    let published = scope_totals.published(1, &Rules::default());
    for key in ["größe", "ÉTAT"] {
        assert_eq!(published.value(TAGS, &[key, "L", "EUR"]), Some(4.0));
        assert_eq!(published.value(TAGS, &[key, "", "EUR"]), Some(2.0));
    }
    assert_eq!(published.samples[TAGS].len(), 4);
}

#[test]
fn a_budget_counts_every_case_of_its_name() {
    let mut scope_totals = ScopeTotals::with_tags(NOW, &["Équipe"]);
    for name in ["Straße", "STRASSE", "straẞe"] {
        let row = Charge { tags: vec![("équipe".into(), name.into())], ..named(name, "2") };
        scope_totals.add("2026-11-10", &row);
        scope_totals.add("2026-10-10", &row);
    }
    scope_totals.add("2026-11-10", &named("another", "100"));
    let name = || "sTRASSE".to_owned();
    for only in [
        Only::Department(name()),
        Only::Account(name()),
        Only::Service(name()),
        Only::Tag { key: "ÉQUIPE".to_owned(), value: name() },
    ] {
        let budget = Budget {
            name: "b".to_owned(),
            amount: amount("1"),
            currency: "EUR".to_owned(),
            grain: Grain::Quarter,
            start: day("2026-10-01"),
            only,
        };
        let rules = Rules { budgets: vec![budget], ..Rules::default() };
        let published = scope_totals.published(2, &rules);
        let spent = published.value("azure_billing_budget_spent_pretax_cost", &["b", "EUR"]);
        assert_eq!(spent, Some(12.0), "{:?}", rules.budgets[0].only);
    }
}

#[test]
fn the_newest_spelling_goes_with_its_day_and_an_older_one_comes_back() {
    let mut scope_store = ScopeStore::default();
    let (old, newer, newest) = (day("2026-11-10"), day("2026-11-12"), day("2026-11-14"));
    let rows = [
        (old, named("Économie", "1")),
        (newer, named("ÉCONOMIE", "2")),
        (newest, named("économie", "4")),
    ];
    keep(&mut scope_store, Span::Period(november()), &reading(&rows), at(NOW));
    let shown = |scope_store: &ScopeStore| {
        labels(&published(scope_store, &keys(), &Rules::default()), &SPELLED)
    };
    assert_eq!(shown(&scope_store), all("économie"));
    replace(&mut scope_store, newest, &[(newest, usage("4"))]);
    let unnamed = all("");
    let beside_unnamed = |name| &all(name) | &unnamed;
    assert_eq!(shown(&scope_store), beside_unnamed("ÉCONOMIE"));
    replace(&mut scope_store, newer, &[]);
    assert_eq!(shown(&scope_store), beside_unnamed("Économie"));
    replace(&mut scope_store, newest, &[(newest, named("éCONOMIE", "4"))]);
    assert_eq!(shown(&scope_store), all("éCONOMIE"));
}

#[test]
fn values_of_one_key_say_nothing_of_the_spelling_of_another_nor_do_meters_of_services() {
    let mut scope_totals = ScopeTotals::with_tags(NOW, &["env", "stage"]);
    let row = |service: &'static str, subcategory: &'static str, meter: &'static str| {
        Charge {
            unit: "1".into(),
            tags: vec![("env".into(), "Prod".into()), ("stage".into(), "prod".into())],
            ..usage("1")
        }
        .with(Column::ServiceName, service)
        .with(Column::Subcategory, subcategory)
        .with(Column::Meter, meter)
    };
    scope_totals.add("2026-11-10", &row("a", "Premium", "P10 Disk"));
    scope_totals.add("2026-11-11", &row("b", "premium", "P10 disk"));
    scope_totals.add("2026-11-12", &row("b", "Standard", "P10 DISK"));
    let published = scope_totals.published(1, &Rules::default());
    let values = |family: &str| -> Vec<String> {
        published.samples[family].keys().map(|values| values.join("|")).collect()
    };
    assert_eq!(values(TAGS), ["env|Prod|EUR", "stage|prod|EUR"]);
    let meters = ["a|Premium|P10 Disk|1", "b|Standard|P10 DISK|1", "b|premium|P10 disk|1"];
    assert_eq!(values(METERS), meters);
}

#[test]
fn the_days_of_services_and_the_overview_are_spelled_as_the_period() {
    let mut scope_totals = ScopeTotals::read_at(NOW);
    scope_totals.add_daily("2026-11-01", "2026-11-14", &named("Grüne Wolke", "1"));
    scope_totals.add_daily("2026-11-15", "2026-11-23", &named("GRÜNE WOLKE", "1"));
    scope_totals.add("2026-11-24", &named("grüne Wolke", "1"));
    scope_totals.add("2026-11-24", &named("GRüne Wolke", "1"));
    let published = scope_totals.published(1, &Rules::default());
    let shown = "GRüne Wolke";
    let of_day = |kind: &str| format!("azure_billing_service_{kind}_day_pretax_cost");
    assert_eq!(published.value(&of_day("latest"), &[shown, "usage", "EUR"]), Some(2.0));
    assert_eq!(published.value(&of_day("usual"), &[shown, "EUR"]), Some(1.0));
    assert_eq!(published.value(SERVICES, &["", shown, "EUR"]), Some(25.0));
    let snapshot = scope_totals.scope_store.scope_totals.snapshot(
        &Rules::default(),
        &scope_totals.keys,
        false,
    );
    let overview = Overview::of(&snapshot.expect("a snapshot"));
    let services = &overview.currencies["EUR"].services;
    assert_eq!(services.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), [shown]);
}

const BEFORE: [&str; 3] = [
    "azure_billing_account_previous_period_pretax_cost",
    "azure_billing_service_previous_period_pretax_cost",
    "azure_billing_tag_previous_period_pretax_cost",
];

fn all_before(name: &str) -> BTreeSet<String> {
    let labels = [format!("{name}|{name}"), format!("|{name}"), format!("team|{name}")];
    labels.into_iter().map(|label| format!("2026-10|{label}")).collect()
}

#[test]
fn a_month_that_is_over_is_spelled_as_it_was_also_as_a_bill_without_days() {
    let mut scope_totals = ScopeTotals::with_tags(NOW, &["team"]);
    scope_totals.add("2026-10-05", &named("RÉSEAU", "1"));
    scope_totals.add("2026-10-20", &named("Réseau", "2"));
    scope_totals.add("2026-11-05", &named("Other", "4"));
    let of_days = labels(&scope_totals.published(2, &Rules::default()), &BEFORE);
    assert_eq!(of_days, all_before("Réseau"));
    let complete_after = Rules::default().day_complete_after;
    scope_totals.scope_store.scope_totals.forget_before(november().days().first, complete_after);
    let bill = published(&scope_totals.scope_store, &scope_totals.keys, &Rules::default());
    assert_eq!(labels(&bill, &BEFORE), all_before("Réseau"));
    // A name in the open period is newer.
    replace(
        &mut scope_totals.scope_store,
        day("2026-11-06"),
        &[(day("2026-11-06"), named("réseau", "8"))],
    );
    let renamed = published(&scope_totals.scope_store, &scope_totals.keys, &Rules::default());
    assert_eq!(labels(&renamed, &BEFORE), all_before("réseau"));
    assert_eq!(renamed.value(BEFORE[1], &["2026-10", "", "réseau", "EUR"]), Some(3.0));
    // A name without sums is dropped.
    let stored = |scope_totals: &ScopeTotals| {
        postcard::to_allocvec(&scope_totals.scope_store.scope_totals).expect("memory")
    };
    let holds =
        |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(holds(&stored(&scope_totals), "réseau") && holds(&stored(&scope_totals), "other"));
    scope_totals.scope_store.scope_totals.forget_before(day("2027-12-01"), complete_after);
    assert!(!holds(&stored(&scope_totals), "réseau") && !holds(&stored(&scope_totals), "other"));
}

#[test]
fn a_clock_that_is_set_back_over_a_month_brings_the_older_spelling_back() {
    let mut scope_store = ScopeStore::default();
    let (september, october) = (day("2026-09-10"), day("2026-10-10"));
    let evening = "2026-10-31T23:00:00Z";
    for (date, name) in [(september, "Ärzte"), (october, "Other")] {
        let rows = reading(&[(date, named(name, "1"))]);
        keep(&mut scope_store, Span::Period(Period::of(date)), &rows, at(evening));
    }
    let rows = reading(&[(november().days().first, named("ÄRZTE", "1"))]);
    keep(&mut scope_store, Span::Period(november()), &rows, at(NOW));
    let rows = reading(&[(october, named("Other", "1"))]);
    keep(&mut scope_store, range("2026-10-10", "2026-10-10"), &rows, at(evening));
    let published = published(&scope_store, &keys(), &Rules::default());
    assert_eq!(published.value(BEFORE[1], &["2026-09", "", "Ärzte", "EUR"]), Some(1.0));
}

#[test]
fn a_month_of_the_history_is_spelled_as_on_its_newest_day_and_hands_that_on() {
    let wanted = HistoryOptions { limits: Limits::default(), instances: true };
    let families = wanted.families();
    let rows = [
        (day("2026-10-05"), named("Éden", "1")),
        (day("2026-10-20"), named("ÉDEN", "2")),
        (day("2026-10-20"), named("éden", "4")),
    ];
    let october =
        month(&sums(&rows, november().before()), november().before(), None, &wanted).expect("room");
    let november =
        month(&sums(&[], november()), november(), Some(&october.bill), &wanted).expect("room");
    for (place, family) in families.iter().enumerate() {
        let series = |month: &azure_billing_exporter::billing::history::Month| -> Vec<String> {
            month.families[place]
                .keys()
                .map(|values| values[..values.len() - 1].join("|"))
                .collect()
        };
        if [ACCOUNTS, SERVICES].contains(&family.name) {
            let [series] = &series(&october)[..] else { panic!("{} has others", family.name) };
            assert!(all("ÉDEN").contains(series), "{series}");
            let values = october.families[place].values().next().expect("a series");
            assert_eq!((values[0], values[26]), ((5, 1.0), (31, 7.0)));
        }
        if BEFORE.contains(&family.name) {
            let [series] = &series(&november)[..] else { panic!("{} has others", family.name) };
            assert!(all_before("ÉDEN").contains(series), "{series}");
        }
    }
}

#[test]
fn limits_keep_the_costliest_of_a_month_of_the_history_under_its_spelling() {
    let limits = Limits::default().with("services", 1);
    let wanted = HistoryOptions { limits, instances: false };
    let (first, second) = (day("2026-10-05"), day("2026-10-06"));
    let rows = [
        (first, named("Réseau", "3")),
        (second, named("RÉSEAU", "3")),
        (first, named("Disk", "5")),
    ];
    let october =
        month(&sums(&rows, november().before()), november().before(), None, &wanted).expect("room");
    let place = wanted.families().iter().position(|family| family.name == SERVICES);
    let services: Vec<&str> =
        october.families[place.expect("a family")].keys().map(|values| &*values[1]).collect();
    assert_eq!(services, ["RÉSEAU", "__other__"]);
}

/// Groups of spellings, each of one name.
const VARIANTS: [&[&str]; 5] = [
    &["Retail", "RETAIL", "retail", "reTail"],
    &["Équipe", "ÉQUIPE", "équipe"],
    &["Straße", "STRASSE", "STRAẞE", "strasse"],
    &["Οδος", "ΟΔΟΣ", "οδοσ"],
    &[""],
];

/// A name, and one of its spellings.
type Name = (usize, usize);

fn spelling((name, variant): Name) -> &'static str {
    VARIANTS[name][variant % VARIANTS[name].len()]
}

/// A row: its day, its names, its cost.
#[derive(Clone, Debug)]
struct Row {
    day: i8,
    department: Name,
    account: Name,
    cost_center: Name,
    service: Name,
    subcategory: Name,
    meter: Name,
    team: Name,
    cost: i32,
}

impl Row {
    fn charge(&self) -> Charge<'static> {
        let cost = self.cost.to_string();
        Charge {
            quantity: amount(&cost),
            tags: vec![("TEAM".into(), spelling(self.team).into())],
            ..usage(&cost)
        }
        .with(Column::Department, spelling(self.department))
        .with(Column::Account, spelling(self.account))
        .with(Column::CostCenter, spelling(self.cost_center))
        .with(Column::ServiceName, spelling(self.service))
        .with(Column::Subcategory, spelling(self.subcategory))
        .with(Column::Meter, spelling(self.meter))
    }

    fn dated(&self) -> (Date, Charge<'static>) {
        (date(2026, 11, self.day), self.charge())
    }
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let name = || (0..VARIANTS.len(), 0..4_usize);
    let names = (name(), name(), name(), name(), name(), name(), name());
    let row = (1..8_i8, names, -9..99_i32).prop_map(
        |(day, (department, account, cost_center, service, subcategory, meter, team), cost)| Row {
            day,
            department,
            account,
            cost_center,
            service,
            subcategory,
            meter,
            team,
            cost,
        },
    );
    prop::collection::vec(row, 1..60)
}

/// Returns the published spelling of an entity: the least one of the newest day that has it.
fn shown(rows: &[Row], of: impl Fn(&Row) -> Option<Name>) -> String {
    let spellings = rows.iter().filter_map(|row| Some((row.day, spelling(of(row)?))));
    let newest = spellings.clone().map(|(day, _)| day).max();
    let shown = spellings.filter(|(day, _)| Some(*day) == newest).map(|(_, spelling)| spelling);
    shown.min().expect("a row").to_owned()
}

/// Returns the sums of rows by the labels that are correct for all rows together.
fn expected(rows: &[Row], labels: impl Fn(&Row) -> Vec<String>) -> BTreeMap<Vec<String>, Value> {
    let mut sums = BTreeMap::<Vec<String>, Amount>::new();
    for row in rows {
        *sums.entry(labels(row)).or_default() += amount(&row.cost.to_string());
    }
    sums.into_iter().map(|(labels, sum)| (labels, Value::Exact(sum))).collect()
}

fn assert_spelled(published: &Published, rows: &[Row]) {
    let is = |one: Name, other: Name| one.0 == other.0;
    let owners = expected(rows, |row| {
        let department =
            |other: &Row| is(other.department, row.department).then_some(other.department);
        let account = |other: &Row| is(other.account, row.account).then_some(other.account);
        vec![shown(rows, department), shown(rows, account), "EUR".to_owned()]
    });
    assert_eq!(published.samples[ACCOUNTS], owners);
    let service =
        |row: &Row| shown(rows, |other| is(other.service, row.service).then_some(other.service));
    let services = expected(rows, |row| vec![String::new(), service(row), "EUR".to_owned()]);
    assert_eq!(published.samples[SERVICES], services);
    let meters = expected(rows, |row| {
        let beside =
            |other: &Row| is(other.service, row.service) && is(other.subcategory, row.subcategory);
        let subcategory = |other: &Row| beside(other).then_some(other.subcategory);
        let meter =
            |other: &Row| (beside(other) && is(other.meter, row.meter)).then_some(other.meter);
        vec![service(row), shown(rows, subcategory), shown(rows, meter), String::new()]
    });
    assert_eq!(published.samples[METERS], meters);
    let tags = expected(rows, |row| {
        let team = |other: &Row| is(other.team, row.team).then_some(other.team);
        vec!["team".to_owned(), shown(rows, team), "EUR".to_owned()]
    });
    assert_eq!(published.samples[TAGS], tags);
    let upper = ["RETAIL", "ÉQUIPE", "STRASSE", "ΟΔΟΣ", ""];
    let cost_centers =
        expected(rows, |row| vec![upper[row.cost_center.0].to_owned(), "EUR".to_owned()]);
    assert_eq!(published.samples[COST_CENTERS], cost_centers);
}

fn scope_store(rows: &[Row]) -> ScopeStore {
    let mut scope_store = ScopeStore::default();
    let rows: Vec<_> = rows.iter().map(Row::dated).collect();
    keep(&mut scope_store, Span::Period(november()), &reading(&rows), at(NOW));
    scope_store
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn an_entity_is_one_series_in_its_newest_spelling((rows, shuffled) in rows().prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle()))) {
        let of_rows = published(&scope_store(&rows), &keys(), &Rules::default());
        assert_spelled(&of_rows, &rows);
        prop_assert_eq!(published(&scope_store(&shuffled), &keys(), &Rules::default()), of_rows);
    }

    #[test]
    fn days_that_are_replaced_in_any_order_leave_the_same_spellings(
        before in rows(), after in rows(), order in Just((1..8_i8).collect::<Vec<_>>()).prop_shuffle()
    ) {
        let mut scope_store = scope_store(&before);
        let mut rows = before;
        for day in order {
            rows.retain(|row| row.day != day);
            let of_day: Vec<Row> = after.iter().filter(|row| row.day == day).cloned().collect();
            rows.extend(of_day.iter().cloned());
            let of_day: Vec<_> = of_day.iter().map(Row::dated).collect();
            replace(&mut scope_store, date(2026, 11, day), &of_day);
            let replaced = published(&scope_store, &keys(), &Rules::default());
            if !rows.is_empty() {
                assert_spelled(&replaced, &rows);
            }
            // Like a restart.
            let bytes = postcard::to_allocvec(&scope_store.scope_totals).expect("memory");
            scope_store.scope_totals = postcard::from_bytes(&bytes).expect("books");
            prop_assert_eq!(published(&scope_store, &keys(), &Rules::default()), replaced);
        }
    }
}
