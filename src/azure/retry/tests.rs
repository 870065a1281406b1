//! Error answers, and the reaction to each.

use super::*;

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    pairs
        .iter()
        .map(|(k, v)| (http::HeaderName::from_static(k), http::HeaderValue::from_static(v)))
        .collect()
}

fn reason(status: u16, body: &str) -> String {
    message(classify(StatusCode::from_u16(status).unwrap(), &HeaderMap::new(), body.as_bytes()))
}

fn message(failure: Failure) -> String {
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
            "final: bad answer: HTTP 302; the redirect is refused, because the token would be sent there",
        ),
        (
            422,
            r#"{"error":{"code":422,"message":"offer type"}}"#,
            "final: not supported: HTTP 422 \"offer type\"",
        ),
        (
            424,
            r#"{"error":{"code":"FailedDependency","message":"no history"}}"#,
            "final: not supported: HTTP 424 FailedDependency \"no history\"",
        ),
    ] {
        assert_eq!(reason(status, body), meaning, "{status} {body}");
    }
}

#[test]
fn a_code_decides_whatever_the_status_is() {
    const HIDDEN: &str = "final: charges are hidden: ";
    const DENIED: &str = "final: not allowed: ";
    const TOKEN: &str = "renew: not authenticated: ";
    const THROTTLED: &str = "throttled: ";
    const DOWN: &str = "again: unavailable: ";
    for (code, meaning) in [
        ("AccountCostDisabled", HIDDEN),
        ("departmentCostDisabled", HIDDEN),
        ("BillingAccessDenied", DENIED),
        ("RBACAccessDenied", DENIED),
        ("AuthorizationFailed", DENIED),
        ("ResourceRequestsThrottled", THROTTLED),
        ("TooManyRequests", THROTTLED),
        ("429", THROTTLED),
        ("ServerTimeout", "again: timed out: "),
        ("GatewayTimeout", DOWN),
        ("InternalServerError", DOWN),
        ("ServiceUnavailable", DOWN),
        ("ServerBusy", DOWN),
        ("502", DOWN),
        ("ExpiredAuthenticationToken", TOKEN),
        ("InvalidAuthenticationTokenTenant", TOKEN),
        ("AuthenticationFailed", TOKEN),
        ("401", TOKEN),
        ("403", DENIED),
        ("404", "final: not found: "),
        ("422", "final: not supported: "),
        ("424", "final: not supported: "),
    ] {
        for status in [400, 401, 403, 404, 409, 422, 500, 502] {
            let message = reason(status, &format!(r#"{{"error":{{"code":"{code}"}}}}"#));
            let same = code == status.to_string();
            let line =
                if same { format!("HTTP {status}") } else { format!("HTTP {status} {code}") };
            assert_eq!(message, format!("{meaning}{line}"));
        }
    }
    // Words and numbers without effect.
    for code in ["BadRequest", "NotFound", "200", "600", "4040", "-404"] {
        let message = reason(403, &format!(r#"{{"error":{{"code":"{code}"}}}}"#));
        assert_eq!(message, format!("final: not allowed: HTTP 403 {code}"));
    }
}

#[test]
fn a_throttled_answer_keeps_its_wait_whatever_its_code() {
    let headers = headers(&[("retry-after", "9")]);
    for (status, code) in [
        (400, "TooManyRequests"),
        (503, "ServiceUnavailable"),
        (503, "InternalServerError"),
        (500, "ServerBusy"),
        (429, "GatewayTimeout"),
        (429, "ServerTimeout"),
    ] {
        let body = format!(r#"{{"code":"{code}"}}"#);
        let failure = classify(StatusCode::from_u16(status).unwrap(), &headers, body.as_bytes());
        let nine = Some(Duration::from_secs(9));
        assert!(
            matches!(failure, Failure::Throttled { wait, .. } if wait == nine),
            "{status} {code}: {failure:?}"
        );
    }
}

#[test]
fn a_file_says_nothing_of_the_scope_and_no_token_helps() {
    for (status, code, meaning) in [
        (404, "BlobNotFound", "final: a file of the report: HTTP 404 BlobNotFound"),
        (400, "OutOfRangeInput", "final: a file of the report: HTTP 400 OutOfRangeInput"),
        (409, "AccountIsDisabled", "final: a file of the report: HTTP 409 AccountIsDisabled"),
        (410, "", "final: a file of the report: HTTP 410"),
        (412, "ConditionNotMet", "final: a file of the report: HTTP 412 ConditionNotMet"),
        (
            403,
            "AuthorizationFailure",
            "final: a file of the report: the link to the report is refused: HTTP 403 AuthorizationFailure",
        ),
        (
            401,
            "NoAuthenticationInformation",
            "final: a file of the report: the link to the report is refused: HTTP 401 NoAuthenticationInformation",
        ),
        (
            400,
            "AuthenticationFailed",
            "final: a file of the report: the link to the report is refused: HTTP 400 AuthenticationFailed",
        ),
        (429, "", "throttled: HTTP 429"),
        (503, "ServerBusy", "again: unavailable: HTTP 503 ServerBusy"),
        (500, "OperationTimedOut", "again: unavailable: HTTP 500 OperationTimedOut"),
    ] {
        let body = format!("<Error><Code>{code}</Code><Message/></Error>");
        let status = StatusCode::from_u16(status).unwrap();
        let failure = classify_file(status, &HeaderMap::new(), body.as_bytes());
        assert_eq!(message(failure).split(" \"").next(), Some(meaning));
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
                ("x-ms-ratelimit-microsoft.costmanagement-qpu-retry-after", "1"),
                ("x-ms-ratelimit-microsoft.costmanagement-entity-retry-after", "2"),
                ("x-ms-ratelimit-microsoft.costmanagement-tenant-retry-after", "3"),
                ("x-ms-ratelimit-microsoft.costmanagement-clienttype-retry-after", "5"),
                ("x-ms-ratelimit-microsoft.costmanagement-client-retry-after", "4"),
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
