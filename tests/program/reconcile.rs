//! `reconcile`: what it prints of a month, and how it ends.

use azure_billing_simulator::{ControlOptions, Currency, Fault, Options, Step};
use serde_json::Value;
use tempfile::NamedTempFile;

use crate::backfill::{Azure, months_ago};
use crate::process::run;
use crate::serve::configuration;

const SCOPES: &str = "  - {billing_account: \"100000\", name: contoso, read: usage_details}\n  - {department: \"1001\", read: usage_details}";
const ACCOUNT: (&str, &str) = ("billing_account", "100000");

/// Returns an enrollment of several pages a month, whose rounding rows are there.
fn enrollment() -> Options {
    let control = ControlOptions { rounding_rows_after: Some(5), ..ControlOptions::default() };
    let currency = Some(Currency::Eur);
    let late_third_party = false;
    Options { resources: 60, days: 150, currency, control, late_third_party, ..Options::default() }
}

/// Runs it for the month before the previous one, which Azure does not correct any more.
fn reconcile(file: &NamedTempFile, more: &[&str]) -> (i32, String, String) {
    let (path, month) = (file.path().to_str().expect("a path"), months_ago(2));
    let words = ["reconcile", "--config.file", path, "--period", &month];
    run(&[&words, more].concat(), &[])
}

fn parsed(output: &str) -> Vec<Value> {
    output.lines().map(|line| serde_json::from_str(line).expect("an object a line")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_that_closes_ends_with_0_and_tells_part_by_part() {
    let azure = Azure::start(enrollment());
    let file = configuration(azure.endpoint(), SCOPES);
    let (code, output, log) = reconcile(&file, &["--format", "json"]);
    assert_eq!(code, 0, "{output}\n{log}");
    assert!(log.contains("asking Azure, for each scope: "), "calls are told before: {log}");
    let statements = parsed(&output);
    let [account, department] = &statements[..] else { panic!("{output}") };
    assert_eq!((&account["state"], &department["state"]), (&"reconciled".into(), &"closed".into()));
    assert_eq!((&account["total"], &department["total"]), (&"balances".into(), &"charges".into()));
    assert_eq!(account["currencies"][0]["total"]["difference"], 0);
    assert_eq!(account["days"]["complete"], account["days"]["verified"]);
    assert!(account["days"]["complete"].as_u64() >= Some(28), "{account}");
    let rounding = &account["currencies"][0]["rounding"];
    assert_eq!(rounding["rows"], rounding["predicted"], "{rounding}");
    let (code, output, _) = reconcile(&file, &["--scope", "contoso"]);
    assert_eq!(code, 0, "{output}");
    let head = format!("contoso, {} (reconciled)\n", months_ago(2));
    assert!(output.starts_with(&head), "{output}");
    assert!(!output.contains("department/"), "one scope was chosen: {output}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_page_ends_with_1_and_names_its_days() {
    let azure = Azure::start(enrollment());
    let file = configuration(azure.endpoint(), SCOPES);
    azure.simulator().next_faults_at(Step::List, [Fault::LostPage]);
    let (code, output, _) = reconcile(&file, &["--scope", "contoso", "--format", "json"]);
    assert_eq!(code, 1, "{output}");
    let statement = &parsed(&output)[0];
    assert_eq!((&statement["state"], &statement["closes"]), (&"differs".into(), &false.into()));
    let differing = statement["days"]["differing"].as_array().expect("days");
    let lost = |of: &Value| of["difference"].as_f64().expect("a difference");
    let of_month = lost(&statement["currencies"][0]["total"]);
    let of_days = differing.iter().map(lost).sum::<f64>();
    assert!(of_month < -0.01 && (of_days - of_month).abs() < 1e-6, "{of_days} of {of_month}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_total_it_ends_with_1_and_says_which_and_why() {
    let azure = Azure::start(enrollment());
    let file = configuration(azure.endpoint(), SCOPES);
    let (kind, id) = ACCOUNT;
    for (fault, says) in [
        (Fault::Forbidden, "Azure's balances cannot be had: "),
        (Fault::PriceHidden, "view charges"),
        (Fault::NoContent, "Azure has no data of this month"),
    ] {
        azure.simulator().set_fault_at(Step::Balances, kind, id, Some(fault.clone()));
        let (code, output, log) = reconcile(&file, &["--scope", "contoso"]);
        assert_eq!(code, 1, "{fault:?}: {log}");
        assert!(output.contains(says), "{fault:?}: {output}");
        assert!(output.contains("It cannot be compared: Azure gives no total"), "{output}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_that_cannot_be_read_leaves_the_statements_of_the_others() {
    let azure = Azure::start(enrollment());
    let file = configuration(azure.endpoint(), SCOPES);
    azure.simulator().set_fault_at(Step::List, ACCOUNT.0, ACCOUNT.1, Some(Fault::Forbidden));
    let (code, output, log) = reconcile(&file, &[]);
    assert_eq!(code, 1);
    assert!(log.contains("scope=contoso") && log.contains("What to do"), "{log}");
    assert!(output.starts_with("department/1001, "), "{output}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_month_and_an_unknown_scope_end_with_2_before_anything_is_asked() {
    let azure = Azure::start(enrollment());
    let file = configuration(azure.endpoint(), SCOPES);
    let path = file.path().to_str().expect("a path");
    for (month, scope, says) in [
        (months_ago(0), "contoso", "this month is not over"),
        (months_ago(2), "shop", "it has contoso, department/1001"),
    ] {
        let words = ["reconcile", "--config.file", path, "--period", &month, "--scope", scope];
        let (code, output, log) = run(&words, &[]);
        assert_eq!((code, output.as_str()), (2, ""), "{log}");
        assert!(log.contains(says), "{log}");
    }
    assert_eq!(azure.requests(), 0);
}
