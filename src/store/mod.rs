//! The store of days across restarts: one file of an embedded database, with every day and the
//! totals of every scope, written together or not at all.
//!
//! Nothing here decides what is read or published. What cannot be written stays in memory and is
//! tried again with the next commit; what cannot be read any more is forgotten and read again from
//! Azure. A file that is damaged or of another format is set aside; if the disk is full or the path
//! is not writable, the file is left alone and the error is logged.

mod archive;
#[cfg(test)]
mod charge_lines;
mod code;
mod file;
mod opening;
mod pending_writes;
mod scope_store;
mod tables;

pub use archive::{Archive, PollRecord, Restored};
pub use file::{InUse, Store};
pub use opening::Now;
pub use scope_store::{CompletedRead, RetentionPolicy, ScopeStore};

use thiserror::Error;

/// The reason why data was not stored or not found, by what the caller does next.
#[derive(Debug, Error)]
pub enum Error {
    /// The caller continues in memory; the next commit tries again.
    #[error("{0}")]
    PendingWrites(String),
    /// The caller forgets the scope and reads it again.
    #[error("{0}")]
    Lost(String),
}
