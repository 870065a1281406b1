//! The end of the server's certificate: what is published, and what is logged.

use std::path::Path;
use std::time::{Duration, SystemTime};

use rcgen::{CertificateParams, KeyPair, SanType};
use tempfile::TempDir;

use crate::certificates::write;
use crate::clients::curl;
use crate::serving::{Serving, page, row};

const TLS: &str = "tls_server_config: {cert_file: server.pem, key_file: server.key}\n";
const FAMILY: &str = "azure_billing_exporter_web_certificate_expiry_timestamp_seconds";
const EXPIRED: &str = "the certificate of --web.config.file has expired";

/// Replaces the certificate by one that ends so many seconds from now, and returns that end.
fn ends_in(folder: &Path, seconds: i64) -> i64 {
    #[expect(clippy::disallowed_methods, reason = "the program looks at the same clock")]
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a time");
    let end = i64::try_from(now.as_secs()).expect("a time") + seconds;
    let mut params = CertificateParams::default();
    params.subject_alt_names.push(SanType::IpAddress([127, 0, 0, 1].into()));
    params.not_after = rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(end.unsigned_abs());
    let key = KeyPair::generate().expect("a key");
    let certificate = params.self_signed(&key).expect("a certificate");
    // A rename, so that no incomplete file is read.
    for (name, text) in [("server.key", key.serialize_pem()), ("server.pem", certificate.pem())] {
        write(folder, "next", &text);
        std::fs::rename(folder.join("next"), folder.join(name)).expect("a file");
    }
    end
}

/// Returns the published value, requested without checking the certificate.
fn published(serving: &Serving, scheme: &str) -> Option<i64> {
    let answer = curl(&["--insecure", &format!("{scheme}://{}/metrics", serving.address)]);
    let text = answer.expect("an answer").text().to_owned();
    let value = text.lines().find_map(|line| line.strip_prefix(FAMILY)?.strip_prefix(' '));
    value.map(|value| value.parse::<f64>().expect("a number") as i64)
}

async fn serving(folder: TempDir, web: &str) -> Serving {
    Serving::in_folder(folder, &page(&[row("vm", "Microsoft.Compute", 1.0)]), web, &[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_the_certificate_is_published_and_follows_its_file() {
    let folder = TempDir::new().expect("a folder");
    let end = ends_in(folder.path(), 3600);
    let mut serving = serving(folder, TLS).await;
    assert_eq!(published(&serving, "https"), Some(end));
    assert!(!serving.program.seen.iter().any(|line| line.contains(EXPIRED)));
    // Another pair, reported as expired when it comes into force.
    let end = ends_in(serving.folder.path(), -3600);
    serving.program.line_with("msg=\"the web config has changed\"");
    let told = serving.program.line_with(EXPIRED);
    assert!(told.contains("level=WARN"), "{told}");
    assert_eq!(published(&serving, "https"), Some(end));
    // Without TLS there is no certificate.
    serving.change("", "the web config has changed");
    assert_eq!(published(&serving, "http"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_ends_while_it_is_served_is_told_once() {
    let folder = TempDir::new().expect("a folder");
    ends_in(folder.path(), 5);
    let mut serving = serving(folder, TLS).await;
    if !serving.program.seen.iter().any(|line| line.contains(EXPIRED)) {
        serving.program.line_with(EXPIRED);
    }
    // At least two more checks.
    std::thread::sleep(Duration::from_secs(3));
    serving.program.signal("TERM");
    let lines = serving.program.lines_to_the_end();
    assert_eq!(lines.iter().filter(|line| line.contains(EXPIRED)).count(), 1, "{lines:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_has_expired_is_told_at_the_start() {
    let folder = TempDir::new().expect("a folder");
    let end = ends_in(folder.path(), -1);
    let serving = serving(folder, TLS).await;
    let told = serving.program.seen.iter().filter(|line| line.contains(EXPIRED)).count();
    assert_eq!(told, 1, "{:#?}", serving.program.seen);
    assert_eq!(published(&serving, "https"), Some(end));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_own_certificate_counts_and_none_behind_it() {
    let folder = TempDir::new().expect("a folder");
    let end = ends_in(folder.path(), 86_400);
    let path = folder.path().join("server.pem");
    let leaf = std::fs::read_to_string(&path).expect("a certificate");
    let other = rcgen::generate_simple_self_signed(Vec::new()).expect("a certificate");
    write(folder.path(), "server.pem", &(leaf + &other.cert.pem()));
    let serving = serving(folder, TLS).await;
    assert_eq!(published(&serving, "https"), Some(end));
}
