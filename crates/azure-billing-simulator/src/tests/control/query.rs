//! The query: its sums, its columns, its pages, its quota.

use std::{collections::BTreeSet, sync::atomic::Ordering, time::Duration};

use http::{StatusCode, header};
use serde_json::json;
use tower::ServiceExt;

use super::{
    super::{
        super::{ControlOptions, QueryColumns, QueryQuota, ReportOptions, Step},
        client::{Client, simulator, units},
    },
    ACCOUNT, BASE, Line, daily, lines_of, november, query_path,
    rows::{Sums, by_day, total},
    with,
};

const SCOPES: [(&str, &str); 4] = [
    ACCOUNT,
    ("department", "1003"),
    ("enrollment_account", "2003"),
    ("subscription", "00000000-0000-0000-0000-000000000001"),
];

/// Returns sums without what is below eight decimals.
fn cut(sums: Sums) -> Sums {
    sums.into_iter().map(|(key, units)| (key, units - units % 10_000_000)).collect()
}

fn by_day_of(lines: &[Line]) -> Sums {
    let key = |line: &Line| (line["UsageDate"].clone(), line["Currency"].clone());
    lines.iter().map(|line| (key(line), units(&line["Cost"]))).collect()
}

#[tokio::test]
async fn each_day_is_the_sum_of_its_rows_cut_at_eight_decimals() {
    let client = Client(simulator(with(ControlOptions::default())).0.router());
    for scope in SCOPES {
        for (kind, metric) in [("ActualCost", "actualcost"), ("AmortizedCost", "amortizedcost")] {
            let rows = client.of_metric(scope, "2026-10-01", "2026-11-30", metric).await;
            let (lines, pages) =
                client.lines(scope, &daily(kind, "2026-10-01", "2026-11-30")).await;
            assert_eq!((by_day_of(&lines), pages), (cut(by_day(&rows)), 1), "{scope:?} {kind}");
            assert!(lines.len() >= 50, "{}", lines.len());
        }
    }
    let (lines, _) = client.lines(ACCOUNT, &november()).await;
    assert!(lines.iter().any(|line| line["Cost"].len() > 9), "decimals are there");
}

#[tokio::test]
async fn days_add_up_by_month_and_by_what_they_are_grouped_by() {
    let client = Client(simulator(with(ControlOptions::default())).0.router());
    let rows = client.dated(ACCOUNT, "2026-10-01", "2026-11-30").await;
    let mut body = daily("ActualCost", "2026-10-01", "2026-11-30");
    body["dataset"]["grouping"] = json!([
        {"type": "Dimension", "name": "ChargeType"},
        {"type": "Dimension", "name": "PublisherType"},
    ]);
    let (lines, _) = client.lines(ACCOUNT, &body).await;
    let groups: BTreeSet<_> =
        lines.iter().map(|line| [&*line["ChargeType"], &*line["PublisherType"]]).collect();
    assert!(groups.contains(&["usage", "marketplace"]) && groups.contains(&["refund", "azure"]));
    let sum: i128 = lines.iter().map(|line| units(&line["Cost"])).sum();
    let exact = total(&rows, "USD") + total(&rows, "EUR");
    assert!((exact - sum).abs() < 10_000_000 * lines.len() as i128);

    body["dataset"]["granularity"] = json!("Monthly");
    body["dataset"]["grouping"] = json!(null);
    let (lines, _) = client.lines(ACCOUNT, &body).await;
    let october: Vec<_> =
        rows.iter().filter(|row| row.date.starts_with("202610")).cloned().collect();
    let exact = total(&october, "USD");
    assert_eq!(lines.len(), 4);
    let line = lines.iter().find(|line| line["BillingMonth"] == "2026-10-01T00:00:00");
    assert_eq!(line.map(|line| &*line["Currency"]), Some("EUR"));
    let usd = lines
        .iter()
        .find(|line| line["BillingMonth"] == "2026-10-01T00:00:00" && line["Currency"] == "USD");
    assert_eq!(units(&usd.unwrap()["Cost"]), exact - exact % 10_000_000);

    body["dataset"]["granularity"] = json!("None");
    body["type"] = json!("Usage");
    let (lines, _) = client.lines(ACCOUNT, &body).await;
    let usage: Vec<_> = rows
        .into_iter()
        .filter(|row| !["Purchase", "Refund"].contains(&&*row.charge_type))
        .collect();
    let usd = lines.iter().find(|line| line["Currency"] == "USD").unwrap();
    assert_eq!(units(&usd["Cost"]), total(&usage, "USD") / 10_000_000 * 10_000_000);
    assert_eq!(usd.len(), 2, "no date");
}

#[tokio::test]
async fn columns_have_to_be_found_by_name() {
    let query_columns = QueryColumns { pretax: true, shuffled: true };
    let options = with(ControlOptions { query_columns, ..ControlOptions::default() });
    let (plain, _) = simulator(with(ControlOptions::default()));
    let client = Client(simulator(options).0.router());
    let told = client.query(ACCOUNT, &november()).await.json();
    let columns = told["properties"]["columns"].as_array().unwrap().clone();
    let names: Vec<_> = columns.iter().map(|column| column["name"].as_str().unwrap()).collect();
    assert_ne!(names, ["PreTaxCost", "UsageDate", "Currency"]);
    let all = BTreeSet::from_iter(names);
    assert_eq!(all, BTreeSet::from(["PreTaxCost", "UsageDate", "Currency"]));
    let other = Client(plain.router()).query(ACCOUNT, &november()).await;
    let ours = lines_of(&client.query(ACCOUNT, &november()).await);
    for (line, other) in ours.iter().zip(lines_of(&other)) {
        assert_eq!(line["PreTaxCost"], other["Cost"]);
    }
    assert!(other.text.ends_with("\"USD\"]]}}"), "the currency is last otherwise");
}

#[tokio::test]
async fn a_page_is_reached_by_the_same_post_alone() {
    let options = with(ControlOptions { query_page: 7, ..ControlOptions::default() });
    let (simulator, hours) = simulator(options);
    let client = Client(simulator.router());
    let first = client.query(ACCOUNT, &november()).await.json();
    let link = first["properties"]["nextLink"].as_str().unwrap().replace(BASE, "");
    assert_eq!(first.get("nextLink"), None, "inside properties");
    assert_eq!(first["properties"]["rows"].as_array().unwrap().len(), 7);
    let got = client.ask("GET", &link, true, String::new()).await;
    assert_eq!(got.status, StatusCode::METHOD_NOT_ALLOWED);
    for body in [String::new(), daily("Usage", "2026-11-01", "2026-11-30").to_string()] {
        let answer = client.ask("POST", &link, true, body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text);
    }
    let (lines, pages) = client.lines(ACCOUNT, &november()).await;
    let rows = client.dated(ACCOUNT, "2026-11-01", "2026-11-30").await;
    assert_eq!(by_day_of(&lines), cut(by_day(&rows)));
    assert_eq!(pages, lines.len().div_ceil(7));
    // A link shows the refresh of its first page.
    let second = client.ask("POST", &link, true, november().to_string()).await.text;
    hours.fetch_add(24, Ordering::Relaxed);
    assert_eq!(client.ask("POST", &link, true, november().to_string()).await.text, second);
}

#[tokio::test]
async fn only_nested_paths_and_good_bodies_are_answered() {
    let client = Client(simulator(with(ControlOptions::default())).0.router());
    let path = query_path(("department", "1001"));
    for (target, status) in [
        (path.clone(), 200),
        (path.to_lowercase(), 200),
        (path.replace("/billingAccounts/100000", ""), 404),
        (path.replace("100000", "100001"), 404),
        (path.replace("1001", "1009"), 404),
        (path.replace("?api-version=2025-03-01", ""), 400),
    ] {
        let answer = client.ask("POST", &target, true, november().to_string()).await;
        assert_eq!(answer.status, status, "{target}: {}", answer.text);
    }
    let empty = client.query(ACCOUNT, &daily("ActualCost", "2020-01-01", "2020-01-31")).await;
    assert_eq!((empty.status, &*empty.text), (StatusCode::NO_CONTENT, ""));
    let wrong = |place: &str, value| {
        let mut body = november();
        *body.pointer_mut(place).unwrap() = value;
        body
    };
    for body in [
        json!([]),
        wrong("/type", json!("Forecast")),
        wrong("/timeframe", json!("Tomorrow")),
        wrong("/timePeriod/to", json!("2026-10-01")),
        wrong("/timePeriod/to", json!("2028-01-01")),
        wrong("/dataset/granularity", json!("Hourly")),
        wrong("/dataset/aggregation", json!({})),
        wrong("/dataset/aggregation/totalCost/name", json!("CostUSD")),
    ] {
        let answer = client.query(ACCOUNT, &body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn queries_spend_units_and_are_recorded_with_their_body() {
    const QUOTA: &str = "x-ms-ratelimit-microsoft.costmanagement-qpu-";
    let quota = QueryQuota { ten_seconds: 3, ..QueryQuota::DOCUMENTED };
    let options = ControlOptions { query_quota: Some(quota), ..ControlOptions::default() };
    let (simulator, _) = simulator(with(options));
    let client = Client(simulator.router());
    let both = daily("ActualCost", "2026-10-01", "2026-11-20");
    let good = client.query(("department", "1001"), &both).await;
    assert_eq!(good.headers[format!("{QUOTA}consumed")], "2");
    let left = "QueriesPerHour:598,QueriesPerMin:58";
    assert_eq!(good.headers[format!("{QUOTA}remaining")], left);
    let refused = client.query(ACCOUNT, &both).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.headers[format!("{QUOTA}retry-after")], "11");
    assert_eq!(refused.headers[format!("{QUOTA}remaining")], left);
    tokio::time::advance(Duration::from_secs(11)).await;
    assert_eq!(client.query(ACCOUNT, &both).await.status, StatusCode::OK);
    let requests = simulator.requests();
    assert_eq!(
        requests.iter().filter_map(|request| request.status).collect::<Vec<_>>(),
        [200, 429, 200]
    );
    assert!(requests.iter().all(|request| request.step == Some(Step::Query)));
    assert_eq!((&*requests[0].method, requests[0].kind), ("POST", "department"));
    assert!(requests[0].body.contains("2026-10-01T00:00:00Z"), "{}", requests[0].body);
    let request = http::Request::post(query_path(ACCOUNT))
        .header(header::AUTHORIZATION, "Bearer token")
        .header("ClientType", "contoso")
        .body(axum::body::Body::from(both.to_string()))
        .unwrap();
    let response = client.0.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS, "one quota for all");
    assert_eq!(simulator.requests()[3].client_type, "contoso");
    let counted = client.read("/simulator/requests").await.text;
    assert_eq!(counted, r#"{"answers":{"query":{"200":2,"429":2}},"requests":4}"#);
}

#[tokio::test]
async fn what_an_allocation_rule_moves_is_in_the_query_and_not_in_the_list() {
    let report = ReportOptions { cost_allocation: true, ..ReportOptions::default() };
    let options = super::super::super::Options { report, ..with(ControlOptions::default()) };
    let client = Client(simulator(options).0.router());
    let mut moved = 0;
    for id in ["1001", "1002", "1003"] {
        let scope = ("department", id);
        let rows = client.dated(scope, "2026-11-01", "2026-11-30").await;
        let (lines, _) = client.lines(scope, &november()).await;
        let sum: i128 = by_day_of(&lines).values().sum();
        let difference = sum - total(&rows, "USD") - total(&rows, "EUR");
        assert!(difference.abs() > 1_000_000_000_000_000, "{id}: {difference}");
        moved += difference;
    }
    assert!(moved.abs() < 3 * 40 * 10_000_000, "moved, not made: {moved}");
    let rows = client.dated(ACCOUNT, "2026-11-01", "2026-11-30").await;
    let (lines, _) = client.lines(ACCOUNT, &november()).await;
    assert_eq!(by_day_of(&lines), cut(by_day(&rows)));
}
