//! `/-/reload`: has the configuration read again, and answers with the result. Another site cannot
//! have a browser send it.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use exporter_web::is_foreign;
use tokio::sync::oneshot;

use super::app_state::{AppState, Reloaded};

pub(super) async fn reload(
    State(site): State<AppState>,
    uri: Uri,
    headers: HeaderMap,
) -> (StatusCode, String) {
    if is_foreign(&uri, &headers, &site.external_url) {
        let text = "refused, because a browser sent this request for another site; behind a proxy, set --web.external-url\n";
        return (StatusCode::FORBIDDEN, text.to_owned());
    }
    let (answer, answered) = oneshot::channel();
    // Both fail once the exporter stops.
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
