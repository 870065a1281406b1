//! Web sites that make a browser on this machine, or in this network, send requests to the
//! exporter: by a name of theirs that leads to 127.0.0.1, or by a form that posts. And requests
//! whose heads are too large.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::process::Running;

const EVIL: &str = "host: evil.example.com";

/// Sends a request with some header lines over a socket of its own, and returns the whole answer.
fn asked(address: &str, method: &str, path: &str, headers: &[&str]) -> String {
    let lines: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
    sent(address, &format!("{method} {path} HTTP/1.1\r\n{lines}connection: close\r\n\r\n"))
}

fn sent(address: &str, request: &str) -> String {
    let mut socket = TcpStream::connect(address).expect("it listens");
    socket.set_read_timeout(Some(Duration::from_secs(30))).expect("a limit");
    // It may close before it has received everything.
    let _ = socket.write_all(request.as_bytes());
    let mut answer = Vec::new();
    let _ = socket.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).to_lowercase()
}

fn status(answer: &str) -> u16 {
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    status.unwrap_or_else(|| panic!("no answer: {answer:?}"))
}

/// Starts the demo, and returns its address too.
fn demo(flags: &[&str]) -> (Running, String) {
    let listens = ["demo", "--web.listen-address", "127.0.0.1:0"];
    let mut demo = Running::start(&[&listens, flags].concat());
    let address = demo.address();
    (demo, address)
}

#[test]
fn a_name_that_was_made_to_lead_to_loopback_gets_nothing() {
    let (_demo, address) = demo(&[]);
    let mut refused = 0;
    for path in ["/", "/metrics", "/-/healthy", "/-/ready", "/nowhere"] {
        for host in
            [EVIL, "host: evil.example.com:10540", "host: 127.0.0.1.evil.example.com", "host:"]
        {
            let answer = asked(&address, "GET", path, &[host]);
            assert_eq!(status(&answer), 421, "{path} {host}: {answer}");
            assert!(answer.contains("--web.external-url=http://name/"), "{answer}");
            assert!(!answer.contains("evil"), "{answer}");
            refused += 1;
        }
    }
    for request in [
        "GET http://evil.example.com/metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nhost: localhost\r\nhost: evil.example.com\r\nconnection: close\r\n\r\n",
        "POST /-/reload HTTP/1.1\r\nhost: evil.example.com\r\norigin: http://evil.example.com\r\nconnection: close\r\n\r\n",
    ] {
        assert_eq!(status(&sent(&address, request)), 421, "{request}");
        refused += 1;
    }
    for host in
        ["host: localhost", "host: demo.localhost:1", &format!("host: {address}"), "host: [::1]:80"]
    {
        assert_eq!(status(&asked(&address, "GET", "/metrics", &[host])), 200, "{host}");
    }
    let old = sent(&address, "GET /-/healthy HTTP/1.0\r\n\r\n");
    assert_eq!(status(&old), 200, "no browser sends no name");
    println!("{refused} requests by other names were refused");
}

#[test]
fn the_name_of_the_external_url_is_answered_on_loopback_as_well() {
    let (_demo, address) = demo(&["--web.external-url=https://finops.example.com/costs/"]);
    for (host, expected) in [
        ("host: finops.example.com", 200),
        ("host: FinOps.example.com:8443", 200),
        ("host: localhost", 200),
        (EVIL, 421),
    ] {
        assert_eq!(status(&asked(&address, "GET", "/costs/metrics", &[host])), expected, "{host}");
    }
}

#[test]
fn an_address_that_others_reach_is_asked_by_any_name() {
    let mut demo = Running::start(&[
        "demo",
        "--web.listen-address=0.0.0.0:0",
        "--web.listen-address=127.0.0.1:0",
    ]);
    let every = demo.address();
    let port = every.rsplit(':').next().expect("a port");
    let loopback = demo.address();
    assert_eq!(status(&asked(&format!("127.0.0.1:{port}"), "GET", "/metrics", &[EVIL])), 200);
    assert_eq!(status(&asked(&loopback, "GET", "/metrics", &[EVIL])), 421, "each by itself");
}

/// Starts a program that watches a file, and returns that file too.
fn serving(flags: &[&str]) -> (Running, String, tempfile::NamedTempFile) {
    let file = tempfile::NamedTempFile::new().expect("a file");
    // Nothing listens on that port.
    let text = "azure:\n  endpoint: http://127.0.0.1:1\n  auth: {method: token, token: a-token}\nscopes:\n  - department: \"1234\"\n";
    std::fs::write(file.path(), text).expect("the file can be written");
    let path = file.path().to_str().expect("a path").to_owned();
    let arguments = ["serve", "--config.file", &path, "--web.listen-address", "127.0.0.1:0"];
    let mut exporter = Running::start(&[&arguments, flags].concat());
    let address = exporter.address();
    (exporter, address, file)
}

#[test]
fn another_site_reloads_nothing_and_programs_go_on_to() {
    let (mut exporter, address, file) =
        serving(&["--web.external-url=https://finops.example.com", "--log.level=info"]);
    let own = format!("host: {address}");
    let own_origin = format!("origin: http://{address}");
    let (mut refused, mut reloaded) = (0, 0);
    for (method, wrong) in [("POST", "nonsense"), ("PUT", "scopes: [")] {
        // A reload that gets through fails, and says so in the log, up to ten times in the same words.
        std::fs::write(file.path(), wrong).expect("the file can be written");
        for (headers, expected) in [
            (&["sec-fetch-site: cross-site"][..], 403),
            (&["sec-fetch-site: same-site", &own_origin], 403),
            (&["sec-fetch-site: cross-site", "origin: null"], 403),
            (&["origin: https://evil.example.com"], 403),
            (&["origin: http://localhost:3000"], 403),
            (&["origin: null", "content-type: text/plain"], 403),
            (&["origin: https://finops.example.com.evil.example.com"], 403),
            (&["sec-fetch-site: same-origin", &own_origin], 500),
            (&["sec-fetch-site: none"], 500),
            (&[&own_origin], 500),
            (&["origin: https://finops.example.com"], 500),
            (&[], 500),
            (&["user-agent: kube-probe/1.30"], 500),
        ] {
            let answer = asked(&address, method, "/-/reload", &[&[own.as_str()], headers].concat());
            assert_eq!(status(&answer), expected, "{method} {headers:?}: {answer}");
            if expected == 403 {
                assert!(answer.contains("for another site"), "{answer}");
                assert!(!answer.contains("evil"), "{answer}");
                refused += 1;
            } else {
                assert!(answer.contains("nonsense") || answer.contains(":1: "), "{answer}");
                reloaded += 1;
            }
        }
    }
    exporter.signal("TERM");
    let lines = exporter.lines_to_the_end().iter();
    let told = lines.filter(|line| line.contains("the configuration stays as it was")).count();
    assert_eq!(told, reloaded, "only those that were let through");
    println!(
        "{refused} reloads for other sites were refused, {reloaded} of programs were let through"
    );
}

#[test]
fn no_answer_may_be_taken_for_anything_else_than_it_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let web = folder.path().join("web.yaml");
    let hash = bcrypt::hash("planted-password", 4).expect("a hash");
    let config = |rest: &str| std::fs::write(&web, rest).expect("room for a file");
    config(&format!("basic_auth_users: {{prometheus: {hash}}}\n"));
    let flag = format!("--web.config.file={}", web.display());
    let (_locked, locked, _file) = serving(&[&flag]);
    config("rate_limit: {interval: 1h, burst: 1}\n");
    let (_limited, limited, _file) = serving(&[&flag]);
    let (_open, open, _file) = serving(&["--web.route-prefix=/costs", "--web.max-requests=1"]);
    let local = "host: localhost";
    let mut seen = Vec::new();
    for (address, method, path, headers, expected) in [
        (&locked, "GET", "/", &[local][..], 401),
        (&locked, "GET", "/nowhere", &[local], 401),
        (&limited, "GET", "/", &[local], 200),
        (&limited, "GET", "/", &[local], 429),
        (&open, "GET", "/", &[local], 302),
        (&open, "GET", "/costs/", &[local], 200),
        (&open, "HEAD", "/costs/metrics", &[local], 200),
        (&open, "GET", "/costs/-/healthy", &[local], 200),
        (&open, "GET", "/nowhere", &[local], 404),
        (&open, "GET", "/costs/-/reload", &[local], 405),
        (&open, "POST", "/costs/", &[local], 405),
        (&open, "POST", "/costs/-/reload", &[local, "origin: null"], 403),
        (&open, "POST", "/costs/", &[local, "content-length: 100000"], 413),
        (&open, "GET", "/costs/", &[EVIL], 421),
    ] {
        let answer = asked(address, method, path, headers);
        assert_eq!(status(&answer), expected, "{method} {path}: {answer}");
        let count = answer.matches("\r\nx-content-type-options: nosniff\r\n").count();
        assert_eq!(count, 1, "{method} {path}: {answer}");
        seen.push(expected);
    }
    println!("nosniff on answers of {seen:?}");
}

#[test]
fn a_head_of_32_kib_or_64_headers_is_taken_and_no_larger_one() {
    let (_demo, address) = demo(&[]);
    let begin = "GET /-/healthy HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n";
    let of_bytes = |bytes: usize| {
        let filled = "x".repeat(bytes - begin.len() - "a: \r\n\r\n".len());
        format!("{begin}a: {filled}\r\n\r\n")
    };
    let of_headers = |count: usize| format!("{begin}{}\r\n", "a: b\r\n".repeat(count - 2));
    let of_path = |bytes: usize| {
        format!(
            "GET /{} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
            "x".repeat(bytes)
        )
    };
    for (request, expected) in [
        (of_bytes(32 * 1024), 200),
        (of_bytes(32 * 1024 + 1), 431),
        (of_bytes(1024 * 1024), 431),
        (of_headers(64), 200),
        (of_headers(65), 431),
        (of_path(32_000), 404),
        (of_path(33_000), 431),
        (of_path(70_000), 431),
    ] {
        let answer = sent(&address, &request);
        let bytes = request.len();
        assert_eq!(status(&answer), expected, "{bytes} bytes: {answer}");
        // The refusal of a head has no body that could be mistaken for content.
        assert!(expected != 431 || answer.ends_with("\r\n\r\n"), "{answer}");
        let headers = request.matches("\r\n").count() - 2;
        println!("a head of {bytes} bytes with {headers} headers: {expected}");
    }
}
