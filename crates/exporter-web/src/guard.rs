//! Puts the routes of an exporter behind the rules that every request must pass.

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::access::{self, Access};
use super::external_url::{ExternalUrl, PathPrefix};
use super::hosts;

/// Returns the routes, behind the access rules and the check of host names. The routes contain the
/// prefix already ([`PathPrefix::below`]); requests for paths above it are redirected to the page
/// at its root.
pub fn guard(
    routes: Router,
    access: Arc<Access>,
    external_url: ExternalUrl,
    prefix: &PathPrefix,
) -> Router {
    with_redirects_to(prefix, routes)
        .layer(from_fn_with_state(Arc::new(external_url), hosts::check))
        .layer(from_fn_with_state(access, access::guard))
        .layer(map_response(without_sniffing))
}

/// Redirects requests for paths above the prefix to the page, as Prometheus does.
fn with_redirects_to(prefix: &PathPrefix, routes: Router) -> Router {
    if prefix.as_str().is_empty() {
        return routes;
    }
    let page = prefix.below("/");
    let redirect =
        get(move || async { (StatusCode::FOUND, [(header::LOCATION, page)]).into_response() });
    routes.route("/", redirect.clone()).route(prefix.as_str(), redirect)
}

/// Makes browsers accept the content type of the answer, whatever a name in it looks like.
async fn without_sniffing(mut response: Response) -> Response {
    let nosniff = HeaderValue::from_static("nosniff");
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
    response
}
