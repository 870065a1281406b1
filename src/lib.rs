//! What Microsoft bills an Azure Enterprise Agreement, as metrics for Prometheus.
//!
//! # The modules
//! In the order in which data flows:
//!
//! 1. [`config`] says whose bills to read, with which identity and how often.
//! 2. [`poller`] decides which days to read now.
//! 3. [`source`] requests them by way of [`azure`], and [`decode`] reads the rows of each answer.
//! 4. [`ingest`] adds rows up while a reading runs, on the disk if it is long, for
//!    [`billing`], where charges add up exactly, by day, into totals that become snapshots.
//! 5. [`store`] keeps days and totals across restarts.
//! 6. [`metrics`] writes snapshots and [`status`] as an exposition,
//! 7. [`server`] serves it, and a page for people, to the clients that the web config admits.
//!    [`exporter_web`], a separate crate, has what any exporter needs for that.
//!
//! [`files`] opens, reads and replaces files for all of them, safely even if other users prepared
//! the path.
//!
//! Beside these, [`control`] asks [`azure`] for its own totals, to hold against the rows.
//! [`backfill`] writes closed months: from 3 through 4 to a file or a receiver. [`reconcile`] holds one
//! month against these totals, and [`statements`] writes what it found, as the server does.
//!
//! [`commands`] connects these for each command of [`cli`]. All modules may use [`descriptors`],
//! which explains failures for lack of file descriptors, and [`log_limit`], which keeps repeated
//! lines from filling the disk; both are parts of [`exporter_web`]. [`azure_billing_simulator`], a
//! separate crate, is an enrollment that answers as Azure does; it shares no code with the
//! exporter, so that one bug cannot hide another.
//!
//! # Invariants
//! - What is published of a scope is the exact sum of the rows Azure sent: nothing is rounded,
//!   dropped or counted twice. Amounts become `f64` once, when they are written.
//! - For one scope and currency every family adds up to the same total.
//! - A snapshot is published whole or not at all. A reading that fails changes no cost; readings
//!   of the same poll that were finished before it stay.
//! - The size and order of pages and restarts change no byte of the billing families.
//! - Memory grows with distinct entities and the days of the range being read, not with rows: RAM
//!   contains the totals of periods, days are stored on the disk, and replacing a day subtracts the
//!   old day from its period's total and adds the new one.
//! - No failure of one scope changes another scope.
//! - A new configuration takes effect as a whole or not at all, between two scrapes. Only unknown
//!   data is requested from Azure; known data stays.
//! - The bearer token goes to the configured endpoint and nowhere else.
//!
//! # A new metric family
//! A question about rows is one file in `billing/families` (name, help, labels, what a row adds,
//! how long it is kept, how it is bounded), one line in the list there, and one in
//! `docs/metrics.md`, which a test compares. Nothing else knows single families: tables, stored
//! days, the exposition, its golden file and the tests of the invariants use the list, which
//! [`billing::metric_families::FAMILIES`] completes by what is computed from sums.
//!
//! # Deliberately absent
//! No global state: registries, clocks and clients are arguments. No floating point before the
//! exposition. No conversion between currencies.

pub use exporter_web::{descriptors, log_limit};

pub mod azure;
pub mod backfill;
pub mod billing;
pub mod cli;
pub mod commands;
pub mod config;
pub mod control;
pub mod decode;
pub mod files;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
pub mod ingest;
pub mod metrics;
pub mod poller;
pub mod reconcile;
pub mod server;
pub mod source;
pub mod statements;
pub mod status;
pub mod store;
