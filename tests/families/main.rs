//! What is published of rows, whatever the rows: the invariants of the families, and cases of days,
//! forecasts and budgets worked out by hand. Rows take the way of every reading: pages of JSON, read
//! by the client, entered and stored.

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
mod suspect;
mod truth;
