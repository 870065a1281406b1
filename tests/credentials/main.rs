//! The identities that send requests to Azure, and the ways of their secrets: tokens by every
//! method, over TLS with a throw-away authority, and the places where no secret may ever appear.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod certificate;
mod elsewhere;
mod http2;
mod machine;
#[path = "../program/process.rs"]
#[expect(dead_code, reason = "its own tests use the rest")]
mod process;
mod proxies;
mod reports;
mod secrets;
#[path = "../azure/server.rs"]
#[expect(dead_code, reason = "the faults are tested with the client")]
mod server;
mod signing_in;
mod site;

use tempfile::NamedTempFile;

pub(crate) const TENANT: &str = "00000000-0000-0000-0000-000000000001";
pub(crate) const CLIENT: &str = "00000000-0000-0000-0000-000000000002";
pub(crate) const PAGE: &str =
    r#"{"value":[{"properties":{"date":"{{today}}","cost":1,"billingCurrency":"EUR"}}]}"#;

/// A first page, after which a token is needed again.
pub(crate) const FIRST_PAGE: &str = r#"{"nextLink":"{{endpoint}}/two?id=1","value":[]}"#;

/// Makes a file with a text in it, readable by its owner only.
pub(crate) fn file(text: &str) -> NamedTempFile {
    let file = NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), text).expect("the file can be written");
    file
}

pub(crate) fn path(file: &NamedTempFile) -> &str {
    file.path().to_str().expect("a path")
}

/// Returns a configuration of one scope: the keys of `azure`, and of `azure.auth`.
pub(crate) fn configuration(azure: &str, auth: &str) -> NamedTempFile {
    let auth = if auth.is_empty() { String::new() } else { format!("  auth: {{{auth}}}\n") };
    file(&format!(
        "azure:\n  requests_per_minute: {{department: 100}}\n{azure}{auth}control: {{query: off, balances: off, charges: off}}\nscopes:\n  - department: \"1234\"\n"
    ))
}
