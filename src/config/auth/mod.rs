//! `azure.auth` and the `AZURE_*` variables: which identity signs in. Nothing here talks to Azure.
//!
//! The file and the environment end in the same value: which identity signs in does not depend on
//! where it was written.

mod environment;
mod identity;
mod keys;
mod method;

use std::path::Path;

use strict_config::{At, Problems, one_of};

use super::environment::Environment;
pub use identity::{Application, Auth, ManagedIdentity};
use method::Method;

/// Reads the section; without one the environment decides. Relative paths start at `directory`.
pub(super) fn read(
    at: Option<At<'_>>,
    environment: &Environment,
    directory: &Path,
    problems: &mut Problems,
) -> Option<Auth> {
    let Some(at) = at else {
        return environment::read(environment, problems);
    };
    let section = at.section(problems)?;
    let method = section.get("method");
    let given = keys::given(&section);
    let method = match method {
        Some(at) => at.parse(problems, |word| one_of(word, &Method::ALL, Method::as_str))?,
        None => Method::Environment,
    };
    let mut keys = keys::Keys { section: &section, method, directory, problems };
    keys.refuse_those_of_others(&given);
    match method {
        Method::Environment => environment::read(environment, problems),
        Method::ClientSecret => keys.client_secret(),
        Method::ClientCertificate => keys.client_certificate(),
        Method::ManagedIdentity => keys.managed_identity(),
        Method::WorkloadIdentity => keys.workload_identity(environment),
        Method::AzureCli => keys.azure_cli(),
        Method::Token => keys.token(),
    }
}
