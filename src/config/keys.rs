//! Every key of the file, in one place: the reader accepts and suggests these, and a test compares
//! them with `docs/configuration.md`.

use strict_config::{Keys, Sections};

use super::scope_id::MANAGEMENT_GROUP;

/// The keys of the top level.
pub(super) const ROOT: &[&str] = &["azure", "scopes", "poll", "metrics", "budgets", "state"];
/// The keys of the data's source.
pub(super) const AZURE: &[&str] = &[
    "cloud",
    "endpoint",
    "authority_host",
    "ca_file",
    "usage_details_api_version",
    "requests_per_minute",
    "auth",
];
/// The keys of the quotas, one for each type of scope.
pub(super) const REQUESTS_PER_MINUTE: &[&str] = SCOPE_TYPES;
/// The keys of the identity that signs in.
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
/// The keys of one scope.
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
/// The keys that decide when scopes are read.
pub(super) const POLL: &[&str] = &[
    "interval",
    "overlap",
    "full_refresh",
    "previous_period_until",
    "day_complete_after",
    "report_after_pages",
    "report_min_interval",
];
/// The keys that decide what is published.
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
/// The keys of a family whose number of series is bounded.
pub(super) const FAMILY: &[&str] = &["max_series"];
/// The keys of the bounded family whose labels the user chooses.
pub(super) const TAGS: &[&str] = &["keys", "max_series"];
/// The keys of one budget.
pub(super) const BUDGET: &[&str] =
    &["name", "scope", "amount", "currency", "grain", "start", "only"];
/// The keys that choose the part of a scope that counts towards a budget.
pub(super) const ONLY: &[&str] = &["department", "account", "subscription", "service", "tag"];

/// The keys of the place where days are stored.
pub(super) const STATE: &[&str] = &["path"];

const SCOPE_TYPES: &[&str] =
    &["billing_account", "department", "enrollment_account", "subscription"];

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

/// What the keys of the configuration are.
pub(super) const CONFIG: Keys = Keys {
    sections: SECTIONS,
    instead,
    secrets: "give a secret by its `…_file` key or the AZURE_… variables, ",
};

/// Returns what to write in place of a key that people look for, and that cannot exist.
pub(super) fn instead(key: &str) -> Option<&'static str> {
    matches!(key, "management_group" | "management_groups").then_some(MANAGEMENT_GROUP)
}
