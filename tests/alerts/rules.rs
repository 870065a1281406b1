//! A reader of the rule files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use crate::families::read;

pub(crate) const RECORDING: &str = "deploy/prometheus/rules/recording.yml";
pub(crate) const ALERTS: &str = "deploy/prometheus/rules/alerts.yml";

#[derive(Deserialize)]
struct File {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    rules: Vec<Rule>,
}

/// A recording rule or an alert.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Rule {
    pub(crate) record: String,
    pub(crate) alert: String,
    pub(crate) expr: String,
    #[serde(rename = "for")]
    pub(crate) wait: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) annotations: BTreeMap<String, String>,
}

pub(crate) fn rules(path: &str) -> Vec<Rule> {
    let file: File = serde_saphyr::from_str(&read(path)).expect("rules");
    let rules: Vec<Rule> = file.groups.into_iter().flat_map(|group| group.rules).collect();
    assert!(!rules.is_empty(), "{path}");
    rules
}

/// Returns the names of the alerts.
pub(crate) fn alerts() -> BTreeSet<String> {
    rules(ALERTS).into_iter().map(|rule| rule.alert).collect()
}

/// Returns the files of a folder of the project, in order.
pub(crate) fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = fs::read_dir(folder).expect("a folder");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

/// Runs a tool in the project's folder; returns its output, or its errors.
pub(crate) fn tool(name: &str, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(name)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("cannot start {name} ({error}): run `make tools`"));
    let told = [output.stdout, output.stderr].concat();
    let told = String::from_utf8_lossy(&told).into_owned();
    if output.status.success() { Ok(told) } else { Err(told) }
}
