//! Which text format a scraper wants, by its `Accept` header.

use crate::metrics::Format;

/// The media type of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Negotiated {
    pub(super) format: Format,
    pub(super) content_type: String,
}

/// One media range of an `Accept` header.
struct Range<'a> {
    media_type: &'a str,
    version: Option<&'a str>,
    escaping: Option<&'a str>,
    quality: f64,
}

/// OpenMetrics where it is preferred, else the format that everybody reads.
pub(super) fn negotiate(accept: &str) -> Negotiated {
    // Media types, parameters and the values that mean something here are so in any case.
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

/// Our names are ASCII, for which every escaping scheme changes nothing; saying so keeps Prometheus
/// from guessing.
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
    // Of equal ones the first.
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

    #[test]
    fn each_scraper_gets_the_format_it_prefers() {
        let open_utf8 = format!("{OPEN}; escaping=allow-utf-8");
        for (who, accept, content_type) in [
            ("none", "", TEXT),
            ("curl", "*/*", TEXT),
            (
                "Prometheus 2.42",
                "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                OPEN,
            ),
            (
                "Prometheus 2.53",
                "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
                OPEN,
            ),
            (
                "Prometheus 3.5",
                "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
                &open_utf8,
            ),
            ("vmagent", "text/plain;version=0.0.4;q=1,*/*;q=0.1", TEXT),
            ("browser", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", TEXT),
            ("refuses OpenMetrics", "application/openmetrics-text;q=0,text/plain", TEXT),
            ("prefers text", "application/openmetrics-text;q=0.5,text/plain;q=0.9", TEXT),
            (
                "blanks",
                "text/plain ; q=0.2 , application/openmetrics-text ; version=\"1.0.0\" ; q=0.3",
                OPEN,
            ),
            ("upper case", "Application/OpenMetrics-Text; Version=1.0.0; Q=0.9", OPEN),
            ("unknown version", "application/openmetrics-text;version=2.0.0", TEXT),
            ("broken quality", "application/openmetrics-text;q=high", TEXT),
            ("garbage", ";;,,;q=;=,", TEXT),
        ] {
            assert_eq!(negotiate(accept).content_type, content_type, "{who}");
        }
    }
}
