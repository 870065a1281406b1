//! The rows of a report, and their format.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::{
    super::{
        super::{ColumnNames, ControlOptions, HeaderCase, Options, ReportFormat, ReportOptions},
        FIRST, LAST, LIST,
        client::{Client, by_date, path, simulator, sums, units},
    },
    ACCOUNT, Line, at_once,
    csv::{added_up, of_rule, parse},
    dates, november, with,
};

#[tokio::test]
async fn a_report_has_the_rows_of_the_list_to_the_last_digit() {
    let options = ReportOptions { rows_per_blob: Some(700), ..at_once() };
    let (simulator, _) = simulator(with(options));
    let client = Client(simulator.router());
    let mut scopes = simulator.scopes();
    scopes.sort_by_key(|scope| scope.kind);
    scopes.dedup_by_key(|scope| scope.kind);
    assert_eq!(scopes.len(), 4);
    for scope in scopes {
        let scope = (scope.kind, &*scope.id);
        let list = path(scope.0, scope.1);
        let period = list.replace(LIST, "/providers/Microsoft.Billing/billingPeriods/202611");
        for metric in ["actualcost", "amortizedcost"] {
            let mut by_period = november();
            let mut by_date_order = dates(FIRST, LAST);
            for order in [&mut by_period, &mut by_date_order] {
                order["metric"] = json!(metric);
            }
            let query = format!("api-version=2021-10-01&metric={metric}");
            let listed = client.rows(&format!("{period}{LIST}?{query}")).await;
            let reported = client.report(scope, &by_period).await;
            assert_eq!(added_up(&reported), sums(&listed), "{scope:?} {metric}");
            assert_eq!(reported.len(), listed.len());
            let listed = client.rows(&by_date(scope.0, scope.1, &query[12..])).await;
            let reported = client.report(scope, &by_date_order).await;
            assert_eq!(added_up(&reported), sums(&listed), "{scope:?} {metric}");
            assert_eq!(reported.len(), listed.len());
        }
    }
    let late = |line: &Line| line["date"].starts_with("10/");
    assert!(client.report(ACCOUNT, &november()).await.iter().any(late));
    assert!(!client.report(ACCOUNT, &dates(FIRST, LAST)).await.iter().any(late));
    let current = client.report(ACCOUNT, &json!({})).await;
    assert_eq!(added_up(&current), simulator.period_totals(ACCOUNT.0, ACCOUNT.1, 2026, 11));
}

/// Returns the fields of a listed row that the report has as well, as the report writes them.
fn fields_of_listed(row: &str) -> Vec<String> {
    let row: Value = serde_json::from_str(row).unwrap();
    let properties = &row["properties"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let date = text(&properties["date"])[..10].to_owned();
    let meter = &properties["meterDetails"];
    let mut fields = vec![date, text(&meter["meterCategory"]), text(&meter["unitOfMeasure"])];
    for name in [
        "resourceId",
        "resourceName",
        "resourceGroup",
        "resourceLocation",
        "subscriptionId",
        "subscriptionName",
        "accountName",
        "invoiceSection",
        "costCenter",
        "consumedService",
        "meterId",
        "product",
        "chargeType",
        "publisherType",
        "pricingModel",
        "frequency",
        "billingCurrency",
    ] {
        fields.push(text(&properties[name]));
    }
    fields.push(properties["isAzureCreditEligible"].to_string());
    fields.extend(["team", "env", "note"].map(|tag| text(&row["tags"][tag])));
    fields
}

fn fields_of_reported(line: &Line) -> Vec<String> {
    let tags: Value = serde_json::from_str(&format!("{{{}}}", line["tags"])).unwrap();
    let names = [
        "date",
        "metercategory",
        "unitofmeasure",
        "resourceid",
        "resourcename",
        "resourcegroup",
        "resourcelocation",
        "subscriptionid",
        "subscriptionname",
        "accountname",
        "invoicesectionname",
        "costcenter",
        "consumedservice",
        "meterid",
        "productname",
        "chargetype",
        "publishertype",
        "pricingmodel",
        "frequency",
        "billingcurrencycode",
    ];
    let mut fields: Vec<String> = names.iter().map(|name| line[*name].clone()).collect();
    fields.push(line["isazurecrediteligible"].to_lowercase());
    fields.extend(["team", "env", "note"].map(|tag| tags[tag].as_str().unwrap_or("").to_owned()));
    fields
}

#[tokio::test]
async fn a_row_says_the_same_in_both() {
    let format = ReportFormat { iso_dates: true, ..ReportFormat::default() };
    let control = ControlOptions { rounding_rows_after: Some(3), ..ControlOptions::default() };
    let options = Options { control, ..with(ReportOptions { format, ..at_once() }) };
    let (simulator, hours) = simulator(options);
    hours.store(24 * 20, Ordering::Relaxed); // the 10th of December
    let client = Client(simulator.router());
    let listed = client.rows(&by_date(ACCOUNT.0, ACCOUNT.1, "2021-10-01")).await;
    assert!(listed.iter().any(|row| row.contains("RoundingAdjustment")));
    let reported = client.report(ACCOUNT, &dates(FIRST, LAST)).await;
    assert!(listed.len() > 3000 && listed.len() == reported.len());
    for (row, line) in listed.iter().zip(&reported) {
        assert_eq!(fields_of_reported(line), fields_of_listed(row), "{row}");
    }
}

#[tokio::test]
async fn every_shape_of_csv_holds_the_same_amounts() {
    let shape = |columns, case, shuffled| ReportFormat {
        columns,
        case,
        shuffled,
        iso_dates: shuffled,
        byte_order_mark: !shuffled,
    };
    let mut headers = Vec::new();
    for format in [
        shape(ColumnNames::Newest, HeaderCase::Documented, false),
        shape(ColumnNames::Older, HeaderCase::Lower, false),
        shape(ColumnNames::Older, HeaderCase::Documented, true),
        shape(ColumnNames::German, HeaderCase::Documented, false),
        shape(ColumnNames::Newest, HeaderCase::Camel, true),
    ] {
        let (simulator, _) = simulator(with(ReportOptions { format, ..at_once() }));
        let client = Client(simulator.router());
        let link = client.order(ACCOUNT, &november()).await.links().remove(0);
        let text = client.download(&link).await.text;
        let lines = parse(&text);
        assert_eq!(added_up(&lines), simulator.period_totals(ACCOUNT.0, ACCOUNT.1, 2026, 11));
        let date = if format.iso_dates { "2026-11-12" } else { "11/12/2026" };
        assert!(lines.iter().any(|line| line["date"] == date));
        assert_eq!(text.starts_with('\u{feff}'), format.byte_order_mark);
        for part in
            ["\"\"team\"\": \"\"", ",\n\"\"env\"\"", "\"Contoso, Ltd.\"", "\r\n  \"\"I", "E-0"]
        {
            assert!(text.contains(part), "{part}");
        }
        let header = text.trim_start_matches('\u{feff}').lines().next().unwrap().to_owned();
        headers.push((header.split(',').count(), header));
    }
    let counts: Vec<usize> = headers.iter().map(|(count, _)| *count).collect();
    assert_eq!(counts, [57, 55, 55, 57, 57]);
    assert!(headers[0].1.starts_with("InvoiceSectionName,AccountName,AccountOwnerId,Sub"));
    assert!(headers[1].1.starts_with("billingaccountid,billingaccountname,billingperiodst"));
    assert!(!headers[2].1.starts_with("BillingAccountId") && headers[2].1.contains(",Cost,"));
    assert!(headers[3].1.contains(",Kosten in Abrechnungsw\u{e4}hrung (CostInBillingCurrency),"));
    assert!(headers[4].1.contains("costInBillingCurrency"));
}

#[tokio::test]
async fn cost_moved_by_a_rule_is_in_the_report_alone() {
    let options = ReportOptions { cost_allocation: true, ..at_once() };
    let (simulator, _) = simulator(with(options));
    let client = Client(simulator.router());
    let mut moved = 0;
    for scope in [ACCOUNT, ("department", "1001"), ("department", "1002")] {
        let lines = client.report(scope, &november()).await;
        let (ruled, own): (Vec<_>, Vec<_>) = lines.into_iter().partition(of_rule);
        assert_eq!(added_up(&own), simulator.period_totals(scope.0, scope.1, 2026, 11));
        let cost = |line: &Line| units(&line["costinbillingcurrency"]);
        assert!(ruled.iter().any(|line| cost(line) < 0) && ruled.iter().any(|line| cost(line) > 0));
        if scope == ACCOUNT {
            assert_eq!(ruled.iter().map(cost).sum::<i128>(), 0, "moved, not made");
        } else {
            moved += ruled.len();
            assert_ne!(ruled.iter().map(cost).sum::<i128>(), 0);
        }
        assert!(ruled.iter().all(|line| line["quantity"] == "0"));
    }
    assert!(moved > 50, "{moved}");
}
