//! What holds of the asynchronous report, through the router as a client sees it.

use std::{collections::BTreeMap, sync::atomic::Ordering, time::Duration};

use axum::body::Body;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{
    super::{
        ColumnNames, EmptyReport, Fault, HeaderCase, Money, Options, ReportFormat, ReportOptions,
        RetryAfter, Simulator, Stall, Step,
    },
    FIRST, LAST, LIST,
    client::{Client, by_date, encode, path, simulator, sums, units},
};

const ACCOUNT: (&str, &str) = ("billing_account", "100000");
const BASE: &str = "http://localhost:1";

/// Few rows, but of every kind and from both sides of the first of November.
fn with(report: ReportOptions) -> Options {
    Options { resources: 100, days: 26, report, ..Options::default() }
}

/// A report that is answered at once.
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

/// An answer, all of it.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect(&self.text)
    }

    fn location(&self) -> String {
        self.headers[header::LOCATION].to_str().unwrap().replace(BASE, "")
    }

    fn links(&self) -> Vec<String> {
        let blobs = self.json()["manifest"]["blobs"].as_array().expect(&self.text).clone();
        let link = |blob: &Value| blob["blobLink"].as_str().unwrap().replace(BASE, "");
        blobs.iter().map(link).collect()
    }
}

impl Client {
    /// `None`: the answer broke off.
    async fn try_to_ask(
        &self,
        method: &str,
        target: &str,
        token: bool,
        body: String,
    ) -> Option<Answer> {
        let mut request = Request::builder().method(method).uri(target);
        request = request.header(header::HOST, "localhost:1");
        if token {
            request = request.header(header::AUTHORIZATION, "Bearer token");
        }
        let request = request.body(Body::from(body)).unwrap();
        let response = self.0.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.ok()?.to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let announced = parts.headers.get(header::CONTENT_LENGTH);
        let whole = announced.is_none_or(|length| *length == *bytes.len().to_string());
        whole.then_some(Answer { status: parts.status, headers: parts.headers, text })
    }

    async fn ask(&self, method: &str, target: &str, token: bool, body: String) -> Answer {
        self.try_to_ask(method, target, token, body).await.expect("a whole answer")
    }

    /// What a report of the billing account adds up to; `None` if anything shows that it is none.
    async fn try_to_report(&self) -> Option<BTreeMap<String, Money>> {
        let ours = |link: &str| link.strip_prefix(BASE).map(str::to_owned);
        let order = self.try_to_ask("POST", &order_path(ACCOUNT), true, "{}".into()).await?;
        let location = order.headers.get(header::LOCATION)?.to_str().unwrap().to_owned();
        let mut told = Value::Null;
        for _ in 0..3 {
            let answer = self.try_to_ask("GET", &ours(&location)?, true, String::new()).await?;
            if answer.status == StatusCode::OK {
                told = serde_json::from_str(&answer.text).ok()?;
                break;
            }
        }
        let blob = &told.get("manifest")?["blobs"][0];
        let link = ours(blob["blobLink"].as_str()?)?;
        let answer = self.try_to_ask("GET", &link, false, String::new()).await?;
        let whole = answer.text.len() as u64 == blob["byteCount"].as_u64()?;
        (answer.status == StatusCode::OK && whole).then(|| added_up(&parse(&answer.text)))
    }

    async fn order(&self, scope: (&str, &str), body: &Value) -> Answer {
        self.ask("POST", &order_path(scope), true, body.to_string()).await
    }

    async fn look(&self, location: &str) -> Answer {
        self.ask("GET", location, true, String::new()).await
    }

    async fn download(&self, link: &str) -> Answer {
        self.ask("GET", link, false, String::new()).await
    }

    /// The lines of a report that is answered at once, by column name.
    async fn report(&self, scope: (&str, &str), body: &Value) -> Vec<BTreeMap<String, String>> {
        let answer = self.order(scope, body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let mut lines = Vec::new();
        let mut bytes = 0;
        for link in answer.links() {
            let blob = self.download(&link).await;
            assert_eq!(blob.status, StatusCode::OK, "{}", blob.text);
            bytes += blob.text.len();
            lines.extend(parse(&blob.text));
        }
        assert_eq!(answer.json()["manifest"]["byteCount"], bytes);
        lines
    }
}

/// The records of a text whose fields may hold commas, quotes and line ends. By hand, as the
/// simulator's own writer is what is tested.
fn records(text: &str) -> Vec<Vec<String>> {
    let (mut records, mut record, mut field) = (Vec::new(), Vec::new(), String::new());
    let mut quoted = false;
    let mut characters = text.trim_start_matches('\u{feff}').chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                field.push('"');
                characters.next();
            }
            '"' => quoted = !quoted,
            ',' if !quoted => record.push(std::mem::take(&mut field)),
            '\r' if !quoted => {}
            '\n' if !quoted => {
                record.push(std::mem::take(&mut field));
                records.push(std::mem::take(&mut record));
            }
            other => field.push(other),
        }
    }
    assert!(!quoted && record.is_empty(), "the text ends inside a record");
    records
}

/// Lines by column name: lower case and English.
fn parse(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut records = records(text).into_iter();
    let english = |name: String| match name.split_once(" (") {
        Some((_, name)) => name.trim_end_matches(')').to_lowercase(),
        None => name.to_lowercase(),
    };
    let names: Vec<String> = records.next().unwrap().into_iter().map(english).collect();
    let line = |record: Vec<String>| {
        assert_eq!(record.len(), names.len(), "{record:?}");
        names.iter().cloned().zip(record).collect()
    };
    records.map(line).collect()
}

/// Sums by currency.
fn added_up(lines: &[BTreeMap<String, String>]) -> BTreeMap<String, Money> {
    let mut sums = BTreeMap::<String, i128>::new();
    for line in lines {
        let field = |new: &str, old: &str| line.get(new).or_else(|| line.get(old)).unwrap();
        let currency = field("billingcurrencycode", "billingcurrency").clone();
        *sums.entry(currency).or_default() += units(field("costinbillingcurrency", "cost"));
    }
    sums.into_iter().map(|(currency, units)| (currency, Money::from_units(units))).collect()
}

fn of_rule(line: &BTreeMap<String, String>) -> bool {
    !line["costallocationrulename"].is_empty()
}

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
    let late = |line: &BTreeMap<String, String>| line["date"].starts_with("10/");
    assert!(client.report(ACCOUNT, &november()).await.iter().any(late));
    assert!(!client.report(ACCOUNT, &dates(FIRST, LAST)).await.iter().any(late));
    let current = client.report(ACCOUNT, &json!({})).await;
    assert_eq!(added_up(&current), simulator.period_totals(ACCOUNT.0, ACCOUNT.1, 2026, 11));
}

/// What both say of a row, as the report writes it.
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
    fields.extend(["team", "env", "note"].map(|tag| text(&row["tags"][tag])));
    fields
}

fn fields_of_reported(line: &BTreeMap<String, String>) -> Vec<String> {
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
    fields.extend(["team", "env", "note"].map(|tag| tags[tag].as_str().unwrap_or("").to_owned()));
    fields
}

#[tokio::test]
async fn a_row_says_the_same_in_both() {
    let format = ReportFormat { iso_dates: true, ..ReportFormat::default() };
    let (simulator, _) = simulator(with(ReportOptions { format, ..at_once() }));
    let client = Client(simulator.router());
    let listed = client.rows(&by_date(ACCOUNT.0, ACCOUNT.1, "2021-10-01")).await;
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
        let cost = |line: &BTreeMap<String, String>| units(&line["costinbillingcurrency"]);
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
    assert!(cut.matches("Reservation").count() > 0 && cut.len() > 300 * 500);
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
    let client = Client(simulator(options).0.router());
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
}
