//! `azure.auth` and the `AZURE_*` variables: who asks. Nothing here talks to Azure.
//!
//! A method of the file and a method the environment stands for end in the same value: who signs in
//! is one question, where that was written another.

mod environment;
mod keys;

use std::fmt;
use std::path::Path;

use super::Environment;
use super::certificate::ClientCertificate;
use super::error::Problems;
use super::secret::Secret;
use super::secret_path::shown_path;
use super::tree::{At, one_of, trimmed};

/// Who asks, decided and complete: a credential can be built from it without further questions.
#[derive(Clone, Debug, PartialEq)]
pub enum Auth {
    /// An application that signs in with a secret.
    ClientSecret(Application, Secret),
    /// An application that signs in with a certificate: its PEM, private key included, which is a
    /// [`ClientCertificate`].
    ClientCertificate(Application, Secret),
    /// An application that a Kubernetes service account is federated with, whose token the kubelet
    /// rotates.
    WorkloadIdentity(Application, Secret),
    /// An identity of the machine.
    ManagedIdentity(ManagedIdentity),
    /// Whoever is signed in to the `az` command; for trying things out at a desk.
    AzureCli {
        /// The directory to ask in, where it is not the one signed in to.
        tenant_id: Option<String>,
    },
    /// A ready bearer token from elsewhere, good for as long as it lives.
    Token(Secret),
}

/// An application, as its directory knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// The directory: a GUID or a domain name.
    pub tenant_id: String,
    /// The application's id, which is not the object id that roles are assigned to.
    pub client_id: String,
}

/// Both ids, since the wrong directory is as usual a mistake as the wrong application.
impl fmt::Display for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "application {} of tenant {}", self.client_id, self.tenant_id)
    }
}

/// Which of a machine's identities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ManagedIdentity {
    /// The machine's own.
    System,
    /// A user-assigned one, by its client id.
    ClientId(String),
    /// A user-assigned one, by its object (principal) id.
    ObjectId(String),
    /// A user-assigned one, by its ARM id. App Service does not know it by that.
    ResourceId(String),
}

impl Auth {
    /// The identity in words for the log and for `check`; never a secret.
    pub fn describe(&self) -> String {
        match self {
            Self::ClientSecret(application, _) => format!("{application} with a client secret"),
            Self::ClientCertificate(application, _) => format!("{application} with a certificate"),
            Self::WorkloadIdentity(application, _) => format!("{application} by workload identity"),
            Self::ManagedIdentity(ManagedIdentity::System) => {
                "the managed identity of this machine".to_owned()
            }
            Self::ManagedIdentity(
                ManagedIdentity::ClientId(id)
                | ManagedIdentity::ObjectId(id)
                | ManagedIdentity::ResourceId(id),
            ) => format!("managed identity {id}"),
            Self::AzureCli { .. } => "whoever is signed in to the Azure CLI".to_owned(),
            Self::Token(Secret::Value(_)) => "a ready token".to_owned(),
            Self::Token(Secret::File { path, .. }) => format!("the token in {}", path.display()),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Method {
    Environment,
    ClientSecret,
    ClientCertificate,
    ManagedIdentity,
    WorkloadIdentity,
    AzureCli,
    Token,
}

impl Method {
    const ALL: [Self; 7] = [
        Self::Environment,
        Self::ClientSecret,
        Self::ClientCertificate,
        Self::ManagedIdentity,
        Self::WorkloadIdentity,
        Self::AzureCli,
        Self::Token,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Environment => "environment",
            Self::ClientSecret => "client_secret",
            Self::ClientCertificate => "client_certificate",
            Self::ManagedIdentity => "managed_identity",
            Self::WorkloadIdentity => "workload_identity",
            Self::AzureCli => "azure_cli",
            Self::Token => "token",
        }
    }

    /// The keys that mean something to it.
    const fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Environment => &[],
            Self::ClientSecret => {
                &["tenant_id", "client_id", "client_secret", "client_secret_file"]
            }
            Self::ClientCertificate => {
                &["tenant_id", "client_id", "client_certificate", "client_certificate_file"]
            }
            Self::ManagedIdentity => &["client_id", "object_id", "resource_id"],
            Self::WorkloadIdentity => &["tenant_id", "client_id", "federated_token_file"],
            Self::AzureCli => &["tenant_id"],
            Self::Token => &["token", "token_file"],
        }
    }
}

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
    let section = at.section(super::keys::AUTH, problems)?;
    let method = match section.get("method") {
        Some(at) => at.parse(problems, |word| one_of(word, &Method::ALL, Method::as_str))?,
        None => Method::Environment,
    };
    let mut keys = keys::Keys { section: &section, method, directory, problems };
    keys.refuse_those_of_others();
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

/// A GUID or a domain name: what may stand in the address tokens come from. Anything else is not
/// quoted, because it may be the secret, pasted one line too high.
fn identifier(text: &str) -> Result<String, String> {
    let text = trimmed(text);
    let allowed = |character: char| character.is_ascii_alphanumeric() || "-.".contains(character);
    if text.is_empty() || !text.chars().all(allowed) {
        return Err("is no id; use a GUID (or, for a tenant, its domain name)".to_owned());
    }
    Ok(text.to_owned())
}

/// What is wrong with the PEM of a certificate, whose text is never part of it.
fn usable_certificate(pem: &Secret) -> Result<(), String> {
    let text = pem
        .read_whole()
        .map_err(|error| format!("{} {}", shown_path(&error.path), error.reason))?;
    ClientCertificate::parse(&text).map(drop).map_err(|problem| problem.to_string())
}
