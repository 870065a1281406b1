//! The state that the server shows, and the way in which it has the configuration read again.

use std::sync::Arc;

use exporter_web::{ExternalUrl, PathPrefix, TelemetryPath};
use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot, watch};

use crate::metrics::Exposition;
use crate::status::Status;

/// The state that the server shows.
#[derive(Clone)]
pub struct AppState {
    /// The exposition of the metrics.
    pub exposition: Arc<Exposition>,
    /// The state of polling.
    pub status: Arc<Status>,
    /// The URL under which others reach the server.
    pub external_url: ExternalUrl,
    /// The prefix of every path.
    pub prefix: PathPrefix,
    /// The path of the metrics.
    pub telemetry_path: TelemetryPath,
    /// The most expositions that are written at once; 0 for any number.
    pub max_requests: usize,
    /// Returns the time, to show ages. Server code reads no clock itself.
    pub now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// True if the data is simulated. The page says so, to prevent that it is taken for real.
    pub demo: bool,
    /// The sender of requests to read the configuration again.
    pub reloads: Reloads,
    /// True once the costs that the last process stored are published, if there are any.
    pub restored: watch::Receiver<bool>,
}

/// The sender of requests for a reload. A caller that needs no answer drops the receiver.
pub type Reloads = mpsc::Sender<oneshot::Sender<Reloaded>>;

/// The result of a reload, in words for the caller: lines with their ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reloaded {
    /// The configuration of the file is in force.
    Done(String),
    /// The file cannot be used, and nothing has changed.
    Failed(String),
    /// There is no file to read again.
    Impossible(String),
}
