//! Answers the HTTP requests of the three steps of a report: it is requested, checked until it is
//! ready, downloaded.

use std::sync::{Arc, OnceLock, atomic::AtomicU32};

use axum::response::Response;
use http::{HeaderValue, Method, header, request::Parts};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{
    body,
    chance::{guid, hash_text, mix},
    enrollment::Scope,
    fault::{Fault, Stall},
    options::EmptyReport,
    query,
    refusal::{FOREIGN_BASE, REPORT_REMAINING, Refusal},
    report::{Chunks, Lines, Order, Part, Reading, Ready, Report, inside_quotes, measure},
    response::{answer, host},
    selection::Selection,
    simulator::{Simulator, locked},
    target::{BLOBS, STATUS},
};

/// The host of foreign links to blobs, to which a client must send no token.
const FOREIGN_STORAGE: &str = "https://storage.elsewhere.example.com";
/// The number of bytes that a wrong manifest announces beyond those sent, for each blob.
const MISSING_BYTES: u64 = 4096;

/// Answers a request for a report.
pub(super) async fn request(
    simulator: &Simulator,
    parts: &Parts,
    body: &[u8],
    (scope, owner): (Scope, String),
    fault: Option<&Fault>,
) -> Result<Response, Refusal> {
    if parts.method != Method::POST {
        return Err(Refusal::error(405, "MethodNotAllowed", "Only POST is supported."));
    }
    let left = simulator.admit_report()?;
    api_version(parts)?;
    let report = order(simulator, scope, owner, body)?;
    let options = &simulator.0.options.report;
    let told = if options.empty == EmptyReport::NoContent && is_empty(simulator, &report) {
        Refusal::html(204, "")
    } else if options.immediate {
        finished(simulator, parts, &report, fault).await
    } else {
        accepted(simulator, parts, &report, fault)
    };
    Ok(answer(told.with(REPORT_REMAINING, left), fault))
}

/// Reports whether a report is ready and, if it is, where its blobs are.
pub(super) async fn status(
    simulator: &Simulator,
    parts: &Parts,
    (scope, id): (Scope, String),
    fault: Option<&Fault>,
) -> Result<Response, Refusal> {
    if parts.method != Method::GET {
        return Err(Refusal::error(405, "MethodNotAllowed", "Only GET is supported."));
    }
    api_version(parts)?;
    let report = locked(&simulator.0.desk).find(&id).filter(|report| report.scope == scope);
    let report = report.ok_or_else(Refusal::not_found)?;
    let waits = fault == Some(&Fault::StillRunning) || !report.looked_at();
    let told = if waits {
        accepted(simulator, parts, &report, fault)
    } else {
        finished(simulator, parts, &report, fault).await
    };
    Ok(answer(told, fault))
}

/// Sends a blob as a storage account does: to anybody who has the link, and to nobody with a token.
pub(super) fn download(
    simulator: &Simulator,
    parts: &Parts,
    (id, part): (&str, usize),
    fault: Option<&Fault>,
) -> Result<Response, Refusal> {
    if parts.headers.contains_key(header::AUTHORIZATION) {
        let message = "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly.";
        return Err(Refusal::storage(403, "AuthenticationFailed", message));
    }
    if parts.method != Method::GET {
        let message = "The resource doesn't support specified Http Verb.";
        return Err(Refusal::storage(405, "UnsupportedHttpVerb", message));
    }
    let missing = || Refusal::storage(404, "BlobNotFound", "The specified blob does not exist.");
    let report = locked(&simulator.0.desk).find(id).ok_or_else(missing)?;
    let ready = report.ready.get().ok_or_else(missing)?;
    let blob = *ready.parts.get(part).ok_or_else(missing)?;
    if parts.uri.query() != Some(&signature(simulator, &report, part, ready.until)) {
        let message = "Server failed to authenticate the request. Signature did not match.";
        return Err(Refusal::storage(403, "AuthenticationFailed", message));
    }
    if simulator.now() >= ready.until {
        return Err(Refusal::expired());
    }
    let (format, reading) = (Arc::clone(&simulator.0.format), &report.reading);
    let cut = |rows: usize| inside_quotes(simulator.ledger(), reading, &format, blob, rows);
    let chunks = |bytes: u64| {
        Chunks::new(simulator.ledger(), reading, Arc::clone(&simulator.0.format), blob, bytes)
    };
    let (length, body) = match fault {
        Some(Fault::Reset) => (blob.bytes, body::reset()),
        Some(Fault::Stall(Stall::HalfPage)) => (blob.bytes, body::hanging(chunks(blob.bytes / 2))),
        Some(Fault::Stall(_)) => (blob.bytes, body::trickle()),
        Some(Fault::CutBody { after_rows, announces_more: true }) => {
            (blob.bytes, body::unmeasured(chunks(cut(*after_rows))))
        }
        Some(Fault::CutBody { after_rows, .. }) => {
            let bytes = cut(*after_rows);
            (bytes, body::stream(chunks(bytes)))
        }
        _ => (blob.bytes, body::stream(chunks(blob.bytes))),
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    Ok(response)
}

fn api_version(parts: &Parts) -> Result<(), Refusal> {
    let given: Vec<_> =
        url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).collect();
    let version = given.iter().find(|(name, _)| name.eq_ignore_ascii_case("api-version"));
    query::api_version(version.map(|(_, value)| value.as_ref()), "2022-05-01").map(drop)
}

/// Creates a report. The data that it shows is fixed now.
fn order(
    simulator: &Simulator,
    scope: Scope,
    owner: String,
    body: &[u8],
) -> Result<Arc<Report>, Refusal> {
    let (context, options, ledger) =
        (simulator.context(), &simulator.0.options.report, simulator.ledger());
    let order = Order::parse(body, context.today)?;
    let existing = ledger.existing(order.days, context.as_of);
    let reading = Reading {
        selection: Selection { scope, view: order.view, rows: order.rows },
        days: (*existing.start(), *existing.end()),
        as_of: context.as_of,
        shrunk: ledger.shrunk(),
        allocated: options.cost_allocation,
    };
    let mut desk = locked(&simulator.0.desk);
    let key = mix(context.seed ^ 0x0DE5, desk.number());
    let report = Arc::new(Report {
        id: guid(key),
        scope,
        owner,
        body: order.body,
        reading: Arc::new(reading),
        status_path: STATUS[(key % 2) as usize],
        polls_left: AtomicU32::new(options.polls),
        ready: OnceLock::new(),
    });
    desk.keep(Arc::clone(&report));
    Ok(report)
}

fn is_empty(simulator: &Simulator, report: &Report) -> bool {
    let reading = &report.reading;
    Lines::new(simulator.ledger(), reading, reading.start()).next().is_none()
}

/// Returns 202: where to check the status, and when.
fn accepted(
    simulator: &Simulator,
    parts: &Parts,
    report: &Report,
    fault: Option<&Fault>,
) -> Refusal {
    let base = match fault {
        Some(Fault::ForeignLocation) => FOREIGN_BASE.to_owned(),
        _ => format!("{}://{}", simulator.scheme(), host(parts)),
    };
    let query = parts.uri.query().unwrap_or_default();
    let location = [&*base, &report.owner, report.status_path, &report.id, "?", query].concat();
    let accepted =
        Refusal::html(202, "").with("retry-after", simulator.0.options.report.retry_after);
    if fault == Some(&Fault::MissingLocation) {
        accepted
    } else {
        accepted.with("location", location)
    }
}

/// Returns 200: the outcome of the report.
async fn finished(
    simulator: &Simulator,
    parts: &Parts,
    report: &Report,
    fault: Option<&Fault>,
) -> Refusal {
    let id = [report.owner.trim_start_matches('/'), STATUS[0], &report.id].concat();
    let told = |status: &str, more: Value| {
        let mut told = json!({"id": id, "name": report.id, "status": status});
        if let (Value::Object(told), Value::Object(more)) = (&mut told, more) {
            told.extend(more);
        }
        Refusal::json(200, &told)
    };
    if fault == Some(&Fault::ReportFailed) {
        let message = "The report could not be generated. Please retry after some time.";
        return told(
            "Failed",
            json!({"error": {"code": "InternalServerError", "message": message}}),
        );
    }
    let ready = ready(simulator, report).await;
    let until = ready.until.strftime("%Y-%m-%dT%H:%M:%S.0000000Z").to_string();
    if ready.parts.is_empty() || fault == Some(&Fault::NoDataFound) {
        return told("NoDataFound", json!({"validTill": until}));
    }
    let manifest = manifest(simulator, parts, report, ready, fault);
    told("Completed", json!({"manifest": manifest, "validTill": until}))
}

/// Returns the blobs of a report that is ready, which the first status request that says so
/// measures.
async fn ready<'a>(simulator: &Simulator, report: &'a Report) -> &'a Ready {
    if report.ready.get().is_none() {
        let options = &simulator.0.options.report;
        let (format, reading) = (&simulator.0.format, &report.reading);
        let parts = measure(simulator.ledger(), reading, format, options.rows_per_blob).await;
        let valid_for = SignedDuration::try_from(options.valid_for).unwrap_or(SignedDuration::MAX);
        let until = simulator.now().checked_add(valid_for).unwrap_or(Timestamp::MAX);
        // In whole seconds, as links contain it.
        let until = Timestamp::from_second(until.as_second()).unwrap_or(until);
        // A status request at the same time may have been faster; its result is the same.
        let _first = report.ready.set(Ready { parts, until });
    }
    report.ready.get_or_init(|| Ready { parts: Vec::new(), until: Timestamp::MAX })
}

fn manifest(
    simulator: &Simulator,
    parts: &Parts,
    report: &Report,
    ready: &Ready,
    fault: Option<&Fault>,
) -> Value {
    let base = match fault {
        Some(Fault::ForeignBlobLink) => FOREIGN_STORAGE.to_owned(),
        _ => format!("{}://{}", simulator.scheme(), host(parts)),
    };
    let excess = if fault == Some(&Fault::WrongByteCount) { MISSING_BYTES } else { 0 };
    let blob = |(part, blob): (usize, &Part)| {
        let signature = signature(simulator, report, part, ready.until);
        let link = format!("{base}{BLOBS}{}/{part}.csv?{signature}", report.id);
        json!({"blobLink": link, "byteCount": blob.bytes + excess})
    };
    let bytes: u64 = ready.parts.iter().map(|part| part.bytes + excess).sum();
    json!({
        "manifestVersion": "2023-11-01",
        "dataFormat": "Csv",
        "blobCount": ready.parts.len(),
        "byteCount": bytes,
        "compressData": false,
        "requestContext": {
            "requestScope": report.owner.trim_start_matches('/'),
            "requestBody": report.body,
        },
        "blobs": ready.parts.iter().enumerate().map(blob).collect::<Vec<_>>(),
    })
}

/// Returns the query of a link, which is all that a download requires.
fn signature(simulator: &Simulator, report: &Report, part: usize, until: Timestamp) -> String {
    let expiry = until.strftime("%Y-%m-%dT%H%%3A%M%%3A%SZ").to_string();
    let key = mix(simulator.ledger().seed ^ hash_text(&report.id), part as u64);
    let secret = guid(mix(key, hash_text(&expiry))).replace('-', "%2B");
    format!("sv=2020-05-31&se={expiry}&sr=b&sp=r&sig={secret}%3D")
}
