//! Clients that send too much, too slowly, or nothing. In process, with short timeouts.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use azure_billing_exporter::billing::rules::Rules;
use azure_billing_exporter::server::{AppState, router};
use exporter_web::{Access, Timeouts, WebConfig, WebFile, serve};
use jiff::Timestamp;
use tempfile::TempDir;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::certificates::Authority;
use crate::exporter::{Exporter, PATIENCE, config, november, snapshot};
use crate::server::{Answer, Server};
use crate::serving::{page, row};

/// Longer than any wait here, and shorter than the timeouts of the program itself.
const LIMIT: Duration = Duration::from_secs(20);

const SHORT: Timeouts = Timeouts {
    handshake: Duration::from_millis(300),
    head: Duration::from_millis(300),
    stalled: Duration::from_millis(300),
    lifetime: Duration::from_secs(3600),
    last_answer: Duration::from_millis(300),
    drain: Duration::from_millis(300),
};

/// A server of this process. It ends when dropped.
struct Served {
    address: SocketAddr,
    task: JoinHandle<std::io::Result<()>>,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn served(exporter: &Exporter, web: WebConfig, timeouts: Timeouts, max_requests: usize) -> Served {
    let app_state = AppState {
        exposition: exporter.exposition.clone(),
        status: exporter.status.clone(),
        external_url: Default::default(),
        prefix: Default::default(),
        telemetry_path: "/metrics".parse().expect("a path"),
        max_requests,
        now: Arc::new(|| Timestamp::UNIX_EPOCH),
        demo: false,
        reloads: tokio::sync::mpsc::channel(1).0,
        restored: tokio::sync::watch::channel(true).1,
    };
    let access = Arc::new(Access::new(web));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let router = router(app_state, access.clone());
    let never = std::future::pending();
    Served { address, task: tokio::spawn(serve(listener, router, access, timeouts, never)) }
}

/// Starts an exporter that has read so many resources, whose names are long.
async fn exporter(resources: usize, name: &str) -> Exporter {
    let azure = Server::start(vec![Answer::page(rows(resources, name))]).await;
    let mut exporter = Exporter::new(&config(&azure.endpoint, "department: \"1\""), PATIENCE);
    assert!(exporter.poller.poll().await, "{:?}", exporter.failure());
    exporter
}

fn rows(resources: usize, name: &str) -> String {
    let rows = (0..resources).map(|place| row(&format!("{name}{place}"), "Storage", 1.0));
    // This exporter's clock stands still in that month.
    page(&rows.collect::<Vec<_>>()).replace("{{today}}", "2026-11-20")
}

/// Sends bytes and reads until the server closes: returns its answer.
async fn told(address: SocketAddr, sent: Vec<u8>) -> String {
    let answered = spawn_blocking(move || {
        let mut socket = TcpStream::connect(address).expect("it listens");
        socket.set_read_timeout(Some(LIMIT)).expect("a limit");
        // It may close before it has received everything.
        let _ = socket.write_all(&sent);
        let mut answer = Vec::new();
        let ended = socket.read_to_end(&mut answer);
        let closed = !ended.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock);
        assert!(closed, "it waited for ever");
        String::from_utf8_lossy(&answer).into_owned()
    });
    answered.await.expect("no panic")
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or("closed")
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_sends_no_whole_head_is_let_go() {
    let exporter = exporter(1, "vm").await;
    let served = served(&exporter, WebConfig::default(), SHORT, 0);
    for begun in
        ["", "GET", "GET /metrics HTTP/1.1\r\n", "GET /metrics HTTP/1.1\r\nhost: localhost\r\na: "]
    {
        let answer = told(served.address, begun.into()).await;
        assert!(matches!(status(&answer), "closed" | "408"), "{begun:?}: {answer}");
    }
    // An open connection without further requests is closed as well.
    let answer =
        told(served.address, b"GET /-/healthy HTTP/1.1\r\nhost: localhost\r\n\r\n".into()).await;
    assert!(answer.ends_with("healthy\n"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_begins_no_handshake_is_let_go() {
    let folder = TempDir::new().expect("a folder");
    Authority::new("contoso CA").serve(folder.path());
    let web = folder.path().join("web.yaml");
    std::fs::write(&web, "tls_server_config: {cert_file: server.pem, key_file: server.key}\n")
        .expect("room");
    let web = WebFile::new(web).read().expect("a web config");
    let exporter = exporter(1, "vm").await;
    let served = served(&exporter, web, Timeouts { head: LIMIT * 2, ..SHORT }, 0);
    assert_eq!(told(served.address, Vec::new()).await, "");
    // The beginning of a record of 256 bytes that never arrive.
    assert_eq!(told(served.address, vec![0x16, 3, 1, 1, 0, 1]).await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_are_too_large_are_refused() {
    let exporter = exporter(1, "vm").await;
    let served = served(&exporter, WebConfig::default(), SHORT, 0);
    let many = "a: b\r\n".repeat(200);
    let long = format!("a: {}\r\n", "b".repeat(100_000));
    let path = "x".repeat(100_000);
    for (sent, code) in [
        (format!("GET /metrics HTTP/1.1\r\nhost: localhost\r\n{many}\r\n"), "431"),
        (format!("GET /metrics HTTP/1.1\r\nhost: localhost\r\n{long}\r\n"), "431"),
        (format!("GET /{path} HTTP/1.1\r\nhost: localhost\r\n\r\n"), "414 431"),
        (
            "GET /metrics HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000000\r\n\r\n"
                .to_owned(),
            "413",
        ),
        (
            "POST /-/healthy HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000000\r\n\r\n"
                .to_owned(),
            "413",
        ),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), "closed 400 505"),
        ("\u{16}\u{3}\u{1}".to_owned(), "closed 400"),
    ] {
        let answer = told(served.address, sent.clone().into()).await;
        assert!(
            code.contains(status(&answer)),
            "{code}: {answer}\n{}",
            &sent[..sent.len().min(80)]
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_client_sends_comes_back() {
    let exporter = exporter(1, "vm").await;
    let served = served(&exporter, WebConfig::default(), SHORT, 0);
    let planted = "planted<b>";
    for (path, host, code) in [
        ("/planted'%3Cb%3E", "localhost", "404"),
        ("/-/planted'", "localhost", "404"),
        ("/metrics?planted'", "localhost", "200"),
        ("/?planted'", "localhost", "200"),
        ("/planted<b>", "localhost", "400"),
        ("/metrics", planted, "421"),
    ] {
        let sent = format!(
            "GET {path} HTTP/1.1\r\nhost: {host}\r\nx-forwarded-host: {planted}\r\naccept: application/openmetrics-text;escaping={planted}\r\naccept-encoding: {planted}\r\nauthorization: {planted}\r\nconnection: close\r\n\r\n"
        );
        let answer = told(served.address, sent.into()).await;
        assert_eq!(status(&answer), code, "{path}");
        assert!(!answer.contains("planted"), "{path}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_reads_nothing_takes_no_place_and_is_let_go() {
    // More than the sockets of both sides can buffer.
    let exporter = exporter(10_000, &"v".repeat(900)).await;
    let served = served(&exporter, WebConfig::default(), SHORT, 2);
    let request = b"GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    let mut slow = Vec::new();
    for _ in 0..10 {
        let mut socket = TcpStream::connect(served.address).expect("it listens");
        socket.set_read_timeout(Some(LIMIT)).expect("a limit");
        socket.write_all(request).expect("it reads");
        // Its answer has begun.
        socket.read_exact(&mut [0; 1]).expect("it answers");
        slow.push(socket);
    }
    let answer = told(served.address, request.into()).await;
    assert_eq!(status(&answer), "200");
    let whole = answer.len();
    assert!(whole > 10_000_000, "{whole} bytes");
    // They read nothing for longer than any timeout; then their answers are broken off.
    tokio::time::sleep(SHORT.stalled * 3).await;
    for mut socket in slow {
        let rest = spawn_blocking(move || {
            let mut rest = Vec::new();
            let ended = socket.read_to_end(&mut rest);
            assert!(!ended.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock));
            rest.len()
        });
        assert!(rest.await.expect("no panic") + 1 < whole);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_ends_at_the_end_of_its_lifetime() {
    let exporter = exporter(1, "vm").await;
    let timeouts = Timeouts { head: LIMIT * 2, lifetime: Duration::from_millis(200), ..SHORT };
    let served = served(&exporter, WebConfig::default(), timeouts, 0);
    let answer =
        told(served.address, b"GET /-/healthy HTTP/1.1\r\nhost: localhost\r\n\r\n".into()).await;
    assert!(answer.ends_with("healthy\n"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publish_of_many_series_holds_up_no_other_request() {
    let exporter = exporter(1, "vm").await;
    let served = served(&exporter, WebConfig::default(), Timeouts::default(), 0);
    let azure = Server::start(vec![Answer::page(rows(10_000, &"v".repeat(900)))]).await;
    let (_, snapshot) =
        snapshot(november(), &azure.endpoint, "department: \"1\"", &Rules::default()).await;
    let exposition = exporter.exposition.clone();
    let id = exporter.status.scopes()[0].info.id.clone();
    let publish = spawn_blocking(move || exposition.publish(&id, snapshot));
    let start = Instant::now();
    let (mut last, mut longest) = (start, Duration::ZERO);
    while !publish.is_finished() {
        for path in ["/metrics", "/-/healthy", "/"] {
            let request =
                format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
            assert_eq!(status(&told(served.address, request.into()).await), "200");
        }
        longest = longest.max(last.elapsed());
        last = Instant::now();
    }
    publish.await.expect("no panic").expect("an exposition");
    // A client that waits for the publish waits for most of it.
    assert!(longest < start.elapsed() / 2, "{longest:?} of {:?}", start.elapsed());
    let request = b"GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    assert!(told(served.address, request.into()).await.len() > 10_000_000, "it is published");
}
