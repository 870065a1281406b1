//! Checks the parts of a report: the answer that lists its files, and the files.

use std::hash::{DefaultHasher, Hash, Hasher};

use http::Uri;
use serde_json::Value;

use crate::billing::amount::Amount;
use crate::billing::charge::Charge;
use crate::config::Cloud;
use crate::decode::{Report, ReportReader, RowOptions};
use crate::source::report_files;

/// Checks a file of a report: the rows and the result do not depend on the parts in which it
/// arrives, and the error for a bad one is short. The first bytes choose the options and the parts.
pub fn report(bytes: &[u8]) {
    let Some((&[wanted, seed], file)) = bytes.split_first_chunk() else { return };
    let wanted = RowOptions {
        tags: wanted & 1 == 0,
        cost_allocation: wanted & 2 == 0,
        cloud: if wanted & 4 == 0 { Cloud::Public } else { Cloud::China },
    };
    let whole = read(wanted, [file].into_iter());
    assert_eq!(whole, read(wanted, parts(file, seed)), "cut by {seed}");
    if let Err(error) = whole.end {
        let long = error.chars().count() >= 500;
        assert!(!long && !error.contains(char::is_control), "{error:?}");
    }
}

/// The result of reading a file.
#[derive(Debug, PartialEq)]
struct Outcome {
    /// A hash of everything in every row, in order.
    rows: u64,
    total: Amount,
    end: Result<Report, String>,
}

fn read<'a>(wanted: RowOptions, mut parts: impl Iterator<Item = &'a [u8]>) -> Outcome {
    let (mut rows, mut total) = (DefaultHasher::new(), Amount::ZERO);
    let mut reader = ReportReader::new(wanted);
    let mut fold = |charge: &Charge<'_>| {
        format!("{charge:?}").hash(&mut rows);
        assert!(charge.cost.to_f64().is_finite() && charge.quantity.to_f64().is_finite());
        total += charge.cost;
    };
    let end = parts
        .try_for_each(|part| reader.feed(part, &mut fold))
        .and_then(|()| reader.finish(&mut fold));
    assert!(total.to_f64().is_finite());
    Outcome { rows: rows.finish(), total, end: end.map_err(|error| error.to_string()) }
}

/// Returns the file in parts of different sizes, some of them empty.
fn parts(file: &[u8], seed: u8) -> impl Iterator<Item = &[u8]> {
    let (mut rest, mut state) = (file, u64::from(seed));
    std::iter::from_fn(move || {
        // Knuth's generator, whose upper bits are the good ones.
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let size = (state >> 33) % if seed.is_multiple_of(2) { 4 } else { 300 };
        let (part, left) = rest.split_at(rest.len().min(usize::try_from(size).unwrap_or(1)));
        let over = rest.is_empty();
        rest = left;
        (!over).then_some(part)
    })
}

/// Checks the answer that lists the files of a report: a link that is followed is encrypted or
/// leads to this machine, for each of the two parsers that an address passes on its way out. No
/// link is shown, whether it is good, bad, or in a wrong place.
pub fn manifest(bytes: &[u8]) {
    let (mut shown, files) = (String::new(), report_files(bytes));
    match files {
        Err(error) => shown = error.to_string(),
        Ok(files) => {
            for file in files {
                shown.push_str(&format!("{file:?}"));
                match file.url() {
                    Err(error) => shown.push_str(&error.to_string()),
                    Ok(url) => assert_private(url.as_str()),
                }
            }
        }
    }
    let Ok(answer) = serde_json::from_slice::<Value>(bytes) else { return };
    let mut links = Vec::new();
    collect_links(&answer, &mut links);
    for link in links {
        assert!(!shown.contains(link), "{link:?} in {shown:?}");
    }
}

fn assert_private(link: &str) {
    let Ok(uri) = link.parse::<Uri>() else { return };
    let host = uri.host().unwrap_or_default();
    let here = host == "localhost" || host == "[::1]" || host.starts_with("127.");
    assert!(uri.scheme_str() == Some("https") || here, "{link:?}");
    assert!(uri.authority().is_some_and(|it| !it.as_str().contains('@')), "{link:?}");
}

/// Collects every text of the answer that is an address with a signature.
fn collect_links<'a>(value: &'a Value, links: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => {
            let signed = text.starts_with("https://") && text.contains("?sig=");
            if signed && !text.ends_with("?sig=") {
                links.push(text);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| collect_links(value, links)),
        Value::Object(values) => values.values().for_each(|value| collect_links(value, links)),
        _ => {}
    }
}
