//! The path of a scope in Azure's APIs.

use crate::billing::scope::{ScopeId, ScopeType};

/// Returns the path, without a slash at either end.
pub(super) fn scope_path(scope: &ScopeId) -> String {
    let id = &scope.id;
    match scope.scope_type {
        ScopeType::BillingAccount => format!("providers/Microsoft.Billing/billingAccounts/{id}"),
        ScopeType::Department => format!("providers/Microsoft.Billing/departments/{id}"),
        ScopeType::EnrollmentAccount => {
            format!("providers/Microsoft.Billing/enrollmentAccounts/{id}")
        }
        ScopeType::Subscription => format!("subscriptions/{id}"),
    }
}
