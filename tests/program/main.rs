//! The program as its user sees it: flags, files, exit codes, signals, output.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod backfill;
mod check;
mod commands;
#[expect(dead_code, reason = "memory is measured where it is attacked")]
mod process;
mod reconcile;
mod reload;
mod remote_write;
mod routed;
mod serve;
#[path = "../azure/server.rs"]
#[expect(dead_code, reason = "the faults are tested with the client")]
mod server;
mod state;
