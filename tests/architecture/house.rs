//! Rules for every file, whatever its subject.

use std::fs;
use std::path::Path;

use crate::source::{crates, sources};

/// The most lines of a file: a longer one has a second subject.
const LONGEST_FILE: usize = 400;

/// Returns every text file of the project: its path from the root, and its text.
fn text_files() -> Vec<(String, String)> {
    let mut files = Vec::new();
    collect(Path::new(env!("CARGO_MANIFEST_DIR")), "", &mut files);
    files
}

fn collect(folder: &Path, name: &str, files: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        let file_name = entry.file_name().display().to_string();
        let path = format!("{name}{file_name}");
        if entry.file_type().expect("a type").is_dir() {
            if !["target", ".git"].contains(&file_name.as_str()) {
                collect(&entry.path(), &format!("{path}/"), files);
            }
        } else if file_name != ".git"
            && let Ok(text) = fs::read_to_string(entry.path())
        {
            files.push((path, text));
        }
    }
}

/// Returns the path that exists on one machine only: someone's home, or a scratch folder not made
/// by `mktemp`.
fn machine_path(line: &str) -> Option<String> {
    let folders = ["home", "root", "work", "tmp"].map(|folder| format!("/{folder}/"));
    folders.into_iter().find(|folder| {
        let begins_a_path = |at: usize| {
            !line[..at]
                .ends_with(|before: char| before.is_alphanumeric() || "._-}".contains(before))
        };
        let at = line.match_indices(folder.as_str()).any(|(at, _)| begins_a_path(at));
        at && !line.contains("mktemp")
    })
}

#[test]
fn no_file_speaks_of_one_machine() {
    let files = text_files();
    let found: Vec<String> = files
        .iter()
        .flat_map(|(path, text)| {
            text.lines().enumerate().map(move |(index, line)| (path, index + 1, line))
        })
        .filter_map(|(path, line, text)| Some(format!("{path}:{line}: {}", machine_path(text)?)))
        .collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn a_path_of_one_machine_is_recognised() {
    let [home, scratch] = ["home", "tmp"].map(|folder| format!("/{folder}/contoso"));
    for line in [format!("path: {home}/state"), format!("\"{scratch}\""), format!("file://{home}")]
    {
        assert!(machine_path(&line).is_some(), "{line}");
    }
    for line in
        ["/var/lib/x", &format!("https://example.com{home}"), &format!("mktemp -d {scratch}.d")]
    {
        assert!(machine_path(line).is_none(), "{line}");
    }
}

#[test]
fn no_source_file_is_long() {
    for file in sources().into_iter().chain(crates()) {
        let lines = file.text.lines().count();
        assert!(lines <= LONGEST_FILE, "{} has {lines} lines: split it by subject", file.path);
    }
}

#[test]
fn scripts_can_be_executed() {
    use std::os::unix::fs::PermissionsExt;

    for (path, text) in text_files() {
        if text.starts_with("#!/") {
            let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(&path);
            let mode = fs::metadata(file).expect("a file").permissions().mode();
            assert!(mode & 0o111 != 0, "{path} has an interpreter but may not be executed");
        }
    }
}

#[test]
fn every_fixture_has_a_sum_made_by_other_means() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let sums = fs::read_to_string(fixtures.join("sums.json")).expect("sums.json");
    let sums: serde_json::Value = serde_json::from_str(&sums).expect("JSON");
    for entry in fs::read_dir(fixtures).expect("fixtures") {
        let name = entry.expect("an entry").file_name().display().to_string();
        let is_answer = name.ends_with(".json") && name != "sums.json";
        assert!(
            !is_answer || sums.get(&name).is_some(),
            "run tests/fixtures/sums.py: {name} has no sum"
        );
    }
}
