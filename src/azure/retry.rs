//! What an answer that is no success means for the one who asked: renew the token, wait, try
//! again, or give up. Only here are status codes read.

use std::time::Duration;

use http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use serde::Deserialize;

use super::error::Error;
use super::shown::one_line;

/// What to do about a failed request.
#[derive(Debug)]
pub(crate) enum Failure {
    /// There is no token to ask with.
    NoToken(Error),
    /// A new token may help, once.
    Unauthenticated(Error),
    /// The quota of the tenant is used up; ask again after the wait.
    Throttled {
        /// How long Azure asks to wait, if it says so.
        wait: Option<Duration>,
        what: String,
    },
    /// The same request may well succeed soon.
    Transient(Error),
    /// Asking again would only give the same answer.
    Final(Error),
}

/// Reads an answer that is not 2xx.
pub(crate) fn judge(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Failure {
    let (code, what) = describe(status, body);
    match status.as_u16() {
        429 => Failure::Throttled { wait: retry_after(headers), what },
        503 => match retry_after(headers) {
            Some(wait) => Failure::Throttled { wait: Some(wait), what },
            None => Failure::Transient(Error::Unavailable(what)),
        },
        401 | 403 if code.ends_with("CostDisabled") => Failure::Final(Error::HiddenCharges(what)),
        401 if what.contains("No claims present") => {
            Failure::Unauthenticated(Error::Forbidden(what))
        }
        401 if code.ends_with("AccessDenied") || code == "AuthorizationFailed" => {
            Failure::Final(Error::Forbidden(what))
        }
        401 => Failure::Unauthenticated(Error::Auth(what)),
        403 => Failure::Final(Error::Forbidden(what)),
        404 => Failure::Final(Error::NotFound(what)),
        422 => Failure::Final(Error::Unsupported(what)),
        408 => Failure::Transient(Error::Timeout(what)),
        500..=599 => Failure::Transient(Error::Unavailable(what)),
        300..=399 => Failure::Final(Error::BadAnswer(format!(
            "{what}; a redirect is refused, because the token would follow it"
        ))),
        _ => Failure::Final(Error::BadAnswer(what)),
    }
}

/// The longest of the waits that a throttled answer asks for. The headers occur on good answers as
/// well, where they mean nothing.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let now = headers.get(header::DATE).and_then(|date| timestamp(date.to_str().ok()?));
    let named = headers.iter().filter_map(|(name, value)| {
        let name = name.as_str();
        let counts = name == header::RETRY_AFTER
            || name.starts_with("x-ms-ratelimit-microsoft.") && name.ends_with("retry-after");
        counts.then(|| value.to_str().ok()).flatten()
    });
    named.filter_map(|text| wait(text.trim(), now)).max()
}

/// Seconds, or a date by the clock of the one who sent it.
fn wait(text: &str, now: Option<Timestamp>) -> Option<Duration> {
    /// Longer waits than a day are a mistake of somebody's clock.
    const LONGEST: Duration = Duration::from_secs(24 * 3600);
    let wait = match text.parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(LONGEST),
        Err(_) => {
            Duration::try_from(timestamp(text)?.duration_since(now?)).unwrap_or(Duration::ZERO)
        }
    };
    Some(wait.min(LONGEST))
}

fn timestamp(date: &str) -> Option<Timestamp> {
    rfc2822::DateTimeParser::new().parse_timestamp(date).ok()
}

/// `{"error": {"code", "message"}}`, or the flat form of Microsoft.Billing.
#[derive(Deserialize, Default)]
#[serde(default)]
struct ErrorBody {
    error: Option<ErrorDetail>,
    code: Option<serde_json::Value>,
    message: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ErrorDetail {
    code: Option<serde_json::Value>,
    message: Option<String>,
}

/// Azure's error code, and a line for the log: `400 BadRequest "…"`.
fn describe(status: StatusCode, body: &[u8]) -> (String, String) {
    let parsed = serde_json::from_slice::<ErrorBody>(body).unwrap_or_default();
    let (code, message) = match parsed.error {
        Some(error) => (error.code, error.message),
        None => (parsed.code, parsed.message),
    };
    let code = match code {
        Some(serde_json::Value::String(code)) => code,
        Some(code @ serde_json::Value::Number(_)) => code.to_string(),
        _ => String::new(),
    };
    let message = match message {
        None if code.is_empty() => String::from_utf8_lossy(body).into_owned(),
        message => message.unwrap_or_default(),
    };
    let mut line = format!("HTTP {}", status.as_u16());
    if !code.is_empty() && code != status.as_str() {
        line.push(' ');
        line.push_str(&one_line(&code, 60));
    }
    if !message.trim().is_empty() {
        line.push_str(&format!(" \"{}\"", one_line(&message, 200)));
    }
    (code, line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(k, v)| (http::HeaderName::from_static(k), http::HeaderValue::from_static(v)))
            .collect()
    }

    fn reason(status: u16, body: &str) -> String {
        let failure =
            judge(StatusCode::from_u16(status).unwrap(), &HeaderMap::new(), body.as_bytes());
        match failure {
            Failure::NoToken(error) => format!("no token: {error}"),
            Failure::Unauthenticated(error) => format!("renew: {error}"),
            Failure::Throttled { what, .. } => format!("throttled: {what}"),
            Failure::Transient(error) => format!("again: {error}"),
            Failure::Final(error) => format!("final: {error}"),
        }
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table")]
    fn each_answer_means_one_thing_to_do() {
        for (status, body, meaning) in [
            (
                400,
                r#"{"error":{"code":"400","message":"id query parameter is not a valid Guid"}}"#,
                "final: bad answer: HTTP 400 \"id query parameter is not a valid Guid\"",
            ),
            (
                400,
                "<html>The request\n is badly formed.</html>",
                "final: bad answer: HTTP 400 \"<html>The request is badly formed.</html>\"",
            ),
            (
                401,
                r#"{"error":{"code":"401","message":"No claims present for the caller in the system"}}"#,
                "renew: not allowed: HTTP 401 \"No claims present for the caller in the system\"",
            ),
            (
                401,
                r#"{"error":{"code":"AccountCostDisabled","message":"..."}}"#,
                "final: charges are hidden: HTTP 401 AccountCostDisabled \"...\"",
            ),
            (
                401,
                r#"{"error":{"code":"InvalidAuthenticationTokenTenant","message":"x"}}"#,
                "renew: not authenticated: HTTP 401 InvalidAuthenticationTokenTenant \"x\"",
            ),
            (401, "", "renew: not authenticated: HTTP 401"),
            (
                401,
                r#"{"error":{"code":"BillingAccessDenied"}}"#,
                "final: not allowed: HTTP 401 BillingAccessDenied",
            ),
            (
                403,
                r#"{"error":{"code":"RBACAccessDenied","message":"no"}}"#,
                "final: not allowed: HTTP 403 RBACAccessDenied \"no\"",
            ),
            (
                404,
                r#"{"code":"NotFound","message":"The resource could not be found."}"#,
                "final: not found: HTTP 404 NotFound \"The resource could not be found.\"",
            ),
            (
                429,
                r#"{"error":{"code":"429","message":"Too many requests."}}"#,
                "throttled: HTTP 429 \"Too many requests.\"",
            ),
            (
                500,
                r#"{"error":{"code":"InternalServerError","target":"x","message":"Please retry the request."}}"#,
                "again: unavailable: HTTP 500 InternalServerError \"Please retry the request.\"",
            ),
            (502, "", "again: unavailable: HTTP 502"),
            (503, "", "again: unavailable: HTTP 503"),
            (
                504,
                r#"{"error":{"code":"GatewayTimeout","message":"délai"}}"#,
                "again: unavailable: HTTP 504 GatewayTimeout \"délai\"",
            ),
            (
                302,
                "",
                "final: bad answer: HTTP 302; a redirect is refused, because the token would follow it",
            ),
            (
                422,
                r#"{"error":{"code":422,"message":"offer type"}}"#,
                "final: not supported: HTTP 422 \"offer type\"",
            ),
        ] {
            assert_eq!(reason(status, body), meaning, "{status} {body}");
        }
    }

    #[test]
    fn the_longest_wait_that_is_asked_for_counts() {
        for (pairs, seconds) in [
            (&[("retry-after", "7")][..], Some(7)),
            (
                &[
                    ("retry-after", "7"),
                    ("x-ms-ratelimit-microsoft.consumption-tenant-retry-after", "60"),
                ],
                Some(60),
            ),
            (
                &[
                    ("x-ms-ratelimit-microsoft.consumption-retry-after", "5"),
                    ("x-ms-ratelimit-microsoft.costmanagement-qpu-retry-after", "3"),
                ],
                Some(5),
            ),
            (
                &[
                    ("retry-after", "Mon, 23 Nov 2026 12:01:30 GMT"),
                    ("date", "Mon, 23 Nov 2026 12:00:00 GMT"),
                ],
                Some(90),
            ),
            (
                &[
                    ("retry-after", "Mon, 23 Nov 2026 11:00:00 GMT"),
                    ("date", "Mon, 23 Nov 2026 12:00:00 GMT"),
                ],
                Some(0),
            ),
            (&[("retry-after", "Mon, 23 Nov 2026 11:00:00 GMT")], None),
            (&[("retry-after", "-5")], Some(0)),
            (&[("retry-after", "99999999999999999999")], Some(86_400)),
            (&[("retry-after", "soon")], None),
            (&[("x-ms-ratelimit-remaining-microsoft.consumption-tenant-requests", "9")], None),
            (&[], None),
        ] {
            assert_eq!(retry_after(&headers(pairs)), seconds.map(Duration::from_secs), "{pairs:?}");
        }
    }
}
