//! Every key of the file, in one place: the reader accepts and suggests these.

use strict_config::{Keys, Sections};

/// The keys of the top level of the file of `--web.config.file`.
pub(super) const ROOT: &[&str] =
    &["tls_server_config", "http_server_config", "basic_auth_users", "rate_limit"];
/// The keys of TLS and of client certificates.
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
/// The keys of HTTP.
pub(super) const HTTP_SERVER: &[&str] = &["http2", "headers"];
/// The headers that can be added to every answer.
pub(super) const HEADERS: &[&str] = &[
    "Content-Security-Policy",
    "X-Frame-Options",
    "X-Content-Type-Options",
    "X-XSS-Protection",
    "Strict-Transport-Security",
];
/// The keys of the limit on requests.
pub(super) const RATE_LIMIT: &[&str] = &["interval", "burst"];

/// What the keys of the file of `--web.config.file` are.
pub(super) const FILE: Keys =
    Keys { sections: KEYS, instead: |_| None, secrets: "give a secret by its `…_file` key, " };

/// Every section of the file of `--web.config.file` whose keys the user does not choose, with its
/// keys; for the documentation of an exporter.
pub const KEYS: &Sections = &[
    ("", ROOT),
    ("tls_server_config", TLS_SERVER),
    ("http_server_config", HTTP_SERVER),
    ("http_server_config.headers", HEADERS),
    ("rate_limit", RATE_LIMIT),
];
