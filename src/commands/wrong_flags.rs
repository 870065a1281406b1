//! The error of flags that each are right and contradict the rest.

use thiserror::Error;

/// An error in flags that are wrong together with the configuration or the time; nothing was
/// started.
#[derive(Debug, Error)]
#[error("{0}")]
pub(super) struct WrongFlags(pub(super) String);
