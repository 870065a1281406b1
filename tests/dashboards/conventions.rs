//! Rules for every dashboard, so that a stranger can import and read it.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::{Value, json};

use crate::dashboard::{Dashboard, NAMES, text};
use crate::families::read;

/// Runs a tool and returns its complaints.
fn complaint(tool: &str, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new(tool);
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments);
    let output = command.env("PYTHONDONTWRITEBYTECODE", "1").output();
    let output =
        output.unwrap_or_else(|error| panic!("cannot start {tool} ({error}): run `make tools`"));
    let told = [output.stdout, output.stderr].concat();
    (!output.status.success()).then(|| String::from_utf8_lossy(&told).into_owned())
}

#[test]
fn the_dashboards_are_those_that_the_generator_writes() {
    assert_eq!(complaint("python3", &["grafana/generate.py", "--check"]), None);
}

#[test]
fn grafanas_own_types_take_them() {
    for name in NAMES {
        let file = format!("grafana/dashboards/{name}.json");
        let told = complaint("jsonschema", &["-i", &file, "grafana/schema/dashboard.schema.json"]);
        assert_eq!(told, None, "{file}");
    }
}

#[test]
fn grafanas_own_types_refuse_what_is_wrong() {
    let wrong = [
        ("/panels/0/gridPos/h", json!("big")),
        ("/panels/0/fieldConfig/defaults/color/mode", json!("loud")),
        ("/templating/list/1/definition", json!("unknown")),
    ];
    for (place, value) in wrong {
        let mut json: Value =
            serde_json::from_str(&read("grafana/dashboards/overview.json")).expect("JSON");
        let (parent, key) = place.rsplit_once('/').expect("a place");
        json.pointer_mut(parent).expect("a parent")[key] = value;
        let file = tempfile::NamedTempFile::new().expect("room for a file");
        std::fs::write(file.path(), json.to_string()).expect("room for a file");
        let path = file.path().to_str().expect("a path");
        let told = complaint("jsonschema", &["-i", path, "grafana/schema/dashboard.schema.json"]);
        assert!(told.is_some(), "{place} passes");
    }
}

#[test]
fn every_dashboard_can_be_provisioned_and_linked_to() {
    for Dashboard { name, json } in Dashboard::all() {
        assert_eq!(json["uid"], format!("azure-billing-{name}"));
        assert_eq!(json["id"], Value::Null, "{name}");
        assert_eq!(json["editable"], false, "{name}");
        assert_eq!(json["schemaVersion"], 39, "{name}");
        assert_eq!(json["timezone"], "utc", "{name}");
        assert_eq!(json["version"], Value::Null, "{name}");
        assert!(json["tags"].as_array().is_some_and(|tags| !tags.is_empty()), "{name}");
        assert!(text(&json["description"]).len() > 40, "{name}");
        let raw = json.to_string();
        assert!(!raw.contains("__inputs") && !raw.contains("${DS_"), "{name} waits for an import");
        let links = json["links"].as_array().expect("links");
        let urls: BTreeSet<_> = links.iter().map(|link| text(&link["url"])).collect();
        let others = NAMES.into_iter().filter(|other| *other != name);
        assert_eq!(urls, others.map(|other| format!("/d/azure-billing-{other}")).collect());
        for link in links {
            assert_eq!(link["includeVars"], true, "{name}");
            // History shows years, the others the present: neither works with the other's time
            // range.
            let years = name == "history" || text(&link["url"]).ends_with("history");
            assert_eq!(link["keepTime"], !years, "{name}");
        }
    }
}

#[test]
fn every_variable_is_explained_and_follows_the_data_source() {
    for dashboard in Dashboard::all() {
        let variables = dashboard.variables();
        assert_eq!(variables[0]["name"], "datasource");
        assert_eq!(variables[0]["label"], "Data source");
        assert_eq!(variables[0]["query"], "prometheus");
        for variable in variables {
            let name = format!("{}: {}", dashboard.name, variable["name"]);
            assert!(!text(&variable["label"]).is_empty(), "{name}");
            assert!(text(&variable["description"]).len() > 10, "{name}");
            if variable["type"] == "query" {
                assert_eq!(variable["datasource"]["uid"], "${datasource}", "{name}");
                assert_eq!(variable["refresh"], 2, "{name} stays as it was when time goes on");
                assert_eq!(variable["multi"], variable["includeAll"], "{name}");
            }
        }
    }
}

#[test]
fn every_panel_is_explained_and_has_a_unit() {
    for dashboard in Dashboard::all() {
        let mut titles = BTreeSet::new();
        for panel in dashboard.panels() {
            let title = text(&panel["title"]);
            let name = format!("{}: {title}", dashboard.name);
            assert!(!title.is_empty() && titles.insert(title.clone()), "{name}");
            assert!(text(&panel["description"]).len() > 20, "{name}");
            assert_eq!(panel["datasource"]["uid"], "${datasource}", "{name}");
            let defaults = &panel["fieldConfig"]["defaults"];
            assert!(!text(&defaults["unit"]).is_empty(), "{name} has no unit");
            assert!(!text(&defaults["noValue"]).is_empty(), "{name} says nothing of nothing");
            let targets = panel["targets"].as_array().expect("targets");
            assert!(!targets.is_empty(), "{name}");
            for target in targets {
                assert_eq!(target["datasource"]["uid"], "${datasource}", "{name}");
                let expression = text(&target["expr"]);
                assert_ne!(target["instant"], target["range"], "{name}");
                // A rate depends on the scrape interval, which Grafana knows.
                assert!(
                    !expression.contains("rate(") || expression.contains("$__rate_interval"),
                    "{name}"
                );
                // Without its currency a cost could be in any.
                let money = expression.contains("currency=\"$currency\"");
                assert_eq!(money, dashboard.name != "exporter" && money, "{name}");
            }
        }
    }
}

#[test]
fn no_panel_lies_on_another() {
    for dashboard in Dashboard::all() {
        let place = |panel: &Value| {
            ["x", "y", "w", "h"].map(|side| panel["gridPos"][side].as_i64().expect("a number"))
        };
        let places: Vec<_> = dashboard.panels().iter().map(place).collect();
        for (index, [x, y, w, h]) in places.iter().enumerate() {
            assert!(*x >= 0 && *w > 0 && x + w <= 24 && *h > 0, "{}: {index}", dashboard.name);
            for [other_x, other_y, other_w, other_h] in &places[..index] {
                let beside = x + w <= *other_x || other_x + other_w <= *x;
                let beneath = y + h <= *other_y || other_y + other_h <= *y;
                assert!(beside || beneath, "{}: panel {index}", dashboard.name);
            }
        }
        let ids: BTreeSet<_> =
            dashboard.panels().iter().map(|panel| &panel["id"]).map(Value::as_i64).collect();
        assert_eq!(ids.len(), places.len(), "{}", dashboard.name);
    }
}

#[test]
fn the_files_for_provisioning_find_them() {
    let parsed = |file: &str| -> Value {
        serde_saphyr::from_str(&read(&format!("grafana/provisioning/{file}"))).expect("YAML")
    };
    let sources = parsed("datasources/prometheus.yml");
    assert_eq!(sources["apiVersion"], 1);
    assert_eq!(sources["datasources"][0]["type"], "prometheus");
    let providers = parsed("dashboards/azure-billing.yml");
    assert_eq!(providers["apiVersion"], 1);
    let provider = &providers["providers"][0];
    assert_eq!(provider["type"], "file");
    assert_eq!(provider["allowUiUpdates"], false);
    assert!(text(&provider["options"]["path"]).starts_with('/'));
}
