//! A dashboard as Grafana reads it: its panels, their queries, and the values of its variables.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use regex_lite::Regex;
use serde_json::Value;

use crate::families::read;
use crate::prometheus::query;

pub(crate) const NAMES: [&str; 4] = ["overview", "explore", "history", "exporter"];

/// The time that the range queries look back.
const RANGE: &str = "1095d";

pub(crate) struct Dashboard {
    pub(crate) name: &'static str,
    pub(crate) json: Value,
}

/// One query of a panel.
pub(crate) struct Asked {
    pub(crate) panel: String,
    pub(crate) expression: String,
    /// True if it covers the time that is shown, not only its end.
    pub(crate) range: bool,
    /// The least seconds between two points.
    pub(crate) step: i64,
}

/// The values of the variables within an expression.
pub(crate) type Values = BTreeMap<String, String>;

impl Dashboard {
    pub(crate) fn all() -> Vec<Self> {
        let parsed = |text: &str| serde_json::from_str(text).expect("JSON");
        let json = |name: &str| parsed(&read(&format!("grafana/dashboards/{name}.json")));
        NAMES.map(|name| Self { name, json: json(name) }).into()
    }

    pub(crate) fn panels(&self) -> &[Value] {
        self.json["panels"].as_array().expect("panels")
    }

    pub(crate) fn variables(&self) -> &[Value] {
        self.json["templating"]["list"].as_array().expect("variables")
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        let of_panel = |panel: &Value| {
            let title = text(&panel["title"]);
            let step = if panel["interval"] == "1d" { 86_400 } else { 60 };
            let panel_name = format!("{}: {title}", self.name);
            let targets = panel["targets"].as_array().cloned().unwrap_or_default();
            targets.into_iter().map(move |target| Asked {
                panel: panel_name.clone(),
                expression: text(&target["expr"]),
                range: target["range"] == true,
                step,
            })
        };
        self.panels().iter().flat_map(of_panel).collect()
    }

    /// Returns the value of each variable at a moment, where `chosen` has what the user picked.
    /// Without a choice it is "All", or the first of the list.
    pub(crate) fn values(
        &self,
        prometheus: SocketAddr,
        at: i64,
        chosen: &[(&str, &[&str])],
    ) -> Values {
        let built_in = [("__range", RANGE), ("__rate_interval", "1m")];
        let mut values: Values =
            built_in.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        for variable in self.variables() {
            let name = text(&variable["name"]);
            if name == "datasource" {
                continue;
            }
            let picked = chosen.iter().find(|(picked, _)| *picked == name);
            let options = options(variable, &values, prometheus, at);
            let value = match (picked, variable["multi"] == true) {
                (Some((_, picked)), true) => alternatives(picked.iter().copied()),
                (Some((_, picked)), false) => picked.concat(),
                (None, true) => variable["allValue"].as_str().map_or_else(
                    || alternatives(options.iter().map(String::as_str)),
                    str::to_owned,
                ),
                (None, false) => options.first().cloned().unwrap_or_default(),
            };
            values.insert(name, value);
        }
        values
    }
}

/// Joins several values as Grafana writes them into a matcher. No value matches only series without
/// such a label.
fn alternatives<'a>(values: impl Iterator<Item = &'a str>) -> String {
    let escaped = values.map(|value| value.replace('.', "\\\\."));
    format!("({})", escaped.collect::<Vec<_>>().join("|"))
}

/// Returns the values on offer, in their order.
fn options(variable: &Value, values: &Values, prometheus: SocketAddr, at: i64) -> Vec<String> {
    if variable["type"] == "custom" {
        return text(&variable["query"]).split(',').map(str::to_owned).collect();
    }
    let asked = substituted(&text(&variable["query"]["query"]), values);
    if let Some(arguments) = asked.strip_prefix("label_values(") {
        let (selector, label) = arguments.trim_end_matches(')').rsplit_once(", ").expect("a label");
        let samples = query(prometheus, &format!("group by ({label}) ({selector})"), Some(at));
        let found = samples.into_iter().filter_map(|mut sample| sample.labels.remove(label));
        let mut found: Vec<String> = found.collect();
        found.sort();
        return found;
    }
    let expression = asked.strip_prefix("query_result(").and_then(|rest| rest.strip_suffix(')'));
    let samples = query(prometheus, expression.expect("a way to ask"), Some(at));
    let pattern = text(&variable["regex"]);
    let pattern = Regex::new(pattern.trim_matches('/')).expect("a pattern");
    let mut found = Vec::new();
    for sample in samples {
        let labels = sample.labels.iter().map(|(name, value)| format!("{name}=\"{value}\""));
        let shown = format!("{{{}}} 1 {at}000", labels.collect::<Vec<_>>().join(","));
        let captured = pattern.captures(&shown).unwrap_or_else(|| panic!("{pattern}: {shown}"));
        let value = captured.name("value").or_else(|| captured.get(1)).expect("a value");
        if !found.contains(&value.as_str().to_owned()) {
            found.push(value.as_str().to_owned());
        }
    }
    found
}

/// Returns an expression with the values of its variables.
pub(crate) fn substituted(expression: &str, values: &Values) -> String {
    let mut result = expression.to_owned();
    // Longer names come first: one may begin with another.
    for (name, value) in values.iter().rev() {
        result = result.replace(&format!("${name}"), value);
    }
    let unknown = Regex::new(r"\$[a-z_{]").expect("a pattern");
    assert!(!unknown.is_match(&result), "an unknown variable: {result}");
    result
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
