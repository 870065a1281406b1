//! What a Prometheus exporter needs at its HTTP port, in the way of Prometheus's exporter-toolkit
//! for Go. It knows nothing of what the exporter exports.
//!
//! # The parts
//! In the order in which a request passes them:
//!
//! 1. [`serve`] accepts connections, encrypts them, and limits their time, their size and their
//!    number. No client can occupy a connection for ever, and none can keep others out.
//! 2. [`guard`] puts an exporter's own routes behind the rules of the web config ([`Access`]: users,
//!    the limit on requests, headers) and behind a check of host names.
//! 3. [`Scrapes`] answers scrapes: it chooses the format and the coding that a scraper accepts and
//!    limits how many expositions are written at once. [`CachedText`] is the part of an exposition
//!    that stays compressed from one scrape to the next.
//!
//! [`Web`] reads the file of `--web.config.file` and follows its changes and those of the
//! certificates that it names. [`ListenAddress`], [`TelemetryPath`], [`ExternalUrl`] and
//! [`RoutePrefix`] are the values of the flags that exporters have; they implement `FromStr`.
//!
//! # An exporter
//! ```no_run
#![doc = include_str!("../examples/foreign_registry.rs")]
//! ```
//!
//! # Deliberately absent
//! No metrics are registered: what is counted is a plain number ([`RefusedScrapes`]). No flags are
//! parsed, no signals handled, no files written. Log lines go to [`tracing`].

mod access;
mod addresses;
mod connections;
pub mod descriptors;
mod external_url;
mod format;
mod guard;
mod gzip;
mod hosts;
pub mod log_limit;
mod negotiation;
mod origin;
mod parallel_map;
mod passwords;
mod peers;
mod places;
mod scrape;
#[cfg(test)]
mod tests;
mod turns;
mod web;
mod web_file;

pub use access::Access;
pub use addresses::{ListenAddress, TelemetryPath};
pub use connections::{Timeouts, serve};
pub use external_url::{ExternalUrl, PathPrefix, RoutePrefix};
pub use format::{Coding, Format, to_text};
pub use guard::guard;
pub use gzip::{CachedText, ScrapeText};
pub use negotiation::{Negotiated, coding, negotiate};
pub use origin::is_foreign;
pub use parallel_map::parallel_map;
pub use scrape::{RefusedScrapes, Scrapes};
pub use strict_config::{Error, Problem};
pub use web::Web;
pub use web_file::{RateLimit, Users, WebConfig, WebFile};
