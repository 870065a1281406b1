//! Every key of the file, once: what the reader accepts, what it suggests, and what a test compares
//! `docs/configuration.md` with.

use super::scope_id::MANAGEMENT_GROUP;

/// The top level.
pub(super) const ROOT: &[&str] = &["azure", "scopes", "poll", "metrics", "budgets", "state"];
/// Where the data comes from.
pub(super) const AZURE: &[&str] = &[
    "cloud",
    "endpoint",
    "authority_host",
    "ca_file",
    "usage_details_api_version",
    "requests_per_minute",
    "auth",
];
/// Quotas, one for each type of scope.
pub(super) const REQUESTS_PER_MINUTE: &[&str] = SCOPE_TYPES;
/// Who asks.
pub(super) const AUTH: &[&str] = &[
    "method",
    "tenant_id",
    "client_id",
    "client_secret",
    "client_secret_file",
    "client_certificate",
    "client_certificate_file",
    "object_id",
    "resource_id",
    "federated_token_file",
    "token",
    "token_file",
];
/// One scope.
pub(super) const SCOPE: &[&str] = &[
    "billing_account",
    "department",
    "enrollment_account",
    "subscription",
    "name",
    "cost",
    "cost_allocation",
    "read",
    "charges",
    "enrollment",
];
/// When it is asked.
pub(super) const POLL: &[&str] = &[
    "interval",
    "overlap",
    "full_refresh",
    "previous_period_until",
    "day_complete_after",
    "report_after_pages",
    "report_min_interval",
];
/// What is published of the answers.
pub(super) const METRICS: &[&str] = &[
    "instances",
    "accounts",
    "subscriptions",
    "resource_groups",
    "locations",
    "cost_centers",
    "services",
    "meters",
    "tags",
    "daily_window",
];
/// One family whose series are bounded.
pub(super) const FAMILY: &[&str] = &["max_series"];
/// The bounded family whose labels are the user's.
pub(super) const TAGS: &[&str] = &["keys", "max_series"];
/// One budget.
pub(super) const BUDGET: &[&str] =
    &["name", "scope", "amount", "currency", "grain", "start", "only"];
/// The part of a scope that counts towards a budget.
pub(super) const ONLY: &[&str] = &["department", "account", "subscription", "service", "tag"];

/// Where days are kept.
pub(super) const STATE: &[&str] = &["path"];

const SCOPE_TYPES: &[&str] =
    &["billing_account", "department", "enrollment_account", "subscription"];

/// The sections of a file, by their paths.
pub(super) type Sections = [(&'static str, &'static [&'static str])];

/// Every section of the configuration.
pub(super) const SECTIONS: &Sections = &[
    ("", ROOT),
    ("azure", AZURE),
    ("azure.requests_per_minute", REQUESTS_PER_MINUTE),
    ("azure.auth", AUTH),
    ("scopes[]", SCOPE),
    ("poll", POLL),
    ("metrics", METRICS),
    ("metrics.instances", FAMILY),
    ("metrics.accounts", FAMILY),
    ("metrics.subscriptions", FAMILY),
    ("metrics.resource_groups", FAMILY),
    ("metrics.locations", FAMILY),
    ("metrics.cost_centers", FAMILY),
    ("metrics.services", FAMILY),
    ("metrics.meters", FAMILY),
    ("metrics.tags", TAGS),
    ("budgets[]", BUDGET),
    ("budgets[].only", ONLY),
    ("state", STATE),
];

/// The top level of the file of `--web.config.file`.
pub(super) const WEB: &[&str] =
    &["tls_server_config", "http_server_config", "basic_auth_users", "rate_limit"];
/// How connections are encrypted, and whose.
pub(super) const TLS_SERVER: &[&str] = &[
    "cert",
    "cert_file",
    "key",
    "key_file",
    "client_auth_type",
    "client_ca",
    "client_ca_file",
    "client_allowed_sans",
    "min_version",
    "max_version",
    "cipher_suites",
    "curve_preferences",
    "prefer_server_cipher_suites",
];
/// What is spoken on them.
pub(super) const HTTP_SERVER: &[&str] = &["http2", "headers"];
/// The headers that can be added to every answer.
pub(super) const HEADERS: &[&str] = &[
    "Content-Security-Policy",
    "X-Frame-Options",
    "X-Content-Type-Options",
    "X-XSS-Protection",
    "Strict-Transport-Security",
];
/// How often requests may come.
pub(super) const RATE_LIMIT: &[&str] = &["interval", "burst"];

/// Every section of the file of `--web.config.file` whose keys are not the user's.
pub(super) const WEB_SECTIONS: &Sections = &[
    ("", WEB),
    ("tls_server_config", TLS_SERVER),
    ("http_server_config", HTTP_SERVER),
    ("http_server_config.headers", HEADERS),
    ("rate_limit", RATE_LIMIT),
];

/// What to write in place of a key that people look for, and that there cannot be.
pub(super) fn instead(key: &str) -> Option<&'static str> {
    matches!(key, "management_group" | "management_groups").then_some(MANAGEMENT_GROUP)
}

/// The only place that knows a key, for a key found where it is not known.
pub(super) fn elsewhere(key: &str, sections: &Sections) -> Option<String> {
    let mut knowing = sections.iter().filter(|(_, keys)| keys.contains(&key));
    match (knowing.next(), knowing.next()) {
        (Some(("", _)), None) => Some("at the top level".to_owned()),
        (Some((path, _)), None) => Some(format!("under `{}`", path.trim_end_matches("[]"))),
        _ => None,
    }
}
