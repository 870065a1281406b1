//! The environment, captured once as a value: the only place of the crate that reads it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;

use super::error::Problems;

/// The variables that are looked at. Others stay unread.
const VARIABLES: [&str; 8] = [
    TENANT_ID,
    CLIENT_ID,
    CLIENT_SECRET,
    CERTIFICATE_PATH,
    FEDERATED_TOKEN_FILE,
    AUTHORITY_HOST,
    HTTP_PROXY[0],
    HTTP_PROXY[1],
];

/// The directory of the application.
pub(super) const TENANT_ID: &str = "AZURE_TENANT_ID";
/// The application, or the user-assigned managed identity.
pub(super) const CLIENT_ID: &str = "AZURE_CLIENT_ID";
/// The application's secret.
pub(super) const CLIENT_SECRET: &str = "AZURE_CLIENT_SECRET";
/// A certificate in place of the secret.
pub(super) const CERTIFICATE_PATH: &str = "AZURE_CLIENT_CERTIFICATE_PATH";
/// Set by the workload-identity webhook of Kubernetes.
pub(super) const FEDERATED_TOKEN_FILE: &str = "AZURE_FEDERATED_TOKEN_FILE";
/// Where tokens come from; also set by that webhook.
pub(super) const AUTHORITY_HOST: &str = "AZURE_AUTHORITY_HOST";

/// The proxy for requests without TLS. The HTTP library reads it, and its siblings, by itself; here
/// it is looked at for the requests of a machine's identity, which must not leave the machine.
pub(super) const HTTP_PROXY: [&str; 2] = ["HTTP_PROXY", "http_proxy"];

/// The variables of Azure's own tools, under their usual names. A value rather than a look-up, so
/// that a reload sees what the start saw and tests need no `set_var`.
#[derive(Clone, Default)]
pub struct Environment {
    values: BTreeMap<String, OsString>,
}

impl Environment {
    /// What the process was started with.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn read() -> Self {
        VARIABLES.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?))).collect()
    }

    /// A variable. One that is set but empty counts as absent, as in Azure's own tools.
    pub(super) fn get(&self, name: &str, problems: &mut Problems) -> Option<&str> {
        let value = self.values.get(name)?;
        if value.is_empty() {
            return None;
        }
        let text = value.to_str();
        if text.is_none() {
            problems.outside(name, "is not valid UTF-8; set it anew or unset it");
        }
        text
    }
}

/// An environment made of pairs, for embedding and for tests.
impl<N: Into<String>, V: Into<OsString>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let own = |(name, value): (N, V)| (name.into(), value.into());
        Self { values: pairs.into_iter().map(own).collect() }
    }
}

/// Names only: one of the values is a secret.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}
