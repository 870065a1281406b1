//! Reads the identity from the `AZURE_*` variables, in the order in which Azure's own tools look at
//! them.

use strict_config::{Problems, shown_path};

use super::identity::{Application, Auth, ManagedIdentity, identifier, usable_certificate};
use crate::config::environment::{
    CERTIFICATE_PATH, CLIENT_ID, CLIENT_SECRET, Environment, FEDERATED_TOKEN_FILE, TENANT_ID,
};
use crate::config::secret::{Secret, SecretError, bare};

/// Reads the identity that the first of the variables names. A secret without its application is
/// refused and not skipped: otherwise requests would use the machine's identity, and Azure's error
/// would not show why.
pub(super) fn read(environment: &Environment, problems: &mut Problems) -> Option<Auth> {
    if let Some(text) = environment.get(CLIENT_SECRET, problems) {
        let application = application(environment, CLIENT_SECRET, problems);
        let secret = bare(text).map_err(|wrong| problems.outside(CLIENT_SECRET, wrong)).ok();
        return Some(Auth::ClientSecret(application?, Secret::Value(secret?)));
    }
    if let Some(path) = environment.get(CERTIFICATE_PATH, problems) {
        let application = application(environment, CERTIFICATE_PATH, problems);
        let pem = Secret::File { path: path.into(), key: CERTIFICATE_PATH };
        usable_certificate(&pem).map_err(|wrong| problems.outside(CERTIFICATE_PATH, wrong)).ok()?;
        if let Some(warning) = pem.warning() {
            problems.warn_outside(CERTIFICATE_PATH, warning);
        }
        return Some(Auth::ClientCertificate(application?, pem));
    }
    if environment.get(FEDERATED_TOKEN_FILE, problems).is_some() {
        let application = application(environment, FEDERATED_TOKEN_FILE, problems);
        let token = federated_token(environment, problems);
        return Some(Auth::WorkloadIdentity(application?, token?));
    }
    let identity = match environment.get(CLIENT_ID, problems) {
        Some(_) => {
            ManagedIdentity::ClientId(required(environment, CLIENT_ID, CLIENT_ID, problems)?)
        }
        None => ManagedIdentity::System,
    };
    Some(Auth::ManagedIdentity(identity))
}

/// Returns the file of `AZURE_FEDERATED_TOKEN_FILE`, if it is set and can be read.
pub(super) fn federated_token(
    environment: &Environment,
    problems: &mut Problems,
) -> Option<Secret> {
    let path = environment.get(FEDERATED_TOKEN_FILE, problems)?.into();
    let token = Secret::File { path, key: FEDERATED_TOKEN_FILE };
    let unusable = |error: SecretError| {
        let wrong = format!("{} {}", shown_path(&error.path), error.reason);
        problems.outside(FEDERATED_TOKEN_FILE, wrong);
    };
    token.read().map_err(unusable).ok().map(|_| token)
}

fn application(
    environment: &Environment,
    because: &str,
    problems: &mut Problems,
) -> Option<Application> {
    let tenant_id = required(environment, TENANT_ID, because, problems);
    let client_id = required(environment, CLIENT_ID, because, problems);
    Some(Application { tenant_id: tenant_id?, client_id: client_id? })
}

fn required(
    environment: &Environment,
    name: &str,
    because: &str,
    problems: &mut Problems,
) -> Option<String> {
    let Some(text) = environment.get(name, problems) else {
        problems.outside(name, format!("is not set, but {because} is; set it, or unset {because}"));
        return None;
    };
    identifier(text).map_err(|wrong| problems.outside(name, wrong)).ok()
}
