//! Azure's nextLink. It is not encoded and contains raw blanks and apostrophes; if it is sent
//! unchanged, Azure answers with 400 "The request is badly formed." It must lead to the endpoint,
//! because whoever could make this program follow another link would get the token.

use thiserror::Error;
use url::{Origin, Url};

/// The longest link. Real ones are half a kilobyte, and few servers take a longer request line.
const LONGEST: usize = 16 * 1024;

/// The reason why a nextLink is not followed.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum NextLinkError {
    #[error("nextLink is longer than {} KiB", LONGEST / 1024)]
    TooLong,
    #[error("nextLink is not a URL: {0}")]
    NotAUrl(url::ParseError),
    #[error(
        "nextLink leads to {0}, not to azure.endpoint: refused, because the token would be sent there"
    )]
    Foreign(String),
}

/// Returns the encoded URL of a nextLink, with every parameter.
pub(crate) fn resolve(link: &str, endpoint: &Url) -> Result<Url, NextLinkError> {
    if link.len() > LONGEST {
        return Err(NextLinkError::TooLong);
    }
    let url = endpoint.join(&encoded(link.trim())).map_err(NextLinkError::NotAUrl)?;
    let same_origin =
        matches!(url.origin(), Origin::Tuple(..)) && url.origin() == endpoint.origin();
    if !same_origin || !url.username().is_empty() || url.password().is_some() {
        return Err(NextLinkError::Foreign(url.host_str().unwrap_or("nowhere").to_owned()));
    }
    Ok(url)
}

/// Encodes what the URL parser would misread. The parser itself encodes blanks and apostrophes; `+`
/// in a link that is otherwise raw is a plus, not a blank.
fn encoded(link: &str) -> String {
    let raw = link.contains([' ', '\'']);
    let mut encoded = String::with_capacity(link.len());
    for (at, c) in link.char_indices() {
        match c {
            '#' => encoded.push_str("%23"),
            '+' if raw => encoded.push_str("%2B"),
            '%' if !is_escape(&link[at..]) => encoded.push_str("%25"),
            c => encoded.push(c),
        }
    }
    encoded
}

fn is_escape(text: &str) -> bool {
    let hex = |at: usize| text.as_bytes().get(at).is_some_and(u8::is_ascii_hexdigit);
    hex(1) && hex(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint() -> Url {
        Url::parse("https://management.azure.com").unwrap()
    }

    #[test]
    fn a_raw_link_is_encoded_and_keeps_every_parameter() {
        let link = "https://management.azure.com/subscriptions/0/providers/Microsoft.Consumption/usageDetails?$filter=properties/usageStart ge '2026-11-01' and tags eq 'team:a+b#1 100%'&$top=10&api-version=2018-01-31&sessiontoken=21:1&$skiptoken=317C31&skiptokenver=v1&id=0";
        let url = resolve(link, &endpoint()).unwrap();
        assert!(!url.as_str().contains([' ', '\'', '#']));
        let parameters: Vec<_> =
            url.query_pairs().map(|(k, v)| (k.into_owned(), v.into_owned())).collect();
        let expected = [
            ("$filter", "properties/usageStart ge '2026-11-01' and tags eq 'team:a+b#1 100%'"),
            ("$top", "10"),
            ("api-version", "2018-01-31"),
            ("sessiontoken", "21:1"),
            ("$skiptoken", "317C31"),
            ("skiptokenver", "v1"),
            ("id", "0"),
        ];
        assert_eq!(parameters, expected.map(|(k, v)| (k.to_owned(), v.to_owned())));
    }

    #[test]
    fn an_encoded_link_is_left_as_it_is() {
        let link = "https://management.azure.com/x?$filter=a%20eq%20%27b%27&c=d+e&f=%2B";
        assert_eq!(resolve(link, &endpoint()).unwrap().as_str(), link);
    }

    #[test]
    fn a_relative_link_stays_on_the_endpoint() {
        let url = resolve("/subscriptions/0?id=1", &endpoint()).unwrap();
        assert_eq!(url.as_str(), "https://management.azure.com/subscriptions/0?id=1");
    }

    #[test]
    fn a_link_that_leads_elsewhere_is_refused() {
        for link in [
            "https://example.com/x",
            "http://management.azure.com/x",
            "https://management.azure.com:8443/x",
            "https://management.azure.com.example.com/x",
            "https://management.azure.com@example.com/x",
            "https://someone@management.azure.com/x",
            "https://someone:secret@management.azure.com/x",
            "//example.com/x",
            "\\\\example.com\\x",
            "data:text/json,{}",
            "file:///etc/passwd",
        ] {
            let refused = resolve(link, &endpoint());
            assert!(matches!(refused, Err(NextLinkError::Foreign(_))), "{link}: {refused:?}");
        }
        let long = format!("/x?id={}", "1".repeat(LONGEST));
        assert_eq!(resolve(&long, &endpoint()), Err(NextLinkError::TooLong));
        assert!(matches!(resolve("https://[::1", &endpoint()), Err(NextLinkError::NotAUrl(_))));
    }
}
