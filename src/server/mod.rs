//! HTTP: the exposition, the status page, health. It only reads what other modules published.
//! Nothing that a client sends comes back in an answer, and requests change nothing, except that
//! `/-/reload` has the configuration read again.
//!
//! The crate `exporter-web` has what is not about billing: connections, TLS, users, limits, host
//! names and the coding of answers. A request comes here after it has passed all of them.

mod app_state;
mod page;
mod reload;
mod scrape;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use exporter_web::{Access, guard};

pub use app_state::{AppState, Reloaded, Reloads};

/// Returns the routes, behind the access rules. They take GET and HEAD only, except `/-/reload`,
/// which takes POST, or PUT as in Prometheus; axum answers 405 to other methods.
pub fn router(app_state: AppState, access: Arc<Access>) -> Router {
    let scrapes = scrape::Scrapes::new(&app_state);
    let page = page::Page::new(&app_state);
    let below = |path: &str| app_state.prefix.below(path);
    let routes = Router::new()
        .route(&below(app_state.telemetry_path.as_str()), get(scrape::metrics).with_state(scrapes))
        .route(&below("/"), get(page::index).with_state(page.clone()))
        .route(&below("/statement"), get(page::statement).with_state(page))
        .route(&below("/-/healthy"), get(healthy))
        .route(&below("/-/ready"), get(ready))
        .route(&below("/-/reload"), post(reload::reload).put(reload::reload));
    let (external_url, prefix) = (app_state.external_url.clone(), app_state.prefix.clone());
    guard(routes.with_state(app_state), access, external_url, &prefix)
}

/// Answers whether the exporter is alive: every poll loop runs. A failing scope is no reason to
/// restart; a restart would only spend quota.
async fn healthy(State(app_state): State<AppState>) -> (StatusCode, String) {
    let scopes = app_state.status.scopes();
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

/// Answers whether the exporter is ready: every scope has data, or a reason why there is none. A
/// first reading can take hours, so probes that restart the exporter or take it out of service
/// belong on `/-/healthy`.
async fn ready(State(app_state): State<AppState>) -> (StatusCode, String) {
    let scopes = app_state.status.scopes();
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use exporter_web::{ExternalUrl, PathPrefix};
    use jiff::Timestamp;
    use tokio::sync::watch;

    use super::*;
    use crate::billing::scope::{CostType, ScopeId, ScopeType};
    use crate::metrics::{BuildFlags, Exposition};
    use crate::status::{ApiCalls, ScopeInfo, Status};

    #[tokio::test]
    async fn health_names_the_scopes_whose_polling_has_died_and_no_other() {
        let info = |label: &str| ScopeInfo {
            label: label.into(),
            id: ScopeId {
                scope_type: ScopeType::Department,
                id: label.into(),
                cost: CostType::Actual,
            },
            enrollment: None,
        };
        let status = Arc::new(Status::new(["shop", "web"].map(info), Duration::from_secs(60)));
        let about = BuildFlags { demo: false, process: false };
        let calls = Arc::<ApiCalls>::default();
        let app_state = AppState {
            exposition: Arc::new(Exposition::new(status.clone(), calls, about).unwrap()),
            status: status.clone(),
            external_url: ExternalUrl::default(),
            prefix: PathPrefix::default(),
            telemetry_path: "/metrics".parse().unwrap(),
            max_requests: 0,
            now: Arc::new(|| Timestamp::UNIX_EPOCH),
            demo: false,
            reloads: tokio::sync::mpsc::channel(1).0,
            restored: watch::channel(true).1,
        };
        assert_eq!(healthy(State(app_state.clone())).await.0, StatusCode::OK);
        let web = status.scopes()[1].info.id.clone();
        status.died(&web);
        let (code, text) = healthy(State(app_state)).await;
        assert_eq!(code, StatusCode::SERVICE_UNAVAILABLE);
        assert!(text.contains("web") && !text.contains("shop"), "{text}");
    }
}
