//! Answers HTTP requests: those for Azure's paths, and those of tests about the simulator itself.

use std::{collections::BTreeMap, future::pending};

use axum::{
    Router,
    body::Bytes,
    extract::{RawQuery, State},
    response::Response,
    routing::get,
};
use http::{HeaderMap, HeaderValue, header, request::Parts};
use jiff::civil::Date;

use super::{
    control,
    enrollment::Scope,
    fault::{Fault, Stall},
    page, query,
    refusal::{REMAINING, RETRY_AFTER, Refusal},
    report_steps,
    response::{answer, host, page_response},
    simulator::Simulator,
    target::Target,
};

/// The largest body that a request may have.
const LARGEST_ORDER: usize = 64 * 1024;

impl Simulator {
    /// Returns the HTTP interface: Azure's paths, `/simulator/totals` and `/simulator/requests`.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/simulator/totals", get(totals))
            .route("/simulator/requests", get(requests))
            .fallback(source)
            .with_state(self.clone())
    }
}

async fn source(State(simulator): State<Simulator>, request: axum::extract::Request) -> Response {
    let (parts, body) = request.into_parts();
    let target = Target::of(parts.uri.path());
    let (step, scope) = (target.step(), simulator.scope_of(&target));
    let body = axum::body::to_bytes(body, LARGEST_ORDER).await;
    let text = body.as_deref().unwrap_or_default();
    let number = simulator.arrived((step, scope), &parts, text);
    if !simulator.latency().is_zero() {
        tokio::time::sleep(simulator.latency()).await;
    }
    let fault = scope.zip(step).and_then(|(scope, step)| simulator.fault(scope, step, number));
    if fault == Some(Fault::Stall(Stall::Silent)) {
        pending::<()>().await;
    }
    let response = match fault.as_ref().and_then(|fault| fault.refusal(simulator.now())) {
        Some(refusal) => refuse(refusal),
        None => respond(&simulator, &parts, body.ok(), target, fault.as_ref(), number)
            .await
            .unwrap_or_else(refuse),
    };
    simulator.answered(number, response.status().as_u16());
    response
}

async fn respond(
    simulator: &Simulator,
    parts: &Parts,
    body: Option<Bytes>,
    target: Target,
    fault: Option<&Fault>,
    number: u64,
) -> Result<Response, Refusal> {
    if let Target::Blob(id, part) = &target {
        return report_steps::download(simulator, parts, (id, *part), fault);
    }
    authenticate(&parts.headers, simulator.token())?;
    match target {
        Target::List(scope, period) => list(simulator, parts, (scope, period), fault, number),
        Target::Report(scope, owner) => {
            let body = body.ok_or_else(Refusal::too_large)?;
            report_steps::request(simulator, parts, &body, (scope, owner), fault).await
        }
        Target::Status(scope, id) => {
            report_steps::status(simulator, parts, (scope, id), fault).await
        }
        Target::Query(scope) => {
            let body = body.ok_or_else(Refusal::too_large)?;
            control::query(simulator, parts, &body, scope, fault)
        }
        Target::Balances(month) => control::balances(simulator, parts, month, fault),
        Target::Charges(scope, month) => control::charges(simulator, parts, (scope, month), fault),
        Target::Transactions => control::transactions(simulator, parts, fault),
        Target::Blob(..) => Err(Refusal::not_found()),
        Target::Refused(refusal) => Err(refusal),
    }
}

fn list(
    simulator: &Simulator,
    parts: &Parts,
    target: (Scope, Option<Date>),
    fault: Option<&Fault>,
    number: u64,
) -> Result<Response, Refusal> {
    if parts.method != http::Method::GET {
        return Err(Refusal::error(405, "MethodNotAllowed", "Only GET is supported."));
    }
    let left = simulator.admit(target.0)?;
    let raw = parts.uri.query().unwrap_or_default();
    let query = query::parse(target, parts.uri.path(), raw, &simulator.context())?;
    let base = format!("{}://{}", simulator.scheme(), host(parts));
    let text = page::write(simulator.ledger(), &query, &base, fault);
    let mut response = page_response(text, &parts.headers, fault);
    let headers = response.headers_mut();
    headers.insert(REMAINING, HeaderValue::from(left));
    // Azure sends this header on good answers too, where it means nothing.
    if number.is_multiple_of(3) {
        headers.insert(RETRY_AFTER, HeaderValue::from(60));
    }
    Ok(response)
}

fn authenticate(headers: &HeaderMap, expected: Option<&str>) -> Result<(), Refusal> {
    let given = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .map(str::trim)
        .filter(|token| !token.is_empty());
    match (given, expected) {
        (None, _) => {
            let message = "Authentication failed. The 'Authorization' header is missing.";
            Err(Refusal::error(401, "AuthenticationFailed", message))
        }
        (Some(given), Some(expected)) if given != expected => {
            let message = "The access token is invalid.";
            Err(Refusal::error(401, "InvalidAuthenticationToken", message))
        }
        (Some(_), _) => Ok(()),
    }
}

fn refuse(refusal: Refusal) -> Response {
    answer(refusal, None)
}

/// Returns the true sums by currency for `?kind=department&id=1001&from=2026-11-01&to=2026-11-30`,
/// with `&metric=amortizedcost` if wanted, or with `&period=202611` in place of the dates.
async fn totals(State(simulator): State<Simulator>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let given: BTreeMap<_, _> = url::form_urlencoded::parse(query.as_bytes()).collect();
    let text = |name: &str| given.get(name).map_or("", |value| value.as_ref());
    let (kind, id) = (text("kind"), text("id"));
    let amortized = text("metric").eq_ignore_ascii_case("amortizedcost");
    let totals = match (text("from").parse(), text("to").parse()) {
        (Ok(first), Ok(last)) if amortized => simulator.amortized_totals(kind, id, first, last),
        (Ok(first), Ok(last)) => simulator.totals(kind, id, first, last),
        _ => match Date::strptime("%Y%m%d", format!("{}01", text("period"))) {
            Ok(first) => simulator.period_totals(kind, id, first.year(), first.month()),
            Err(_) => return refuse(Refusal::bad_request("Give kind, id, from and to.")),
        },
    };
    let totals: BTreeMap<_, _> =
        totals.into_iter().map(|(currency, total)| (currency, total.to_string())).collect();
    refuse(Refusal::json(200, &serde_json::json!(totals)))
}

/// Returns the number of requests, and the counts of answers by kind of scope and status.
async fn requests(State(simulator): State<Simulator>) -> Response {
    let mut kinds = BTreeMap::<&str, BTreeMap<String, u64>>::new();
    for ((kind, status), count) in simulator.answer_counts() {
        kinds.entry(kind).or_default().insert(status.to_string(), count);
    }
    let total = simulator.request_count();
    refuse(Refusal::json(200, &serde_json::json!({"requests": total, "answers": kinds})))
}
