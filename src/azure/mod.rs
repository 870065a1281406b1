//! IN: what Azure answers, as charges in daily sums.
//!
//! Only this module knows URLs, tokens, status codes and the shapes of rows. It decides how to
//! request and how often to retry; [`crate::poller`] decides when, and what is published.

mod assertion;
mod auth;
mod call;
mod client;
mod cost_details;
mod credential;
mod error;
mod error_body;
mod file_limits;
mod lenient;
mod manifest;
mod next_link;
mod quota;
mod reading;
mod redact;
mod retry;
mod timeouts;
mod token_transport;
pub mod transport;
mod usage_details;
pub mod wire;

pub use client::Client;
pub use error::Error;
pub use reading::{ChargesShown, Reading};
pub use timeouts::Timeouts;
pub use usage_details::Probe;
#[cfg(any(test, fuzzing))]
pub(crate) use {
    manifest::files as report_files,
    next_link::resolve as resolve_next_link,
    retry::{Failure, classify, classify_file},
};
