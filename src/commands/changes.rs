//! Describes what a reload has changed, and what it could not change.

use std::path::Path;

use crate::billing::budget::Budget;
use crate::billing::scope::ScopeId;
use crate::config::{Config, Scope};

/// Returns whether the two configurations are equal in all that a reload can change.
pub(super) fn are_none(old: &Config, new: &Config) -> bool {
    old.scopes == new.scopes && sections(old, new).is_empty()
}

/// Returns a line for each change, or one line that says that nothing changed.
pub(super) fn changes(old: &Config, new: &Config) -> Vec<String> {
    let mut changes = scopes(&old.scopes, &new.scopes);
    changes.extend(sections(old, new).iter().map(|section| format!("{section} changed")));
    if changes.is_empty() {
        changes.push("nothing changed".to_owned());
    }
    if old.state_path != new.state_path {
        let kept = kept(old.state_path.as_deref());
        changes.push(format!("state.path needs a restart: until then {kept}"));
    }
    changes
}

fn sections(old: &Config, new: &Config) -> Vec<&'static str> {
    let changed = [
        ("azure", old.azure != new.azure),
        ("poll", old.poll != new.poll),
        ("metrics", old.metrics != new.metrics),
        ("budgets", budgets(old) != budgets(new)),
        ("control", old.control != new.control),
    ];
    changed.into_iter().filter_map(|(section, changed)| changed.then_some(section)).collect()
}

fn kept(state_path: Option<&Path>) -> String {
    match state_path {
        Some(path) => format!("days are kept in {}", path.display()),
        None => "days are kept in memory only".to_owned(),
    }
}

/// Returns budgets with the ids of their scopes, because an index may stand for another scope after
/// a reload.
fn budgets(config: &Config) -> Vec<(Option<&ScopeId>, &Budget)> {
    let scope = |place: usize| config.scopes.get(place).map(|scope| &scope.id);
    config.budgets.iter().map(|budget| (scope(budget.scope), &budget.budget)).collect()
}

fn scopes(old: &[Scope], new: &[Scope]) -> Vec<String> {
    let mut changes = Vec::new();
    for scope in new {
        let label = &scope.label;
        let Some(before) = same(old, scope) else {
            changes.push(format!("scope {label} added"));
            continue;
        };
        if before.label != *label {
            changes.push(format!("scope {} renamed to {label}", before.label));
        }
        if (before.read, before.cost_allocation) != (scope.read, scope.cost_allocation) {
            changes
                .push(format!("scope {label} is read with the new settings from its next poll on"));
        }
        if before.charges_are_free != scope.charges_are_free {
            changes.push(format!("scope {label}: charges changed"));
        }
        if before.enrollment != scope.enrollment {
            changes.push(format!("scope {label}: enrollment changed"));
        }
    }
    let removed = old.iter().filter(|scope| same(new, scope).is_none());
    changes.extend(removed.map(|scope| format!("scope {} removed", scope.label)));
    changes
}

fn same<'a>(scopes: &'a [Scope], scope: &Scope) -> Option<&'a Scope> {
    scopes.iter().find(|one| one.id == scope.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Environment;

    const OLD: &str = "\
azure: {auth: {method: token, token: x}}
scopes:
- {department: '1', name: shop}
- {department: '2', name: web}
metrics: {tags: {keys: [team]}}
budgets:
- {name: all, scope: web, amount: 100, currency: EUR}
state: {path: old.redb}
";

    /// Returns the lines for a configuration in which one text is replaced by another.
    fn told(from: &str, to: &str) -> String {
        let load = |text: &str| Config::from_yaml(text, &Environment::default()).unwrap();
        let (old, new) = (load(OLD), load(&OLD.replace(from, to)));
        let lines = changes(&old, &new);
        assert_eq!(are_none(&old, &new), from == to || from.starts_with("old"), "{from}: {to}");
        lines.join("; ")
    }

    #[test]
    fn each_change_is_told_and_nothing_else() {
        let both = "- {department: '1', name: shop}\n- {department: '2', name: web}\n";
        let turned = "- {department: '2', name: web}\n- {department: '1', name: shop}\n";
        for (from, to, expected) in [
            ("shop", "shop", "nothing changed"),
            ("token: x", "token: y", "azure changed"),
            ("token: x}", "token: x}, requests_per_minute: {department: 1}", "azure changed"),
            ("name: shop", "name: retail", "scope shop renamed to retail"),
            (
                "name: shop",
                "name: shop, read: cost_details",
                "scope shop is read with the new settings from its next poll on",
            ),
            ("name: shop", "name: shop, charges: free", "scope shop: charges changed"),
            ("name: shop", "name: shop, enrollment: '8611537'", "scope shop: enrollment changed"),
            ("department: '1'", "department: '3'", "scope shop added; scope shop removed"),
            ("name: shop", "cost: amortized, name: shop", "scope shop added; scope shop removed"),
            (both, turned, "nothing changed"),
            ("[team]", "[team, env]", "metrics changed"),
            ("budgets:", "poll: {interval: 1h}\nbudgets:", "poll changed"),
            ("scope: web", "scope: shop", "budgets changed"),
            ("budgets:", "control: {charges: off}\nbudgets:", "control changed"),
            (
                "old.redb",
                "new.redb",
                "nothing changed; state.path needs a restart: until then days are kept in old.redb",
            ),
        ] {
            assert_eq!(told(from, to), expected);
        }
    }
}
