//! The published families, for any rows: their invariants, and cases of days, forecasts and budgets
//! worked out by hand. Rows go through a whole reading: pages of JSON, read by the client, entered
//! and stored.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod budgets;
mod days;
mod exposition;
mod facts;
mod forecast;
mod history;
mod invariants;
mod list;
mod long;
mod names;
mod rows;
mod scope_totals;
mod seal;
mod suspect;
mod truth;
