//! The parts of a poll. Each can fail without the others.

/// The part of a poll that a reading belongs to: the closed set of the `part` label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PollPart {
    /// The open period, which is the purpose of a poll.
    Open,
    /// The previous period.
    Previous,
    /// Days before the previous period, for the window of days.
    Window,
    /// Closed months that budgets count.
    Budgets,
}

impl PollPart {
    /// Every part, in the order in which they are read and published.
    pub const ALL: [Self; 4] = [Self::Open, Self::Previous, Self::Window, Self::Budgets];

    /// Returns the label value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Previous => "previous",
            Self::Window => "window",
            Self::Budgets => "budgets",
        }
    }

    /// Returns what the part reads, for people.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Open => "the open billing period",
            Self::Previous => "the previous billing period",
            Self::Window => "older days",
            Self::Budgets => "closed months of budgets",
        }
    }
}
