//! IN: the sources of rows, which are APIs of Azure.
//!
//! Only this module knows their URLs, limits and quirks. It decides how to request; [`crate::poller`]
//! decides when, and what is published. The shapes of rows are for [`crate::decode`].

mod cost_details;
mod file_limits;
mod lenient;
mod manifest;
mod reading;
mod usage_details;

#[cfg(any(test, fuzzing))]
pub(crate) use manifest::files as report_files;
pub use reading::{ChargesShown, Reading};
pub use usage_details::Probe;
