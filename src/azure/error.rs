//! Why a reading failed, named by what somebody has to do about it.

use thiserror::Error;

use crate::descriptors;

/// A reading that ended without an answer to publish. Each text says what was asked and what came.
#[derive(Debug, Error)]
pub enum Error {
    /// No token could be had, or Azure refuses the token.
    #[error("not authenticated: {0}")]
    Auth(String),
    /// The token is good, but may not read the scope.
    #[error("not allowed: {0}")]
    Forbidden(String),
    /// The scope may be read, but not what it costs.
    #[error("charges are hidden: {0}")]
    HiddenCharges(String),
    /// The scope may be read, and all of its usage costs nothing, although it has prices.
    #[error("charges are hidden: {0}")]
    NoCharges(String),
    /// There is no such scope.
    #[error("not found: {0}")]
    NotFound(String),
    /// Azure asks to wait for longer than a poll may last.
    #[error("throttled: {0}")]
    Throttled(String),
    /// Azure, or the way to it, is down.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// This process has no file descriptor left, so that whatever it tried could not go well.
    #[error("no file descriptors are left: {0}")]
    NoDescriptors(String),
    /// Azure did not answer in time.
    #[error("timed out: {0}")]
    Timeout(String),
    /// Azure has no such data for this kind of agreement.
    #[error("not supported: {0}")]
    Unsupported(String),
    /// The list is longer than the reader wants to page through.
    #[error("more than {0} pages")]
    TooLong(u64),
    /// Azure took the order for a report and could not write it.
    #[error("Azure could not write the report: {0}")]
    ReportFailed(String),
    /// A report is written, but a file of it cannot be had. It says nothing of the scope.
    #[error("a file of the report: {0}")]
    ReportFile(String),
    /// What came is not what the API answers.
    #[error("bad answer: {0}")]
    BadAnswer(String),
}

impl Error {
    /// Says so where this process has no file descriptor left: then no token can be had and no address be
    /// reached, whatever Azure would say.
    pub(super) fn or_no_descriptors(self) -> Self {
        if descriptors::are_used_up() { Self::NoDescriptors(self.to_string()) } else { self }
    }

    /// Returns whether the same request may well succeed later: Azure is busy or down, or the way to it is.
    /// Any other error stays until something is changed, here or in Azure.
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

    /// What the reader of the log can do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Auth(_) => {
                "check azure.auth: tenant, client id, and whatever they are proven with; secrets, certificates and tokens expire"
            }
            Self::HiddenCharges(_) | Self::NoCharges(_) => {
                "let an enterprise administrator turn on \"view charges\" for department administrators and account owners"
            }
            Self::Forbidden(_) => {
                "assign EnrollmentReader (24f8edb6-1668-4659-b5e2-40bb5f3a7d7e) or, for departments, DepartmentReader (db609904-a47f-4794-9be8-9bd86fbffd8a) to the object id of the enterprise application, not of the app registration"
            }
            Self::NotFound(_) => "check the type and the id of the scope, and azure.cloud",
            Self::Throttled(_) => {
                "lower azure.requests_per_minute or poll less often; other tools of the tenant use the same quota"
            }
            Self::Unavailable(_) | Self::Timeout(_) => {
                "serve tries again by itself; if it lasts, check the network, the proxy and azure.endpoint"
            }
            Self::NoDescriptors(_) => descriptors::REMEDY,
            Self::Unsupported(_) => {
                "check that the scope belongs to an Enterprise Agreement; if only its report is refused, set its `read: usage_details`"
            }
            Self::TooLong(_) => "set `read: usage_details` to page through all of it",
            Self::ReportFailed(_) => "if it lasts, set `read: usage_details` for this scope",
            Self::ReportFile(_) => {
                "if it lasts, let this machine reach the storage account (*.blob.core.windows.net) through firewall and proxy, or set `read: usage_details` for this scope"
            }
            Self::BadAnswer(_) => {
                "check azure.endpoint and azure.usage_details_api_version; if both are right, report this line"
            }
        }
    }
}
