//! The exporter among the servers it works with, as their users run them.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod prometheus;

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread;

use prometheus::{Prometheus, Sample};

/// Answers every scrape with one sample, as long as the test runs.
fn smallest_exporter() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("its address");
    thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.expect("a scrape");
            BufReader::new(&connection)
                .lines()
                .map_while(Result::ok)
                .take_while(|line| !line.is_empty())
                .count();
            let answer = "HTTP/1.0 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\n\r\ncost{currency=\"EUR\"} 0.1\n";
            connection.write_all(answer.as_bytes()).expect("room for an answer");
        }
    });
    address
}

#[test]
fn prometheus_scrapes_and_answers_queries() {
    let prometheus = Prometheus::start(smallest_exporter(), "http", "/metrics");

    let samples = prometheus.query_until_found("cost");

    assert_eq!(prometheus.query("up == 1").len(), 1);
    assert_eq!(prometheus.query("absent_metric"), []);
    let [Sample { labels, value }] = samples.as_slice() else { panic!("{samples:?}") };
    assert_eq!((labels["currency"].as_str(), value.as_str()), ("EUR", "0.1"));
}
