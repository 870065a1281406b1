//! Azure's answers over real HTTP on loopback, and their results: sums to the last digit, and for
//! every fault the right reason and unchanged costs.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod control;
mod degraded;
mod documentation;
mod exporter;
mod faults;
mod fixtures;
mod golden;
mod paging;
mod samples;
mod server;
