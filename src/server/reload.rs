//! `/-/reload`: asks whoever runs the exporter to read the configuration again, and answers how that
//! went. No other site can have a browser do so.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use tokio::sync::{mpsc, oneshot};

use super::{AppState, origin};

/// Takes wishes for a reload. Whoever waits for no answer drops the receiver.
pub type Reloads = mpsc::Sender<oneshot::Sender<Reloaded>>;

/// How a reload went, in words for whoever asked for it: lines with their ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reloaded {
    /// What the file says is in force.
    Done(String),
    /// It cannot be used, and nothing has changed.
    Failed(String),
    /// There is no file to be read again.
    Impossible(String),
}

pub(super) async fn reload(
    State(site): State<AppState>,
    uri: Uri,
    headers: HeaderMap,
) -> (StatusCode, String) {
    if origin::is_foreign(&uri, &headers, &site.external_url) {
        let text = "a browser sends this for another site, which may not reload the exporter; behind a proxy, give --web.external-url\n";
        return (StatusCode::FORBIDDEN, text.to_owned());
    }
    let (answer, answered) = oneshot::channel();
    // Both fail once nobody runs the exporter any more.
    let reloaded = match site.reloads.send(answer).await {
        Ok(()) => answered.await.ok(),
        Err(_) => None,
    };
    match reloaded {
        Some(Reloaded::Done(text)) => (StatusCode::OK, text),
        Some(Reloaded::Failed(text)) => (StatusCode::INTERNAL_SERVER_ERROR, text),
        Some(Reloaded::Impossible(text)) => (StatusCode::NOT_IMPLEMENTED, text),
        None => (StatusCode::SERVICE_UNAVAILABLE, "the exporter is stopping\n".to_owned()),
    }
}
