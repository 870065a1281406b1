//! Days kept across restarts: one file of an embedded database, with every day and the totals of
//! every scope, written together or not at all.
//!
//! Nothing here decides what is read or published. What cannot be written stays in memory and is
//! tried again with the next commit; what cannot be read any more is forgotten and read again from
//! Azure. Damage and another format set the file aside; a disk that is full or a path that may not be
//! written is left alone and reported.

mod archive;
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

/// Why something was not stored or not found, by what has to be done about it.
#[derive(Debug, Error)]
pub enum Error {
    /// Go on in memory; the next commit tries again.
    #[error("{0}")]
    PendingWrites(String),
    /// Forget the scope and read it again.
    #[error("{0}")]
    Lost(String),
}
