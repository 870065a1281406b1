//! What is published of rows, whatever the rows: the invariants of the families, and cases of days,
//! forecasts and budgets worked out by hand.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod books;
mod budgets;
mod days;
mod forecast;
mod history;
mod invariants;
mod names;
mod rows;
