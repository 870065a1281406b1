//! The reasons why polls fail.

/// The reason why a poll failed: the closed set of the `reason` label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureReason {
    /// There is no token, or Azure refuses it.
    Auth,
    /// The identity may not read the scope or its charges.
    Forbidden,
    /// The scope does not exist.
    NotFound,
    /// The tenant's quota is used up for longer than a poll may last.
    Throttled,
    /// Azure or the network is down.
    Unavailable,
    /// There was no answer in time.
    Timeout,
    /// The answer does not have the expected form.
    BadAnswer,
    /// Days cannot be stored, or stored days are lost. If they only cannot be stored, the poll
    /// still succeeds: its costs are right, and lost at a restart.
    Store,
}

impl FailureReason {
    /// Returns the reason with a label value.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }

    /// Every reason, in the order of publication.
    pub const ALL: [Self; 8] = [
        Self::Auth,
        Self::Forbidden,
        Self::NotFound,
        Self::Throttled,
        Self::Unavailable,
        Self::Timeout,
        Self::BadAnswer,
        Self::Store,
    ];

    /// Returns the label value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::Throttled => "throttled",
            Self::Unavailable => "unavailable",
            Self::Timeout => "timeout",
            Self::BadAnswer => "bad_answer",
            Self::Store => "store",
        }
    }
}
