//! The list of sources. How each is read is for the folder of its name.

use serde::{Deserialize, Serialize};

/// An API that has rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Source {
    /// The synchronous list of usage.
    UsageDetails,
    /// The asynchronous report.
    CostDetails,
}

impl Source {
    /// Returns the word for it in messages.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::UsageDetails => "list",
            Self::CostDetails => "report",
        }
    }

    /// Returns the word for a committed page in messages.
    pub(super) const fn pages(self) -> &'static str {
        match self {
            Self::UsageDetails => "pages",
            Self::CostDetails => "files of the report",
        }
    }
}
