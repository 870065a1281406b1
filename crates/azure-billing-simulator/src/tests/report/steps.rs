//! The three steps: request, status, download.

use std::{sync::atomic::Ordering, time::Duration};

use http::{StatusCode, header};
use serde_json::json;

use super::{
    super::{
        super::{EmptyReport, Options, ReportOptions, Step},
        FIRST, LAST,
        client::{Client, by_date, encode, simulator},
    },
    ACCOUNT, at_once, dates, november, order_path, with,
};

#[tokio::test]
async fn a_report_is_asked_for_looked_at_and_downloaded() {
    let (simulator, _) = simulator(with(ReportOptions {
        polls: 2,
        retry_after: 7,
        rows_per_blob: Some(1000),
        ..ReportOptions::default()
    }));
    let client = Client(simulator.router());
    let mut paths = Vec::new();
    for _ in 0..8 {
        let mut answer = client.order(ACCOUNT, &november()).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED);
        let location = answer.location();
        assert!(location.ends_with("?api-version=2023-11-01"), "{location}");
        for _ in 0..2 {
            answer = client.look(&location).await;
            assert_eq!(answer.status, StatusCode::ACCEPTED);
            assert_eq!(answer.headers[header::RETRY_AFTER], "7");
        }
        answer = client.look(&location).await;
        let told = answer.json();
        assert_eq!(told["status"], "Completed");
        assert_eq!(told["manifest"]["requestContext"]["requestBody"], november());
        assert_eq!(told["manifest"]["blobCount"], answer.links().len());
        assert_eq!(answer.links().len(), 4);
        paths.push(location.split('/').nth_back(1).unwrap().to_owned());
    }
    paths.sort();
    paths.dedup();
    assert_eq!(paths, ["costDetailsOperationResults", "costDetailsOperationStatus"]);
    let link = client.order(ACCOUNT, &november()).await.location();
    for elsewhere in [link.replace("100000", "9"), link.replace("?", "0?")] {
        assert_eq!(client.look(&elsewhere).await.status, StatusCode::NOT_FOUND);
    }
    let requests = simulator.requests();
    let steps: Vec<_> =
        requests.iter().take(4).map(|request| (&*request.method, request.step)).collect();
    let look = ("GET", Some(Step::ReportStatus));
    assert_eq!(steps, [("POST", Some(Step::ReportRequest)), look, look, look]);
    assert!(requests.iter().take(4).all(|request| request.kind == "billing_account"));
}

#[tokio::test]
async fn orders_that_azure_would_refuse_are_refused() {
    let client = Client(simulator(Options::default()).0.router());
    let mut both = dates(FIRST, LAST);
    both["billingPeriod"] = json!("202611");
    for (body, message) in [
        (both.to_string(), "can only have either timePeriod or invoiceId or billingPeriod"),
        (dates("2026-10-01", "2026-11-02").to_string(), "maximum allowed date range is 1 months"),
        (dates("2025-10-19", "2025-10-30").to_string(), "Start date must be after 10/20/2025"),
        (json!({"billingPeriod": "202509"}).to_string(), "Start date must be after 10/01/2025"),
        (json!({"billingPeriod": "2026-11"}).to_string(), "Invalid Request Payload"),
        (json!({"metric": "Usage"}).to_string(), "Invalid Request Payload"),
        (json!({"period": "202611"}).to_string(), "Could not find member 'period'"),
        (dates("2026-11-02", "2026-11-01").to_string(), "Start date must be before"),
        (String::new(), "not in a json format"),
        ("[]".into(), "not in a json format"),
    ] {
        let answer = client.ask("POST", &order_path(ACCOUNT), true, body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{message}");
        let told = answer.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(told.contains(message), "{told}");
    }
    for body in [
        dates("2025-10-20", "2025-11-20"),
        json!({"billingPeriod": "202510"}),
        json!({"metric": null}),
    ] {
        assert_eq!(client.order(ACCOUNT, &body).await.status, StatusCode::ACCEPTED, "{body}");
    }
    let target = order_path(ACCOUNT);
    for (method, target, token, status) in [
        ("POST", target.clone(), false, 401),
        ("GET", target.clone(), true, 405),
        ("POST", target.replace("2023-11-01", "2021-10-01"), true, 400),
        ("POST", target.replace("100000", "9"), true, 404),
        ("POST", target.to_uppercase().replace("API-VERSION", "api-version"), true, 202),
    ] {
        let answer = client.ask(method, &target, token, november().to_string()).await;
        assert_eq!(answer.status, status, "{method} {target}");
    }
}

#[tokio::test]
async fn blobs_go_to_whoever_has_the_link_for_as_long_as_it_is_good() {
    let valid_for = Duration::from_secs(2 * 3600);
    let (simulator, hours) = simulator(with(ReportOptions { valid_for, ..at_once() }));
    let client = Client(simulator.router());
    let link = client.order(ACCOUNT, &november()).await.links().remove(0);
    assert!(link.contains("?sv=2020-05-31&se=2026-11-20T03%3A00%3A00Z&sr=b&sp=r&sig="), "{link}");
    let good = client.download(&link).await;
    assert_eq!(good.status, StatusCode::OK);
    assert!(!good.headers.contains_key(header::CONTENT_ENCODING));
    assert_eq!(client.look(&link).await.status, StatusCode::FORBIDDEN, "with a token");
    for (spoilt, status) in [
        (link.replace("%2B", "+"), 403),
        (link.replace("se=2026", "se=2027"), 403),
        (link.replace("/0.csv", "/1.csv"), 404),
        (link.replace("/0.csv", ".csv"), 401),
    ] {
        assert_eq!(client.download(&spoilt).await.status, status, "{spoilt}");
    }
    hours.store(2, Ordering::Relaxed);
    assert_eq!(client.download(&link).await.text, good.text, "the same after a refresh");
    simulator.shrink_day(FIRST, 50);
    assert_eq!(client.download(&link).await.text, good.text, "and after a restatement");
    hours.store(3, Ordering::Relaxed);
    let expired = client.download(&link).await;
    assert_eq!(expired.status, StatusCode::FORBIDDEN);
    assert!(expired.text.contains("<Code>AuthenticationFailed</Code>"), "{}", expired.text);
}

#[tokio::test]
async fn no_data_is_told_in_both_ways() {
    let no_content = ReportOptions { empty: EmptyReport::NoContent, ..at_once() };
    for (options, status) in [(at_once(), 200), (no_content, 204)] {
        let client = Client(simulator(with(options)).0.router());
        let answer = client.order(ACCOUNT, &json!({"billingPeriod": "202512"})).await;
        assert_eq!(answer.status, status);
        if status == 200 {
            assert_eq!(answer.json()["status"], "NoDataFound");
        }
    }
}

#[tokio::test]
async fn reports_have_a_quota_of_their_own() {
    let options = Options { requests_per_minute: Some(1), ..with(ReportOptions::default()) };
    let (simulator, _) = simulator(options);
    let client = Client(simulator.router());
    let location = client.order(ACCOUNT, &november()).await.location();
    let refused = client.order(("department", "1001"), &november()).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    let wait = "x-ms-ratelimit-microsoft.costmanagement-tenant-retry-after";
    assert!(refused.headers.contains_key(wait));
    for _ in 0..3 {
        assert!(client.look(&location).await.status.is_success(), "looking is free");
    }
    let listed = client.get(&encode(&by_date(ACCOUNT.0, ACCOUNT.1, "2021-10-01"))).await;
    assert_eq!(listed.status(), StatusCode::OK);
    let (_, text) = client.text("/simulator/requests").await;
    assert!(text.contains(r#""report_request":{"202":1,"429":1}"#), "{text}");
}
