//! Files of a report that never end, arrive too slowly, or fail at every try: each ends within the
//! time and the size that a file may have. The client is the real one, over a storage account in
//! process; time is paused.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use azure_billing_exporter::azure::transport::{Body, TransportError};
use azure_billing_exporter::azure::{Client, Error, Timeouts};
use azure_billing_exporter::billing::daily_sums::TagKeys;
use azure_billing_exporter::billing::period::Period;
use azure_billing_exporter::billing::span::Span;
use azure_billing_exporter::source::{self, Access, ReadRequest, Reading, Source};
use azure_billing_exporter::status::ApiCalls;
use azure_billing_simulator::Options;
use bytes::Bytes;
use futures_util::stream::unfold;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use jiff::civil::date;
use tokio::time::{Instant, sleep};
use tower::util::BoxCloneSyncService;

use crate::simulation::Setup;

const HEADER: &str = "Date,Cost,Currency\n";
const ROW: &str = "2026-11-20,1,EUR\n";
const MINUTE: Duration = Duration::from_secs(60);

/// A file of a test: returns its status, and a new body for each try.
type File = Arc<dyn Fn() -> (u16, Body) + Send + Sync>;

fn whole(text: &str) -> Body {
    let full = Full::new(Bytes::from(text.to_owned()));
    UnsyncBoxBody::new(full.map_err(|never: Infallible| match never {}))
}

/// Returns a header, and then the same part for ever, with a pause before each. `sent` counts the
/// parts.
fn endless(part: Bytes, pause: Duration, sent: Arc<AtomicUsize>) -> Body {
    let parts = unfold(true, move |first| {
        let (part, sent) = (part.clone(), sent.clone());
        async move {
            if !pause.is_zero() {
                sleep(pause).await;
            }
            sent.fetch_add(1, Ordering::Relaxed);
            let part = if first { Bytes::from_static(HEADER.as_bytes()) } else { part };
            Some((Ok::<_, TransportError>(http_body::Frame::data(part)), false))
        }
    });
    UnsyncBoxBody::new(StreamBody::new(parts))
}

/// Reads a report of one file: returns the result, its duration, and the number of requests for the
/// file.
async fn read(announced: Option<u64>, file: File) -> (Result<Reading, Error>, Duration, usize) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let length = announced.map_or("null".to_owned(), |bytes| bytes.to_string());
    let manifest = format!(
        r#"{{"status":"Completed","error":{{"code":"0","message":null}},"manifest":{{"blobs":[{{"blobLink":"https://storage.example.com/0.csv?sig=planted","byteCount":{length}}}]}}}}"#
    );
    let transport =
        BoxCloneSyncService::new(tower::service_fn(move |request: http::Request<Bytes>| {
            let (status, body) = match request.uri().host() {
                Some("storage.example.com") => {
                    count.fetch_add(1, Ordering::Relaxed);
                    file()
                }
                _ => (200, whole(&manifest)),
            };
            let mut answer = http::Response::new(body);
            *answer.status_mut() = http::StatusCode::from_u16(status).expect("a status");
            async move { Ok::<_, TransportError>(answer) }
        }));
    let now = "2026-11-23T12:00:00Z";
    let config = Setup::new(now, "department", "1234", Options::default()).config();
    let calls = Arc::<ApiCalls>::default();
    let client = Client::new(&config.azure, transport, Timeouts::default(), calls);
    let (began, tags) = (Instant::now(), TagKeys::from([]));
    let span = Span::Period(Period::of(date(2026, 11, 1)));
    let reading = source::read(
        &Access::new(&client, &config.scopes[0].id, &tags),
        &ReadRequest::new(Source::CostDetails, span),
    )
    .await;
    (reading, began.elapsed(), asked.load(Ordering::Relaxed))
}

#[tokio::test(start_paused = true)]
async fn a_file_at_a_byte_a_second_ends_in_its_time() {
    for (announced, most) in [
        (Some(1000), 15 * MINUTE),
        // An hour at the slowest speed that a line may have.
        (Some(3600 * 256 * 1024), 75 * MINUTE),
        (None, 120 * MINUTE),
    ] {
        let sent = Arc::default();
        let file: File = Arc::new(move || {
            (200, endless(Bytes::from_static(b"1"), Duration::from_secs(1), Arc::clone(&sent)))
        });
        let (reading, took, asked) = read(announced, file).await;
        let error = reading.expect_err("no whole file");
        assert!(matches!(error, Error::Timeout(_)), "{error}");
        let minutes = most.as_secs() / 60;
        let said = format!("timed out: a file of the report was not complete after {minutes} min");
        assert_eq!(error.to_string(), said);
        assert!(took >= most && took < most + MINUTE, "{took:?}");
        assert_eq!(asked, 1, "its time is used up");
    }
}

#[tokio::test(start_paused = true)]
async fn the_time_of_a_file_is_for_all_its_tries() {
    // Each try breaks off after six minutes.
    let file: File = Arc::new(|| {
        let parts = unfold(0, |step| async move {
            if step == 6 {
                return Some((Err("reset".into()), 7));
            }
            sleep(MINUTE).await;
            let part = Bytes::from_static(if step == 0 { HEADER.as_bytes() } else { b"x" });
            Some((Ok::<_, TransportError>(http_body::Frame::data(part)), step + 1))
        });
        (200, UnsyncBoxBody::new(StreamBody::new(parts)))
    });
    let (reading, took, asked) = read(Some(1000), file).await;
    let error = reading.expect_err("no whole file");
    assert!(matches!(error, Error::Timeout(_)), "{error}");
    assert!(took >= 15 * MINUTE && took < 16 * MINUTE, "{took:?}");
    assert_eq!(asked, 3, "two whole tries and half of one");
}

#[tokio::test(start_paused = true)]
async fn a_file_whose_rows_never_end_is_refused_at_its_limit() {
    const MIB: usize = 1024 * 1024;
    let part = Bytes::from(ROW.repeat(MIB / ROW.len() + 1));
    let sent = Arc::new(AtomicUsize::new(0));
    let file = {
        let (part, sent) = (part.clone(), sent.clone());
        Arc::new(move || (200, endless(part.clone(), Duration::ZERO, sent.clone())))
    };
    let announced = 5 * MIB as u64;
    let (reading, _, asked) = read(Some(announced), file).await;
    let error = reading.expect_err("no whole file");
    let most = announced + announced / 10 + MIB as u64;
    let said = format!(
        "bad answer: a file of the report is longer than {most} bytes; {announced} are announced"
    );
    assert_eq!(error.to_string(), said);
    assert_eq!(asked, 1, "it would only come again");
    assert_eq!(sent.load(Ordering::Relaxed), 8, "the header, six parts, and the one too many");
}

#[tokio::test(start_paused = true)]
async fn rows_that_are_always_there_let_the_deadline_and_others_have_their_turn() {
    // Another task that runs now and then, as a scrape does.
    let turns = Arc::new(AtomicUsize::new(0));
    let other = tokio::spawn({
        let turns = turns.clone();
        async move {
            loop {
                tokio::task::yield_now().await;
                turns.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    let sent = Arc::default();
    let part = Bytes::from(ROW.repeat(1000));
    let file = Arc::new(move || (200, endless(part.clone(), Duration::ZERO, Arc::clone(&sent))));
    let (reading, ..) = read(Some(10 << 20), file).await;
    assert!(matches!(reading, Err(Error::BadAnswer(_))), "{reading:?}");
    assert!(turns.load(Ordering::Relaxed) >= 3, "{turns:?}");
    other.abort();
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_refused_is_final_and_no_news_of_the_scope() {
    for (status, said) in [
        (400, "a file of the report: HTTP 400 BlobNotFound \"gone\""),
        (
            401,
            "a file of the report: the link to the report is refused: HTTP 401 BlobNotFound \"gone\"",
        ),
        (
            403,
            "a file of the report: the link to the report is refused: HTTP 403 BlobNotFound \"gone\"",
        ),
        (404, "a file of the report: HTTP 404 BlobNotFound \"gone\""),
        (409, "a file of the report: HTTP 409 BlobNotFound \"gone\""),
        (410, "a file of the report: HTTP 410 BlobNotFound \"gone\""),
        (412, "a file of the report: HTTP 412 BlobNotFound \"gone\""),
    ] {
        let body = "<Error><Code>BlobNotFound</Code><Message>gone</Message></Error>";
        let (reading, _, asked) = read(None, Arc::new(move || (status, whole(body)))).await;
        let error = reading.expect_err("no file");
        assert_eq!(error.to_string(), said);
        assert!(matches!(error, Error::ReportFile(_)) && !error.is_transient(), "{error:?}");
        assert!(error.remedy().contains("*.blob.core.windows.net"));
        assert_eq!(asked, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_not_plain_csv_is_named_as_what_it_is() {
    for (start, what) in
        [(&[0x1f, 0x8b, 0x08, 0x00, 0x00][..], "compressed"), (b"PAR1\x15\x04", "Parquet")]
    {
        let file: File = Arc::new(move || {
            // One byte in each part: the type shows only after several.
            let left = Mutex::new(start.iter());
            let parts = unfold(left, |left| async move {
                let byte = *left.lock().expect("no panic").next()?;
                let frame = http_body::Frame::data(Bytes::from(vec![byte]));
                Some((Ok::<_, TransportError>(frame), left))
            });
            (200, UnsyncBoxBody::new(StreamBody::new(parts)))
        });
        let (reading, _, asked) = read(None, file).await;
        let said = format!("bad answer: a file of the report is {what}, not plain CSV");
        assert_eq!(reading.expect_err("no report").to_string(), said);
        assert_eq!(asked, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_file_is_read_to_its_end_in_its_time() {
    let seconds = 14 * 60;
    let length = HEADER.len() + seconds * ROW.len();
    let file: File = Arc::new(move || {
        let parts = unfold(0, move |step| async move {
            if step > seconds {
                return None;
            }
            sleep(Duration::from_secs(1)).await;
            let part = Bytes::from_static(if step == 0 { HEADER } else { ROW }.as_bytes());
            Some((Ok::<_, TransportError>(http_body::Frame::data(part)), step + 1))
        });
        (200, UnsyncBoxBody::new(StreamBody::new(parts)))
    });
    let (reading, took, asked) = read(Some(length as u64), file).await;
    let reading = reading.expect("a whole file");
    assert_eq!((reading.counts.counted, asked), (seconds as u64, 1));
    assert!(took >= 14 * MINUTE, "{took:?}");
}
