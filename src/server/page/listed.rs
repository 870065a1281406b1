//! What the page knows of a scope.

use std::collections::BTreeSet;

use crate::billing::overview::Overview;
use crate::status::ScopeStatus;

/// A scope on the page.
pub(super) struct Listed<'a> {
    pub(super) status: &'a ScopeStatus,
    pub(super) overview: Option<&'a Overview>,
    /// True if its costs are also part of another scope on the page.
    pub(super) nested: bool,
}

impl<'a> Listed<'a> {
    pub(super) fn of(
        status: &'a ScopeStatus,
        overview: Option<&'a Overview>,
        all: &[ScopeStatus],
    ) -> Self {
        let nothing = BTreeSet::new();
        let billed_to = overview.map_or(&nothing, |overview| &overview.billing_accounts);
        let nested = status.info.is_nested(billed_to, all.iter().map(|other| &other.info));
        Self { status, overview, nested }
    }
}
