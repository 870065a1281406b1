//! Makes texts of others safe for a log line: one line, limited in length, without control
//! characters, and without the parts of addresses that can be secret.

use url::Url;

/// The parameters of our own requests. Links of others contain more: session tokens, and signatures
/// that are as secret as a password.
const PLAIN: [&str; 6] = ["api-version", "$expand", "$top", "$filter", "metric", "$skip"];

/// Returns the start of a text, with addresses in it but without their queries.
pub(crate) fn sanitize_line(text: &str, longest: usize) -> String {
    let text = text.split_whitespace().map(without_query).collect::<Vec<_>>().join(" ");
    let clean: String = text.chars().filter(|c| !c.is_control()).take(longest).collect();
    if clean.len() < text.len() { clean + "…" } else { clean }
}

/// Removes everything after a question mark: addresses of others may be broken or cut.
fn without_query(word: &str) -> &str {
    match word.split_once('?') {
        Some((address, query)) if !query.is_empty() => address,
        _ => word,
    }
}

/// Returns an address, with the values of unknown parameters removed.
pub(crate) fn url(url: &Url) -> String {
    let mut shown = format!("{}{}", url.origin().ascii_serialization(), url.path());
    for (at, pair) in url.query().unwrap_or_default().split('&').enumerate() {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = if PLAIN.contains(&name) { value } else { "…" };
        shown.push(if at == 0 { '?' } else { '&' });
        shown.push_str(&format!("{name}={value}"));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_one_line_without_control_characters() {
        assert_eq!(sanitize_line("a\r\nb\u{1b}[31m\tc", 20), "a b[31m c…");
        assert_eq!(sanitize_line(&"x".repeat(30), 20).chars().count(), 21);
    }

    #[test]
    fn a_text_shows_no_signature_of_an_address() {
        let text = "see https://example.com/report?sv=1&sig=planted for more?";
        assert_eq!(sanitize_line(text, 100), "see https://example.com/report for more?");
        for broken in [
            "https://example.com/re port?sig=planted",
            "/report?sig=planted",
            "a?b=https://example.com/report?sig=planted",
            "https:/example.com/report?sig=planted",
            "\u{1}?\u{1}sig=planted",
        ] {
            let shown = sanitize_line(broken, 100);
            assert!(!shown.contains("planted"), "{shown}");
        }
    }

    #[test]
    fn an_address_shows_what_was_asked_for_and_no_more() {
        let link = "https://example.com/a?api-version=1&$filter=x%20ge%20'1'&$skiptoken=planted&sig=planted&b";
        let link = Url::parse(link).unwrap();
        assert_eq!(
            url(&link),
            "https://example.com/a?api-version=1&$filter=x%20ge%20%271%27&$skiptoken=…&sig=…&b=…"
        );
    }
}
