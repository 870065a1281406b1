//! Weeks of polling in simulated time: the real poller, client and store against the simulated
//! Azure, in process, while the clock is paused and moved by hand.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod alarm;
mod answers;
mod cases;
mod control;
mod crash;
mod files;
mod honest;
mod isolation;
mod large;
mod months;
mod polling;
mod reload;
mod report;
mod restart;
mod scripted;
mod simulation;
mod suspect;
mod truth;
mod verified;
