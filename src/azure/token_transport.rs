//! The transport for the library's token requests: it uses our client and our name, refuses
//! addresses without TLS outside this machine, and limits the size of answers.

use async_trait::async_trait;
use azure_core::Error;
use azure_core::error::ErrorKind;
use azure_core::http::headers::Headers;
use azure_core::http::{AsyncRawResponse, Body, HttpClient, Request};
use bytes::Bytes;
use http::header::USER_AGENT;
use tower::{Service, ServiceExt};
use url::{Host, Url};

use super::transport::{self, Transport, USER_AGENT as OUR_NAME, collect};

/// The largest answer. Tokens are some kilobytes.
const LARGEST_ANSWER: usize = 1024 * 1024;

/// The HTTP client that the library uses.
#[derive(Debug)]
pub(super) struct TokenTransport {
    transport: Transport,
    /// True if it connects to the machine's own identity service, which has no TLS.
    machine: bool,
}

impl TokenTransport {
    pub(super) fn with_tls(client: reqwest::Client) -> Self {
        Self { transport: transport::over(client), machine: false }
    }

    pub(super) fn to_this_machine(client: reqwest::Client) -> Self {
        Self { transport: transport::over(client), machine: true }
    }
}

#[async_trait]
impl HttpClient for TokenTransport {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        if !may_go_to(request.url(), self.machine) {
            let why = "refused to request a token from another machine without TLS";
            return Err(Error::with_message(ErrorKind::Credential, why));
        }
        let request = outgoing(request)?;
        let broken = |error: transport::TransportError| {
            Error::with_message(ErrorKind::Io, transport::cause(&error))
        };
        let sent = async { self.transport.clone().ready().await?.call(request).await };
        let (head, body) = sent.await.map_err(broken)?.into_parts();
        let whole = collect(body, LARGEST_ANSWER).await.map_err(broken)?;
        let whole = whole.ok_or_else(|| {
            let size = LARGEST_ANSWER >> 20;
            Error::with_message(
                ErrorKind::Credential,
                format!("the answer to a request for a token is larger than {size} MiB"),
            )
        })?;
        let whole = if head.status.is_success() { whole } else { on_one_line(&whole) };
        let mut headers = Headers::new();
        for (name, value) in &head.headers {
            if let Ok(value) = value.to_str() {
                headers.insert(name.as_str().to_owned(), value.to_owned());
            }
        }
        Ok(AsyncRawResponse::from_bytes(head.status.as_u16().into(), headers, whole))
    }
}

/// Removes the line ends from Entra's errors: the library cannot read an error whose text has an
/// escape in it (azure_identity 1.0 borrows it).
fn on_one_line(error: &[u8]) -> Bytes {
    String::from_utf8_lossy(error).replace("\\r\\n", " ").into()
}

/// Converts the library's request into one of ours.
fn outgoing(request: &Request) -> azure_core::Result<http::Request<Bytes>> {
    let unfit = |what: &str| {
        Error::with_message(ErrorKind::DataConversion, format!("no {what} for a token request"))
    };
    let Body::Bytes(body) = request.body() else { return Err(unfit("body")) };
    let mut outgoing =
        http::Request::builder().method(request.method().as_str()).uri(request.url().as_str());
    for (name, value) in request.headers().iter() {
        if !name.as_str().eq_ignore_ascii_case(USER_AGENT.as_str()) {
            outgoing = outgoing.header(name.as_str(), value.as_str());
        }
    }
    outgoing.header(USER_AGENT, OUR_NAME).body(body.clone()).map_err(|_| unfit("header"))
}

/// Returns whether an address has TLS or never leaves this machine: its own, or the link-local ones
/// of the identity services of virtual machines and of App Service.
fn may_go_to(url: &Url, machine: bool) -> bool {
    let is_local = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback() || address.is_link_local(),
        Some(Host::Ipv6(address)) => address.is_loopback() || address.is_unicast_link_local(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    match url.scheme() {
        "https" => true,
        "http" => machine && is_local,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_tls_only_the_machine_itself_is_asked() {
        for (url, tls_only, machine) in [
            ("https://login.example.com/x", true, true),
            ("http://169.254.169.254/metadata", false, true),
            ("http://127.0.0.1:41741/msi/token", false, true),
            ("http://localhost:42356/msi/token", false, true),
            ("http://[::1]:80/", false, true),
            ("http://[fe80::1]/", false, true),
            ("http://login.example.com/x", false, false),
            ("http://10.0.0.1/x", false, false),
            ("http://localhost.example.com/x", false, false),
            ("ftp://127.0.0.1/x", false, false),
        ] {
            let parsed = Url::parse(url).unwrap();
            assert_eq!(
                (may_go_to(&parsed, false), may_go_to(&parsed, true)),
                (tls_only, machine),
                "{url}"
            );
        }
    }
}
