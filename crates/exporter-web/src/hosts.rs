//! Checks the host name that a request is for. The name of a web site can lead to 127.0.0.1 (DNS
//! rebinding), and then a browser on this machine reads the metrics for that site. So a listener on
//! loopback answers only to names of loopback, and to the host of `--web.external-url`.

use std::net::{IpAddr, TcpListener};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};

use super::external_url::ExternalUrl;

/// Marks requests that came through a listener on loopback.
#[derive(Clone, Copy)]
struct ByLoopback;

/// Returns the router for one listener, marked if that is on loopback.
pub(super) fn of_listener(router: Router, listener: &TcpListener) -> Router {
    let address = listener.local_addr().map(|address| address.ip().to_canonical());
    if address.is_ok_and(|address| address.is_loopback()) {
        router.layer(Extension(ByLoopback))
    } else {
        router
    }
}

/// Refuses a request that came through loopback and is for another name.
pub(super) async fn check(
    State(external_url): State<Arc<ExternalUrl>>,
    request: Request,
    next: Next,
) -> Response {
    let by_loopback = request.extensions().get::<ByLoopback>().is_some();
    if by_loopback && !all_are_ours(request.uri(), request.headers(), &external_url) {
        let text = "an exporter on a loopback address answers only requests for localhost, 127.0.0.1, [::1] or its own URL: \
            start it with the URL of this request, --web.external-url=http://NAME/, or with another --web.listen-address\n";
        return (StatusCode::MISDIRECTED_REQUEST, text).into_response();
    }
    next.run(request).await
}

/// Returns whether every name in the request is allowed. A request without a name does not come
/// from a browser.
fn all_are_ours(uri: &Uri, headers: &HeaderMap, external_url: &ExternalUrl) -> bool {
    let named = headers.get_all(header::HOST).iter().map(HeaderValue::as_bytes);
    let mut named = named.chain(uri.authority().map(|authority| authority.as_str().as_bytes()));
    named.all(|name| {
        let Ok(authority) = Authority::try_from(name) else { return false };
        let host = authority.host();
        is_loopback(host) || external_url.host().is_some_and(|own| own.eq_ignore_ascii_case(host))
    })
}

/// Returns whether a host is a name or address of loopback, which browsers resolve without DNS.
fn is_loopback(host: &str) -> bool {
    let address = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    if let Ok(address) = address.parse::<IpAddr>() {
        return address.to_canonical().is_loopback();
    }
    let name = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(host: &'static str, external_url: &str) -> bool {
        let headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static(host))]);
        all_are_ours(&Uri::from_static("/"), &headers, &external_url.parse().unwrap())
    }

    #[test]
    fn names_and_addresses_of_loopback_are_ours_with_any_port() {
        for host in [
            "localhost",
            "LocalHost:8080",
            "a.localhost",
            "localhost.:1",
            "127.0.0.1",
            "127.9.8.7:10540",
            "[::1]",
            "[::1]:10540",
            "[::ffff:127.0.0.1]",
        ] {
            assert!(passes(host, ""), "{host}");
        }
    }

    #[test]
    fn others_are_not_however_they_are_dressed_up() {
        for host in [
            "",
            "evil.example.com",
            "evil.example.com:10540",
            "localhost.evil.example.com",
            "xlocalhost",
            "127.0.0.1.evil.example.com",
            "127.0.0.1@evil.example.com",
            "localhost evil.example.com",
            "10.0.0.1",
            "0.0.0.0",
            "[::]",
            "[::2]",
            "::1",
            "localhost/",
            "contoso",
        ] {
            assert!(!passes(host, ""), "{host}");
            assert!(!passes(host, "/azure-billing"), "{host}");
        }
    }

    #[test]
    fn the_host_of_the_external_url_is_ours_with_any_port() {
        let url = "https://FinOps.example.com:8443/azure-billing";
        for (host, ours) in [
            ("finops.example.com", true),
            ("finops.example.com:8443", true),
            ("FINOPS.example.com:1", true),
            ("localhost", true),
            ("example.com", false),
            ("a.finops.example.com", false),
        ] {
            assert_eq!(passes(host, url), ours, "{host}");
        }
    }

    #[test]
    fn each_name_of_a_request_counts() {
        let headers = |hosts: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for host in hosts {
                headers.append(header::HOST, HeaderValue::from_static(host));
            }
            headers
        };
        for (uri, hosts, ours) in [
            ("/", &[][..], true),
            ("http://localhost/", &["localhost"], true),
            ("http://evil.example.com/", &["localhost"], false),
            ("http://localhost/", &["evil.example.com"], false),
            ("/", &["localhost", "evil.example.com"], false),
        ] {
            let passed =
                all_are_ours(&Uri::from_static(uri), &headers(hosts), &ExternalUrl::default());
            assert_eq!(passed, ours, "{uri} {hosts:?}");
        }
    }
}
