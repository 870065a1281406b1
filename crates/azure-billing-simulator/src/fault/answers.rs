//! The forms that a failed answer can have: its headers, its body, its reason.

use jiff::{SignedDuration, Timestamp};

use super::super::refusal::{REPORT_RETRY_AFTER, RETRY_AFTER, Refusal};

/// The way in which a 429 announces the seconds to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RetryAfter {
    /// `x-ms-ratelimit-microsoft.consumption-tenant-retry-after`, which Azure really sends.
    Tenant(u64),
    /// `x-ms-ratelimit-microsoft.consumption-retry-after`, which is documented.
    Documented(u64),
    /// `Retry-After` in seconds.
    Plain(u64),
    /// `Retry-After` as an HTTP date.
    Date(u64),
    /// All of these headers, of which this is the longest wait; the plain one says 1.
    Longest(u64),
    /// No header.
    Missing,
    /// `x-ms-ratelimit-microsoft.costmanagement-{…}-retry-after`, of the quota that is used up.
    CostManagement(CostQuota, u64),
}

/// A quota of Cost Management.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CostQuota {
    /// Query processing units.
    Qpu,
    /// Calls at one scope.
    Entity,
    /// Calls of the tenant.
    Tenant,
    /// Calls of all who send the same `ClientType`.
    ClientType,
    /// All of these; the first waits longest, the others 1 second.
    All,
}

/// The body of a server error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ErrorBody {
    /// `{"error":{"code","message","target"}}`.
    Json,
    /// `{"code","message"}`.
    Flat,
    /// A gateway's HTML, in a language of its own.
    Html,
    /// No body.
    Empty,
}

/// The place where an answer stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stall {
    /// The answer stops before its headers.
    Silent,
    /// The answer stops in the middle of the page.
    HalfPage,
    /// It never stops: a blank arrives every second, so that no idle timeout helps.
    Trickle,
}

/// The reason why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unauthorized {
    /// The principal has no role on the enrollment.
    NoClaims,
    /// The token is too old: a new one helps.
    ExpiredToken,
    /// The policy "account owners view charges" is off.
    AccountCostDisabled,
}

impl RetryAfter {
    pub(super) fn refusal(self, now: Timestamp) -> Refusal {
        const DOCUMENTED: &str = "x-ms-ratelimit-microsoft.consumption-retry-after";
        let date = |seconds: u64| {
            let end = now.saturating_add(SignedDuration::from_secs(seconds as i64));
            end.unwrap_or(now).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
        };
        match self {
            Self::Tenant(seconds) => Refusal::throttled(seconds).with(RETRY_AFTER, seconds),
            Self::Documented(seconds) => Refusal::throttled(seconds).with(DOCUMENTED, seconds),
            Self::Plain(seconds) => Refusal::throttled(seconds).with("retry-after", seconds),
            Self::Date(seconds) => Refusal::throttled(seconds).with("retry-after", date(seconds)),
            Self::Longest(seconds) => Refusal::throttled(seconds)
                .with("retry-after", 1)
                .with(DOCUMENTED, seconds)
                .with(RETRY_AFTER, seconds.min(1)),
            Self::Missing => Refusal::throttled(60),
            Self::CostManagement(quota, seconds) => quota.refusal(seconds),
        }
    }
}

impl CostQuota {
    /// Returns a 429 of Cost Management, which names the quota in its header.
    pub(in super::super) fn refusal(self, seconds: u64) -> Refusal {
        const HEADERS: [(CostQuota, &str); 4] = [
            (CostQuota::Qpu, "x-ms-ratelimit-microsoft.costmanagement-qpu-retry-after"),
            (CostQuota::Entity, "x-ms-ratelimit-microsoft.costmanagement-entity-retry-after"),
            (CostQuota::Tenant, REPORT_RETRY_AFTER),
            (
                CostQuota::ClientType,
                "x-ms-ratelimit-microsoft.costmanagement-clienttype-retry-after",
            ),
        ];
        let all = self == Self::All;
        let named = HEADERS.into_iter().filter(|(quota, _)| all || *quota == self);
        named.enumerate().fold(Refusal::too_many(seconds), |refusal, (place, (_, header))| {
            refusal.with(header, if place == 0 { seconds } else { seconds.min(1) })
        })
    }
}

impl ErrorBody {
    pub(super) fn refusal(self, status: u16) -> Refusal {
        let message = "The server encountered an internal error. Please retry the request.";
        match self {
            Self::Json => Refusal::json(
                status,
                &serde_json::json!({"error": {
                    "code": "InternalServerError",
                    "target": "https://billing.example.com/usageDetails?$skiptoken=MjAxODAx%3D",
                    "message": message,
                }}),
            ),
            Self::Flat => Refusal::flat(status, "InternalServerError", message),
            Self::Html => {
                Refusal::html(status, "<h1>La passerelle n'a pas re\u{e7}u de r\u{e9}ponse</h1>")
            }
            Self::Empty => Refusal::html(status, ""),
        }
    }
}

impl Unauthorized {
    pub(super) fn refusal(self) -> Refusal {
        match self {
            Self::NoClaims => {
                let message = "No claims present for the caller in the system";
                let body = serde_json::json!({"error": {"code": "401", "message": message}});
                Refusal::json(401, &body)
            }
            Self::ExpiredToken => {
                let message = "The access token expiry UTC time is earlier than current UTC time.";
                Refusal::error(401, "ExpiredAuthenticationToken", message)
                    .with("www-authenticate", "Bearer error=\"invalid_token\"")
            }
            Self::AccountCostDisabled => {
                let message = "The enrollment's policy hides charges from account owners.";
                Refusal::error(401, "AccountCostDisabled", message)
            }
        }
    }
}
