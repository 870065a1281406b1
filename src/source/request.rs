//! A reading to be made, and what it needs.

use super::kind::Source;
use crate::azure::Client;
use crate::billing::daily_sums::TagKeys;
use crate::billing::scope::ScopeId;
use crate::billing::span::Span;
use crate::decode::RowOptions;

/// A reading to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadRequest {
    /// The days to read.
    pub span: Span,
    /// The source to read them from.
    pub source: Source,
    /// The number of pages after which another source is better, and the reading ends with
    /// [`crate::azure::Error::TooLong`]; `None` to read all of them.
    pub most_pages: Option<u64>,
}

impl ReadRequest {
    /// Returns the request for all rows of some days.
    pub fn new(source: Source, span: Span) -> Self {
        Self { span, source, most_pages: None }
    }
}

/// What a source needs to read a scope.
#[derive(Clone, Copy)]
pub struct Access<'a> {
    /// The client for Azure.
    pub client: &'a Client,
    /// The scope.
    pub scope: &'a ScopeId,
    /// The tags that are read.
    pub tag_keys: &'a TagKeys,
    /// True if rows count that only move costs between scopes, where a source has such rows.
    pub cost_allocation: bool,
}

impl<'a> Access<'a> {
    /// Returns the access to a scope without the rows that only move costs.
    pub fn new(client: &'a Client, scope: &'a ScopeId, tag_keys: &'a TagKeys) -> Self {
        Self { client, scope, tag_keys, cost_allocation: false }
    }

    pub(super) fn row_options(&self) -> RowOptions {
        RowOptions {
            tags: !self.tag_keys.is_empty(),
            cost_allocation: self.cost_allocation,
            cloud: self.client.cloud,
        }
    }
}
