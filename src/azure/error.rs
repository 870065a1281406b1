//! The reasons why a reading failed, named by what has to be done about them.

use thiserror::Error;

use crate::descriptors;

/// A reading that ended without an answer to publish. Each text names the request and its result.
#[derive(Debug, Error)]
pub enum Error {
    /// There is no token, or Azure refuses it.
    #[error("not authenticated: {0}")]
    Auth(String),
    /// The token is good, but may not read the scope.
    #[error("not allowed: {0}")]
    Forbidden(String),
    /// The scope may be read, but not its costs.
    #[error("charges are hidden: {0}")]
    HiddenCharges(String),
    /// The scope may be read, and all of its usage costs nothing although it has prices.
    #[error("charges are hidden: {0}")]
    NoCharges(String),
    /// There is no such scope.
    #[error("not found: {0}")]
    NotFound(String),
    /// Azure asks for a longer wait than a poll may last.
    #[error("throttled: {0}")]
    Throttled(String),
    /// Azure or the network is down.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// This process has no file descriptor left, so that nothing it tried could succeed.
    #[error("no file descriptors are left: {0}")]
    NoDescriptors(String),
    /// Azure did not answer in time.
    #[error("timed out: {0}")]
    Timeout(String),
    /// Azure has no such data for this kind of agreement.
    #[error("not supported: {0}")]
    Unsupported(String),
    /// The list has more pages than the reader wants to read.
    #[error("more than {0} pages")]
    TooLong(u64),
    /// Azure accepted the request for a report and could not write it.
    #[error("Azure could not write the report: {0}")]
    ReportFailed(String),
    /// A report is written, but one of its files cannot be read. This is no fault of the scope.
    #[error("a file of the report: {0}")]
    ReportFile(String),
    /// The answer does not have the form that the API documents.
    #[error("bad answer: {0}")]
    BadAnswer(String),
}

impl Error {
    /// Turns the error into [`Error::NoDescriptors`] if this process has no file descriptor left:
    /// then no token can be read and no address reached, whatever Azure would answer.
    pub(crate) fn or_no_descriptors(self) -> Self {
        if descriptors::are_used_up() { Self::NoDescriptors(self.to_string()) } else { self }
    }

    /// Returns whether the same request may succeed later: Azure is busy or down, or the network
    /// is. Any other error stays until something is changed, here or in Azure.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Throttled(_)
            | Self::Unavailable(_)
            | Self::NoDescriptors(_)
            | Self::Timeout(_) => true,
            Self::Auth(_)
            | Self::Forbidden(_)
            | Self::HiddenCharges(_)
            | Self::NoCharges(_)
            | Self::NotFound(_)
            | Self::Unsupported(_)
            | Self::TooLong(_)
            | Self::ReportFailed(_)
            | Self::ReportFile(_)
            | Self::BadAnswer(_) => false,
        }
    }

    /// Returns what the reader of the log can do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Auth(_) => {
                "check azure.auth: tenant, client id, and the secret, certificate or token that belongs to them, which may have expired"
            }
            Self::HiddenCharges(_) | Self::NoCharges(_) => {
                "ask an enterprise administrator to turn on \"view charges\" for department administrators and account owners"
            }
            Self::Forbidden(_) => {
                "assign EnrollmentReader (24f8edb6-1668-4659-b5e2-40bb5f3a7d7e) or, for departments, DepartmentReader (db609904-a47f-4794-9be8-9bd86fbffd8a) to the object id of the enterprise application, not of the app registration"
            }
            Self::NotFound(_) => "check the type and the id of the scope, and azure.cloud",
            Self::Throttled(_) => {
                "lower azure.requests_per_minute or poll less often; other tools of the tenant use the same quota"
            }
            Self::Unavailable(_) | Self::Timeout(_) => {
                "serve tries again automatically; if the error stays, check the network, the proxy and azure.endpoint"
            }
            Self::NoDescriptors(_) => descriptors::REMEDY,
            Self::Unsupported(_) => {
                "check that the scope belongs to an Enterprise Agreement; if only its report is refused, set its `read: usage_details`"
            }
            Self::TooLong(_) => "set `read: usage_details` to read all of it page by page",
            Self::ReportFailed(_) => "if the error stays, set `read: usage_details` for this scope",
            Self::ReportFile(_) => {
                "if the error stays, allow this machine to reach the storage account (*.blob.core.windows.net) through firewall and proxy, or set `read: usage_details` for this scope"
            }
            Self::BadAnswer(_) => {
                "check azure.endpoint and azure.usage_details_api_version; if both are right, report this line"
            }
        }
    }
}
