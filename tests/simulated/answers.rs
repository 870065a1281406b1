//! Every kind of answer to every call: whatever Azure answers, polls end, calls stay within the
//! quota and the back-off, each failure is counted once, and no cost changes on a failure.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::scripted::{
    Answer, Azure, Exporter, HOURS, Request, answer, error, listed, ok, page_before, usage,
};

/// The calls of a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    List,
    Order,
    Operation,
    File,
}

const CALLS: [Call; 4] = [Call::List, Call::Order, Call::Operation, Call::File];

impl Call {
    fn of(request: &str) -> Self {
        match request {
            _ if request.starts_with("POST") => Self::Order,
            _ if request.contains("/operation") => Self::Operation,
            _ if request.contains("/file") => Self::File,
            _ => Self::List,
        }
    }
}

/// An answer in place of a good one, and its name.
type Fault = (&'static str, fn() -> Answer);

fn with_header(answer: Answer, name: &'static str, value: &'static str) -> Answer {
    answer.map(|mut answer| {
        answer.headers_mut().insert(name, http::HeaderValue::from_static(value));
        answer
    })
}

fn throttled(status: u16) -> Answer {
    error(status, "ResourceRequestsThrottled")
}

const XML: &str =
    "<?xml version=\"1.0\"?><Error><Code>BlobNotFound</Code><Message>gone</Message></Error>";

/// The statuses of HTTP and the codes of Azure, in the forms they come in.
const FAULTS: &[Fault] = &[
    ("cut", || None),
    ("200 html", || answer(200, &[("content-type", "text/html")], "<html>Sign in</html>")),
    ("200 nothing", || answer(200, &[], "")),
    ("200 {}", || ok(&json!({}))),
    ("200 null", || answer(200, &[], "null")),
    ("200 cut short", || answer(200, &[], "{\"value\":[{\"properties\":{\"cost\":1")),
    ("200 failed", || ok(&json!({"status": "Failed", "error": {"code": "0", "message": null}}))),
    ("200 odd status", || ok(&json!({"status": "Paused"}))),
    ("200 compressed", || {
        ok(&json!({"status": "Completed", "manifest": {"compressData": true, "blobs": []}}))
    }),
    ("200 foreign file", || {
        let blobs = json!([{"blobLink": "http://example.com/file", "byteCount": 1}]);
        ok(&json!({"status": "Completed", "manifest": {"blobs": blobs}}))
    }),
    ("200 foreign link", || {
        ok(&json!({"value": [usage("2026-11-10")], "nextLink": "https://example.com/x"}))
    }),
    ("200 link to itself", || page_before(&[usage("2026-11-10")], "/list?page=again")),
    ("200 other month", || ok(&json!({"value": [usage("2026-01-10")]}))),
    ("202 nowhere", || answer(202, &[], "")),
    ("202 foreign", || answer(202, &[("location", "https://example.com/operation")], "")),
    ("202 again", || answer(202, &[("location", "http://127.0.0.1:1/operation")], "")),
    ("202 at once", || {
        answer(202, &[("location", "http://127.0.0.1:1/operation"), ("retry-after", "0")], "")
    }),
    ("204", || answer(204, &[], "")),
    ("206", || answer(206, &[], "x")),
    ("301", || answer(301, &[("location", "http://127.0.0.1:1/list")], "")),
    ("307", || answer(307, &[("location", "http://127.0.0.1:1/list")], "")),
    ("400", || error(400, "BadRequest")),
    ("400 by number", || error(400, "400")),
    ("400 hidden", || error(400, "AccountCostDisabled")),
    ("400 throttled", || throttled(400)),
    ("401", || answer(401, &[], "")),
    ("401 no claims", || {
        let message = "No claims present for the caller in the system";
        let body = json!({"error": {"code": "401", "message": message}});
        answer(401, &[], body.to_string())
    }),
    ("401 hidden", || error(401, "DepartmentCostDisabled")),
    ("401 denied", || error(401, "BillingAccessDenied")),
    ("401 expired", || error(401, "ExpiredAuthenticationToken")),
    ("403", || error(403, "RBACAccessDenied")),
    ("403 unauthorized", || error(403, "AuthorizationFailed")),
    ("404", || error(404, "NotFound")),
    ("404 in XML", || answer(404, &[("content-type", "application/xml")], XML)),
    ("406", || answer(406, &[], "")),
    ("408", || error(408, "RequestTimeout")),
    ("409", || error(409, "Conflict")),
    ("410", || error(410, "Gone")),
    ("412", || error(412, "ConditionNotMet")),
    ("416", || error(416, "InvalidRange")),
    ("422", || error(422, "422")),
    ("424", || error(424, "FailedDependency")),
    ("429", || throttled(429)),
    ("429 at once", || with_header(throttled(429), "retry-after", "0")),
    ("429 for a minute", || {
        let header = "x-ms-ratelimit-microsoft.consumption-tenant-retry-after";
        with_header(throttled(429), header, "60")
    }),
    ("429 for a day", || with_header(throttled(429), "retry-after", "86400")),
    ("500", || error(500, "InternalServerError")),
    ("500 flat", || answer(500, &[], json!({"code": "x", "message": null}).to_string())),
    ("501", || answer(501, &[], "")),
    ("502 html", || answer(502, &[], "<h1>Bad gateway</h1>")),
    ("503", || error(503, "ServerBusy")),
    ("503 for a minute", || with_header(error(503, "ServerBusy"), "retry-after", "60")),
    ("504", || error(504, "GatewayTimeout")),
];

/// Returns rows of the open month: more than a page, so that a report is worth requesting.
fn rows() -> Vec<Value> {
    (1..=20).flat_map(|day| std::iter::repeat_n(usage(&format!("2026-11-{day:02}")), 60)).collect()
}

fn file(rows: &[Value]) -> String {
    let line = |row: &Value| {
        let properties = &row["properties"];
        let text = |name: &str| properties[name].as_str().unwrap_or_default();
        let (date, start) = (&text("date")[..10], &text("billingPeriodStartDate")[..10]);
        let [cost, quantity] = ["cost", "quantity"].map(|name| properties[name].to_string());
        let (id, service) = (text("resourceId"), text("consumedService"));
        format!("{date},{start},{cost},{quantity},EUR,{id},OnDemand,EU West,{service}\n")
    };
    let head = "Date,BillingPeriodStartDate,CostInBillingCurrency,Quantity,BillingCurrencyCode,ResourceId,PricingModel,ResourceLocation,ConsumedService\n";
    rows.iter().map(line).fold(head.to_owned(), |file, line| file + &line)
}

/// Answers well.
fn good(request: &Request, rows: &[Value]) -> Answer {
    let call = Call::of(&format!("{} {}", request.method(), request.uri()));
    let is_open = String::from_utf8_lossy(request.body()).contains("202611");
    match call {
        Call::Order if !is_open => answer(204, &[], ""),
        Call::Order => answer(202, &[("location", "http://127.0.0.1:1/operation")], ""),
        Call::Operation => {
            let blobs = json!([{"blobLink": "http://127.0.0.1:1/file", "byteCount": null}]);
            ok(&json!({"status": "Completed", "manifest": {"blobCount": 1, "blobs": blobs}}))
        }
        Call::File => answer(200, &[], file(rows)),
        Call::List if request.uri().path() == "/list" => {
            ok(&json!({"value": rows[rows.len() / 2..].to_vec()}))
        }
        Call::List => {
            let listed = listed(request, rows);
            let is_whole = request.uri().to_string().contains("billingPeriods/202611/")
                && !request.uri().to_string().contains("filter");
            if is_whole { page_before(&rows[..rows.len() / 2], "/list?page=2") } else { listed }
        }
    }
}

/// The call that fails, and its fault.
type Failing = Arc<Mutex<Option<(Call, Fault)>>>;

/// Returns an Azure that answers well until a test makes some call fail.
fn azure() -> (Azure, Failing) {
    let (rows, fault) = (rows(), Failing::default());
    let failing = fault.clone();
    let azure = Azure::new(move |request: &Request| {
        let call = Call::of(&format!("{} {}", request.method(), request.uri()));
        match *failing.lock().expect("no panic") {
            Some((at, (_, fault))) if at == call => fault(),
            _ => good(request, &rows),
        }
    });
    (azure, fault)
}

const PER_MINUTE: usize = 6;

/// Checks that no minute has more calls than the quota allows. Downloads of reports do not count.
fn assert_within_quota(calls: &[(Instant, String)], what: &str) {
    let counted: Vec<Instant> =
        calls.iter().filter(|(_, call)| Call::of(call) != Call::File).map(|(at, _)| *at).collect();
    for window in counted.windows(PER_MINUTE + 1) {
        let apart = window[PER_MINUTE] - window[0];
        assert!(
            apart >= Duration::from_secs(60),
            "{what}: {PER_MINUTE} calls and one in {apart:?}"
        );
    }
}

fn failures(exporter: &Exporter) -> u64 {
    exporter.first().failures.iter().sum()
}

/// Returns the number of older parts that failed when they were last tried.
fn failed_parts(exporter: &Exporter) -> u64 {
    exporter.first().parts[1..].iter().flatten().filter(|part| part.is_err()).count() as u64
}

fn config(read: &str) -> String {
    format!(
        "scopes: [{{billing_account: \"1000001\", name: contoso, read: {read}}}]\npoll: {{report_after_pages: 1}}\n"
    )
}

const START: &str = "2026-11-20T12:00:00Z";

/// Checks that costs stay through every failure, and that the first good answer ends it.
async fn costs_stay(call: Call, fault: Fault, read: &str) {
    let what = format!("{} at {call:?}, read: {read}", fault.0);
    let (azure, failing) = azure();
    let mut exporter = Exporter::start(START, &config(read), &azure);
    assert!(exporter.poll().await, "{what}: {:?}", exporter.first().last_poll);
    assert_eq!(exporter.cost(), 1200.0, "{what}");
    *failing.lock().expect("no panic") = Some((call, fault));
    for _ in 0..2 {
        tokio::time::advance(HOURS(25)).await;
        let (known, before) = (failures(&exporter), exporter.bill());
        let succeeded = exporter.poll().await;
        let counted = failures(&exporter) - known;
        let cost = exporter.cost();
        // An empty answer is suspect at first, and believed when it comes again.
        if fault.0 != "204" {
            assert_eq!(cost, 1200.0, "{what}: {:?}", exporter.first().last_poll);
        }
        if succeeded {
            assert_eq!(counted, failed_parts(&exporter), "{what}");
        } else {
            assert_eq!(counted, 1, "{what}: {:?}", exporter.first().last_poll);
            assert!(exporter.bill() == before, "{what}: a failure changed something");
        }
    }
    *failing.lock().expect("no panic") = None;
    tokio::time::advance(HOURS(25)).await;
    assert!(exporter.poll().await, "{what}: {:?}", exporter.first().last_poll);
    assert_eq!((exporter.cost(), failed_parts(&exporter)), (1200.0, 0), "{what}");
    assert_within_quota(&azure.calls(), &what);
}

/// Checks that a loop that always gets this answer ends its polls, with fewer and fewer requests.
async fn polls_end(call: Call, fault: Fault, read: &str) {
    let what = format!("{} at {call:?}, read: {read}", fault.0);
    let (azure, failing) = azure();
    *failing.lock().expect("no panic") = Some((call, fault));
    let mut exporter = Exporter::start(START, &config(read), &azure);
    let (status, poller) = (exporter.status.clone(), exporter.pollers.remove(0));
    let task = tokio::spawn(poller.run());
    tokio::time::sleep(HOURS(12)).await;
    assert!(!task.is_finished(), "{what}: the loop has ended");
    task.abort();
    let scope = status.scopes()[0].clone();
    // After 1, 2, 4, … 240 minutes at the most; a report is waited for up to two hours.
    let fewest = if scope.last_poll.is_some_and(|poll| poll.failure.is_none()) { 1 } else { 3 };
    assert!((fewest..=13).contains(&scope.polls), "{what}: {} polls", scope.polls);
    let calls = azure.calls();
    assert!(calls.len() < 400, "{what}: {} calls", calls.len());
    assert_within_quota(&calls, &what);
    let cost = exporter.cost();
    assert!(cost == 0.0 || cost == 1200.0, "{what}: {cost}");
}

#[tokio::test(start_paused = true)]
async fn whatever_azure_answers_no_cost_changes_on_a_failure_and_each_is_counted_once() {
    for call in CALLS {
        for fault in FAULTS {
            costs_stay(call, *fault, "auto").await;
            if call != Call::List {
                costs_stay(call, *fault, "cost_details").await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_azure_answers_polls_end_and_calls_stay_within_the_quota_and_the_back_off() {
    for call in CALLS {
        for fault in FAULTS {
            polls_end(call, *fault, "auto").await;
            if call != Call::List {
                polls_end(call, *fault, "cost_details").await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_report_that_is_not_to_be_had_never_costs_the_poll() {
    for call in [Call::Order, Call::Operation, Call::File] {
        for fault in FAULTS {
            let what = format!("{} at {call:?}", fault.0);
            let (azure, failing) = azure();
            *failing.lock().expect("no panic") = Some((call, *fault));
            let mut exporter = Exporter::start(START, &config("auto"), &azure);
            // A passing failure is tried once more.
            let polled = exporter.poll().await || exporter.poll().await;
            assert!(polled, "{what}: {:?}", exporter.first().last_poll);
            assert_eq!(exporter.cost(), 1200.0, "{what}");
        }
    }
}
