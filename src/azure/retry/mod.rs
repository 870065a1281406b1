//! What an error answer means for the caller: renew the token, wait, try again, or give up. Only
//! here are status codes and Azure's own codes interpreted.

use std::time::Duration;

use http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;
use jiff::fmt::rfc2822;

use super::error::Error;
use super::error_body::ErrorText;

/// The reaction to a failed request.
#[derive(Debug)]
pub(crate) enum Failure {
    /// There is no token for the request.
    NoToken(Error),
    /// A new token may help, once.
    Unauthenticated(Error),
    /// The quota of the tenant is used up; try again after the wait.
    Throttled {
        /// The time to wait, if Azure names one.
        wait: Option<Duration>,
        what: String,
    },
    /// The same request may succeed soon.
    Transient(Error),
    /// A further request would get the same answer.
    Final(Error),
}

/// Interprets an answer that is not 2xx: by its code first, then by its status.
pub(crate) fn classify(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Failure {
    let ErrorText { code, line } = ErrorText::of(status, headers, body);
    let code = code.to_ascii_lowercase();
    if code.ends_with("costdisabled") {
        return Failure::Final(Error::HiddenCharges(line));
    }
    let counts = status_that_counts(status, &code);
    let what = match passing(counts, headers, line) {
        Ok(failure) => return failure,
        Err(what) => what,
    };
    match counts {
        401 if what.contains("No claims present") => {
            Failure::Unauthenticated(Error::Forbidden(what))
        }
        401 => Failure::Unauthenticated(Error::Auth(what)),
        403 => Failure::Final(Error::Forbidden(what)),
        404 => Failure::Final(Error::NotFound(what)),
        // 424: a total that Azure cannot work out, such as a forecast of too little history.
        422 | 424 => Failure::Final(Error::Unsupported(what)),
        300..=399 => Failure::Final(Error::BadAnswer(format!(
            "{what}; the redirect is refused, because the token would be sent there"
        ))),
        _ => Failure::Final(Error::BadAnswer(what)),
    }
}

/// Interprets an answer other than 200 of a storage account. It says nothing about the scope, and
/// no token helps: only the link grants access.
pub(crate) fn classify_file(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Failure {
    let ErrorText { code, line } = ErrorText::of(status, headers, body);
    let counts = status_that_counts(status, &code.to_ascii_lowercase());
    let what = match passing(counts, headers, line) {
        Ok(failure) => return failure,
        Err(what) => what,
    };
    Failure::Final(Error::ReportFile(match counts {
        // The link was just sent by Azure: it has expired since, or it was never valid.
        401 | 403 => format!("the link to the report is refused: {what}"),
        300..=399 => {
            format!("{what}; the redirect is refused, because the link would be sent there")
        }
        _ => what,
    }))
}

/// Returns the failure if it is temporary; otherwise the text again.
fn passing(status: u16, headers: &HeaderMap, what: String) -> Result<Failure, String> {
    Ok(match status {
        429 => Failure::Throttled { wait: retry_after(headers), what },
        503 => match retry_after(headers) {
            Some(wait) => Failure::Throttled { wait: Some(wait), what },
            None => Failure::Transient(Error::Unavailable(what)),
        },
        408 => Failure::Transient(Error::Timeout(what)),
        500..=599 => Failure::Transient(Error::Unavailable(what)),
        _ => return Err(what),
    })
}

/// Returns the status that an answer counts as: that of its code (in lower case) if the code
/// decides. Azure and its gateways send the same error with different statuses.
fn status_that_counts(status: StatusCode, code: &str) -> u16 {
    let status = status.as_u16();
    let of_code = match code {
        "resourcerequeststhrottled" | "toomanyrequests" => 429,
        "servertimeout" => 408,
        "gatewaytimeout" => 504,
        "internalservererror" => 500,
        "serviceunavailable" | "serverbusy" => 503,
        "expiredauthenticationtoken" => 401,
        _ if code.starts_with("invalidauthenticationtoken")
            || code.starts_with("authenticationfailed") =>
        {
            401
        }
        _ if code.ends_with("accessdenied") || code.ends_with("authorizationfailed") => 403,
        _ => match code.parse() {
            Ok(digits @ 400..=599) => digits,
            _ => return status,
        },
    };
    // All of these are temporary, but only 429 and 503 can say how long to wait.
    let passes = of_code == 408 || of_code >= 500;
    if passes && matches!(status, 429 | 503) { status } else { of_code }
}

/// Returns the longest of the waits that a throttled answer names. The headers are also in answers
/// with 200, where they mean nothing.
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

/// Parses a wait: seconds, or a date by the sender's clock.
fn wait(text: &str, now: Option<Timestamp>) -> Option<Duration> {
    /// Longer waits than a day come from a wrong clock.
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

#[cfg(test)]
mod tests;
