//! The faults of each step.

use std::time::Duration;

use axum::body::Body;
use http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::json;
use tower::ServiceExt;

use super::{
    super::{
        super::{Fault, Options, ReportOptions, RetryAfter, Simulator, Stall, Step},
        client::{Client, simulator},
    },
    ACCOUNT, november, with,
};

fn quick() -> (Simulator, Client) {
    let (simulator, _) = simulator(with(ReportOptions { polls: 0, ..ReportOptions::default() }));
    let client = Client(simulator.router());
    (simulator, client)
}

#[tokio::test]
async fn each_step_has_its_own_faults() {
    let (simulator, client) = quick();
    simulator.next_faults_at(
        Step::ReportRequest,
        [
            Fault::Throttled(RetryAfter::Plain(7)),
            Fault::UnsupportedOffer,
            Fault::ForeignLocation,
            Fault::MissingLocation,
            Fault::NoContent,
        ],
    );
    simulator.next_faults_at(
        Step::ReportStatus,
        [
            Fault::Unavailable { seconds: 3 },
            Fault::StillRunning,
            Fault::ReportFailed,
            Fault::NoDataFound,
            Fault::ForeignBlobLink,
            Fault::WrongByteCount,
        ],
    );
    assert_eq!(client.order(ACCOUNT, &november()).await.headers[header::RETRY_AFTER], "7");
    let refused = client.order(ACCOUNT, &november()).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("offer type: WebDirect"));
    let foreign = client.order(ACCOUNT, &november()).await.location();
    assert!(foreign.starts_with("https://management.elsewhere.example.com/"));
    let lost = client.order(ACCOUNT, &november()).await;
    assert_eq!((lost.status.as_u16(), lost.headers.get(header::LOCATION)), (202, None));
    assert_eq!(client.order(ACCOUNT, &november()).await.status, StatusCode::NO_CONTENT);

    let location = client.order(ACCOUNT, &november()).await.location();
    assert_eq!(client.look(&location).await.headers[header::RETRY_AFTER], "3");
    assert_eq!(client.look(&location).await.status, StatusCode::ACCEPTED);
    let failed = client.look(&location).await.json();
    assert_eq!((&failed["status"], failed.get("manifest")), (&json!("Failed"), None));
    assert!(failed["error"]["message"].is_string());
    assert_eq!(client.look(&location).await.json()["status"], "NoDataFound");
    let foreign = client.look(&location).await.links().remove(0);
    assert!(foreign.starts_with("https://storage.elsewhere.example.com/"));
    let told = client.look(&location).await.json()["manifest"]["byteCount"].as_u64().unwrap();
    let link = client.look(&location).await.links().remove(0);
    let came = client.download(&link).await.text.len() as u64;
    assert_eq!(told, came + 4096);
}

#[tokio::test]
async fn blobs_break_off_as_told() {
    let (simulator, client) = quick();
    let location = client.order(ACCOUNT, &november()).await.location();
    let link = client.look(&location).await.links().remove(0);
    let whole = client.download(&link).await.text;
    simulator.next_faults_at(
        Step::ReportBlob,
        [
            Fault::ExpiredSas,
            Fault::Throttled(RetryAfter::Plain(1)),
            Fault::CutBody { after_rows: 300, announces_more: false },
        ],
    );
    assert_eq!(client.download(&link).await.status, StatusCode::FORBIDDEN);
    assert_eq!(client.download(&link).await.status, StatusCode::TOO_MANY_REQUESTS);
    let cut = client.download(&link).await.text; // of the length that was announced
    assert!(whole.starts_with(&cut) && cut.len() < whole.len());
    assert_eq!(cut.matches('"').count() % 2, 1, "inside quotes");
    assert!(cut.len() > 300 * 500, "after that many rows");
    let half = Fault::Stall(Stall::HalfPage);
    for fault in [Fault::CutBody { after_rows: 9, announces_more: true }, Fault::Reset, half] {
        simulator.set_fault_at(Step::ReportBlob, ACCOUNT.0, ACCOUNT.1, Some(fault.clone()));
        let request = Request::get(&link).body(Body::empty()).unwrap();
        let response = client.0.clone().oneshot(request).await.unwrap();
        assert_eq!(response.headers()[header::CONTENT_LENGTH], whole.len().to_string());
        let read = tokio::time::timeout(Duration::from_millis(300), response.into_body().collect());
        match read.await {
            Ok(Ok(body)) => assert!(body.to_bytes().len() < whole.len(), "{fault:?}"),
            Ok(Err(_)) => assert_eq!(fault, Fault::Reset),
            Err(_) => assert_eq!(fault, Fault::Stall(Stall::HalfPage)),
        }
    }
    simulator.set_fault_at(Step::ReportBlob, ACCOUNT.0, ACCOUNT.1, None);
    simulator.set_fault(ACCOUNT.0, ACCOUNT.1, Some(Fault::Forbidden));
    for status in [
        client.order(ACCOUNT, &november()).await.status,
        client.look(&location).await.status,
        client.download(&link).await.status,
    ] {
        assert_eq!(status, StatusCode::FORBIDDEN);
    }
    let elsewhere = client.order(("department", "1001"), &november()).await;
    assert_eq!(elsewhere.status, StatusCode::ACCEPTED);
}

#[tokio::test(start_paused = true)]
async fn chance_fails_every_step_in_ways_that_show() {
    let options =
        Options { error_rate: 0.5, days: 3, resources: 10, ..with(ReportOptions::default()) };
    let simulator = simulator(options).0;
    let client = Client(simulator.router());
    let patient = Duration::from_secs(1);
    let (mut whole, mut failed) = (None, 0);
    for _ in 0..400 {
        let order = tokio::time::timeout(patient, client.try_to_report()).await;
        match order.ok().flatten() {
            Some(sum) => assert_eq!(*whole.get_or_insert(sum.clone()), sum),
            None => failed += 1,
        }
    }
    assert!(whole.is_some() && failed > 100, "{failed}");
    let faults = simulator.fault_counts();
    let count: u64 = faults.values().sum();
    let share = count as f64 / simulator.request_count() as f64;
    assert!((0.4..0.6).contains(&share) && faults.len() > 15, "{share}: {faults:?}");
}
