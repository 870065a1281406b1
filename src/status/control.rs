//! How it goes with Azure's own totals: whether each kind is to be had, and since when.

use jiff::Timestamp;

use super::reason::FailureReason;

/// A kind of Azure's own totals: the closed set of the `source` label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ControlSource {
    /// The query of daily costs.
    Query,
    /// The balance of an enrollment's month.
    Balances,
    /// The charges of a department's or an account's month.
    Charges,
}

impl ControlSource {
    /// Every source, in the order of publication.
    pub const ALL: [Self; 3] = [Self::Query, Self::Balances, Self::Charges];

    /// Returns the label value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Balances => "balances",
            Self::Charges => "charges",
        }
    }

    /// Returns what it gives, for people.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Query => "totals of days",
            Self::Balances => "balance of the month",
            Self::Charges => "charges of the month",
        }
    }
}

/// The reason why there is no total.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ControlFailure {
    /// As for a poll.
    Failed(FailureReason),
    /// Azure answers without prices.
    Hidden,
}

impl ControlFailure {
    /// The number of reasons.
    pub const COUNT: usize = FailureReason::ALL.len() + 1;

    /// Every reason, in the order of publication.
    pub fn all() -> impl Iterator<Item = Self> {
        FailureReason::ALL.into_iter().map(Self::Failed).chain([Self::Hidden])
    }

    /// Returns the label value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Failed(reason) => reason.as_str(),
            Self::Hidden => "hidden",
        }
    }

    const fn place(self) -> usize {
        match self {
            Self::Failed(reason) => reason as usize,
            Self::Hidden => FailureReason::ALL.len(),
        }
    }
}

/// The status of one source of a scope.
#[derive(Clone, Debug, Default)]
pub struct ControlStatus {
    /// The time of the last answer; `None` before the first.
    pub last_success: Option<Timestamp>,
    /// The reason of the last failure in words, unless an answer came since.
    pub failure: Option<String>,
    /// The number of failures by reason.
    failures: [u64; ControlFailure::COUNT],
}

impl ControlStatus {
    /// Returns whether it is to be had; `None` before it was asked for.
    pub fn is_available(&self) -> Option<bool> {
        match (&self.failure, self.last_success) {
            (Some(_), _) => Some(false),
            (None, Some(_)) => Some(true),
            (None, None) => None,
        }
    }

    /// Returns the number of failures by reason.
    pub fn failures(&self) -> impl Iterator<Item = (ControlFailure, u64)> {
        ControlFailure::all().zip(self.failures)
    }

    pub(super) fn succeeded(&mut self, at: Timestamp) {
        self.last_success = Some(at);
        self.failure = None;
    }

    pub(super) fn failed(&mut self, reason: ControlFailure, what: String) {
        self.failures[reason.place()] += 1;
        self.failure = Some(what);
    }
}
