//! The body of an error answer: Azure's code and message in each of their forms, and the line that
//! is logged of them. What they mean is decided in [`super::retry`].

use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value};

use super::redact::sanitize_line;

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
/// The header with the code of a storage account, which answers without a body have as well.
const STORAGE_CODE: &str = "x-ms-error-code";

/// The code and the message of an error answer.
#[derive(Debug)]
pub(super) struct ErrorText {
    /// Azure's code, as sent: a word or a status in digits. Empty if there is none.
    pub(super) code: String,
    /// A line for the log: `HTTP 400 BadRequest "…"`.
    pub(super) line: String,
}

impl ErrorText {
    pub(super) fn of(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
        let (code, message) =
            from_json(body).or_else(|| from_xml(body)).unwrap_or((String::new(), None));
        let message = match message {
            None if code.is_empty() => String::from_utf8_lossy(body).into_owned(),
            message => message.unwrap_or_default(),
        };
        let code = if code.is_empty() { code_of_storage(headers) } else { code };
        let line = line(status, &code, &message);
        Self { code, line }
    }
}

fn line(status: StatusCode, code: &str, message: &str) -> String {
    let mut line = format!("HTTP {}", status.as_u16());
    if !code.is_empty() && code != status.as_str() {
        line.push(' ');
        line.push_str(&sanitize_line(code, 60));
    }
    if !message.trim().is_empty() {
        line.push_str(&format!(" \"{}\"", sanitize_line(message, 200)));
    }
    line
}

/// Reads `{"error": {"code", "message"}}`, or the flat form of Microsoft.Billing. Any field may be
/// null.
fn from_json(body: &[u8]) -> Option<(String, Option<String>)> {
    let flat: Map<String, Value> = serde_json::from_slice(body).ok()?;
    let detail = flat.get("error").and_then(Value::as_object).unwrap_or(&flat);
    let code = match detail.get("code") {
        Some(Value::String(code)) => code.trim().to_owned(),
        Some(Value::Number(code)) => code.to_string(),
        _ => String::new(),
    };
    let message = detail.get("message").and_then(Value::as_str).map(str::to_owned);
    Some((code, message))
}

/// Reads `<Error><Code>…</Code><Message>…</Message></Error>` of a storage account. Other elements
/// are ignored: they can contain a part of the link.
fn from_xml(body: &[u8]) -> Option<(String, Option<String>)> {
    let text = std::str::from_utf8(body).ok()?;
    let (_, error) = text.split_once("<Error")?;
    let code = element(error, "<Code>", "</Code>")?;
    Some((code.trim().to_owned(), element(error, "<Message>", "</Message>")))
}

fn element(text: &str, start: &str, end: &str) -> Option<String> {
    let (_, content) = text.split_once(start)?;
    let (content, _) = content.split_once(end)?;
    let entities =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
    let plain = entities.iter().fold(content.to_owned(), |text, (from, to)| text.replace(from, to));
    Some(plain)
}

fn code_of_storage(headers: &HeaderMap) -> String {
    let code = headers.get(STORAGE_CODE).and_then(|code| code.to_str().ok());
    code.map(str::trim).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(body: &str) -> String {
        ErrorText::of(StatusCode::NOT_FOUND, &HeaderMap::new(), body.as_bytes()).line
    }

    #[test]
    fn code_and_message_are_found_in_each_form_of_a_body() {
        for (body, line) in [
            // A storage account's answer, with its byte order mark; its message has several lines.
            (
                "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>BlobNotFound</Code><Message>The specified blob does not exist.\nRequestId:0\nTime:2026-11-20T00:00:00Z</Message></Error>",
                "HTTP 404 BlobNotFound \"The specified blob does not exist. RequestId:0 Time:2026-11-20T00:00:00Z\"",
            ),
            (
                "<Error xmlns='x'>\n <Code> A&amp;B </Code>\n <Message>a &lt;b&gt; of https://example.com/a?sig=zeros</Message><Detail>sig=zeros</Detail></Error>",
                "HTTP 404 A&B \"a <b> of https://example.com/a\"",
            ),
            ("<Error><Code>BlobNotFound</Code></Error>", "HTTP 404 BlobNotFound"),
            ("\u{feff}{\"error\":{\"code\":\"Gone\",\"message\":\"x\"}}", "HTTP 404 Gone \"x\""),
            (r#"{"error":{"code":null,"message":"x"}}"#, "HTTP 404 \"x\""),
            (r#"{"error":{"code":"Gone","message":null,"details":null}}"#, "HTTP 404 Gone"),
            (r#"{"error":null,"code":"Gone","message":"x"}"#, "HTTP 404 Gone \"x\""),
            (r#"{"error":{"code":404,"message":"x"}}"#, "HTTP 404 \"x\""),
            (r#"{"error":{"code":"Gone","message":{"a":1}}}"#, "HTTP 404 Gone"),
            // Any other body is quoted as it is.
            ("<html><Code>1</Code></html>", "HTTP 404 \"<html><Code>1</Code></html>\""),
            ("<Error><Message>x</Message>", "HTTP 404 \"<Error><Message>x</Message>\""),
            ("[1]", "HTTP 404 \"[1]\""),
            ("", "HTTP 404"),
        ] {
            assert_eq!(message(body), line, "{body}");
        }
    }

    #[test]
    fn a_storage_account_names_the_code_in_a_header_as_well() {
        let headers =
            [(http::HeaderName::from_static(STORAGE_CODE), "BlobArchived".parse().unwrap())];
        let headers = headers.into_iter().collect::<HeaderMap>();
        let message = |body: &str| {
            let message = ErrorText::of(StatusCode::CONFLICT, &headers, body.as_bytes());
            (message.code, message.line)
        };
        let expected = |code: &str, line: &str| (code.to_owned(), line.to_owned());
        assert_eq!(message(""), expected("BlobArchived", "HTTP 409 BlobArchived"));
        assert_eq!(message("no"), expected("BlobArchived", "HTTP 409 BlobArchived \"no\""));
        let body = "<Error><Code>BlobBeingRehydrated</Code></Error>";
        let line = "HTTP 409 BlobBeingRehydrated";
        assert_eq!(message(body), expected("BlobBeingRehydrated", line), "the body goes first");
    }
}
