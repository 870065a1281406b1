//! The scopes that are polled, and the configuration that polls them.

use std::path::Path;

use azure_billing_simulator::SimulatedScope;
use jiff::civil::Date;

use crate::labels::TAG_KEYS;

/// The newest days that every poll reads again.
pub(crate) const OVERLAP_DAYS: i64 = 11;
/// The days from a day's end until it is complete.
pub(crate) const COMPLETE_AFTER_DAYS: i64 = 5;

/// A scope as it is configured.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    pub(crate) kind: &'static str,
    pub(crate) id: String,
    pub(crate) label: &'static str,
    amortized: bool,
    read: &'static str,
}

impl Scope {
    /// Returns its path at the source.
    pub(crate) fn path(&self) -> String {
        let owner = match self.kind {
            "billing_account" => "providers/Microsoft.Billing/billingAccounts",
            "department" => "providers/Microsoft.Billing/departments",
            "enrollment_account" => "providers/Microsoft.Billing/enrollmentAccounts",
            _ => "subscriptions",
        };
        format!("/{owner}/{}", self.id)
    }

    /// Returns whether it is read by reports alone.
    pub(crate) fn is_by_report(&self) -> bool {
        self.read == "cost_details"
    }

    /// Returns the view of reservations that is requested.
    pub(crate) fn metric(&self) -> &'static str {
        if self.amortized { "AmortizedCost" } else { "ActualCost" }
    }
}

/// Returns scopes of all types, read in all ways, small and large: those of one type share Azure's
/// quota.
pub(crate) fn scopes(simulated: &[SimulatedScope]) -> Vec<Scope> {
    let of = |kind: &str, place: usize| {
        let mut of_kind = simulated.iter().filter(|scope| scope.kind == kind);
        of_kind.nth(place).expect("the enrollment has it").clone()
    };
    let scope = |label, kind, place, read, amortized| {
        let SimulatedScope { kind, id, .. } = of(kind, place);
        Scope { kind, id, label, amortized, read }
    };
    vec![
        scope("enrollment", "billing_account", 0, "auto", false),
        scope("enrollment/amortized", "billing_account", 0, "usage_details", true),
        scope("engineering", "department", 0, "auto", false),
        scope("retail", "department", 1, "usage_details", false),
        scope("operations by report", "department", 2, "cost_details", false),
        scope("platform", "enrollment_account", 0, "auto", false),
        scope("europe", "enrollment_account", 5, "usage_details", false),
        scope("data by report", "enrollment_account", 1, "cost_details", false),
        scope("shop by report", "enrollment_account", 2, "cost_details", true),
        scope("stores by report", "enrollment_account", 3, "cost_details", false),
        scope("platform-prod", "subscription", 0, "auto", false),
        scope("data-prod", "subscription", 2, "usage_details", false),
        scope("shop-prod", "subscription", 4, "usage_details", true),
        scope("stores-prod by report", "subscription", 6, "cost_details", false),
    ]
}

/// The budgets of the first scope: name, amount, currency, months of its grain, team that counts.
pub(crate) const BUDGETS: [(&str, &str, &str, usize, Option<&str>); 2] =
    [("all", "70000", "USD", 1, None), ("web", "1234.5", "EUR", 3, Some("web"))];

/// Returns a configuration that polls scopes as often as possible. `quarter` is the first of the
/// month with which the quarters of budgets begin.
pub(crate) fn config(endpoint: &str, scopes: &[Scope], quarter: Date, state: &Path) -> String {
    let scope = |scope: &Scope| {
        let Scope { kind, id, label, amortized, read } = scope;
        let cost = if *amortized { "amortized" } else { "actual" };
        format!("  - {{{kind}: \"{id}\", name: \"{label}\", cost: {cost}, read: {read}}}\n")
    };
    let budget = |(name, amount, currency, months, team): (
        &str,
        &str,
        &str,
        usize,
        Option<&str>,
    )| {
        let grain = if months == 1 { "month" } else { "quarter" };
        let only = team.map_or(String::new(), |team| format!(", only: {{tag: {{team: {team}}}}}"));
        let scope = scopes[0].label;
        format!(
            "  - {{name: {name}, scope: {scope}, amount: {amount}, currency: {currency}, grain: {grain}, start: {quarter}{only}}}\n"
        )
    };
    // The view knows nothing of Azure's own totals, which tests/simulated holds against the rows.
    // Days are complete only when they no longer grow much: otherwise their readings would be
    // suspect, and an older day would rightly stay.
    format!(
        "azure:\n  endpoint: {endpoint}\n  auth: {{method: token, token: a-token}}\n  requests_per_minute: {{billing_account: 6000, department: 6000, enrollment_account: 6000, subscription: 6000}}\nscopes:\n{}poll: {{interval: 10s, overlap: {OVERLAP_DAYS}d, day_complete_after: {COMPLETE_AFTER_DAYS}d, report_after_pages: 14}}\ncontrol: {{query: off, balances: off, charges: off}}\nmetrics: {{tags: {{keys: [{}]}}}}\nbudgets:\n{}state: {{path: \"{}\"}}\n",
        scopes.iter().map(scope).collect::<String>(),
        TAG_KEYS.join(", "),
        BUDGETS.into_iter().map(budget).collect::<String>(),
        state.display()
    )
}
