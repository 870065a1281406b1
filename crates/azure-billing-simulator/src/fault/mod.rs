//! Faults: the ways in which requests fail, all seen at the source or on the way to it.

mod answers;

use jiff::Timestamp;

use super::{chance::Chance, refusal::Refusal, target::Step};

pub use self::answers::{CostQuota, ErrorBody, RetryAfter, Stall, Unauthorized};

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
    /// A page whose `nextLink` leads past the page after it, and no sign of that.
    LostPage,
    /// A page whose `nextLink` leads to the same rows again, under another link.
    RepeatedPage,
    /// A page that ends after so many rows, with a link as if it had all, and no sign of that.
    ShortPage {
        /// The number of rows that are there.
        rows: usize,
    },
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
    /// 424, as for totals that depend on what is not there yet.
    FailedDependency,
    /// Totals of one refresh before that of the rows.
    TotalsBehind,
    /// Totals of one refresh after that of the rows.
    TotalsAhead,
    /// A balance that says that prices are hidden, and shows none.
    PriceHidden,
    /// Daily totals whose cost is in a column of an unknown name.
    UnknownColumns,
}

impl Fault {
    /// Returns a random fault that a client can notice. [`Fault::NoContent`],
    /// [`Fault::DropRows`] and those of lost, repeated and short pages only happen on request: with
    /// them, no client's sums could be checked.
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
            Step::Query => &[
                Self::Throttled(RetryAfter::CostManagement(CostQuota::Qpu, 2)),
                Self::FailedDependency,
                Self::ForeignNextLink,
                Self::EmptyPageWithNextLink,
                Self::UnknownColumns,
            ],
            Step::Balances | Step::Charges | Step::Transactions => {
                &[Self::NotFound, Self::FailedDependency]
            }
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
            Self::FailedDependency => {
                let message = "The request failed because of a failed dependency.";
                Some(Refusal::error(424, "FailedDependency", message))
            }
            _ => None,
        }
    }
}
