//! What is served, and to whom, with real clients: curl, Python, Chromium, Prometheus,
//! VictoriaMetrics, systemd's protocol.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod certificates;
mod chromium;
mod clients;
mod compressed;
mod expiry;
#[path = "../azure/exporter.rs"]
#[expect(dead_code, reason = "the sums are tested with the client")]
mod exporter;
mod healthcheck;
mod limits;
mod page;
mod prefix;
#[path = "../program/process.rs"]
#[expect(dead_code, reason = "its own tests use the rest")]
mod process;
#[path = "../end_to_end/prometheus.rs"]
#[expect(dead_code, reason = "its own tests use the rest")]
mod prometheus;
mod reload;
mod scrapers;
mod seal;
#[path = "../azure/server.rs"]
#[expect(dead_code, reason = "the faults are tested with the client")]
mod server;
mod serving;
mod statements;
mod systemd;
mod tls;
mod web_config;
