//! Ids of scopes: their forms, and what is told of one that the portal copies as the path of a
//! resource, of which the configuration takes the last id, under the key of its type.

use super::error::shown;
use super::tree::trimmed;
use crate::billing::scope::ScopeType;

/// Management groups are where people look for costs, and Azure bills none.
pub(super) const MANAGEMENT_GROUP: &str = "Azure bills no management groups; use `billing_account` for all of an enrollment, or list each `subscription`";

/// An id of the form its type has, so that it can go into an address as it is.
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

/// What to write in place of the path of a resource.
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

/// Whether a text is an id of a type.
pub(super) fn is_id(scope_type: ScopeType, text: &str) -> bool {
    form(scope_type, text).0
}

/// Whether a text is an id of a type, and what one is.
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

/// The id of a Microsoft Customer Agreement: GUIDs and a date, joined by colons.
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

/// Segments that are followed by an id, from the largest scope to the smallest.
const SEGMENTS: [(&str, ScopeType); 4] = [
    ("billingaccounts", ScopeType::BillingAccount),
    ("departments", ScopeType::Department),
    ("enrollmentaccounts", ScopeType::EnrollmentAccount),
    ("subscriptions", ScopeType::Subscription),
];

/// The ids of a path.
pub(super) struct ResourcePath<'a> {
    text: &'a str,
}

impl<'a> ResourcePath<'a> {
    /// The path that a text is, whole or without its first slash; `None` for an id.
    pub(super) fn of(text: &'a str) -> Option<Self> {
        let text = trimmed(text);
        let first = text.trim_start_matches('/').split('/').next().unwrap_or_default();
        let is_path = first.eq_ignore_ascii_case("providers")
            || first.eq_ignore_ascii_case("subscriptions") && text.contains('/');
        is_path.then_some(Self { text })
    }

    /// The id behind a segment.
    fn behind(&self, segment: &str) -> Option<&'a str> {
        let mut segments = self.text.split('/');
        segments.find(|one| one.eq_ignore_ascii_case(segment))?;
        segments.next().filter(|id| !id.is_empty())
    }

    /// The type and the id of the smallest scope in it.
    pub(super) fn scope(&self) -> Option<(ScopeType, &'a str)> {
        let ids = SEGMENTS.iter().rev();
        ids.into_iter().find_map(|(segment, kind)| Some((*kind, self.behind(segment)?)))
    }

    /// The billing account in it.
    pub(super) fn billing_account(&self) -> Option<&'a str> {
        self.behind(SEGMENTS[0].0)
    }

    /// Whether it is that of a management group.
    pub(super) fn is_management_group(&self) -> bool {
        self.behind("managementgroups").is_some()
    }
}
