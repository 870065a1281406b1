//! The targets of requests, by their path.

use jiff::civil::Date;

use super::{enrollment::Scope, refusal::Refusal};

const LIST: &str = "/providers/microsoft.consumption/usagedetails";
const PERIOD: &str = "/providers/microsoft.billing/billingperiods/";
const REPORT: &str = "/providers/microsoft.costmanagement/generatecostdetailsreport";
/// The paths of a report's status. The specification names the first, the article the second: a
/// client has to use the one it receives.
pub(super) const STATUS: [&str; 2] = [
    "/providers/Microsoft.CostManagement/costDetailsOperationResults/",
    "/providers/Microsoft.CostManagement/costDetailsOperationStatus/",
];
/// The simulator's own storage account.
pub(super) const BLOBS: &str = "/simulator/blobs/";

/// The step that a request is for, by which faults and records are kept apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// A page of the `usageDetails` list.
    List,
    /// The POST that requests a report.
    ReportRequest,
    /// A request for the status of a report.
    ReportStatus,
    /// The download of one of a report's blobs.
    ReportBlob,
}

impl Step {
    /// Returns its name in `/simulator/requests`.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::ReportRequest => "report_request",
            Self::ReportStatus => "report_status",
            Self::ReportBlob => "report_blob",
        }
    }
}

/// The target that a path names.
#[derive(Debug)]
pub(super) enum Target {
    /// The list, of a billing period if the path has one.
    List(Scope, Option<Date>),
    /// The report, with the scope's own path as it was written.
    Report(Scope, String),
    /// A report's state, by its id.
    Status(Scope, String),
    /// A report's id, and which of its blobs.
    Blob(String, usize),
    /// A path that has no other answer than an error.
    Refused(Refusal),
}

impl Target {
    pub(super) fn of(path: &str) -> Self {
        if let Some(rest) = path.strip_prefix(BLOBS) {
            return blob(rest).unwrap_or_else(|| Self::Refused(Refusal::unknown_path(path)));
        }
        let lower = path.to_ascii_lowercase();
        if let Some(owner) = lower.strip_suffix(REPORT) {
            let written = path[..owner.len()].to_owned();
            return owned(path, owner, |scope| Self::Report(scope, written));
        }
        if let Some((owner, id)) =
            STATUS.iter().find_map(|status| lower.split_once(&status.to_ascii_lowercase()))
        {
            return owned(path, owner, |scope| Self::Status(scope, id.to_owned()));
        }
        match lower.strip_suffix(LIST) {
            Some(rest) => list(path, rest),
            None => Self::Refused(Refusal::unknown_path(path)),
        }
    }

    /// Returns the step of the request; `None` where the answer is an error anyway.
    pub(super) fn step(&self) -> Option<Step> {
        match self {
            Self::List(..) => Some(Step::List),
            Self::Report(..) => Some(Step::ReportRequest),
            Self::Status(..) => Some(Step::ReportStatus),
            Self::Blob(..) => Some(Step::ReportBlob),
            Self::Refused(_) => None,
        }
    }
}

fn list(path: &str, rest: &str) -> Target {
    let (owner, period) = match rest.split_once(PERIOD) {
        Some((owner, period)) => (owner, Some(period)),
        None => (rest, None),
    };
    match period.map(|name| Date::strptime("%Y%m%d", format!("{name}01"))) {
        Some(Err(_)) => Target::Refused(Refusal::bad_request("Invalid billing period name.")),
        Some(Ok(first)) => owned(path, owner, |scope| Target::List(scope, Some(first))),
        None => owned(path, owner, |scope| Target::List(scope, None)),
    }
}

/// Returns the target below an `owner`'s path, if there is such an owner. `path` is the whole one.
fn owned(path: &str, owner: &str, target: impl FnOnce(Scope) -> Target) -> Target {
    let (kind, id) = match owner.trim_start_matches('/').split('/').collect::<Vec<_>>()[..] {
        ["subscriptions", id] => ("subscription", id),
        ["providers", "microsoft.billing", "billingaccounts", id] => ("billing_account", id),
        ["providers", "microsoft.billing", "departments", id] => ("department", id),
        ["providers", "microsoft.billing", "enrollmentaccounts", id] => ("enrollment_account", id),
        _ => return Target::Refused(Refusal::unknown_path(path)),
    };
    Scope::find(kind, id).map_or_else(|| Target::Refused(Refusal::not_found()), target)
}

/// Reads `{report}/{part}.csv`.
fn blob(rest: &str) -> Option<Target> {
    let (report, part) = rest.split_once('/')?;
    let part = part.strip_suffix(".csv")?.parse().ok()?;
    Some(Target::Blob(report.to_owned(), part))
}
