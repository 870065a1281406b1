//! What is deployed for alerting: rules, their tests, routes and runbooks, checked by Prometheus's
//! and Alertmanager's own tools, and held to the exporter's metrics and to each other.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

#[path = "../promql/families.rs"]
mod families;

mod alertmanager;
mod documents;
mod names;
mod prometheus;
mod rules;
