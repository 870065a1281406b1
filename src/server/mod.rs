//! HTTP: the exposition, health, and a page that says where they are. It only reads what others
//! published; nothing a client sends changes anything or comes back in an answer.

mod negotiation;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum_server::Handle;
use tracing::error;

use crate::config::TelemetryPath;
use crate::metrics::Exposition;
use crate::status::Status;

/// How long open answers may take once the exporter stops.
const DRAIN: Duration = Duration::from_secs(3);

/// What the server shows.
#[derive(Clone)]
pub struct Site {
    /// The metrics.
    pub exposition: Arc<Exposition>,
    /// How polling goes.
    pub status: Arc<Status>,
    /// Where the metrics are.
    pub telemetry_path: TelemetryPath,
}

/// The routes. GET and HEAD only; axum answers 405 to other methods.
pub fn router(site: Site) -> Router {
    Router::new()
        .route(site.telemetry_path.as_str(), get(metrics))
        .route("/", get(index))
        .route("/-/healthy", get(healthy))
        .route("/-/ready", get(ready))
        .with_state(site)
}

/// Serves a listener until `stop` ends, then lets open answers finish.
///
/// # Errors
/// When the listener cannot be used.
pub async fn serve(
    listener: std::net::TcpListener,
    router: Router,
    stop: impl Future<Output = ()>,
) -> std::io::Result<()> {
    listener.set_nonblocking(true)?;
    let handle = Handle::new();
    let served =
        axum_server::from_tcp(listener)?.handle(handle.clone()).serve(router.into_make_service());
    tokio::pin!(served);
    tokio::select! {
        ended = &mut served => return ended,
        () = stop => handle.graceful_shutdown(Some(DRAIN)),
    }
    served.await
}

async fn metrics(State(site): State<Site>, headers: HeaderMap) -> Response {
    let accept: Vec<&str> =
        headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    let negotiated = negotiation::negotiate(&accept.join(","));
    match site.exposition.scrape(negotiated.format) {
        Ok(text) => (
            [(header::CONTENT_TYPE, negotiated.content_type), (header::VARY, "Accept".into())],
            text,
        )
            .into_response(),
        Err(error) => {
            error!("the exposition cannot be written: {error}; please report this");
            (StatusCode::INTERNAL_SERVER_ERROR, "the exposition cannot be written; see the log\n")
                .into_response()
        }
    }
}

/// What an answer to a scraper says of itself.
#[cfg(any(test, fuzzing))]
pub(crate) fn negotiated_content_type(accept: &str) -> String {
    negotiation::negotiate(accept).content_type
}

/// Alive: every poll loop runs. A failing scope is no reason to restart; it would only spend quota.
async fn healthy(State(site): State<Site>) -> (StatusCode, String) {
    let scopes = site.status.scopes();
    let dead: Vec<&str> =
        scopes.iter().filter(|scope| scope.dead).map(|scope| scope.info.label.as_str()).collect();
    match dead.as_slice() {
        [] => (StatusCode::OK, "healthy\n".into()),
        dead => (
            StatusCode::SERVICE_UNAVAILABLE,
            format!(
                "not healthy: polling has ended for {}; see the log and restart\n",
                dead.join(", ")
            ),
        ),
    }
}

/// Ready: there is data, or a reason why there is none. A first reading can take hours, so probes
/// that restart or withhold the exporter belong on `/-/healthy`.
async fn ready(State(site): State<Site>) -> (StatusCode, String) {
    let scopes = site.status.scopes();
    let waiting = scopes.iter().filter(|scope| scope.last_poll.is_none() && !scope.restored);
    let waiting: Vec<&str> = waiting.map(|scope| scope.info.label.as_str()).collect();
    match waiting.as_slice() {
        [] => (StatusCode::OK, "ready\n".into()),
        waiting => {
            let (count, all) = (waiting.len(), scopes.len());
            let names = waiting[..count.min(5)].join(", ");
            let more = if count > 5 { ", …" } else { "" };
            let text = format!(
                "not ready: the first poll of {count} of {all} scopes has not ended: {names}{more}\n"
            );
            (StatusCode::SERVICE_UNAVAILABLE, text)
        }
    }
}

async fn index(State(site): State<Site>) -> Html<String> {
    let version = env!("CARGO_PKG_VERSION");
    let path = site.telemetry_path.as_str();
    Html(format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>azure-billing-exporter</title></head>\n\
         <body><h1>azure-billing-exporter {version}</h1>\n<p>What Microsoft bills an Enterprise Agreement, for Prometheus.</p>\n\
         <ul><li><a href=\"{path}\">Metrics</a></li><li><a href=\"/-/healthy\">Health</a></li>\
         <li><a href=\"/-/ready\">Readiness</a></li></ul></body></html>\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::billing::scope::{CostType, ScopeId, ScopeType};
    use crate::metrics::{About, ApiCalls};
    use crate::status::ScopeInfo;

    #[tokio::test]
    async fn health_names_the_scopes_whose_polling_has_died_and_no_other() {
        let info = |label: &str| ScopeInfo {
            label: label.into(),
            id: ScopeId {
                scope_type: ScopeType::Department,
                id: label.into(),
                cost: CostType::Actual,
            },
            nested: false,
        };
        let status = Arc::new(Status::new(["shop", "web"].map(info), Duration::from_secs(60)));
        let about = About { demo: false, process: false };
        let calls = Arc::<ApiCalls>::default();
        let site = Site {
            exposition: Arc::new(Exposition::new(status.clone(), calls, about).unwrap()),
            status: status.clone(),
            telemetry_path: "/metrics".parse().unwrap(),
        };
        assert_eq!(healthy(State(site.clone())).await.0, StatusCode::OK);
        status.died(1);
        let (code, text) = healthy(State(site)).await;
        assert_eq!(code, StatusCode::SERVICE_UNAVAILABLE);
        assert!(text.contains("web") && !text.contains("shop"), "{text}");
    }
}
