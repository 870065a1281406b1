//! What the pollers of all scopes share.

use std::sync::Arc;

use super::clock::Clock;
use crate::azure::Client;
use crate::config;
use crate::metrics::Exposition;
use crate::status::Status;
use crate::store::Store;

/// The parts that all scopes share.
#[derive(Clone)]
pub struct PollContext {
    /// The client for Azure.
    pub client: Arc<Client>,
    /// The times of polls.
    pub poll: config::Poll,
    /// The totals of Azure that are asked for.
    pub control: config::Control,
    /// The clock.
    pub clock: Clock,
    /// The status, where the outcome is recorded.
    pub status: Arc<Status>,
    /// The exposition, where the sums are published.
    pub exposition: Arc<Exposition>,
    /// The store that keeps days across restarts, if there is one.
    pub store: Option<Arc<Store>>,
}
