//! The dashboards, as far as they can be tested without a Grafana: their form, the names they use,
//! and the answers to all of their queries.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod conventions;
mod dashboard;
#[path = "../promql/families.rs"]
#[expect(dead_code, reason = "its own tests use the rest")]
mod families;
mod names;
#[path = "../program/process.rs"]
#[expect(dead_code, reason = "its own tests use the rest")]
mod process;
#[path = "../end_to_end/prometheus.rs"]
#[expect(dead_code, reason = "its own tests use the rest")]
mod prometheus;
mod queries;
mod world;
