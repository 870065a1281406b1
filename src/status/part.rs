//! The parts of a poll, each of which can fail without the others.

/// Which days a reading is for: the closed set of the `part` label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PollPart {
    /// The open billing period: what a poll is for.
    Open,
    /// The billing period before it.
    Previous,
    /// Days before that, for the window of days.
    Window,
    /// Closed months that budgets count.
    Budgets,
}

impl PollPart {
    /// Every part, in the order in which they are read and published.
    pub const ALL: [Self; 4] = [Self::Open, Self::Previous, Self::Window, Self::Budgets];

    /// The label value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Previous => "previous",
            Self::Window => "window",
            Self::Budgets => "budgets",
        }
    }

    /// What it reads, for people.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Open => "the open billing period",
            Self::Previous => "the previous billing period",
            Self::Window => "older days",
            Self::Budgets => "closed months of budgets",
        }
    }
}
