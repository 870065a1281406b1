//! The scope that is polled of an Enterprise Agreement, and the identity of its stored data.

use std::fmt;

/// The kinds of scope whose usage can be read. Each has its own request quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ScopeType {
    /// An enrollment. The only kind that contains purchases (reservations, Marketplace).
    BillingAccount,
    /// A department of an enrollment.
    Department,
    /// An enrollment account, the owner of subscriptions.
    EnrollmentAccount,
    /// One subscription.
    Subscription,
}

impl ScopeType {
    /// Every kind, in the order the configuration documents them.
    pub const ALL: [Self; 4] =
        [Self::BillingAccount, Self::Department, Self::EnrollmentAccount, Self::Subscription];

    /// Returns the spelling of the configuration and of label values.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BillingAccount => "billing_account",
            Self::Department => "department",
            Self::EnrollmentAccount => "enrollment_account",
            Self::Subscription => "subscription",
        }
    }
}

/// Azure's two views of reservations, of which a scope reads one. Their totals differ on purpose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CostType {
    /// A reservation is a purchase on the day it is bought.
    #[default]
    Actual,
    /// A reservation is spread over the usage it covers.
    Amortized,
}

impl CostType {
    /// Returns the spelling of the configuration and of label values.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Actual => "actual",
            Self::Amortized => "amortized",
        }
    }
}

/// The identity of a scope: two scopes with the same one are equal, whatever their names are.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ScopeId {
    /// The kind of scope.
    pub scope_type: ScopeType,
    /// Enrollment number, department id, enrollment account id or subscription GUID.
    pub id: String,
    /// The view of reservations.
    pub cost: CostType,
}

/// Writes `department/1234`, and `department/1234/amortized` for the amortized view: the `scope`
/// label of a scope that has no name of its own.
impl fmt::Display for ScopeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.scope_type.as_str(), self.id)?;
        match self.cost {
            CostType::Actual => Ok(()),
            CostType::Amortized => f.write_str("/amortized"),
        }
    }
}
