//! What a reading covers: its scope, its view, its days, and which of their rows.

use super::enrollment::Scope;

/// One of Azure's two views of reservations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum View {
    Actual,
    Amortized,
}

/// The rows that a reading covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Selection {
    pub(super) scope: Scope,
    pub(super) view: View,
    pub(super) rows: Rows,
}

/// The rows of its days that a reading covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Rows {
    /// By date: rows that are dated on its days.
    Dated,
    /// By billing period: also rows that are billed in another month than used.
    Billed,
    /// Only rows that are billed in another month than used.
    Late,
}

/// First and last day of a reading, in days since 1970.
pub(super) type Days = (i64, i64);
