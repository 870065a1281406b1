//! The receivers of alerts, and the alerts that are inhibited.

use std::collections::BTreeSet;

use crate::families::read;
use crate::rules::{alerts, tool};

const CONFIG: &str = "deploy/alertmanager/alertmanager.yml";

#[test]
fn amtool_finds_nothing_to_complain_about() {
    let told = tool("amtool", &["check-config", CONFIG]).expect("a configuration");
    assert!(told.contains("4 inhibit rules"), "{told}");
}

#[test]
fn every_alert_goes_where_its_severity_team_and_scope_say() {
    let table: [(&[&str], &str); 9] = [
        (&["team=finops", "severity=critical", "scope=contoso"], "finops-urgent"),
        (&["team=finops", "severity=warning", "scope=contoso"], "finops"),
        (&["team=finops", "severity=info", "scope=contoso"], "finops"),
        (&["team=platform", "severity=critical"], "platform-urgent"),
        (&["team=platform", "severity=warning", "scope=contoso"], "platform"),
        (&["team=platform", "severity=info", "scope=contoso"], "platform"),
        (&["team=finops", "severity=warning", "scope=department/1234"], "retail-mail,finops"),
        (
            &["team=finops", "severity=critical", "scope=department/1234"],
            "retail-mail,finops-urgent",
        ),
        (&["alertname=Other"], "platform"),
    ];
    for (labels, receivers) in table {
        let verify = format!("--verify.receivers={receivers}");
        let config = format!("--config.file={CONFIG}");
        let arguments = [&["config", "routes", "test", &config, &verify][..], labels].concat();
        if let Err(told) = tool("amtool", &arguments) {
            panic!("{labels:?} is not for {receivers}: {told}");
        }
    }
}

#[test]
fn only_alerts_that_exist_withhold_or_are_withheld() {
    let text = read(CONFIG);
    let alerts = alerts();
    let mut named = BTreeSet::new();
    for matcher in text.lines().filter(|line| line.contains("_matchers:")) {
        let value = matcher.split('"').nth(1).expect("a value").to_owned();
        let (start, rest) = value.split_once('(').unwrap_or(("", &value));
        named.extend(rest.trim_end_matches(')').split('|').map(|name| format!("{start}{name}")));
    }
    assert!(named.len() >= 10, "{named:?}");
    assert!(named.is_subset(&alerts), "{named:?}");
}

#[test]
fn no_secret_stands_in_the_configuration() {
    let text = read(CONFIG);
    for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
        let secret = ["password", "credentials", "token", "secret", "api_key"];
        let key = line.split(':').next().unwrap_or_default();
        let is_secret = secret.iter().any(|word| key.contains(word)) && !key.ends_with("_file");
        assert!(!is_secret, "{line}");
    }
}
