//! IN: Azure's own totals, to hold against the rows: what it has charged by day and by month.
//!
//! Only this module knows their URLs, bodies and quirks. Each call answers with a plain [`Answer`]
//! or fails like any request ([`crate::azure::Error`]); nothing is compared, stored or published
//! here. Requests go through [`crate::azure`], within a quota of their own ([`limit`]), so that
//! totals never take the calls of the rows.
//!
//! A new total is a file with its call and the shape of its answer.

mod access;
mod balances;
mod charges;
mod month;
mod query;
mod value;

pub use access::ControlAccess;
pub use balances::{Balances, balances};
pub use charges::{Charges, charges};
pub use month::{month_facts, month_sources};
pub use query::{DailyTotals, is_query_quota_scarce, query};
#[cfg(any(test, fuzzing))]
pub(crate) use {balances::read_balances, charges::read_charges, query::read_page, value::bad};

use crate::azure::{Bucket, Client};
use crate::config::Control;

/// The quota of all calls for totals.
const BUCKET: Bucket = Bucket::named("control");
/// The longest quote of an answer in an error, in characters.
const LONGEST_REASON: usize = 300;

/// The answer to a call for a total.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer<T> {
    /// The total.
    Known(T),
    /// Azure has no data for what was asked. This is no total of zero.
    NoData,
    /// Nothing can be compared, and asking again does not help before something is changed.
    NotAvailable(Gap),
}

impl<T> Answer<T> {
    /// Returns the answer with another form of its total.
    pub fn map<U>(self, form: impl FnOnce(T) -> U) -> Answer<U> {
        match self {
            Self::Known(total) => Answer::Known(form(total)),
            Self::NoData => Answer::NoData,
            Self::NotAvailable(gap) => Answer::NotAvailable(gap),
        }
    }
}

/// The reason why a total is not available.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gap {
    /// The path leads through the billing account of the scope, which is unknown.
    AccountUnknown,
    /// Azure has no such total for a scope of this type or this view of reservations.
    OtherScope,
    /// Azure does not show amounts to this identity.
    PricesHidden,
}

impl Gap {
    /// Returns what is missing, and what to do about it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccountUnknown => {
                "the billing account of the scope is unknown; set the `enrollment` of the scope"
            }
            Self::OtherScope => {
                "Azure has no such total for this type of scope, or for amortized costs"
            }
            Self::PricesHidden => {
                "Azure hides the amounts from this identity; ask an enterprise administrator to turn on \"view charges\""
            }
        }
    }
}

/// Sets the quota of the calls for totals, which a client has by itself only for those for rows.
pub fn limit(client: &Client, control: Control) {
    client.allow(BUCKET, control.requests_per_minute);
}
