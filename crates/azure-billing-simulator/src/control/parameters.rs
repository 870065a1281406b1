//! What every request for totals gives by its query.

use http::request::Parts;

use super::super::{query::api_version, refusal::Refusal};

/// Returns the parameters of a request, decoded.
pub(super) fn parameters(parts: &Parts) -> Vec<(String, String)> {
    let query = parts.uri.query().unwrap_or_default();
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

/// Refuses a request without a version, or with one older than `oldest`.
pub(super) fn version(given: &[(String, String)], oldest: &str) -> Result<(), Refusal> {
    let version = given.iter().find(|(name, _)| name.eq_ignore_ascii_case("api-version"));
    api_version(version.map(|(_, value)| value.as_str()), oldest).map(drop)
}
