//! The exporter together with the servers that its users run.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod alertmanager;
mod alerts;
mod demo;
mod documented;
mod history;
#[path = "../documentation/pages.rs"]
#[expect(dead_code, reason = "tests/documentation reads the rest")]
mod pages;
#[path = "../program/process.rs"]
#[expect(dead_code, reason = "its own tests use the rest")]
mod process;
mod prometheus;
mod victoria_metrics;
