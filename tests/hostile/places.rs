//! Many clients at the port: one that only needs an answer gets it, and soon.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;
use tokio::task::{JoinHandle, JoinSet, spawn_blocking};
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;

use crate::MACHINE;
use crate::certificates::{Authority, write};
use crate::crowd::{
    CROWD, SCRAPER, SOON, ask, assert_good, connect, crowd, drip, head, idle, read_nothing, scores,
};
use crate::process::Running;
use crate::server::{Answer, Server};

/// The number of requests of the good client for each path.
const TIMES: usize = 100;

/// Longer than anything here takes.
const LIMIT: Duration = Duration::from_secs(30);

/// The number of connections whose streams nothing reads.
const STREAMING: usize = 64;

/// An exporter of so many resources with long names, behind a web config.
struct Exporter {
    program: Running,
    address: SocketAddr,
    /// Contains the web config and the files that it names.
    _folder: TempDir,
    _azure: Server,
}

impl Exporter {
    async fn start(resources: usize, folder: TempDir, web: &str) -> Self {
        let azure = Server::start(vec![Answer::page(page(resources))]).await;
        let file = |name: &str| folder.path().join(name).display().to_string();
        let config = format!(
            "azure:\n  endpoint: {}\n  auth: {{method: token, token: a-token}}\n  requests_per_minute: {{department: 6000}}\nscopes:\n  - department: \"1234\"\n",
            azure.endpoint
        );
        write(folder.path(), "config.yaml", &config);
        write(folder.path(), "web.yaml", web);
        let mut program = Running::start(&[
            "serve",
            "--config.file",
            &file("config.yaml"),
            "--web.config.file",
            &file("web.yaml"),
            "--web.listen-address=0.0.0.0:0",
        ]);
        let port = program.address().rsplit(':').next().and_then(|port| port.parse().ok());
        let address = SocketAddr::from((CROWD, port.expect("a port")));
        // The open period and the previous one.
        program.line_with(" rows=");
        program.line_with(" rows=");
        Self { program, address, _folder: folder, _azure: azure }
    }

    fn tell_memory(&self, what: &str, bound: u64) {
        let mib = self.program.peak_memory() / (1024 * 1024);
        println!("{what}: {mib} MiB at most");
        assert!(mib < bound, "{what}: {mib} MiB");
    }
}

pub(crate) fn page(resources: usize) -> String {
    let name = "v".repeat(900);
    let row = |place: usize| {
        let id = format!("/subscriptions/0/resourceGroups/a/providers/b/c/{name}{place}");
        serde_json::json!({"properties": {
            "date": "{{today}}", "cost": 0.5, "quantity": 1, "billingCurrency": "EUR",
            "resourceId": id, "consumedService": "Storage",
        }})
    };
    serde_json::json!({"value": (0..resources).map(row).collect::<Vec<_>>()}).to_string()
}

fn folder() -> TempDir {
    TempDir::new().expect("a folder")
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_read_nothing_and_idle_ones_keep_nobody_away() {
    let _alone = MACHINE.write().await;
    let exporter = Exporter::start(3000, folder(), "{}").await;
    let to = exporter.address;
    let whole = ask(SCRAPER, to, &head("/metrics", "")).await.expect("an exposition").1;
    println!("an exposition of {whole} bytes");
    assert!(whole > 6 * 1024 * 1024);
    // Each connection of these lasts some seconds, so that there are more of them than places.
    let crowds = [crowd(45, to, read_nothing), crowd(500, to, idle), crowd(300, to, drip)];
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_good("another address", scores(SCRAPER, to, TIMES).await, 99);
    // Like clients behind a proxy: this one differs from the others only in that it reads its
    // answers.
    assert_good("an address that the crowd has as well", scores(CROWD, to, TIMES).await, 90);
    drop(crowds);
    exporter.tell_memory("a crowd of 845", 300);
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_that_nobody_reads_keep_nobody_away() {
    let _alone = MACHINE.write().await;
    let folder = folder();
    let authority = Authority::new("contoso CA");
    authority.serve(folder.path());
    let web = "tls_server_config: {cert_file: server.pem, key_file: server.key}\n";
    let exporter = Exporter::start(3000, folder, web).await;
    let tls = tls(&authority);
    let (begun, ended) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut crowd = JoinSet::new();
    for _ in 0..STREAMING {
        let (tls, begun, ended) = (tls.clone(), begun.clone(), ended.clone());
        crowd.spawn(async move {
            let (mut requests, connection) = http2(CROWD, exporter.address, &tls).await;
            let mut unread = Vec::new();
            for _ in 0..16 {
                unread.extend(requests.send_request(request(exporter.address)).await.ok());
            }
            begun.fetch_add(unread.len(), Ordering::Relaxed);
            let _ = connection.await;
            ended.fetch_add(1, Ordering::Relaxed);
        });
    }
    // As many are closed as have no place for their streams.
    let count = |of: &AtomicUsize| of.load(Ordering::Relaxed);
    until(|| count(&begun) > 512 && (STREAMING - count(&ended)) * 16 <= 512).await;
    let (begun, ended) = (count(&begun), count(&ended));
    println!("{begun} streams have begun, {ended} of {STREAMING} connections were ended");
    assert!(begun > 512 && (STREAMING - ended) * 16 <= 512);
    let mut good = 0;
    for _ in 0..TIMES {
        let scrape = async {
            let (mut requests, _connection) = http2(SCRAPER, exporter.address, &tls).await;
            let answer = requests.send_request(request(exporter.address)).await.ok()?;
            answer.into_body().collect().await.ok()
        };
        good += usize::from(timeout(SOON, scrape).await.is_ok_and(|answer| answer.is_some()));
    }
    println!("another address: {good} of {TIMES} good");
    assert!(good * 100 >= TIMES * 99);
    exporter.tell_memory("streams on 64 connections", 300);
}

/// Returns a connector that trusts the exporter's certificate and requests HTTP/2.
fn tls(authority: &Authority) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    let certificate = CertificateDer::from_pem_slice(authority.pem().as_bytes());
    roots.add(certificate.expect("a certificate")).expect("an authority");
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(ring).with_safe_default_protocol_versions();
    let config = config.expect("versions").with_root_certificates(roots);
    let mut config = config.with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    Arc::new(config).into()
}

type Requests = http2::SendRequest<Empty<Bytes>>;

/// Connects from an address. The harmful clients receive a kilobyte of each answer.
async fn http2(
    from: Ipv4Addr,
    to: SocketAddr,
    tls: &TlsConnector,
) -> (Requests, JoinHandle<hyper::Result<()>>) {
    let socket = connect(from, to).await.expect("it listens");
    let stream = tls.connect(to.ip().into(), socket).await.expect("a handshake");
    let mut client = http2::Builder::new(TokioExecutor::new());
    if from == CROWD {
        client.initial_stream_window_size(1024);
    }
    let (requests, connection) =
        client.handshake(TokioIo::new(stream)).await.expect("a connection");
    (requests, tokio::spawn(connection))
}

fn request(to: SocketAddr) -> Request<Empty<Bytes>> {
    let url = format!("https://localhost:{}/metrics", to.port());
    Request::get(url).body(Empty::new()).expect("a request")
}

/// Waits until a condition is true, or for longer than that can take.
async fn until(is_so: impl Fn() -> bool) {
    let started = Instant::now();
    while !is_so() && started.elapsed() < LIMIT {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_of_passwords_keep_nobody_away() {
    let _alone = MACHINE.write().await;
    // Each user makes a first request once.
    let users: Vec<String> = (0..10).map(|user| format!("user{user}")).collect();
    let hash = spawn_blocking(|| bcrypt::hash("correct horse", 8).expect("a hash"));
    let hash = hash.await.expect("no panic");
    let lines: String = users.iter().map(|user| format!("  {user}: {hash}\n")).collect();
    let exporter = Exporter::start(1, folder(), &format!("basic_auth_users:\n{lines}")).await;
    let to = exporter.address;
    let guesses = Arc::new(AtomicUsize::new(0));
    let mut crowd = JoinSet::new();
    for guesser in 0..64 {
        let guesses = guesses.clone();
        crowd.spawn(async move {
            for guess in 0_u64.. {
                let guess = format!("user0:{guesser} {guess}");
                if ask(CROWD, to, &with_password(&guess)).await == Some((401, 0)) {
                    return;
                }
                guesses.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut slowest = Duration::ZERO;
    for user in &users {
        for _ in 0..TIMES / users.len() {
            let began = Instant::now();
            let request = with_password(&format!("{user}:correct horse"));
            let answer = ask(SCRAPER, to, &request);
            let answer = timeout(SOON, answer).await.expect("an answer, and soon");
            assert_eq!(answer.map(|(status, _)| status), Some(200), "{user}");
            slowest = slowest.max(began.elapsed());
        }
    }
    println!("another address: {TIMES} of {TIMES} let in, the slowest after {slowest:.1?}");
    println!("{} guesses were wrong", guesses.load(Ordering::Relaxed));
    drop(crowd);
}

fn with_password(user_and_password: &str) -> String {
    let encoded = BASE64_STANDARD.encode(user_and_password);
    head("/metrics", &format!("authorization: Basic {encoded}\r\n"))
}
