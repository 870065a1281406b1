//! The defaults and examples of `docs/configuration.md` are accepted by the reader.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::load;
use crate::billing::limits::Limit;
use crate::billing::metric_families::limits;

const PAGE: &str = include_str!("../../../docs/configuration.md");
const PEM: &str = include_str!("../../../tests/fixtures/client_certificate.pem");

/// A row of a table about keys.
struct Row {
    key: String,
    /// The default in code type, if it is a value and not a sentence.
    default: Option<String>,
    example: &'static str,
}

fn rows() -> Vec<Row> {
    let tables = PAGE.lines().filter(|line| line.starts_with("| `"));
    let row = |line: &'static str| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let key = cells[0].trim_matches('`');
        if !key.contains('.') {
            // A variable of the environment.
            return None;
        }
        let value = |cell: &'static str| cell.strip_prefix('`')?.strip_suffix('`');
        let number = |cell: &&str| !cell.is_empty() && cell.bytes().all(|b| b.is_ascii_digit());
        let has_default = !key.starts_with("budgets[].only");
        let default = value(cells[1]).or(Some(cells[1]).filter(number));
        let default = default.filter(|text| has_default && !text.starts_with("AZURE_"));
        let example = value(cells[usize::from(has_default) + 1]);
        let example = example.unwrap_or_else(|| panic!("{key} has no example"));
        Some(Row { key: key.to_owned(), default: default.map(str::to_owned), example })
    };
    tables.filter_map(row).flat_map(of_each_limit).collect()
}

/// Returns a row for each limit in the place of that about all of them.
fn of_each_limit(row: Row) -> Vec<Row> {
    if !row.key.contains("<limit>") {
        return vec![row];
    }
    let of_limit = |limit: Limit| Row {
        key: row.key.replace("<limit>", limit.key),
        default: Some(limit.default.to_string()),
        ..row
    };
    limits().into_iter().map(of_limit).collect()
}

/// Returns a file with a key and the keys that it needs; without the key if there is no value.
fn file(key: &str, value: Option<&str>) -> String {
    let (section, name) = key.rsplit_once('.').expect("a section");
    let entry = value.map(|value| format!("{name}: {value}")).unwrap_or_default();
    let scope = "scopes: [{department: \"1\", name: contoso}]\n";
    match section {
        "scopes[]" => {
            let beside = match name {
                "billing_account" | "department" | "enrollment_account" | "subscription" => "",
                "cost_allocation" => "department: \"1\", read: cost_details, ",
                _ => "department: \"1\", ",
            };
            format!("scopes: [{{{beside}{entry}}}]\n")
        }
        "budgets[]" => {
            let beside = ["name: a", "amount: 1", "currency: EUR", "start: 2026-07-01"];
            let own = format!("{name}: ");
            let beside = beside.into_iter().filter(|other| !other.starts_with(&own));
            let entries: Vec<&str> = beside.chain([entry.as_str()]).collect();
            format!("budgets: [{{{}}}]\n{scope}", entries.join(", "))
        }
        "budgets[].only" => format!(
            "metrics: {{tags: {{keys: [team]}}}}\nbudgets: [{{name: a, amount: 1, currency: EUR, only: {{{entry}}}}}]\n{scope}"
        ),
        "azure.auth" => format!("azure: {{auth: {{{}{entry}}}}}\n{scope}", beside(name)),
        nested => {
            let open = nested.replace('.', ": {");
            let close = "}".repeat(nested.matches('.').count() + 1);
            format!("{open}: {{{entry}{close}\n{scope}")
        }
    }
}

/// Returns the keys that a key of a credential needs beside it.
fn beside(name: &str) -> &'static str {
    match name {
        "tenant_id" => "method: client_secret, client_id: a, client_secret: b, ",
        "client_id" => "method: client_secret, tenant_id: a, client_secret: b, ",
        "client_secret" | "client_secret_file" => {
            "method: client_secret, tenant_id: a, client_id: b, "
        }
        "client_certificate" | "client_certificate_file" => {
            "method: client_certificate, tenant_id: a, client_id: b, "
        }
        "object_id" | "resource_id" => "method: managed_identity, ",
        "federated_token_file" => "method: workload_identity, tenant_id: a, client_id: b, ",
        "token" | "token_file" => "method: token, ",
        _ => "",
    }
}

/// Returns an example whose files exist: a secret, or a certificate.
fn there(example: &str, folder: &TempDir) -> String {
    if example.contains("-----BEGIN") {
        return serde_json::to_string(PEM).expect("text");
    }
    let name = Path::new(example).file_name().filter(|_| example.starts_with('/'));
    let Some(name) = name.filter(|_| !example.starts_with("/subscriptions/")) else {
        return example.to_owned();
    };
    let path = folder.path().join(name);
    let is_pem = path.extension().is_some_and(|extension| extension == "pem");
    fs::write(&path, if is_pem { PEM } else { "secret" }).expect("the file can be written");
    path.display().to_string()
}

#[test]
fn every_example_of_a_key_is_taken_and_changes_something() {
    let folder = tempfile::tempdir().unwrap();
    for Row { key, default, example } in rows() {
        let text = file(&key, Some(&there(example, &folder)));
        let changed = load(&text).map_err(|error| format!("{error}\n{text}")).unwrap();
        if default.is_some() {
            let usual = load(&file(&key, None)).unwrap();
            assert_ne!(format!("{changed:?}"), format!("{usual:?}"), "{key}: {example}");
        }
    }
}

#[test]
fn every_default_of_a_key_is_what_holds_without_it() {
    let mut compared = 0;
    for Row { key, default, .. } in rows() {
        let Some(default) = default.filter(|text| !text.contains("TYPE")) else { continue };
        let said = load(&file(&key, Some(&default)));
        let said = said.map_err(|error| format!("{key}: {default}: {error}")).unwrap();
        let unsaid = load(&file(&key, None)).unwrap();
        assert_eq!(format!("{said:?}"), format!("{unsaid:?}"), "{key}: {default}");
        compared += 1;
    }
    assert!(compared > 25, "{compared} defaults are too few to believe it");
}
