//! Readings that never end: each fails with its reason, by time as well as by count. The client is
//! the real one, over real sockets, with short timeouts.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use azure_billing_exporter::azure::{Client, Error, Timeouts, transport};

use azure_billing_exporter::billing::daily_sums::TagKeys;
use azure_billing_exporter::billing::period::Period;
use azure_billing_exporter::billing::span::Span;
use azure_billing_exporter::config::{Config, Environment};
use azure_billing_exporter::source::{Access, ReadRequest, Reading, Source, read};
use jiff::civil::date;

use crate::routed::{head, serve};

const HEADER: &[u8] = b"Date,Cost,Currency\n";
const ROW: &[u8] = b"2026-11-20,1,EUR\n";
fn november() -> Span {
    Span::Period(Period::of(date(2026, 11, 1)))
}

const PATIENCE: Timeouts = Timeouts {
    answer: Duration::from_secs(5),
    turn: Duration::from_secs(30),
    page: Duration::from_secs(60),
    reading: Duration::from_secs(60),
    report: Duration::from_secs(60),
    file: Duration::from_secs(60),
    tries: 3,
    backoff: Duration::from_millis(10),
};

fn client(endpoint: &str, timeouts: Timeouts) -> (Client, Config) {
    let text = format!(
        "azure:\n  endpoint: {endpoint}\n  requests_per_minute: {{department: 100000}}\n  auth: {{method: token, token: a-token}}\nscopes:\n  - department: \"1234\"\n"
    );
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), text).expect("the file can be written");
    let config = Config::from_file(file.path(), &Environment::default()).expect("a configuration");
    let http = transport::client(&config.azure.endpoint, &[]).expect("an HTTP client");
    (Client::new(&config.azure, transport::over(http), timeouts, Arc::default()), config)
}

async fn report(endpoint: &str, timeouts: Timeouts) -> Result<Reading, Error> {
    let (client, config) = client(endpoint, timeouts);
    let no_tags = TagKeys::from([]);
    let access = Access::new(&client, &config.scopes[0].id, &no_tags);
    read(&access, &ReadRequest::new(Source::CostDetails, november())).await
}

/// Returns a report of some equal files. Its manifest announces a length, if any.
fn files(
    count: usize,
    announced: Option<u64>,
    file: impl Fn(&mut dyn Write) -> io::Result<()> + Send + Sync + 'static,
) -> String {
    let length = announced.map_or("null".to_owned(), |bytes| bytes.to_string());
    serve(move |path, endpoint, to| {
        head(to, "200 OK")?;
        if path.starts_with("/file/") {
            return file(to);
        }
        let blob = |number| {
            format!(r#"{{"blobLink":"{endpoint}/file/{number}?sig=planted","byteCount":{length}}}"#)
        };
        let blobs: Vec<String> = (0..count).map(blob).collect();
        let blobs = blobs.join(",");
        write!(to, r#"{{"status":"Completed","manifest":{{"blobs":[{blobs}]}}}}"#)
    })
}

/// Sends a file of rows at some bytes a tenth of a second, of a length or without end.
fn paced(bytes: usize, length: usize) -> impl Fn(&mut dyn Write) -> io::Result<()> {
    let rows = ROW.repeat(bytes.div_ceil(ROW.len()));
    move |to| {
        to.write_all(HEADER)?;
        for _ in 0..length.div_ceil(rows.len()) {
            to.write_all(&rows)?;
            thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }
}

/// Asserts that a reading has ended in an error, and prints when.
fn ended(what: &str, began: Instant, read: Result<Reading, Error>, says: &str) {
    let took = began.elapsed();
    let error = read.expect_err(what);
    println!("{what}: {:.1} s: {error}", took.as_secs_f64());
    assert!(error.to_string().contains(says), "{what}: {error}");
    assert!(took < Duration::from_secs(30), "{what}: {took:?}");
    assert!(!error.to_string().contains("planted"), "{what}: {error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_a_report_ends_by_its_deadline_its_least_rate_and_its_size() {
    const KIB: u64 = 1024;
    let quick = Timeouts { file: Duration::from_secs(1), ..PATIENCE };
    let late = "timed out: a file of the report was not complete after ";
    for (what, announced, file, timeouts, says) in [
        ("a file of 10 KiB at 1 KiB a second", Some(10 * KIB), paced(100, usize::MAX), quick, late),
        // 512 KiB may take 2 s more than the deadline.
        ("512 KiB at 64 KiB a second", Some(512 * KIB), paced(6400, 512 * 1024), quick, late),
        (
            "one without a length that has no end",
            None,
            paced(100, usize::MAX),
            Timeouts { report: Duration::from_secs(2), ..PATIENCE },
            late,
        ),
        (
            "one that is longer than announced",
            Some(1000),
            paced(100_000, usize::MAX),
            PATIENCE,
            "bad answer: a file of the report is longer than 1049676 bytes; 1000 are announced",
        ),
        (
            "one that stops",
            Some(100 * KIB),
            paced(100, 200),
            Timeouts { tries: 2, ..PATIENCE },
            "of the 102400 bytes of the report",
        ),
    ] {
        let (endpoint, began) = (files(1, announced, file), Instant::now());
        ended(what, began, report(&endpoint, timeouts).await, says);
    }
    let whole = files(1, Some(512 * KIB), paced(512 * 1024, 512 * 1024));
    let reading = report(&whole, quick).await.expect("the same file at full speed");
    assert_eq!(reading.counts.counted, (512 * KIB).div_ceil(ROW.len() as u64));
}

#[tokio::test(flavor = "multi_thread")]
async fn files_without_end_end_by_the_time_of_a_reading() {
    let endpoint = files(10_000, None, |to| {
        thread::sleep(Duration::from_millis(20));
        to.write_all(&[HEADER, ROW].concat())
    });
    let (began, timeouts) =
        (Instant::now(), Timeouts { reading: Duration::from_secs(2), ..PATIENCE });
    let says = "timed out: the reading was not finished after 2 s and ";
    ended("10,000 files", began, report(&endpoint, timeouts).await, says);
}

#[tokio::test(flavor = "multi_thread")]
async fn links_without_end_end_by_the_time_of_a_reading_as_well_as_by_count() {
    let pages = AtomicU64::new(0);
    let endpoint = serve(move |_, endpoint, to| {
        let page = pages.fetch_add(1, Ordering::Relaxed);
        thread::sleep(Duration::from_millis(20));
        head(to, "200 OK")?;
        write!(to, r#"{{"nextLink":"{endpoint}/next?id={page}","value":[]}}"#)
    });
    let timeouts = Timeouts { reading: Duration::from_secs(2), ..PATIENCE };
    let ((client, config), tags, began) =
        (client(&endpoint, timeouts), TagKeys::from([]), Instant::now());
    let access = Access::new(&client, &config.scopes[0].id, &tags);
    let all = ReadRequest::new(Source::UsageDetails, november());
    ended(
        "pages",
        began,
        read(&access, &all).await,
        "timed out: the reading was not finished after 2 s and ",
    );
    let few = read(&access, &ReadRequest { most_pages: Some(5), ..all }).await;
    ended("5 pages", Instant::now(), few, "more than 5 pages");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_is_always_elsewhere_ends_by_time() {
    let (asked, counted) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let looks = counted.clone();
    let endpoint = serve(move |_, endpoint, to| {
        let look = looks.fetch_add(1, Ordering::Relaxed);
        write!(
            to,
            "HTTP/1.1 202 Accepted\r\nlocation: {endpoint}/operations/{look}\r\nretry-after: 0\r\nconnection: close\r\n\r\n"
        )
    });
    let timeouts = Timeouts { report: Duration::from_secs(2), ..PATIENCE };
    let says = "timed out: the report was not ready after 2 s";
    ended("a chain of Locations", Instant::now(), report(&endpoint, timeouts).await, says);
    let looks = counted.load(Ordering::Relaxed);
    println!("{looks} looks");
    assert!(looks < 100, "each look is a call: {looks}");
    // A page that leads to itself by a redirect is not followed at all.
    let count = asked.clone();
    let endpoint = serve(move |path, endpoint, to| {
        count.fetch_add(1, Ordering::Relaxed);
        write!(to, "HTTP/1.1 302 Found\r\nlocation: {endpoint}{path}\r\nconnection: close\r\n\r\n")
    });
    ended("a redirect", Instant::now(), report(&endpoint, PATIENCE).await, "redirect is refused");
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}
