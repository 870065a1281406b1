//! The methods of signing in, and the keys that each of them uses.

/// A value of `azure.auth.method`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Environment,
    ClientSecret,
    ClientCertificate,
    ManagedIdentity,
    WorkloadIdentity,
    AzureCli,
    Token,
}

impl Method {
    pub(super) const ALL: [Self; 7] = [
        Self::Environment,
        Self::ClientSecret,
        Self::ClientCertificate,
        Self::ManagedIdentity,
        Self::WorkloadIdentity,
        Self::AzureCli,
        Self::Token,
    ];

    pub(super) const fn as_str(self) -> &'static str {
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

    /// Returns the keys that this method uses.
    pub(super) const fn keys(self) -> &'static [&'static str] {
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
