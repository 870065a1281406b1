//! The targets of requests, by their path.

use jiff::civil::Date;

use super::{enrollment::Scope, refusal::Refusal};

const LIST: &str = "/providers/microsoft.consumption/usagedetails";
const PERIOD: &str = "/providers/microsoft.billing/billingperiods/";
const QUERY: &str = "/providers/microsoft.costmanagement/query";
const BALANCES: &str = "/providers/microsoft.consumption/balances";
const CHARGES: &str = "/providers/microsoft.consumption/charges";
const TRANSACTIONS: &str = "/providers/microsoft.consumption/reservationtransactions";
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
    /// A page of the totals that a query asks for.
    Query,
    /// The balance of a month.
    Balances,
    /// The charges of a department or an enrollment account.
    Charges,
    /// The reservation transactions.
    Transactions,
}

impl Step {
    /// Returns its name in `/simulator/requests`.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::ReportRequest => "report_request",
            Self::ReportStatus => "report_status",
            Self::ReportBlob => "report_blob",
            Self::Query => "query",
            Self::Balances => "balances",
            Self::Charges => "charges",
            Self::Transactions => "transactions",
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
    /// The totals of a scope, as the body asks for them.
    Query(Scope),
    /// The balance of a month; the current one if the path names none.
    Balances(Option<Date>),
    /// The charges of a scope in a month; the current one if the path names none.
    Charges(Scope, Option<Date>),
    /// The reservation transactions of the enrollment.
    Transactions,
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
        if let Some(rest) = lower.strip_suffix(LIST) {
            return in_period(rest, |owner, first| {
                owned(path, owner, |scope| Self::List(scope, first))
            });
        }
        Self::of_control(path, &lower).unwrap_or_else(|| Self::Refused(Refusal::unknown_path(path)))
    }

    /// Returns the target of Azure's own totals, whose paths name the enrollment first.
    fn of_control(path: &str, lower: &str) -> Option<Self> {
        if let Some(owner) = lower.strip_suffix(QUERY) {
            return Some(Self::Query(nested(owner)?));
        }
        if let Some(owner) = lower.strip_suffix(TRANSACTIONS) {
            return (nested(owner)? == Scope::BillingAccount).then_some(Self::Transactions);
        }
        if let Some(rest) = lower.strip_suffix(BALANCES) {
            let (owner, month) = match rest.split_once("/billingperiods/") {
                Some((owner, name)) => (owner, Some(Date::strptime("%Y%m%d", format!("{name}01")))),
                None => (rest, None),
            };
            let month = month.transpose().ok()?;
            return (nested(owner)? == Scope::BillingAccount).then_some(Self::Balances(month));
        }
        let rest = lower.strip_suffix(CHARGES)?;
        Some(in_period(rest, |owner, first| match nested(owner) {
            Some(scope @ (Scope::Department(_) | Scope::Account(_))) => Self::Charges(scope, first),
            _ => Self::Refused(Refusal::unknown_path(path)),
        }))
    }

    /// Returns the step of the request; `None` where the answer is an error anyway.
    pub(super) fn step(&self) -> Option<Step> {
        match self {
            Self::List(..) => Some(Step::List),
            Self::Report(..) => Some(Step::ReportRequest),
            Self::Status(..) => Some(Step::ReportStatus),
            Self::Blob(..) => Some(Step::ReportBlob),
            Self::Query(_) => Some(Step::Query),
            Self::Balances(_) => Some(Step::Balances),
            Self::Charges(..) => Some(Step::Charges),
            Self::Transactions => Some(Step::Transactions),
            Self::Refused(_) => None,
        }
    }
}

/// Returns the target below an owner, and in the period that the path may name after it.
fn in_period(rest: &str, target: impl FnOnce(&str, Option<Date>) -> Target) -> Target {
    let (owner, period) = match rest.split_once(PERIOD) {
        Some((owner, period)) => (owner, Some(period)),
        None => (rest, None),
    };
    match period.map(|name| Date::strptime("%Y%m%d", format!("{name}01"))) {
        Some(Err(_)) => Target::Refused(Refusal::bad_request("Invalid billing period name.")),
        Some(Ok(first)) => target(owner, Some(first)),
        None => target(owner, None),
    }
}

/// Returns the scope of a path that names the enrollment of a department or an account. Without it
/// Azure knows no such path here, other than for the list.
fn nested(owner: &str) -> Option<Scope> {
    let (kind, id) = match owner.trim_start_matches('/').split('/').collect::<Vec<_>>()[..] {
        ["subscriptions", id] => ("subscription", id),
        ["providers", "microsoft.billing", "billingaccounts", id] => ("billing_account", id),
        ["providers", "microsoft.billing", "billingaccounts", account, folder, id] => {
            Scope::find("billing_account", account)?;
            match folder {
                "departments" => ("department", id),
                "enrollmentaccounts" => ("enrollment_account", id),
                _ => return None,
            }
        }
        _ => return None,
    };
    Scope::find(kind, id)
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
