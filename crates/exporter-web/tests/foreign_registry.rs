//! What the example serves, to clients that know the password and to others.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

#[path = "../examples/foreign_registry.rs"]
#[expect(dead_code, reason = "the test calls what `main` calls")]
mod example;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use exporter_web::Web;
use flate2::read::GzDecoder;
use tokio::runtime::Runtime;

/// The example as it runs, until it is dropped.
struct Running {
    address: SocketAddr,
    _runtime: Runtime,
}

impl Running {
    fn start(web_config: Option<&Path>) -> Self {
        let web = Web::read(web_config, "foreign_registry").expect("a web config");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let runtime = Runtime::new().expect("threads");
        runtime.spawn(example::serve_registry(listener, web));
        Self { address, _runtime: runtime }
    }

    /// Returns the head, in lower case, and the body of the answer to a scrape with these headers.
    fn scrape(&self, headers: &[(&str, &str)]) -> (String, Vec<u8>) {
        let mut stream = TcpStream::connect(self.address).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a limit");
        let headers: String =
            headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let request = format!(
            "GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}\r\n"
        );
        stream.write_all(request.as_bytes()).expect("a request");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer");
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
        let body = answer.split_off(end + 4);
        (String::from_utf8(answer).expect("a head of text").to_lowercase(), body)
    }
}

const PLAIN: &str = "# HELP looks_total How often somebody looked here.\n# TYPE looks_total counter\nlooks_total 1\n";

#[test]
fn a_scraper_gets_the_format_and_the_coding_that_it_accepts() {
    let running = Running::start(None);
    let (head, body) = running.scrape(&[]);
    assert!(head.starts_with("http/1.1 200 "), "{head}");
    assert!(head.contains("content-type: text/plain; version=0.0.4; charset=utf-8\r\n"), "{head}");
    assert!(head.contains("x-content-type-options: nosniff\r\n"), "{head}");
    assert_eq!(String::from_utf8_lossy(&body), PLAIN);

    let (head, body) = running.scrape(&[("accept-encoding", "gzip")]);
    assert!(head.contains("content-encoding: gzip\r\n"), "{head}");
    let (mut text, mut member) = (String::new(), GzDecoder::new(body.as_slice()));
    member.read_to_string(&mut text).expect("gzip");
    assert_eq!(text, PLAIN.replace(" 1\n", " 2\n"));
    assert!(member.into_inner().is_empty(), "one member");

    let open_metrics = ("accept", "application/openmetrics-text;version=1.0.0");
    let (head, body) = running.scrape(&[open_metrics]);
    assert!(head.contains("content-type: application/openmetrics-text; version=1.0.0"), "{head}");
    let text = String::from_utf8_lossy(&body);
    assert!(text.contains("# TYPE looks counter\n") && text.ends_with("# EOF\n"), "{text}");
}

#[test]
fn a_password_is_asked_for_as_long_as_the_file_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let web_config = folder.path().join("web.yaml");
    let hash = bcrypt::hash("correct horse", 4).expect("a hash");
    std::fs::write(&web_config, format!("basic_auth_users: {{me: '{hash}'}}\n")).expect("room");
    let running = Running::start(Some(&web_config));
    let with =
        |password: &str| format!("Basic {}", BASE64_STANDARD.encode(format!("me:{password}")));
    for headers in [&[][..], &[("authorization", with("wrong horse").as_str())]] {
        let (head, body) = running.scrape(headers);
        assert!(head.starts_with("http/1.1 401 "), "{head}");
        assert!(head.contains("www-authenticate: basic realm=\"foreign_registry\""), "{head}");
        assert!(!body.windows(5).any(|part| part == b"looks"));
    }
    let right = with("correct horse");
    let right = ("authorization", right.as_str());
    let (head, body) = running.scrape(&[right]);
    assert!(head.starts_with("http/1.1 200 "), "{head}");
    assert_eq!(String::from_utf8_lossy(&body), PLAIN);
    let (head, body) = running.scrape(&[right, ("accept-encoding", "gzip")]);
    assert!(head.starts_with("http/1.1 200 "), "{head}");
    let mut text = String::new();
    GzDecoder::new(body.as_slice()).read_to_string(&mut text).expect("gzip");
    assert_eq!(text, PLAIN.replace(" 1\n", " 2\n"));

    std::fs::write(&web_config, "{}\n").expect("room");
    let is_open = || running.scrape(&[]).0.starts_with("http/1.1 200 ");
    let opened = (0..600).any(|_| {
        is_open() || {
            thread::sleep(Duration::from_millis(50));
            false
        }
    });
    assert!(opened, "the changed file was never read");
}
