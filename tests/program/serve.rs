//! `serve`: it listens before it polls, and stops when it receives a signal.

use std::io::{Read, Write};
use std::time::Duration;

use crate::process::{Running, get, request};
use crate::server::{Answer, Server};

const PAGE: &str =
    r#"{"value":[{"properties":{"date":"{{today}}","cost":12.5,"billingCurrency":"EUR"}}]}"#;

/// Returns a configuration file for an endpoint.
pub(crate) fn configuration(endpoint: &str, scopes: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let text = format!(
        "azure:\n  endpoint: {endpoint}\n  requests_per_minute: {{billing_account: 100, department: 100, enrollment_account: 100, subscription: 100}}\n  auth: {{method: token, token: planted-secret}}\nscopes:\n{scopes}\npoll: {{interval: 1h}}\n"
    );
    std::fs::write(file.path(), text).expect("the file can be written");
    file
}

fn serve(file: &tempfile::NamedTempFile) -> (Running, String) {
    let path = file.path().to_str().expect("a path");
    let mut exporter =
        Running::start(&["serve", "--config.file", path, "--web.listen-address", "127.0.0.1:0"]);
    let address = exporter.address();
    (exporter, address)
}

pub(crate) fn until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..3000 {
        if holds() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("never came: {what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_serves_before_the_first_poll_and_says_what_it_waits_for() {
    let azure = Server::start(vec![Answer::Stall]).await;
    let file = configuration(&azure.endpoint, "  - {department: \"1234\", name: shop}");
    let (_exporter, address) = serve(&file);
    assert_eq!(get(&address, "/-/healthy"), (200, "healthy\n".into()));
    assert_eq!(
        get(&address, "/-/ready"),
        (503, "not ready: the first poll of 1 of 1 scopes has not ended: shop\n".into())
    );
    let (status, metrics) = get(&address, "/metrics");
    assert_eq!(status, 200);
    assert!(metrics.contains("azure_billing_scope_info{scope=\"shop\",scope_type=\"department\",scope_id=\"1234\",cost_type=\"actual\",nested=\"false\"} 1\n"), "{metrics}");
    assert!(
        metrics.contains("azure_billing_poll_last_success_timestamp_seconds{scope=\"shop\"} 0.0\n"),
        "{metrics}"
    );
    assert!(metrics.contains("process_resident_memory_bytes "), "{metrics}");
    assert!(!metrics.contains("azure_billing_poll_success{"), "nothing ended yet:\n{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_start_says_what_is_polled_when_by_whom_and_where_to_look() {
    let azure = Server::start(vec![Answer::Stall]).await;
    let scopes =
        "  - {department: \"1234\", name: shop}\n  - {billing_account: \"1\", read: cost_details}";
    let file = configuration(&azure.endpoint, scopes);
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path().join("state.redb");
    let mut text = std::fs::read_to_string(file.path()).expect("the file");
    text.push_str(&format!("state: {{path: {}}}\n", state.display()));
    std::fs::write(file.path(), text).expect("the file can be written");
    let path = file.path().to_str().expect("a path");
    let flags = ["serve", "--config.file", path, "--web.listen-address", ":0"];
    let mut exporter = Running::start(&[&flags[..], &["--web.telemetry-path", "/m"]].concat());
    let listening = exporter.line_with("msg=listening");
    let port = listening.rsplit(':').next().and_then(|rest| rest.strip_suffix("/m"));
    let port = port.unwrap_or_else(|| panic!("no port: {listening}"));
    let page = format!("page=http://localhost:{port}/ metrics=http://localhost:{port}/m");
    assert!(listening.contains(&page), "{listening}");
    for said in [
        format!("endpoint={}/ identity=\"a ready token\"", azure.endpoint),
        "polling scope=shop id=department/1234 every=1h read=auto calls_per_minute=100".to_owned(),
        "id=billing_account/1 every=1h read=cost_details".to_owned(),
        format!("msg=\"keeping days\" path={}", state.display()),
    ] {
        assert!(
            exporter.seen.iter().any(|line| line.contains(&said)),
            "{said}: {:#?}",
            exporter.seen
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_publishes_what_it_read_in_the_format_that_is_asked_for() {
    let azure = Server::start(vec![Answer::page(PAGE)]).await;
    let file = configuration(&azure.endpoint, "  - {department: \"1234\"}");
    let (_exporter, address) = serve(&file);
    until("ready", || get(&address, "/-/ready") == (200, "ready\n".into()));
    let cost = "azure_billing_scope_pretax_cost{scope=\"department/1234\",charge_type=\"usage\",publisher_type=\"\",pricing_model=\"\",currency=\"EUR\"} 12.5\n";
    let (status, head, text) = request(&address, "GET", "/metrics", "*/*");
    assert!(status == 200 && text.contains(cost), "{text}");
    assert!(head.contains("content-type: text/plain; version=0.0.4; charset=utf-8"), "{head}");
    assert!(!text.contains("# EOF"));
    let (_, head, text) =
        request(&address, "GET", "/metrics", "application/openmetrics-text;version=1.0.0");
    assert!(
        head.contains("content-type: application/openmetrics-text; version=1.0.0; charset=utf-8"),
        "{head}"
    );
    assert!(text.contains(cost) && text.ends_with("# EOF\n"), "{text}");
    let (status, head, body) = request(&address, "HEAD", "/metrics", "*/*");
    assert!(status == 200 && body.is_empty() && head.contains("content-length: "), "{head}");
    assert_eq!(request(&address, "POST", "/metrics", "*/*").0, 405);
    assert_eq!(get(&address, "/nowhere").0, 404);
    assert!(get(&address, "/").1.contains("href=\"metrics\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_that_fails_hides_no_other_and_is_told_once_with_what_to_do() {
    let azure = Server::start(vec![Answer::status(
        404,
        r#"{"code":"NotFound","message":"no such department"}"#,
    )])
    .await;
    let file = configuration(&azure.endpoint, "  - {department: \"1234\", name: shop}");
    let (mut exporter, address) = serve(&file);
    let line = exporter.line_with("poll failed");
    assert!(line.contains("scope=shop") && line.contains("reason=not_found"), "{line}");
    assert!(
        line.contains("no such department")
            && line.contains("What to do: check the type and the id of the scope"),
        "{line}"
    );
    until("ready", || get(&address, "/-/ready").0 == 200);
    assert_eq!(get(&address, "/-/healthy").0, 200, "a failing scope is no reason to restart");
    assert!(
        !exporter.seen.iter().any(|line| line.contains("planted-secret")),
        "{:#?}",
        exporter.seen
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_stops_it_in_the_middle_of_a_poll() {
    for signal in ["TERM", "INT"] {
        let azure = Server::start(vec![Answer::Stall]).await;
        let file = configuration(&azure.endpoint, "  - {department: \"1234\"}");
        let (mut exporter, _) = serve(&file);
        until("a request", || !azure.requests().is_empty());
        exporter.signal(signal);
        exporter.line_with("stopping");
        // Long before the answer that it waits for.
        let status = exporter.end();
        assert!(status.success(), "{signal}: {status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_aborts_while_a_scrape_is_still_open() {
    let azure = Server::start(vec![Answer::page(PAGE)]).await;
    let file = configuration(&azure.endpoint, "  - {department: \"1234\"}");
    let (mut exporter, address) = serve(&file);
    // A client that never finishes its request keeps the first signal waiting.
    let mut open = std::net::TcpStream::connect(&address).expect("it listens");
    open.write_all(b"GET /metrics HTTP/1.1\r\nhost: localhost\r\n").expect("it reads");
    std::thread::sleep(Duration::from_millis(200));
    exporter.signal("TERM");
    exporter.line_with("stopping");
    exporter.signal("TERM");
    assert_eq!(exporter.end().code(), Some(130));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_lets_an_open_scrape_finish_though_another_listener_has_nothing_to_do() {
    let azure = Server::start(vec![Answer::page(PAGE)]).await;
    let file = configuration(&azure.endpoint, "  - {department: \"1234\"}");
    let path = file.path().to_str().expect("a path");
    let listen = ["--web.listen-address", "127.0.0.1:0"];
    let mut exporter =
        Running::start(&[&["serve", "--config.file", path][..], &listen, &listen].concat());
    let busy = exporter.address();
    assert_ne!(exporter.address(), busy);
    let mut open = std::net::TcpStream::connect(&busy).expect("it listens");
    open.write_all(b"GET /metrics HTTP/1.1\r\n").expect("it reads");
    // Connections are accepted in order: at the end of these the open one has long been read.
    for _ in 0..5 {
        assert_eq!(get(&busy, "/-/healthy").0, 200);
    }
    exporter.signal("TERM");
    exporter.line_with("stopping");
    open.write_all(b"host: localhost\r\nconnection: close\r\n\r\n").expect("it still reads");
    let mut rest = String::new();
    open.read_to_string(&mut rest).expect("it still answers");
    assert!(rest.contains("azure_billing_scope_info{"), "{rest}");
    assert!(exporter.end().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_debug_log_tells_each_request_and_whose_it_is() {
    let azure = Server::start(vec![Answer::status(500, ""), Answer::page(PAGE)]).await;
    let file = configuration(&azure.endpoint, "  - {department: \"1234\", name: shop}");
    let path = file.path().to_str().expect("a path");
    for (format, scope) in [("logfmt", "scope=shop"), ("json", "\"scope\":\"shop\"")] {
        let arguments =
            ["once", "--log.level", "debug", "--log.format", format, "--config.file", path];
        let (code, _, log) = crate::process::run(&arguments, &[]);
        assert_eq!(code, 0, "{log}");
        let about: Vec<&str> = log.lines().filter(|line| line.contains("asked")).collect();
        assert!(!about.is_empty() && about.iter().all(|line| line.contains(scope)), "{log}");
        assert!(!log.contains("planted-secret"), "{log}");
    }
    assert_eq!(azure.requests().len(), 3, "one of them again");
}
