//! Budgets: the charges that count, and the time for which they do.

use azure_billing_exporter::billing::budget::{Budget, Grain, Only};
use azure_billing_exporter::billing::charge::{Charge, ChargeType};
use azure_billing_exporter::billing::column::Column;
use azure_billing_exporter::billing::period::Period;
use azure_billing_exporter::billing::rules::Rules;
use azure_billing_exporter::billing::span::Span;

use crate::list::List;
use crate::rows::{ScopeTotals, amount, at, charge, day, keep, usage};

const LIMIT: &str = "azure_billing_budget_pretax_cost";
const SPENT: &str = "azure_billing_budget_spent_pretax_cost";

fn budget(grain: Grain, start: &str, only: Only) -> Rules {
    let budget = Budget {
        name: "b".to_owned(),
        amount: amount("250.5"),
        currency: "EUR".to_owned(),
        grain,
        start: day(start),
        only,
    };
    Rules { budgets: vec![budget], ..Rules::default() }
}

fn scope_totals() -> ScopeTotals {
    let mut scope_totals = ScopeTotals::with_tags("2026-11-20T12:00:00Z", &["team"]);
    let row = |cost: &str, service: &'static str, team: &'static str| {
        Charge {
            subscription_id: "S1".into(),
            tags: vec![("team".into(), team.into())],
            ..usage(cost)
        }
        .with(Column::Department, "Retail")
        .with(Column::Account, "Stores")
        .with(Column::ServiceName, service)
    };
    scope_totals.add("2026-10-10", &row("100", "Storage", "shop"));
    scope_totals.add("2026-11-10", &row("10", "Storage", "shop"));
    scope_totals.add("2026-11-11", &row("2", "Compute", "Shop"));
    scope_totals.add("2026-11-12", &charge(ChargeType::Purchase, "0.5"));
    scope_totals
        .add("2026-11-12", &Charge { currency: "USD".into(), ..row("777", "Storage", "shop") });
    scope_totals
}

#[test]
fn a_budget_counts_its_part_of_its_grain_in_its_currency() {
    let team = || Only::Tag { key: "team".to_owned(), value: "shop".to_owned() };
    for (grain, start, only, spent) in [
        (Grain::Month, "2026-01-01", Only::All, 12.5),
        (Grain::Quarter, "2026-10-01", Only::All, 112.5),
        (Grain::Quarter, "2026-08-01", Only::All, 12.5),
        (Grain::Month, "2026-01-01", Only::Department("retail".to_owned()), 12.0),
        (Grain::Month, "2026-01-01", Only::Account("Stores".to_owned()), 12.0),
        (Grain::Month, "2026-01-01", Only::Subscription("s1".to_owned()), 12.0),
        (Grain::Month, "2026-01-01", Only::Service("storage".to_owned()), 10.0),
        (Grain::Month, "2026-01-01", team(), 12.0),
        (Grain::Quarter, "2026-10-01", team(), 112.0),
        (Grain::Month, "2026-01-01", Only::Service("nowhere".to_owned()), 0.0),
    ] {
        let case = format!("{grain:?} {start} {only:?}");
        let published = scope_totals().published(2, &budget(grain, start, only));
        assert_eq!(published.value(SPENT, &["b", "EUR"]), Some(spent), "{case}");
        assert_eq!(published.value(LIMIT, &["b", "EUR"]), Some(250.5), "{case}");
    }
}

#[test]
fn what_is_spent_is_not_published_while_a_closed_month_is_unknown() {
    let rules = budget(Grain::Year, "2026-09-01", Only::All);
    let mut scope_totals = scope_totals();
    let published = scope_totals.published(2, &rules);
    assert_eq!(
        (published.value(SPENT, &["b", "EUR"]), published.value(LIMIT, &["b", "EUR"])),
        (None, Some(250.5))
    );
    let mut september = List::new(&scope_totals.keys);
    september.add(day("2026-09-30"), &usage("1000"));
    let period = Span::Period(Period::of(day("2026-09-01")));
    keep(&mut scope_totals.scope_store, period, &september, at("2026-11-20T12:00:00Z"));
    assert_eq!(scope_totals.published(2, &rules).value(SPENT, &["b", "EUR"]), Some(1112.5));
}

#[test]
fn a_budget_that_has_not_begun_is_none() {
    let published = scope_totals().published(2, &budget(Grain::Month, "2027-01-01", Only::All));
    assert_eq!(
        (published.value(SPENT, &["b", "EUR"]), published.value(LIMIT, &["b", "EUR"])),
        (None, None)
    );
}

#[test]
fn a_month_keeps_its_bill_when_its_days_are_forgotten() {
    let mut scope_totals = scope_totals();
    let rules = budget(Grain::Quarter, "2026-10-01", Only::All);
    scope_totals.published(2, &rules);
    let complete_after = rules.day_complete_after;
    scope_totals.scope_store.scope_totals.forget_before(day("2026-11-01"), complete_after);
    let published = crate::rows::published(&scope_totals.scope_store, &scope_totals.keys, &rules);
    assert_eq!(published.value(SPENT, &["b", "EUR"]), Some(112.5));
}

#[test]
fn the_currency_of_a_budget_is_visible_before_its_first_row() {
    let mut rules = budget(Grain::Month, "2026-01-01", Only::All);
    rules.budgets[0].currency = "NOK".to_owned();
    let published = scope_totals().published(2, &rules);
    assert_eq!(
        published.value("azure_billing_scope_pretax_cost", &["usage", "", "", "NOK"]),
        Some(0.0)
    );
    assert_eq!(published.value(SPENT, &["b", "NOK"]), Some(0.0));
}
