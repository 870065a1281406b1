//! The deployed files for alerting: rules, their tests, routes and runbooks. Prometheus's and
//! Alertmanager's own tools check them, and they are compared with the exporter's metrics and with
//! each other.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

#[path = "../promql/families.rs"]
mod families;

mod alertmanager;
mod documents;
mod names;
mod prometheus;
mod rules;
