//! Finds requests that a browser sends for another site. A browser does so for any page its user
//! looks at, with the user's password and from the user's network, and names the site.

use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri, header};

use super::external_url::ExternalUrl;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Returns whether a browser sends a request for another site. A route that changes something
/// refuses such a request. The browser says so by `Sec-Fetch-Site`, which it sends to localhost and over
/// TLS, otherwise by `Origin`. Clients that are not browsers send neither.
pub fn is_foreign(uri: &Uri, headers: &HeaderMap, external_url: &ExternalUrl) -> bool {
    if headers.contains_key(SEC_FETCH_SITE) {
        let mut sites = headers.get_all(SEC_FETCH_SITE).iter();
        return !sites.all(|site| site == "same-origin" || site == "none");
    }
    let host = uri.authority().map(|authority| authority.as_str().as_bytes());
    let host = host.or_else(|| headers.get(header::HOST).map(HeaderValue::as_bytes));
    let own = [host, external_url.authority().map(str::as_bytes)];
    let is_own = |origin: &HeaderValue| {
        // `null` stands for an origin that is hidden.
        let named = authority(origin.as_bytes());
        named.is_some_and(|named| own.iter().flatten().any(|own| own.eq_ignore_ascii_case(named)))
    };
    !headers.get_all(header::ORIGIN).iter().all(is_own)
}

/// Returns the host and port of an origin, whose scheme a proxy may have changed. Browsers leave
/// out the default port of the scheme, here as in `Host`.
fn authority(origin: &[u8]) -> Option<&[u8]> {
    origin.strip_prefix(b"https://").or_else(|| origin.strip_prefix(b"http://"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://finops.example.com/azure-billing";

    fn foreign(given: &[(&'static str, &'static str)], external_url: &str) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in given {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        is_foreign(&Uri::from_static("/-/reload"), &headers, &external_url.parse().unwrap())
    }

    #[test]
    fn clients_that_are_no_browsers_say_nothing() {
        assert!(!foreign(&[("host", "exporter:10540")], ""));
        assert!(!foreign(&[], URL));
    }

    #[test]
    fn where_a_browser_says_which_site_it_is_that_counts_alone() {
        for (site, is_foreign) in [
            ("same-origin", false),
            ("none", false),
            ("same-site", true),
            ("cross-site", true),
            ("", true),
            ("Same-Origin", true),
            ("anything", true),
        ] {
            for origin in ["http://localhost:10540", "https://evil.example.com", "null"] {
                let given =
                    [("host", "localhost:10540"), ("sec-fetch-site", site), ("origin", origin)];
                assert_eq!(foreign(&given, ""), is_foreign, "{site} {origin}");
            }
        }
        let both = [("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")];
        assert!(foreign(&both, ""));
    }

    #[test]
    fn else_the_origin_is_that_of_the_request_or_of_the_external_url() {
        for (host, origin, external_url, is_foreign) in [
            ("localhost:10540", "http://localhost:10540", "", false),
            ("exporter.example.com", "https://Exporter.example.com", "", false),
            ("localhost:10540", "http://localhost:3000", "", true),
            ("localhost:10540", "http://localhost", "", true),
            ("localhost:10540", "null", "", true),
            ("localhost:10540", "", "", true),
            ("localhost:10540", "localhost:10540", "", true),
            ("localhost:10540", "https://finops.example.com", "", true),
            ("127.0.0.1:10540", "https://finops.example.com", URL, false),
            ("127.0.0.1:10540", "https://finops.example.com:8443", URL, true),
            ("127.0.0.1:10540", "https://finops.example.com.evil.example.com", URL, true),
            ("127.0.0.1:10540", "http://127.0.0.1:10540", URL, false),
            ("127.0.0.1:10540", "https://evil.example.com", "/azure-billing", true),
        ] {
            let given = [("host", host), ("origin", origin)];
            assert_eq!(foreign(&given, external_url), is_foreign, "{host} {origin} {external_url}");
        }
        let two = [("origin", "http://localhost:10540"), ("origin", "https://evil.example.com")];
        assert!(foreign(&[&[("host", "localhost:10540")][..], &two].concat(), ""));
        assert!(foreign(&two[..1], ""), "without a host nothing is its own");
    }
}
