//! Checks ids of scopes. The portal copies an id as the path of a resource; the configuration takes
//! only the last id of that path, under the key of its type, and the error says so.

use strict_config::{shown, trimmed};

use crate::billing::scope::ScopeType;

/// The error for management groups: people look for costs there, but Azure bills none.
pub(super) const MANAGEMENT_GROUP: &str = "Azure bills no management groups; use `billing_account` for all of an enrollment, or list each `subscription`";

/// Returns what to write in place of a key that people look for, and that cannot exist.
pub(super) fn instead(key: &str) -> Option<&'static str> {
    matches!(key, "management_group" | "management_groups").then_some(MANAGEMENT_GROUP)
}

/// Returns an id that has the form of its type, so that it can go into an address unchanged.
pub(super) fn scope_id(scope_type: ScopeType, text: &str) -> Result<String, String> {
    if let Some(remedy) = ResourcePath::of(text).and_then(|path| of_path(scope_type, &path)) {
        return Err(remedy);
    }
    let text = trimmed(text);
    let (valid, expected) = form(scope_type, text);
    if valid {
        Ok(text.to_ascii_lowercase())
    } else {
        Err(format!("{} is not an id of this type; use {expected}", shown(text)))
    }
}

/// Returns what to write in place of the path of a resource.
fn of_path(scope_type: ScopeType, path: &ResourcePath<'_>) -> Option<String> {
    if path.is_management_group() {
        return Some(format!("is the path of a management group; {MANAGEMENT_GROUP}"));
    }
    let (found, id) = path.scope().filter(|(found, id)| is_id(*found, id))?;
    if found != scope_type {
        let key = found.as_str();
        return Some(format!("is the path of another type of scope; write `{key}: \"{id}\"`"));
    }
    let account = path.billing_account().filter(|id| is_id(ScopeType::BillingAccount, id));
    let beside = match account.filter(|_| found != ScopeType::BillingAccount) {
        Some(account) => format!(", and `enrollment: \"{account}\"` beside it"),
        None => String::new(),
    };
    Some(format!("is a whole path; write the id alone, \"{id}\"{beside}"))
}

/// Returns whether a text is an id of a type.
pub(super) fn is_id(scope_type: ScopeType, text: &str) -> bool {
    form(scope_type, text).0
}

/// Returns whether a text is an id of a type, and the form that such an id has.
fn form(scope_type: ScopeType, text: &str) -> (bool, &'static str) {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match scope_type {
        ScopeType::Subscription => (
            is_guid(text),
            "a GUID such as \
            00000000-0000-0000-0000-000000000000",
        ),
        ScopeType::BillingAccount => (
            digits || is_customer_agreement(text),
            "the enrollment number, digits only, or the id of a customer agreement with its colons",
        ),
        ScopeType::Department => (digits, "the department's number, digits only"),
        ScopeType::EnrollmentAccount => (digits, "the account's number, digits only"),
    }
}

/// Returns whether a text has the form of a Microsoft Customer Agreement's id: GUIDs and a date,
/// joined by colons.
fn is_customer_agreement(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b":_-".contains(&byte);
    text.contains(':') && text.bytes().all(allowed)
}

fn is_guid(text: &str) -> bool {
    let shape = |(index, byte): (usize, u8)| match index {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    text.len() == 36 && text.bytes().enumerate().all(shape)
}

/// The path segments that an id follows, from the largest scope to the smallest.
const SEGMENTS: [(&str, ScopeType); 4] = [
    ("billingaccounts", ScopeType::BillingAccount),
    ("departments", ScopeType::Department),
    ("enrollmentaccounts", ScopeType::EnrollmentAccount),
    ("subscriptions", ScopeType::Subscription),
];

/// The path of a resource, with its ids.
pub(super) struct ResourcePath<'a> {
    text: &'a str,
}

impl<'a> ResourcePath<'a> {
    /// Returns the path that a text is, whole or without its first slash; `None` for an id.
    pub(super) fn of(text: &'a str) -> Option<Self> {
        let text = trimmed(text);
        let first = text.trim_start_matches('/').split('/').next().unwrap_or_default();
        let is_path = first.eq_ignore_ascii_case("providers")
            || first.eq_ignore_ascii_case("subscriptions") && text.contains('/');
        is_path.then_some(Self { text })
    }

    /// Returns the id after a segment.
    fn behind(&self, segment: &str) -> Option<&'a str> {
        let mut segments = self.text.split('/');
        segments.find(|one| one.eq_ignore_ascii_case(segment))?;
        segments.next().filter(|id| !id.is_empty())
    }

    /// Returns the type and the id of the smallest scope in the path.
    pub(super) fn scope(&self) -> Option<(ScopeType, &'a str)> {
        let ids = SEGMENTS.iter().rev();
        ids.into_iter().find_map(|(segment, kind)| Some((*kind, self.behind(segment)?)))
    }

    /// Returns the billing account in the path.
    pub(super) fn billing_account(&self) -> Option<&'a str> {
        self.behind(SEGMENTS[0].0)
    }

    /// Returns whether the path is that of a management group.
    pub(super) fn is_management_group(&self) -> bool {
        self.behind("managementgroups").is_some()
    }
}
