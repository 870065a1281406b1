//! What the chooser compares.

use super::request::ReadRequest;

/// What a source offers for what is due.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The readings that bring it, in their order.
    pub requests: Vec<ReadRequest>,
    /// The expected number of calls.
    pub calls: u64,
    /// True if it may be read now.
    pub is_due: bool,
}
