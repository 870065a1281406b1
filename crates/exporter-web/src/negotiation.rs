//! Chooses the text format and the coding that a scraper accepts, by its `Accept` and
//! `Accept-Encoding` headers.

use super::format::{Coding, Format};

/// The media type of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Negotiated {
    /// The format of the text.
    pub format: Format,
    /// The value of its `Content-Type`.
    pub content_type: String,
}

/// One media range of an `Accept` header, or one coding of `Accept-Encoding`.
struct Range<'a> {
    media_type: &'a str,
    version: Option<&'a str>,
    escaping: Option<&'a str>,
    quality: f64,
}

/// Returns OpenMetrics if the scraper prefers it, otherwise the format that every scraper reads.
/// `accept` is the value of the header of this name, empty if there is none.
pub fn negotiate(accept: &str) -> Negotiated {
    // Media types, parameters and the values that are used here do not depend on case.
    let accept = accept.to_ascii_lowercase();
    let ranges: Vec<Range<'_>> = accept.split(',').filter_map(range).collect();
    let open_metrics = best(&ranges, |range| {
        range.media_type == "application/openmetrics-text"
            && matches!(range.version, None | Some("1.0.0" | "0.0.1"))
    });
    let text = best(&ranges, |range| match range.media_type {
        "text/plain" => matches!(range.version, None | Some("0.0.4" | "1.0.0")),
        "text/*" | "*/*" => true,
        _ => false,
    });
    match (open_metrics, text) {
        (Some(range), other) if other.is_none_or(|other| range.quality > other.quality) => {
            let version = range.version.unwrap_or("1.0.0");
            let media_type =
                format!("application/openmetrics-text; version={version}; charset=utf-8");
            Negotiated {
                format: Format::OpenMetrics,
                content_type: with_escaping(media_type, range),
            }
        }
        _ => Negotiated {
            format: Format::Text,
            content_type: "text/plain; version=0.0.4; charset=utf-8".into(),
        },
    }
}

/// Returns gzip if the header `Accept-Encoding` names it, or `*`, and does not prefer no coding. Scrapers that forbid
/// both get no coding: to answer the scrape matters more than the rule.
pub fn coding(accept_encoding: &str) -> Coding {
    let accept_encoding = accept_encoding.to_ascii_lowercase();
    let ranges: Vec<Range<'_>> = accept_encoding.split(',').filter_map(range).collect();
    let quality = |names: &[&str]| {
        let named = ranges.iter().filter(|range| names.contains(&range.media_type));
        named.map(|range| range.quality).reduce(f64::max)
    };
    let gzip = quality(&["gzip", "x-gzip"]).or(quality(&["*"])).unwrap_or(0.0);
    let identity = quality(&["identity"]).unwrap_or(0.0);
    if gzip > 0.0 && gzip >= identity { Coding::Gzip } else { Coding::Identity }
}

/// Adds the escaping scheme that the scraper requests. Names of metrics are usually ASCII, which no scheme
/// changes; naming it keeps Prometheus from guessing.
fn with_escaping(media_type: String, range: &Range<'_>) -> String {
    match range.escaping {
        Some(scheme @ ("allow-utf-8" | "underscores" | "dots" | "values")) => {
            format!("{media_type}; escaping={scheme}")
        }
        _ => media_type,
    }
}

fn best<'r, 'a>(
    ranges: &'r [Range<'a>],
    fits: impl Fn(&Range<'a>) -> bool,
) -> Option<&'r Range<'a>> {
    let acceptable = ranges.iter().filter(|range| range.quality > 0.0 && fits(range));
    // Of equal ones the first counts.
    acceptable.reduce(|best, range| if range.quality > best.quality { range } else { best })
}

fn range(text: &str) -> Option<Range<'_>> {
    let mut parts = text.split(';').map(str::trim);
    let media_type = parts.next().filter(|media_type| !media_type.is_empty())?;
    let mut range = Range { media_type, version: None, escaping: None, quality: 1.0 };
    for (name, value) in parts.filter_map(|part| part.split_once('=')) {
        let value = value.trim().trim_matches('"');
        match name.trim() {
            "q" => range.quality = value.parse().ok().filter(|q| (0.0..=1.0).contains(q))?,
            "version" => range.version = Some(value),
            "escaping" => range.escaping = Some(value),
            _ => {}
        }
    }
    Some(range)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
    const OPEN: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    /// The scrapers, what they send, and the content type that they get.
    const ACCEPTED: [(&str, &str, &str); 42] = [
        ("none", "", TEXT),
        ("curl 7 and 8", "*/*", TEXT),
        ("wget", "*/*;q=0.8", TEXT),
        (
            "Prometheus 1.8",
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,text/plain;version=0.0.4;q=0.3,*/*;q=0.1",
            TEXT,
        ),
        ("Prometheus 2.0", "text/plain;version=0.0.4;q=1,*/*;q=0.1", TEXT),
        (
            "Prometheus 2.5",
            "application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            OPEN_0,
        ),
        (
            "Prometheus 2.42",
            "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            OPEN,
        ),
        (
            "Prometheus 2.42, native histograms",
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            OPEN,
        ),
        (
            "Prometheus 2.53",
            "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
            OPEN,
        ),
        (
            "Prometheus 2.53, native histograms",
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
            OPEN,
        ),
        (
            "Prometheus 3.0",
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
            OPEN_UTF8,
        ),
        (
            "Prometheus 3.5",
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
            OPEN_UTF8,
        ),
        (
            "Prometheus 3.5, legacy names",
            "application/openmetrics-text;version=1.0.0;escaping=underscores;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=underscores;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
            OPEN_UNDERSCORES,
        ),
        (
            "Prometheus 3.5, text alone",
            "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
            TEXT,
        ),
        ("vmagent 1.79", "text/plain;version=0.0.4;q=1,*/*;q=0.1", TEXT),
        ("vmagent 1.112", "text/plain;version=0.0.4;q=1,*/*;q=0.1", TEXT),
        (
            "Telegraf, inputs.prometheus",
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,text/plain;version=0.0.4;q=0.3,*/*;q=0.1",
            TEXT,
        ),
        (
            "Telegraf, OpenMetrics",
            "application/openmetrics-text;version=1.0.0;q=0.9,text/plain;version=0.0.4;q=0.5",
            OPEN,
        ),
        (
            "Datadog, openmetrics check",
            "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            OPEN,
        ),
        ("Datadog, prometheus check", "text/plain", TEXT),
        (
            "Datadog, protobuf first",
            "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
            TEXT,
        ),
        ("Python requests", "*/*", TEXT),
        ("Go net/http", "", TEXT),
        ("browser", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", TEXT),
        (
            "Chromium",
            "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7",
            TEXT,
        ),
        ("OpenMetrics without a version", "application/openmetrics-text", OPEN),
        ("OpenMetrics of the first draft", "application/openmetrics-text; version=0.0.1", OPEN_0),
        ("OpenMetrics of the future alone", "application/openmetrics-text;version=2.0.0", TEXT),
        (
            "OpenMetrics of the future first",
            "application/openmetrics-text;version=2.0.0,application/openmetrics-text;version=1.0.0;q=0.9",
            OPEN,
        ),
        ("dots", "application/openmetrics-text;version=1.0.0;escaping=dots", OPEN_DOTS),
        ("values", "application/openmetrics-text;version=1.0.0;escaping=values", OPEN_VALUES),
        ("unknown escaping", "application/openmetrics-text;version=1.0.0;escaping=<b>", OPEN),
        ("refuses OpenMetrics", "application/openmetrics-text;q=0,text/plain", TEXT),
        ("refuses text", "text/plain;q=0,application/openmetrics-text;q=0.1", OPEN),
        ("prefers text", "application/openmetrics-text;q=0.5,text/plain;q=0.9", TEXT),
        (
            "likes both alike",
            "text/plain;version=0.0.4,application/openmetrics-text;version=1.0.0",
            TEXT,
        ),
        (
            "blanks and quotes",
            "text/plain ; q=0.2 , application/openmetrics-text ; version=\"1.0.0\" ; q=0.3",
            OPEN,
        ),
        ("upper case", "Application/OpenMetrics-Text; Version=1.0.0; Q=0.9", OPEN),
        ("any text", "text/*", TEXT),
        ("broken quality", "application/openmetrics-text;q=high", TEXT),
        ("quality out of range", "application/openmetrics-text;q=7,text/plain;q=0.1", TEXT),
        ("garbage", ";;,,;q=;=,", TEXT),
    ];

    const OPEN_0: &str = "application/openmetrics-text; version=0.0.1; charset=utf-8";
    const OPEN_UTF8: &str =
        "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8";
    const OPEN_UNDERSCORES: &str =
        "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores";
    const OPEN_DOTS: &str =
        "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=dots";
    const OPEN_VALUES: &str =
        "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=values";

    #[test]
    fn each_scraper_gets_the_format_it_prefers() {
        for (who, accept, content_type) in ACCEPTED {
            assert_eq!(negotiate(accept).content_type, content_type, "{who}");
        }
    }

    #[test]
    fn gzip_is_sent_only_where_it_is_asked_for() {
        for (accept_encoding, gzip) in [
            ("", false),
            ("gzip", true),
            ("GZip", true),
            ("x-gzip", true),
            ("deflate, gzip, br, zstd", true),
            ("gzip;q=0", false),
            ("gzip; q=0.0", false),
            ("gzip;q=0.001", true),
            ("*", true),
            ("*;q=0", false),
            ("*, gzip;q=0", false),
            ("*;q=0, gzip", true),
            ("identity", false),
            ("identity, gzip;q=0.5", false),
            ("identity;q=0.5, gzip", true),
            ("identity;q=0", false),
            ("identity;q=0, gzip", true),
            ("br", false),
            ("gzip;q=lots", false),
            ("gzipped", false),
        ] {
            let expected = if gzip { Coding::Gzip } else { Coding::Identity };
            assert_eq!(coding(accept_encoding), expected, "{accept_encoding}");
        }
    }
}
