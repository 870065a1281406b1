//! The way to Azure: a request gets its turn in the quota, its token, its waits and its retries.
//!
//! Only this module knows tokens, status codes and how often to retry. What is requested, and what
//! the bodies mean, is for [`crate::source`].

mod assertion;
mod auth;
mod call;
mod client;
mod credential;
mod error;
mod error_body;
mod next_link;
mod quota;
mod rate_limit;
mod redact;
mod retry;
mod timeouts;
mod token_transport;
pub mod transport;

pub(crate) use call::{Call, Content};
pub use client::Client;
pub use error::Error;
pub(crate) use next_link::resolve as resolve_link;
pub(crate) use rate_limit::Bucket;
pub(crate) use redact::sanitize_line;
pub(crate) use retry::Failure;
#[cfg(any(test, fuzzing))]
pub(crate) use retry::{classify, classify_file};
pub use timeouts::Timeouts;
pub(crate) use timeouts::{RetryBudget, in_words};
