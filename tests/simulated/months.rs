//! Whole months held against Azure's balances and charges, which the simulator cuts to the minor
//! unit by itself.

use azure_billing_simulator::{ControlOptions, Currency, Fault, Options, Step};

use crate::simulation::{HOUR, Setup, Simulation};

const ACCOUNT: (&str, &str) = ("billing_account", "100000");
const DEPARTMENT: (&str, &str) = ("department", "1002");
const STATE: &str = "azure_billing_period_state";
const CLOSED_AT: &str = "azure_billing_period_closed_timestamp_seconds";
const PREDICTED: &str = "azure_billing_rounding_predicted_pretax_cost";
const BOUND: &str = "azure_billing_rounding_bound_pretax_cost";
const OF_BALANCES: &str = "azure_billing_balances_difference_pretax_cost";
const OF_CHARGES: &str = "azure_billing_charges_difference_pretax_cost";
const PREVIOUS: &str = "azure_billing_scope_previous_period_pretax_cost";

/// Returns an enrollment in one currency, whose October is not read again after a first poll.
fn enrollment(currency: Currency, rounding_rows_after: Option<u8>) -> Options {
    let control = ControlOptions { rounding_rows_after, ..ControlOptions::default() };
    Options {
        resources: 40,
        days: 62,
        late_third_party: false,
        currency: Some(currency),
        control,
        ..Options::default()
    }
}

fn of(scope: (&'static str, &'static str), options: Options) -> Simulation {
    Setup::new("2026-11-29T02:00:00Z", scope.0, scope.1, options).unlimited().controlled().start()
}

/// Returns the state of a period.
fn state(simulation: &Simulation, period: &str) -> String {
    let text = simulation.text();
    let series = format!("{STATE}{{scope=\"shop\",period=\"{period}\",state=\"");
    let states: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix(&series)?.strip_suffix("\"} 1.0"))
        .collect();
    let [state] = states[..] else { panic!("{period} is in the states {states:?}") };
    state.to_owned()
}

/// Returns the sum of the values of a family's series that have a label.
fn sum(simulation: &Simulation, family: &str, label: &str) -> Option<f64> {
    let text = simulation.text();
    let lines = text
        .lines()
        .filter(|line| line.starts_with(&format!("{family}{{")) && line.contains(label));
    let values = lines.map(|line| line.rsplit_once(' ').expect("a value").1);
    values.map(|value| value.parse::<f64>().expect("a number")).reduce(|one, other| one + other)
}

const OCTOBER: &str = "period=\"2026-10\"";

#[tokio::test(start_paused = true)]
async fn a_month_with_rounding_rows_equals_its_balance_and_the_rows_are_as_predicted() {
    for currency in [Currency::Usd, Currency::Jpy, Currency::Kwd] {
        let mut simulation = of(ACCOUNT, enrollment(currency, Some(5)));
        assert!(simulation.poll().await);
        assert_eq!(state(&simulation, "2026-10"), "reconciled", "{currency:?}");
        assert_eq!(state(&simulation, "2026-11"), "open", "{currency:?}");
        for part in ["usage", "charged_separately", "marketplace"] {
            let label = format!("{OCTOBER},part=\"{part}\"");
            assert_eq!(sum(&simulation, OF_BALANCES, &label), Some(0.0), "{currency:?} {part}");
        }
        let rows = sum(&simulation, PREVIOUS, "charge_type=\"rounding_adjustment\"");
        let predicted = sum(&simulation, PREDICTED, OCTOBER).expect("a prediction");
        assert!(predicted < 0.0, "{currency:?}: something is cut off");
        let off = (rows.expect("rounding rows") - predicted).abs();
        assert!(off < 1e-9, "{currency:?}: {rows:?} instead of {predicted}");
        assert_eq!(sum(&simulation, OF_CHARGES, ""), None, "an enrollment has no charges");
    }
}

#[tokio::test(start_paused = true)]
async fn a_month_without_rounding_rows_differs_by_what_is_cut_off_and_is_reconciled() {
    for currency in [Currency::Eur, Currency::Jpy, Currency::Kwd] {
        // They appear long after the month.
        let mut simulation = of(ACCOUNT, enrollment(currency, Some(100)));
        assert!(simulation.poll().await);
        assert_eq!(state(&simulation, "2026-10"), "reconciled", "{currency:?}");
        let difference = sum(&simulation, OF_BALANCES, OCTOBER).expect("a difference");
        let predicted = sum(&simulation, PREDICTED, OCTOBER).expect("a prediction");
        assert!((difference + predicted).abs() < 1e-6, "{difference} and {predicted}");
        let bound = sum(&simulation, BOUND, &format!("{OCTOBER},direction=\"up\""));
        assert!(difference > 0.0 && difference <= bound.expect("a bound"), "{currency:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_department_stays_closed_because_nothing_of_it_is_rounded() {
    let mut simulation = of(DEPARTMENT, enrollment(Currency::Usd, Some(5)));
    assert!(simulation.poll().await);
    assert_eq!(state(&simulation, "2026-10"), "closed");
    let difference = sum(&simulation, OF_CHARGES, OCTOBER).expect("a difference");
    let bound = sum(&simulation, BOUND, &format!("{OCTOBER},direction=\"up\""));
    assert!(difference > 0.0 && difference <= bound.expect("a bound"), "{difference}");
    assert_eq!(sum(&simulation, OF_BALANCES, ""), None, "a department has no balance");
}

#[tokio::test(start_paused = true)]
async fn a_month_of_which_a_page_is_missing_differs_until_it_is_whole() {
    for (scope, family) in [(ACCOUNT, OF_BALANCES), (DEPARTMENT, OF_CHARGES)] {
        // With the query of days a lost page is read again at once.
        let mut simulation = of(scope, enrollment(Currency::Usd, Some(5)));
        let (kind, id) = scope;
        simulation.simulator.set_fault_at(Step::Query, kind, id, Some(Fault::FailedDependency));
        let loses = Some(Fault::DropRows { percent: 5 });
        simulation.simulator.set_fault_at(Step::List, kind, id, loses);
        assert!(simulation.poll().await);
        assert_eq!(state(&simulation, "2026-10"), "differs", "{kind}");
        assert!(sum(&simulation, family, OCTOBER).expect("a difference") < -1.0, "{kind}");
        let first_closed = sum(&simulation, CLOSED_AT, OCTOBER);
        simulation.simulator.set_fault_at(Step::List, kind, id, None);
        simulation.simulator.set_fault_at(Step::Query, kind, id, None);
        tokio::time::advance(25 * HOUR).await;
        assert!(simulation.poll().await);
        assert_ne!(state(&simulation, "2026-10"), "differs", "{kind} is read again");
        assert_eq!(sum(&simulation, CLOSED_AT, OCTOBER), first_closed, "{kind}");
    }
}

#[tokio::test(start_paused = true)]
async fn where_azure_gives_no_balance_a_month_is_closed_and_no_difference_is_published() {
    for fault in [Fault::PriceHidden, Fault::Forbidden, Fault::NoContent] {
        let mut simulation = of(ACCOUNT, enrollment(Currency::Usd, Some(5)));
        let (kind, id) = ACCOUNT;
        simulation.simulator.set_fault_at(Step::Balances, kind, id, Some(fault.clone()));
        assert!(simulation.poll().await);
        assert_eq!(state(&simulation, "2026-10"), "closed", "{fault:?}");
        assert_eq!(sum(&simulation, OF_BALANCES, ""), None, "{fault:?}");
        assert!(sum(&simulation, PREDICTED, OCTOBER).is_some(), "{fault:?}: of our own rows");
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_name_in_the_rows_a_department_belongs_to_the_only_account_and_has_a_total_alone()
{
    // Old rows name no account, and do not say what prepayment can pay.
    let old = |scopes: &[(&'static str, &'static str, &'static str)]| {
        let options = enrollment(Currency::Usd, None);
        let setup = Setup::new("2026-11-29T02:00:00Z", DEPARTMENT.0, DEPARTMENT.1, options);
        let setup = Setup { version: "2018-06-30", scopes: scopes.to_vec(), ..setup };
        setup.unlimited().controlled().start()
    };
    let department = (DEPARTMENT.0, DEPARTMENT.1, "shop");
    let mut alone = old(&[department]);
    assert!(alone.poll().await);
    assert_eq!(sum(&alone, OF_CHARGES, ""), None, "its account is unknown");
    assert_eq!(state(&alone, "2026-10"), "closed");
    let mut beside = old(&[department, (ACCOUNT.0, ACCOUNT.1, "contoso")]);
    assert!(beside.poll().await);
    let total =
        sum(&beside, OF_CHARGES, &format!("{OCTOBER},part=\"total\"")).expect("a difference");
    let bound = sum(&beside, BOUND, &format!("{OCTOBER},direction=\"up\"")).expect("a bound");
    assert_eq!(sum(&beside, OF_CHARGES, OCTOBER), Some(total), "no part is told apart");
    assert!(total > 0.0 && total <= bound, "{total} of {bound}");
    assert!(beside.dates("verified") > 40.0, "days are compared, too");
}

#[tokio::test(start_paused = true)]
async fn states_of_months_survive_restarts_and_later_months() {
    let directory = tempfile::tempdir().expect("a directory");
    let setup = Setup::new(
        "2026-11-29T02:00:00Z",
        ACCOUNT.0,
        ACCOUNT.1,
        enrollment(Currency::Eur, Some(5)),
    );
    let setup = setup.unlimited().controlled().stored_in(&directory.path().join("state.redb"));
    let mut simulation = setup.start();
    assert!(simulation.poll().await);
    let of_october = |simulation: &Simulation| {
        let text = simulation.text();
        let families =
            [STATE, CLOSED_AT, OF_BALANCES, PREDICTED, BOUND, "azure_billing_balances_pretax_cost"];
        let is_of = |line: &&str| {
            families.iter().any(|it| line.starts_with(&format!("{it}{{"))) && line.contains(OCTOBER)
        };
        text.lines().filter(is_of).map(str::to_owned).collect::<Vec<_>>()
    };
    let known = of_october(&simulation);
    assert_eq!(known.len(), 4 + 1 + 3 + 1 + 2 + 3, "{known:?}");
    let mut simulation = simulation.restart();
    assert_eq!(of_october(&simulation), known);
    // November is the previous month, and October is kept by its sums alone.
    for _ in 0..3 {
        tokio::time::advance(24 * HOUR).await;
        assert!(simulation.poll().await);
    }
    assert_eq!(state(&simulation, "2026-11"), "open");
    assert_eq!(of_october(&simulation), known);
    tokio::time::advance(27 * 24 * HOUR).await;
    assert!(simulation.poll().await);
    assert_eq!(state(&simulation, "2026-11"), "reconciled");
    assert_eq!(of_october(&simulation), known);
    // Thirteen months are kept, the open one included.
    for _ in 0..10 {
        tokio::time::advance(30 * 24 * HOUR).await;
        assert!(simulation.poll().await);
    }
    assert_eq!(state(&simulation, "2026-10"), "reconciled");
    tokio::time::advance(31 * 24 * HOUR).await;
    assert!(simulation.poll().await);
    assert_eq!(of_october(&simulation), Vec::<String>::new());
}
