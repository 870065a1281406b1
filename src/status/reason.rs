//! Why polls fail.

/// Why a poll failed: the closed set of the `reason` label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureReason {
    /// No token, or one that Azure refuses.
    Auth,
    /// No right to the scope or its charges.
    Forbidden,
    /// No such scope.
    NotFound,
    /// The tenant's quota is used up for longer than a poll lasts.
    Throttled,
    /// Azure or the way to it is down.
    Unavailable,
    /// No answer in time.
    Timeout,
    /// An answer that is none.
    BadAnswer,
    /// Days cannot be kept, or not be found again. Where they are only not kept, the poll itself
    /// succeeds: its costs are right, and lost at a restart.
    Store,
}

impl FailureReason {
    /// The reason of a label value.
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

    /// The label value.
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
