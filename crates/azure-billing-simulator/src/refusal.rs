//! Answers other than pages, in the bodies that Azure was seen to send.

use super::chance::{guid, mix};

/// A small answer: status, headers, body.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) content_type: &'static str,
    pub(super) body: String,
}

impl Refusal {
    /// Returns `{"error":{"code","message"}}`, with the request id that Azure's messages end in.
    pub(super) fn error(status: u16, code: &str, message: &str) -> Self {
        let id = guid(mix(u64::from(status), message.len() as u64));
        let message = format!("{message} (Request ID: {id})");
        Self::json(status, &serde_json::json!({"error": {"code": code, "message": message}}))
    }

    /// Returns `{"code","message"}` without the outer object, as Microsoft.Billing answers.
    pub(super) fn flat(status: u16, code: &str, message: &str) -> Self {
        Self::json(status, &serde_json::json!({"code": code, "message": message}))
    }

    pub(super) fn html(status: u16, body: &str) -> Self {
        Self { status, headers: Vec::new(), content_type: "text/html", body: body.into() }
    }

    pub(super) fn json(status: u16, body: &serde_json::Value) -> Self {
        Self { status, ..Self::written(body.to_string()) }
    }

    /// Returns 200 with JSON that is written already.
    pub(super) fn written(body: String) -> Self {
        let content_type = "application/json; charset=utf-8";
        Self { status: 200, headers: Vec::new(), content_type, body }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }

    /// Returns an error of a storage account.
    pub(super) fn storage(status: u16, code: &str, message: &str) -> Self {
        let body = format!(
            "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
        );
        let refusal = Self { content_type: "application/xml", ..Self::html(status, &body) };
        refusal.with("x-ms-error-code", code)
    }

    /// Returns the answer to a link that has expired.
    pub(super) fn expired() -> Self {
        let message = "Server failed to authenticate the request. Signature not valid in the specified time frame.";
        Self::storage(403, "AuthenticationFailed", message)
    }

    /// Returns the answer to a path that leads nowhere.
    pub(super) fn unknown_path(path: &str) -> Self {
        let message = format!("The resource path {path} is unknown.");
        Self::error(404, "InvalidResourceType", &message)
    }

    /// Returns the answer to a request for an unknown scope.
    pub(super) fn not_found() -> Self {
        let message = "The resource or one of its dependencies could not be found.";
        Self::flat(404, "NotFound", message)
    }

    pub(super) fn bad_request(message: &str) -> Self {
        Self::error(400, "400", message)
    }

    /// Returns the answer to a body that is too large.
    pub(super) fn too_large() -> Self {
        Self::error(413, "413", "The payload is too large.")
    }

    /// Returns the answer to calls above the list's quota: wait `seconds`.
    pub(super) fn throttled(seconds: u64) -> Self {
        Self::too_many(seconds).with(REMAINING, 0)
    }

    /// Returns the answer to calls above any quota.
    pub(super) fn too_many(seconds: u64) -> Self {
        let message = format!("Too many requests. Please retry after {seconds} seconds.");
        Self::json(429, &serde_json::json!({"error": {"code": "429", "message": message}}))
    }
}

/// The host of foreign links, to which a client must send no token.
pub(super) const FOREIGN_BASE: &str = "https://management.elsewhere.example.com";
/// The header that the source throttles with; the documented name lacks `-tenant`.
pub(super) const RETRY_AFTER: &str = "x-ms-ratelimit-microsoft.consumption-tenant-retry-after";
/// The header with the number of calls left; on good answers too.
pub(super) const REMAINING: &str = "x-ms-ratelimit-remaining-microsoft.consumption-tenant-requests";
/// The header that the report throttles with, which another provider answers.
pub(super) const REPORT_RETRY_AFTER: &str =
    "x-ms-ratelimit-microsoft.costmanagement-tenant-retry-after";
/// The header with the number of reports that may still be requested.
pub(super) const REPORT_REMAINING: &str =
    "x-ms-ratelimit-remaining-microsoft.costmanagement-tenant-requests";
