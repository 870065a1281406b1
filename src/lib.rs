//! What Microsoft bills an Azure Enterprise Agreement, as metrics for Prometheus.
//!
//! # The map
//! In the order in which data flows:
//!
//! 1. [`config`] says whose bills to read, with which identity and how often.
//! 2. [`poller`] decides which days to read now.
//! 3. [`azure`] reads them, page by page, and folds each row into
//! 4. [`billing`], where charges add up exactly, by day, into totals that become snapshots.
//!    A long reading lies in a [`spill_buffer`] meanwhile.
//! 5. [`store`] keeps days and totals across restarts.
//! 6. [`metrics`] writes snapshots and [`status`] as an exposition,
//! 7. [`server`] serves it, and a page for people, to those whom the web config lets in.
//!
//! [`files`] opens, reads and replaces what others may have prepared, for all of them.
//!
//! Beside these, [`backfill`] writes months that are over: from 3 by way of 4 to a file or a receiver.
//!
//! [`commands`] wires these together for what [`cli`] was asked to do. [`descriptors`] and [`log_limit`]
//! are for any of them: what no process has enough of, and what must not fill a disk.
//! [`azure_billing_simulator`], a crate of its own, is an enrollment that answers as Azure does; it
//! shares no code with the exporter, so that one bug cannot cancel another.
//!
//! # Invariants
//! - What is published of a scope is the exact sum of the rows Azure sent: nothing is rounded,
//!   dropped or counted twice. Amounts become `f64` once, when they are written.
//! - For one scope and currency every family adds up to the same total.
//! - A snapshot is published whole or not at all. A reading that fails changes no cost; readings
//!   of the same poll that were finished before it stay.
//! - The size and order of pages and restarts change no byte of the billing families.
//! - Memory grows with distinct entities and the days of the range being read, not with rows: RAM
//!   holds what periods add up to, stored days lie on the disk, and a replaced day is its period's
//!   total less the old day plus the new one.
//! - One scope in any failure changes nothing of another.
//! - Another configuration counts as a whole or not at all, between two scrapes. It asks Azure for
//!   what is not known, and what is known stays.
//! - The bearer token goes to the configured endpoint and nowhere else.
//!
//! # A new metric family
//! A question about rows is one file in `billing/families` (name, help, labels, what a row adds,
//! how it is bounded), its lines in `Tables` beside it, one line in [`billing::metric_families::FAMILIES`],
//! and one in `docs/metrics.md`, which a test compares. Nothing else knows single families: the
//! exposition, its golden file and the tests of the invariants go by the list.
//!
//! # Deliberately absent
//! No global state: registries, clocks and clients are handed down. No floating point before the
//! exposition. No conversion between currencies.

pub mod azure;
pub mod backfill;
pub mod billing;
pub mod cli;
pub mod commands;
pub mod config;
pub mod descriptors;
pub mod files;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
pub mod log_limit;
pub mod metrics;
pub mod poller;
pub mod server;
pub mod spill_buffer;
pub mod status;
pub mod store;
