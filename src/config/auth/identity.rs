//! The identity that signs in, and the values that it is made of.

use std::fmt;

use strict_config::{shown_path, trimmed};

use crate::config::certificate::ClientCertificate;
use crate::config::secret::Secret;

/// The identity that signs in. It is complete: a credential can be built from it alone.
#[derive(Clone, Debug, PartialEq)]
pub enum Auth {
    /// An application that signs in with a secret.
    ClientSecret(Application, Secret),
    /// An application that signs in with a certificate: its PEM, including the private key, which
    /// is a [`ClientCertificate`].
    ClientCertificate(Application, Secret),
    /// An application that is federated with a Kubernetes service account, whose token the kubelet
    /// rotates.
    WorkloadIdentity(Application, Secret),
    /// An identity of the machine.
    ManagedIdentity(ManagedIdentity),
    /// The user who is signed in to the `az` command; for trials on a workstation.
    AzureCli {
        /// The directory to get tokens from, if it is not the one of that user.
        tenant_id: Option<String>,
    },
    /// A bearer token that was made elsewhere, and that the exporter does not renew.
    Token(Secret),
}

/// An application, as its directory identifies it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// The directory: a GUID or a domain name.
    pub tenant_id: String,
    /// The application's id, which is not the object id that roles are assigned to.
    pub client_id: String,
}

/// Shows both ids, because a wrong directory is as common a mistake as a wrong application.
impl fmt::Display for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "application {} of tenant {}", self.client_id, self.tenant_id)
    }
}

/// One of a machine's identities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ManagedIdentity {
    /// The system-assigned identity.
    System,
    /// A user-assigned identity, by its client id.
    ClientId(String),
    /// A user-assigned identity, by its object (principal) id.
    ObjectId(String),
    /// A user-assigned identity, by its ARM id, which App Service does not accept.
    ResourceId(String),
}

impl Auth {
    /// Returns the identity in words, for the log and for `check`; never a secret.
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
            Self::AzureCli { .. } => "the user signed in to the Azure CLI".to_owned(),
            Self::Token(Secret::Value(_)) => "a ready token".to_owned(),
            Self::Token(Secret::File { path, .. }) => format!("the token in {}", path.display()),
        }
    }
}

/// Parses a directory, which is a GUID or a domain name and becomes part of the address that tokens
/// come from. A wrong value is not quoted: it may be the secret, pasted one line too high.
pub(super) fn identifier(text: &str) -> Result<String, String> {
    let text = trimmed(text);
    let allowed = |character: char| character.is_ascii_alphanumeric() || "-.".contains(character);
    if text.is_empty() || !text.chars().all(allowed) {
        return Err("is not an id; use a GUID (or, for a tenant, its domain name)".to_owned());
    }
    Ok(text.to_owned())
}

/// Checks the PEM of a certificate. The error never contains its text.
pub(super) fn usable_certificate(pem: &Secret) -> Result<(), String> {
    let text = pem
        .read_whole()
        .map_err(|error| format!("{} {}", shown_path(&error.path), error.reason))?;
    ClientCertificate::parse(&text).map(drop).map_err(|problem| problem.to_string())
}
