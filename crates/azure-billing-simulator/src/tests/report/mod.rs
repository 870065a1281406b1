//! Rules for the asynchronous report, checked through the router as a client uses it.

mod client;
mod csv;
mod faults;
mod rows;
mod steps;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    super::{Options, ReportOptions},
    LIST,
    client::path,
};

const ACCOUNT: (&str, &str) = ("billing_account", "100000");
const BASE: &str = "http://localhost:1";

/// Returns options with few rows, but of every kind and from both sides of the first of November.
fn with(report: ReportOptions) -> Options {
    Options { resources: 100, days: 26, report, ..Options::default() }
}

/// Returns the options of a report that is answered at once.
fn at_once() -> ReportOptions {
    ReportOptions { immediate: true, ..ReportOptions::default() }
}

fn november() -> Value {
    json!({"metric": "ActualCost", "billingPeriod": "202611"})
}

fn dates(start: impl ToString, end: impl ToString) -> Value {
    json!({"timePeriod": {"start": start.to_string(), "end": end.to_string()}})
}

fn order_path((kind, id): (&str, &str)) -> String {
    let report = "/providers/Microsoft.CostManagement/generateCostDetailsReport";
    path(kind, id).replace(LIST, report) + "?api-version=2023-11-01"
}

/// A line of a report by column name: lower case and English.
type Line = BTreeMap<String, String>;
