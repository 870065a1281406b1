//! The documents are correct: links lead somewhere, commands are understood, snippets are accepted,
//! lists are complete. `promql` tests the queries, and `azure` compares the families.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod commands;
mod examples;
mod forms;
mod links;
mod pages;
#[path = "../program/process.rs"]
#[expect(dead_code, reason = "only runs that end by themselves")]
mod process;
mod reasons;
mod snippets;
