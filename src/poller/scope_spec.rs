//! A scope as it is configured.

use super::context::PollContext;
use super::scope_cell::Settings;
use crate::billing::daily_sums::TagKeys;
use crate::billing::rules::Rules;
use crate::config;
use crate::source::Sources;
use crate::status::ScopeInfo;

/// A scope with its new settings.
pub struct ScopeSpec {
    /// The scope.
    pub scope: config::Scope,
    /// The rules for what is published of it.
    pub rules: Rules,
    /// The tags that are read.
    pub tag_keys: TagKeys,
}

impl ScopeSpec {
    pub(super) fn settings(self, context: &PollContext) -> Settings {
        let Self { scope, rules, tag_keys } = self;
        let (client, poll) = (context.client.clone(), context.poll);
        let sources = Sources::new(scope.read, &poll);
        let control = context.control;
        Settings { client, poll, scope, sources, control, rules, tag_keys }
    }
}

/// Returns the published names of a configured scope.
pub fn scope_info(scope: &config::Scope) -> ScopeInfo {
    let config::Scope { id, label, enrollment, .. } = scope;
    ScopeInfo { label: label.clone(), id: id.clone(), enrollment: enrollment.clone() }
}
