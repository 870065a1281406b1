//! What others sent, made fit for a line that people and log collectors read: one line, no control
//! characters, not endless, and without the parts of addresses that can be a key to something.

use url::Url;

/// The parameters that say what was asked for. Links of others bring more: session tokens, and
/// signatures that are as good as a password to whoever reads them.
const PLAIN: [&str; 6] = ["api-version", "$expand", "$top", "$filter", "metric", "$skip"];

/// The start of a text, addresses in it without their queries.
pub(super) fn sanitize_line(text: &str, longest: usize) -> String {
    let text = text.split_whitespace().map(without_query).collect::<Vec<_>>().join(" ");
    let clean: String = text.chars().filter(|c| !c.is_control()).take(longest).collect();
    if clean.len() < text.len() { clean + "…" } else { clean }
}

/// A stranger's address may be broken, or in pieces: whatever follows a question mark goes.
fn without_query(word: &str) -> &str {
    match word.split_once('?') {
        Some((address, query)) if !query.is_empty() => address,
        _ => word,
    }
}

/// An address, its unknown parameters by name alone.
pub(super) fn url(url: &Url) -> String {
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
