//! Responses: a page or a small answer, as a fault sends them.

use std::{io::Write, iter::once};

use axum::{
    body::{Body, Bytes},
    response::Response,
};
use flate2::{Compression, write::GzEncoder};
use http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts};

use super::{
    body,
    fault::{Fault, Stall},
    refusal::Refusal,
};

/// The number of bytes that a `CutBody` announces beyond those it sends.
const MISSING_BYTES: usize = 4096;

/// Returns the host that the client named; in process it may name none.
pub(super) fn host(parts: &Parts) -> String {
    let named = parts.headers.get(header::HOST).and_then(|value| value.to_str().ok());
    let authority = parts.uri.authority().map(|authority| authority.as_str());
    named.or(authority).unwrap_or("management.azure.com").to_owned()
}

/// Returns a page of the list, zipped for clients that can read that.
pub(super) fn page_response(text: String, headers: &HeaderMap, fault: Option<&Fault>) -> Response {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    let zipped = match accepted {
        Some(accepted) if accepted.contains("gzip") => gzip(&text),
        _ => None,
    };
    let encoding = zipped.is_some().then_some(HeaderValue::from_static("gzip"));
    let bytes = zipped.map_or_else(|| Bytes::from(text), Bytes::from);
    let (body, announced) = spoiled(bytes, fault);
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    let optional = [(header::CONTENT_ENCODING, encoding), (header::CONTENT_LENGTH, announced)];
    headers.extend(optional.into_iter().filter_map(|(name, value)| Some((name, value?))));
    response
}

/// Returns `bytes` as the fault sends them, and the length to announce if it differs from theirs.
fn spoiled(mut bytes: Bytes, fault: Option<&Fault>) -> (Body, Option<HeaderValue>) {
    match fault {
        Some(Fault::Reset) => (body::reset(), None),
        Some(Fault::Stall(Stall::HalfPage)) => {
            (body::hanging(once(bytes.split_to(bytes.len() / 2))), None)
        }
        Some(Fault::Stall(_)) => (body::trickle(), None),
        Some(Fault::CutBody { announces_more: true, .. }) => {
            let announced = HeaderValue::from(bytes.len() + MISSING_BYTES);
            (body::unmeasured(once(bytes)), Some(announced))
        }
        _ => (Body::from(bytes), None),
    }
}

fn gzip(text: &str) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(text.len() / 8), Compression::fast());
    encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish()).ok()
}

/// Returns a small answer, changed as the fault says.
pub(super) fn answer(mut refusal: Refusal, fault: Option<&Fault>) -> Response {
    if matches!(fault, Some(Fault::CutBody { .. })) {
        refusal.body.truncate(refusal.body.len() / 2);
    }
    let (body, announced) = spoiled(Bytes::from(refusal.body), fault);
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(refusal.content_type));
    headers.extend(announced.map(|length| (header::CONTENT_LENGTH, length)));
    for (name, value) in refusal.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    response
}
