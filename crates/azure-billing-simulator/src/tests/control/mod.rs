//! Rules for Azure's own totals, checked through the router and by sums of the rows that the list
//! serves.

mod balances;
mod days;
mod faults;
mod query;
mod rows;

use serde_json::{Value, json};

use super::{
    super::{ControlOptions, Options},
    client::{Answer, Client},
};

const ACCOUNT: (&str, &str) = ("billing_account", "100000");
const ENROLLMENT: &str = "/providers/Microsoft.Billing/billingAccounts/100000";
const BASE: &str = "http://localhost:1";

/// Returns options with few rows, but two whole months and part of a third.
fn with(control: ControlOptions) -> Options {
    Options { resources: 30, days: 75, control, ..Options::default() }
}

/// Returns the path of a scope as totals want it: with its enrollment.
fn nested((kind, id): (&str, &str)) -> String {
    match kind {
        "billing_account" => ENROLLMENT.to_owned(),
        "department" => format!("{ENROLLMENT}/departments/{id}"),
        "enrollment_account" => format!("{ENROLLMENT}/enrollmentAccounts/{id}"),
        _ => format!("/subscriptions/{id}"),
    }
}

fn query_path(scope: (&str, &str)) -> String {
    nested(scope) + "/providers/Microsoft.CostManagement/query?api-version=2025-03-01"
}

fn daily(kind: &str, from: &str, to: &str) -> Value {
    json!({
        "type": kind,
        "timeframe": "Custom",
        "timePeriod": {"from": format!("{from}T00:00:00Z"), "to": format!("{to}T23:59:59Z")},
        "dataset": {
            "granularity": "Daily",
            "aggregation": {"totalCost": {"name": "Cost", "function": "Sum"}},
        },
    })
}

fn november() -> Value {
    daily("ActualCost", "2026-11-01", "2026-11-30")
}

fn month(period: &str, scope: (&str, &str), what: &str) -> String {
    let provider = if what == "balances" { "" } else { "/providers/Microsoft.Billing" };
    let scope = nested(scope);
    format!(
        "{scope}{provider}/billingPeriods/{period}/providers/Microsoft.Consumption/{what}?api-version=2024-08-01"
    )
}

/// One row of a query, by column name, as text.
type Line = std::collections::BTreeMap<String, String>;

impl Client {
    async fn query(&self, scope: (&str, &str), body: &Value) -> Answer {
        self.ask("POST", &query_path(scope), true, body.to_string()).await
    }

    async fn read(&self, target: &str) -> Answer {
        self.ask("GET", target, true, String::new()).await
    }

    /// Returns the lines of all pages of a query, and the number of pages.
    async fn lines(&self, scope: (&str, &str), body: &Value) -> (Vec<Line>, usize) {
        let (mut lines, mut pages, mut next) = (Vec::new(), 0, Some(query_path(scope)));
        while let Some(target) = next {
            let answer = self.ask("POST", &target, true, body.to_string()).await;
            if answer.status == 204 {
                assert_eq!((&*answer.text, pages), ("", 0));
                return (lines, 1);
            }
            assert_eq!(answer.status, 200, "{}", answer.text);
            lines.extend(lines_of(&answer));
            pages += 1;
            let link = answer.json()["properties"]["nextLink"].as_str().map(str::to_owned);
            next = link.map(|link| link.replace(BASE, ""));
        }
        (lines, pages)
    }
}

fn lines_of(answer: &Answer) -> Vec<Line> {
    #[derive(serde::Deserialize)]
    struct Body {
        properties: Table,
    }
    #[derive(serde::Deserialize)]
    struct Table {
        columns: Vec<Line>,
        rows: Vec<Vec<Box<serde_json::value::RawValue>>>,
    }
    let table = serde_json::from_str::<Body>(&answer.text).expect(&answer.text).properties;
    let line = |row: Vec<Box<serde_json::value::RawValue>>| {
        let named = table.columns.iter().zip(row);
        named
            .map(|(column, value)| {
                (column["name"].clone(), value.get().trim_matches('"').to_owned())
            })
            .collect()
    };
    table.rows.into_iter().map(line).collect()
}
