//! Snippets of YAML, each checked by the program that it is for.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::pages::{Page, Snippet, pages};
use crate::process::run;

/// The programs that read the files, by the keys of their top level.
const EXPORTER: &[&str] = &["azure", "scopes", "poll", "metrics", "budgets", "state"];
const WEB: &[&str] = &["tls_server_config", "http_server_config", "basic_auth_users", "rate_limit"];
const PROMETHEUS: &[&str] =
    &["global", "scrape_configs", "rule_files", "alerting", "remote_write", "storage"];
const RULES: &[&str] = &["groups"];
const CHART: &[&str] = &["config", "image", "credentials"];
/// Keys of files that have their own tests.
const OTHERS: &[&str] = &["apiVersion"];

/// Returns the keys of the top level of every document of a text.
fn keys(snippet: &Snippet) -> Vec<String> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(&snippet.text)
        .unwrap_or_else(|error| panic!("{}: {error}", snippet.place));
    let objects = documents.iter().filter_map(Value::as_object);
    objects.flat_map(|object| object.keys().cloned()).collect()
}

#[test]
fn every_snippet_of_yaml_is_accepted_by_what_it_is_for() {
    let mut accepted = 0;
    for snippet in pages().iter().flat_map(Page::snippets) {
        assert_ne!(snippet.language, "yml", "{}: call it yaml", snippet.place);
        if snippet.language == "yaml" {
            let keys = keys(&snippet);
            let of = |known: &[&str]| keys.iter().any(|key| known.contains(&key.as_str()));
            match () {
                () if of(EXPORTER) => exporter(&snippet),
                () if of(WEB) => web(&snippet),
                () if of(PROMETHEUS) => promtool("config", &snippet),
                () if of(RULES) => promtool("rules", &snippet),
                () if of(CHART) => chart(&snippet),
                () => assert!(of(OTHERS), "{}: what is {keys:?} for?", snippet.place),
            }
            accepted += 1;
        }
    }
    assert!(accepted >= 5, "{accepted} snippets are too few to believe it");
}

fn exporter(snippet: &Snippet) {
    let folder = tempfile::tempdir().expect("a folder");
    // A part of a file is shown without the rest.
    let scopes = "scopes: [{department: \"1234\"}]\n";
    let whole = snippet.text.contains("scopes:");
    let text = if whole { snippet.text.clone() } else { format!("{}{scopes}", snippet.text) };
    let file = write(&folder, "config.yaml", &text);
    let (code, output, error) = run(&["check", "--config.file", &file], &[]);
    assert_eq!(code, 0, "{}: {output}{error}", snippet.place);
}

fn web(snippet: &Snippet) {
    let folder = tempfile::tempdir().expect("a folder");
    let names = vec!["localhost".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).expect("a certificate");
    write(&folder, "server.pem", &made.cert.pem());
    write(&folder, "server.key", &made.signing_key.serialize_pem());
    let file = write(&folder, "web.yaml", &snippet.text);
    let flags = ["check", "--scope", "department/1234", "--web.config.file", &file];
    let (code, output, error) = run(&flags, &[]);
    assert_eq!(code, 0, "{}: {output}{error}", snippet.place);
}

fn promtool(what: &str, snippet: &Snippet) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = write(&folder, "snippet.yaml", &snippet.text);
    let output = Command::new("promtool").args(["check", what, &file]).output();
    let output =
        output.unwrap_or_else(|error| panic!("cannot start promtool ({error}): run `make tools`"));
    let told = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{}: {told}", snippet.place);
}

/// Checks values of the Helm chart against its schema.
fn chart(snippet: &Snippet) {
    let values: Value = serde_saphyr::from_str(&snippet.text).expect("one document");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/chart");
    let output = Command::new(script).args(["lint", &values.to_string()]).output();
    let output = output.expect("scripts/chart can be started");
    let told = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{}: {told}", snippet.place);
}

/// Writes a file that only its owner can read, and returns its path.
pub(crate) fn write(folder: &TempDir, name: &str, text: &str) -> String {
    use std::os::unix::fs::PermissionsExt;

    let path = folder.path().join(Path::new(name));
    fs::write(&path, text).expect("the file can be written");
    let mode = fs::Permissions::from_mode(0o600);
    fs::set_permissions(&path, mode).expect("its mode can be set");
    path.to_str().expect("a path").to_owned()
}
