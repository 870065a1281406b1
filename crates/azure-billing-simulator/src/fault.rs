//! Faults: the ways in which requests fail, all seen at the source or on the way to it.

use jiff::{SignedDuration, Timestamp};

use super::{
    chance::Chance,
    refusal::{RETRY_AFTER, Refusal},
    target::Step,
};

/// One failed or false answer to a request for usage. At a step where a fault has no meaning
/// the answer is a good one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// 429, with the wait announced in one of the ways seen.
    Throttled(RetryAfter),
    /// 503 with a plain `Retry-After` of so many seconds.
    Unavailable {
        /// Seconds to wait.
        seconds: u64,
    },
    /// 500, 502, 504 or any other status.
    ServerError {
        /// The status.
        status: u16,
        /// The form of its body.
        body: ErrorBody,
    },
    /// The connection is cut before the body; in process, the body is an error.
    Reset,
    /// The text of the page, the blob or the status ends inside a row. A blob ends inside a quoted
    /// field, so that a reader of CSV can notice it.
    CutBody {
        /// The number of whole rows before the end.
        after_rows: usize,
        /// True if `Content-Length` announces more bytes, so that HTTP shows the cut. Otherwise the
        /// answer is complete, but its JSON or CSV is not.
        announces_more: bool,
    },
    /// An answer that does not end.
    Stall(Stall),
    /// 204: a success without rows, which loses those of the page.
    NoContent,
    /// 200 with a page of HTML, as a proxy's sign-in.
    Html,
    /// 401 for one of its reasons.
    Unauthorized(Unauthorized),
    /// 403: no role on this scope.
    Forbidden,
    /// 404, as for a wrong id.
    NotFound,
    /// A page whose `nextLink` is on another host, where no token may go.
    ForeignNextLink,
    /// A page whose `nextLink` leads to the page itself.
    RepeatedNextLink,
    /// No rows, but a `nextLink` after which they come. Legal.
    EmptyPageWithNextLink,
    /// A page without some of its rows, and without any sign of that.
    DropRows {
        /// The number of missing rows in 100.
        percent: u8,
    },
    /// 307 to another host.
    Redirect,
    /// 422 to the request for a report: the offer has no reports, only the list.
    UnsupportedOffer,
    /// A report that takes one more status request; a standing fault keeps it from getting ready.
    StillRunning,
    /// A report that ends as `Failed`, with an error.
    ReportFailed,
    /// A report that ends as `NoDataFound` although there is data.
    NoDataFound,
    /// 202 whose `Location` is on another host, where no token may go.
    ForeignLocation,
    /// 202 without a `Location`.
    MissingLocation,
    /// A manifest whose blobs are on another host. No token goes there in any case.
    ForeignBlobLink,
    /// A manifest that announces more bytes than are sent.
    WrongByteCount,
    /// 403: the blob's link has expired.
    ExpiredSas,
}

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
    /// It stops before its headers.
    Silent,
    /// It stops in the middle of the page.
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

impl Fault {
    /// Returns a random fault that a client can notice. [`Fault::NoContent`] and
    /// [`Fault::DropRows`] only happen on request: with them, no client's sums could be checked.
    fn any(chance: &mut Chance) -> Self {
        match chance.below(27) {
            0 => Self::Throttled(RetryAfter::Tenant(2)),
            1 => Self::Throttled(RetryAfter::Documented(1)),
            2 => Self::Throttled(RetryAfter::Longest(2)),
            3 => Self::Throttled(RetryAfter::Date(2)),
            4 => Self::Throttled(RetryAfter::Missing),
            5 => Self::Unavailable { seconds: 1 },
            6 => Self::ServerError { status: 500, body: ErrorBody::Json },
            7 => Self::ServerError { status: 502, body: ErrorBody::Empty },
            8 => Self::ServerError { status: 504, body: ErrorBody::Html },
            9 => Self::Reset,
            10 => Self::CutBody { after_rows: chance.below(20) as usize, announces_more: true },
            11 => Self::CutBody { after_rows: chance.below(20) as usize, announces_more: false },
            12 => Self::Stall(Stall::Silent),
            13 => Self::Stall(Stall::HalfPage),
            14 => Self::Html,
            15 => Self::Unauthorized(Unauthorized::ExpiredToken),
            16 => Self::Forbidden,
            17 => Self::ForeignNextLink,
            18 => Self::RepeatedNextLink,
            19 => Self::EmptyPageWithNextLink,
            20 => Self::Throttled(RetryAfter::Plain(3)),
            21 => Self::ServerError { status: 500, body: ErrorBody::Flat },
            22 => Self::Stall(Stall::Trickle),
            23 => Self::Unauthorized(Unauthorized::NoClaims),
            24 => Self::Unauthorized(Unauthorized::AccountCostDisabled),
            25 => Self::NotFound,
            _ => Self::Redirect,
        }
    }

    /// Returns a random fault for any step. [`Fault::NoDataFound`] only happens on request, as it
    /// loses rows; so does [`Fault::UnsupportedOffer`], after which no client requests a report
    /// again.
    pub(super) fn any_at(step: Step, chance: &mut Chance) -> Self {
        let own: &[Self] = match step {
            Step::List => return Self::any(chance),
            Step::ReportRequest => &[Self::ForeignLocation, Self::MissingLocation],
            Step::ReportStatus => &[
                Self::StillRunning,
                Self::ReportFailed,
                Self::ForeignBlobLink,
                Self::WrongByteCount,
            ],
            Step::ReportBlob => &[
                Self::ExpiredSas,
                Self::CutBody { after_rows: 7, announces_more: true },
                Self::CutBody { after_rows: 7, announces_more: false },
            ],
        };
        let shared = [
            Self::Throttled(RetryAfter::Plain(2)),
            Self::Throttled(RetryAfter::Missing),
            Self::Unavailable { seconds: 1 },
            Self::ServerError { status: 500, body: ErrorBody::Json },
            Self::ServerError { status: 504, body: ErrorBody::Html },
            Self::Reset,
            Self::Stall(Stall::Silent),
            Self::Stall(Stall::HalfPage),
            Self::Html,
            Self::Forbidden,
            Self::Redirect,
        ];
        let place = chance.below((own.len() + shared.len()) as u64) as usize;
        own.iter().chain(&shared).nth(place).cloned().unwrap_or(Self::Reset)
    }

    /// Returns the whole answer, for the faults whose answer is not made from a page.
    pub(super) fn refusal(&self, now: Timestamp) -> Option<Refusal> {
        match self {
            Self::Throttled(wait) => Some(wait.refusal(now)),
            Self::Unavailable { seconds } => {
                let message = "The server is currently unable to receive requests.";
                let refusal = Refusal::error(503, "ServiceUnavailable", message);
                Some(refusal.with("retry-after", seconds))
            }
            Self::ServerError { status, body } => Some(body.refusal(*status)),
            Self::NoContent => Some(Refusal::html(204, "")),
            Self::Html => Some(Refusal::html(200, "<!DOCTYPE html><title>Sign in</title>")),
            Self::Unauthorized(reason) => Some(reason.refusal()),
            Self::Forbidden => {
                let message = "The client does not have authorization to perform the action.";
                Some(Refusal::error(403, "RBACAccessDenied", message))
            }
            Self::NotFound => Some(Refusal::not_found()),
            Self::Redirect => {
                Some(Refusal::html(307, "").with("location", "http://elsewhere.example.com/"))
            }
            Self::UnsupportedOffer => {
                let message = "Unsupported request. offer type: WebDirect for get detailed report request is not supported.";
                Some(Refusal::error(422, "422", message))
            }
            Self::ExpiredSas => Some(Refusal::expired()),
            _ => None,
        }
    }
}

impl RetryAfter {
    fn refusal(self, now: Timestamp) -> Refusal {
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
        }
    }
}

impl ErrorBody {
    fn refusal(self, status: u16) -> Refusal {
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
    fn refusal(self) -> Refusal {
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
