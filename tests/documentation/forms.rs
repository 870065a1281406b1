//! The forms for issues are valid for GitHub, which shows nothing of an invalid one.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::pages::read;

/// The elements that a form may contain, and the attributes without which GitHub refuses each.
const ELEMENTS: &[(&str, &[&str])] = &[
    ("markdown", &["value"]),
    ("input", &["label"]),
    ("textarea", &["label"]),
    ("dropdown", &["label", "options"]),
    ("checkboxes", &["label", "options"]),
];

fn check(form: &Value) -> Result<(), String> {
    for key in ["name", "description"] {
        form[key].as_str().ok_or(format!("no {key}"))?;
    }
    let mut ids = BTreeSet::new();
    for element in form["body"].as_array().ok_or("no body")? {
        let kind = element["type"].as_str().ok_or("an element without a type")?;
        let known = ELEMENTS.iter().find(|(name, _)| *name == kind);
        let (_, needed) = known.ok_or(format!("{kind} is no element"))?;
        for attribute in *needed {
            let given = &element["attributes"][attribute];
            if given.is_null() {
                return Err(format!("{kind} without {attribute}"));
            }
        }
        if kind != "markdown" && !ids.insert(element["id"].as_str().ok_or("no id")?) {
            return Err(format!("an id twice: {}", element["id"]));
        }
    }
    if ids.is_empty() { Err("nothing to fill in".to_owned()) } else { Ok(()) }
}

#[test]
fn every_form_for_an_issue_is_taken_by_github() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(".github/ISSUE_TEMPLATE");
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(folder).expect("the forms") {
        let name = entry.expect("an entry").file_name().display().to_string();
        if name == "config.yml" {
            continue;
        }
        let text = read(&format!(".github/ISSUE_TEMPLATE/{name}"));
        let form: Value = serde_saphyr::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
        check(&form).unwrap_or_else(|wrong| panic!("{name}: {wrong}"));
        names.insert(name);
    }
    assert_eq!(names, ["bug.yml", "feature.yml", "wrong_number.yml"].map(str::to_owned).into());
}

#[test]
fn a_form_that_github_would_hide_is_told() {
    let form = |body: Value| serde_json::json!({"name": "a", "description": "b", "body": body});
    let input = serde_json::json!({"type": "input", "id": "x", "attributes": {"label": "X"}});
    assert_eq!(check(&form(serde_json::json!([input]))), Ok(()));
    for (body, wrong) in [
        (serde_json::json!([input, input]), "an id twice: \"x\""),
        (serde_json::json!([{"type": "text", "id": "x"}]), "text is no element"),
        (serde_json::json!([{"type": "input", "id": "x"}]), "input without label"),
        (serde_json::json!([]), "nothing to fill in"),
    ] {
        assert_eq!(check(&form(body)), Err(wrong.to_owned()));
    }
}
