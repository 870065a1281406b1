//! Answers that are made to harm: endless, deep, huge, packed. Each ends in its reason, and within
//! a memory limit for a process that serves meanwhile. And web sites that send requests through a
//! browser (`web`).

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod bounds;
#[path = "../serving/certificates.rs"]
#[expect(dead_code, reason = "its own tests use the rest")]
mod certificates;
mod crowd;
mod files;
mod log;
mod places;
#[path = "../program/process.rs"]
mod process;
mod restart;
#[path = "../program/routed.rs"]
mod routed;
mod rows;
#[path = "../azure/server.rs"]
#[expect(dead_code, reason = "the faults are tested with the client")]
mod server;
mod system;
mod web;

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use flate2::Compression;
use flate2::write::GzEncoder;
use process::Running;
use tokio::sync::RwLock;

const MIB: usize = 1024 * 1024;
/// A page is buffered up to 64 MiB, and its error may quote it before the text is shortened.
const BOUND: u64 = 300 * MIB as u64;

/// Writes the body of an answer for as long as the client reads.
type Body = Arc<dyn Fn(&mut dyn Write) -> io::Result<()> + Send + Sync>;

/// Answers each request with a head and a body, a thread each. The threads end with their
/// connections.
fn serve(head: &'static str, body: Body) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    thread::spawn(move || {
        for socket in listener.incoming().map_while(Result::ok) {
            let body = body.clone();
            thread::spawn(move || answer(socket, head, &body));
        }
    });
    endpoint
}

fn answer(mut socket: TcpStream, head: &str, body: &Body) {
    let mut request = [0; 8192];
    let _ = socket.read(&mut request);
    // The client decides whether it reads to the end.
    let _ = socket.write_all(format!("HTTP/1.1 {head}\r\nconnection: close\r\n\r\n").as_bytes());
    let _ = body(&mut socket);
    let _ = socket.flush();
}

/// Returns the message of a poll that reads from an endpoint, and its peak memory.
fn polled(endpoint: &str) -> (String, u64) {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let text = format!(
        "azure:\n  endpoint: {endpoint}\n  requests_per_minute: {{department: 6000}}\n  auth: {{method: token, token: a-token}}\nscopes:\n  - department: \"1234\"\n"
    );
    std::fs::write(file.path(), text).expect("the file can be written");
    let path = file.path().to_str().expect("a path");
    let mut exporter =
        Running::start(&["serve", "--config.file", path, "--web.listen-address", "127.0.0.1:0"]);
    let line = exporter.line_with("poll failed");
    (line, exporter.peak_memory())
}

/// An answer: its head, its body, and the expected error.
struct Case {
    what: &'static str,
    head: &'static str,
    body: Body,
    says: &'static str,
}

fn case(
    what: &'static str,
    says: &'static str,
    body: impl Fn(&mut dyn Write) -> io::Result<()> + Send + Sync + 'static,
) -> Case {
    Case { what, head: "200 OK", body: Arc::new(body), says }
}

/// Returns a page with exactly this text.
fn page(text: &'static str, says: &'static str) -> Case {
    case(text, says, move |to| to.write_all(text.as_bytes()))
}

/// Tests that compute much share it; those that measure the time of answers lock it alone.
static MACHINE: RwLock<()> = RwLock::const_new(());

/// Runs all cases at once: a page that does not parse is requested again, with growing waits.
fn assert_bad_answers(cases: Vec<Case>) {
    let _shared = MACHINE.blocking_read();
    thread::scope(|scope| {
        for Case { what, head, body, says } in cases {
            scope.spawn(move || {
                let (line, memory) = polled(&serve(head, body));
                let mib = memory / MIB as u64;
                println!("{what}: {mib} MiB");
                assert!(
                    line.contains("reason=bad_answer") && line.contains(says),
                    "{what}: {line}"
                );
                assert!(line.len() < 2000, "{what}: {} bytes", line.len());
                assert!(memory < BOUND, "{what}: {mib} MiB");
            });
        }
    });
}

const ROW: &str = r#"{"properties":{"date":"2026-11-20","cost":0.1,"quantity":1,"billingCurrency":"EUR","resourceId":"/subscriptions/0/resourceGroups/a/providers/b/c"}},"#;

/// Sends a gigabyte of rows that never becomes a page.
fn rows_without_end(to: &mut dyn Write) -> io::Result<()> {
    let rows = ROW.repeat(MIB / ROW.len());
    to.write_all(b"{\"value\":[")?;
    (0..1024).try_for_each(|_| to.write_all(rows.as_bytes()))
}

/// Returns a megabyte that unpacks to a gigabyte of blanks.
fn packed_blanks() -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..1024 {
        packed.write_all(&[b' '; MIB]).expect("memory");
    }
    packed.finish().expect("memory")
}

/// Sends a page of one row whose name has so many megabytes, and whose cost is not a number.
fn long_string(to: &mut dyn Write, megabytes: usize) -> io::Result<()> {
    to.write_all(br#"{"value":[{"properties":{"resourceName":""#)?;
    (0..megabytes).try_for_each(|_| to.write_all(&[b'x'; MIB]))?;
    to.write_all(br#"","cost":1e400}}]}"#)
}

#[test]
fn what_is_too_large_is_refused_before_it_is_whole() {
    let packed = packed_blanks();
    let too_large = "the answer is larger than 64 MiB";
    assert_bad_answers(vec![
        case("1 GB of rows", too_large, rows_without_end),
        Case {
            head: "200 OK\r\ncontent-encoding: gzip",
            ..case("1 GB, packed into one", too_large, move |to| to.write_all(&packed))
        },
        case("a string of 100 MB", too_large, |to| long_string(to, 100)),
        case("a string of 60 MB", "more than 30 digits", |to| long_string(to, 60)),
        case("a string of 60 MB in place of a row", "invalid type: string", |to| {
            to.write_all(b"{\"value\":[\"")?;
            (0..60).try_for_each(|_| to.write_all(&[b'x'; MIB]))?;
            to.write_all(b"\"]}")
        }),
        case("a link of 60 MB", "nextLink is longer than 16 KiB", |to| {
            to.write_all(b"{\"value\":[],\"nextLink\":\"https://")?;
            (0..60).try_for_each(|_| to.write_all(&[b'x'; MIB]))?;
            to.write_all(b"/\"}")
        }),
        Case { head: "400 Bad Request", ..case("an error of 1 GB", "HTTP 400", rows_without_end) },
    ]);
}

#[test]
fn ten_thousand_levels_end_in_no_overflow_wherever_they_stand() {
    let deep = |before: &'static str, open: &'static str, after: &'static str| {
        move |to: &mut dyn Write| {
            to.write_all(format!("{before}{}{after}", open.repeat(10_000)).as_bytes())
        }
    };
    let closed = |to: &mut dyn Write| {
        let (open, close) = ("[".repeat(10_000), "]".repeat(10_000));
        let row = r#"{"properties":{"cost":1e400}}"#;
        to.write_all(format!("{{\"x\":{open}{close},\"value\":[{row}]}}").as_bytes())
    };
    assert_bad_answers(vec![
        case("rows", "page 1 of 10009 bytes", deep("{\"value\":", "[", "")),
        case("tags", "page 1 of ", deep("{\"value\":[{\"tags\":", "{\"a\":", "")),
        case("a property", "page 1 of ", deep("{\"value\":[{\"properties\":{\"cost\":", "[", "")),
        // A field that nothing reads may be of any depth; the row after it is still read.
        case("an ignored field", "more than 30 digits", closed),
        Case {
            head: "400 Bad Request",
            ..case("an error", "HTTP 400", deep("{\"error\":{\"code\":", "[", ""))
        },
    ]);
}

#[test]
fn numbers_that_no_sum_can_hold_are_no_amounts() {
    assert_bad_answers(vec![
        page(r#"{"value":[{"properties":{"cost":1e400}}]}"#, "more than 30 digits"),
        page(r#"{"value":[{"properties":{"cost":-1e400}}]}"#, "more than 30 digits"),
        page(r#"{"value":[{"properties":{"quantity":1e99999999999999999999}}]}"#, "quantity"),
        page(r#"{"value":[{"properties":{"cost":NaN}}]}"#, "page 1 of "),
        page(r#"{"value":[{"properties":{"cost":-Infinity}}]}"#, "page 1 of "),
        page(r#"{"value":[{"properties":{"cost":"dear"}}]}"#, "row 1 of the page: cost"),
        page(r#"{"value":[{"properties":{"cost":0x10}}]}"#, "page 1 of "),
    ]);
}
