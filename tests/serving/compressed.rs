//! One exposition, the same for every client and every compression.

use std::fs::File;
use std::process::Command;

use crate::chromium::Chromium;
use crate::clients::{curl, python};
use crate::serving::{Serving, page, row};

const OPEN_METRICS: &str = "accept: application/openmetrics-text;version=1.0.0";

/// Returns what is the same at each scrape: the part that a publish made, and the end of the other.
fn parts(text: &str) -> (&str, &str) {
    let cut = text.find("# HELP azure_billing_poll_success").expect("the live part");
    let end = text.find("# HELP process_start_time_seconds").expect("the end");
    (&text[..cut], &text[end..])
}

/// Unpacks like a browser that reads one member, and like a library that reads to the end.
const GUNZIP: &str = "
import sys, zlib, gzip, urllib.request
request = urllib.request.Request(sys.argv[1], headers={'accept-encoding': 'gzip'})
answer = urllib.request.urlopen(request)
assert answer.headers['content-encoding'] == 'gzip', answer.headers
packed = answer.read()
assert len(packed) == int(answer.headers['content-length'])
one = zlib.decompressobj(31)
text = one.decompress(packed) + one.flush()
assert one.eof and not one.unused_data, 'more than one member'
assert text == gzip.decompress(packed)
sys.stdout.buffer.write(text)
";

#[tokio::test(flavor = "multi_thread")]
async fn curl_python_and_chromium_read_the_same_text_from_gzip() {
    let rows: Vec<_> =
        (0..300).map(|vm| row(&format!("vm-{vm}"), "Microsoft.Compute", 1.5)).collect();
    let serving = Serving::start(&page(&rows), "").await.polled();
    let address = format!("http://{}/metrics", serving.address);
    let plain = curl(&[&address]).expect("an answer");
    assert_eq!(plain.header("content-encoding"), None, "gzip only when asked");
    assert!(parts(plain.text()).0.contains("vm-299"), "{}", plain.text());
    let packed = curl(&["--compressed", &address]).expect("an answer");
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    let length: usize =
        packed.header("content-length").and_then(|n| n.parse().ok()).expect("a length");
    assert!(length * 5 < packed.body.len(), "{length} of {}", packed.body.len());
    assert_eq!(parts(packed.text()), parts(plain.text()));
    let by_python = String::from_utf8(python(GUNZIP, &[&address])).expect("text");
    assert_eq!(parts(&by_python), parts(plain.text()));
    let mut chromium = Chromium::start();
    chromium.open(&address);
    let by_chromium = chromium.value("document.body.textContent");
    assert_eq!(parts(by_chromium.as_str().expect("a text")), parts(plain.text()));
    assert_eq!(chromium.value("performance.getEntriesByType('navigation')[0].encodedBodySize < performance.getEntriesByType('navigation')[0].decodedBodySize / 5"), true);
}

#[tokio::test(flavor = "multi_thread")]
async fn both_formats_share_the_published_bytes_and_pass_promtool() {
    let serving = Serving::start(&page(&[row("vm", "Microsoft.Compute", 1.5)]), "").await.polled();
    let address = format!("http://{}/metrics", serving.address);
    let text = curl(&[&address]).expect("an answer");
    let open = curl(&["--compressed", "--header", OPEN_METRICS, &address]).expect("an answer");
    assert_eq!(parts(open.text()).0, parts(text.text()).0);
    assert!(open.text().ends_with("# EOF\n") && !text.text().contains("# EOF"));
    assert_eq!(complaints(text.text()), [""; 0]);
    // Promtool knows only the older format, in which the metadata of a counter seems to lack its
    // suffix.
    let about_suffixes = |told: &String| told.ends_with("_total no help text");
    let complaints = complaints(open.text());
    assert!(!complaints.is_empty() && complaints.iter().all(about_suffixes), "{complaints:#?}");
}

/// Returns promtool's complaints about an exposition, line by line.
fn complaints(exposition: &str) -> Vec<String> {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), exposition).expect("room for a file");
    let output = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(File::open(file.path()).expect("the file"))
        .output()
        .unwrap_or_else(|error| panic!("cannot start promtool ({error}): run `make tools`"));
    let told = String::from_utf8([output.stdout, output.stderr].concat()).expect("text");
    assert_eq!(told.is_empty(), output.status.success(), "{told}");
    told.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_tell_caches_and_clients_what_they_are() {
    let serving = Serving::start(&page(&[row("vm", "Microsoft.Compute", 1.5)]), "").await.polled();
    let address = format!("http://{}/metrics", serving.address);
    for (accept_encoding, coding) in [
        ("gzip", Some("gzip")),
        ("gzip;q=0", None),
        ("identity, gzip;q=0.5", None),
        ("*", Some("gzip")),
        ("deflate, br", None),
    ] {
        let asked = format!("accept-encoding: {accept_encoding}");
        let got = curl(&["--header", &asked, &address]).expect("an answer");
        assert_eq!(got.header("content-encoding"), coding, "{accept_encoding}");
        assert_eq!(got.header("vary"), Some("accept, accept-encoding"));
        assert_eq!(got.header("content-length"), Some(got.body.len().to_string().as_str()));
        let head = curl(&["--head", "--header", &asked, &address]).expect("an answer");
        assert_eq!((head.status, head.header("content-encoding")), (200, coding));
        assert!(head.header("content-length").is_some_and(|length| length != "0"), "{}", head.head);
    }
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        for path in ["/metrics", "/", "/-/healthy"] {
            let address = format!("http://{}{path}", serving.address);
            let refused = curl(&["--request", method, &address]).expect("an answer");
            assert_eq!(
                (refused.status, refused.header("allow")),
                (405, Some("get,head")),
                "{method} {path}"
            );
        }
    }
}
