//! `/statement`: what is asked for, as pages in Chromium and as JSON, and nothing else.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::chromium::{Chromium, LOOKS};
use crate::page::{FAINT, FITS, demo};
use crate::process::get;

/// Returns the statements that are served for a query.
fn statements(address: &str, query: &str) -> Vec<Value> {
    let (code, text) = get(address, &format!("/statement?format=json{query}"));
    assert_eq!(code, 200, "{query}: {text}");
    text.lines().map(|line| serde_json::from_str(line).expect("an object a line")).collect()
}

#[test]
fn a_statement_is_that_of_the_scope_and_the_month_and_all_are_served_without() {
    let (_demo, url) = demo();
    let address = url.trim_start_matches("http://").trim_end_matches('/');
    // The month before is read after the open one.
    let is_over = |it: &Value| it["state"] != "open" || it["total"] != Value::Null;
    let deadline = Instant::now() + Duration::from_secs(60);
    let newest = loop {
        let newest = statements(address, "");
        let months: BTreeSet<String> = newest.iter().map(|it| it["period"].to_string()).collect();
        if newest.len() == 4 && months.len() == 1 && newest.iter().all(is_over) {
            break newest;
        }
        assert!(Instant::now() < deadline, "{newest:?}");
        std::thread::sleep(Duration::from_millis(200));
    };
    let scopes: Vec<&str> = newest.iter().filter_map(|it| it["scope"].as_str()).collect();
    assert!(scopes.contains(&"demo-contoso") && scopes.contains(&"demo-engineering"), "{scopes:?}");
    let month = newest[0]["period"].as_str().expect("a month").to_owned();
    assert!(newest.iter().all(|it| it["period"] == month.as_str()), "the month that is over");
    let one = statements(address, &format!("&scope=demo-engineering&period={month}"));
    assert_eq!(one.len(), 1);
    assert_eq!((&one[0]["scope"], &one[0]["period"]), (&json!("demo-engineering"), &json!(month)));
    let sum = |name: &str| one[0]["currencies"][0]["total"][name].as_f64();
    assert!(sum("rows") > Some(0.0), "{one:?}");
    for query in
        ["scope=demo", "scope=demo-contoso&period=1999-12", "period=2026-13", "x=1", "format=xml"]
    {
        let (code, text) = get(address, &format!("/statement?{query}"));
        assert_eq!(code, 404, "{query}");
        assert!(text.starts_with("There is no such statement."), "{text}");
        assert!(!text.contains("1999") && !text.contains("xml"), "nothing is sent back: {text}");
    }
}

#[test]
fn the_page_of_statements_can_be_read_in_every_size_and_colour() {
    let (_demo, url) = demo();
    let mut chromium = Chromium::start();
    for look in LOOKS {
        chromium.look(look);
        chromium.open(&format!("{url}statement"));
        chromium.screenshot(&format!("statements-{}", look.name));
        let text = chromium.visible_text();
        for expected in ["Statements", "demo-contoso, ", "Difference", "total", "In no row", "JSON"]
        {
            assert!(text.contains(expected), "{}: {expected:?} in\n{text}", look.name);
        }
        assert_eq!(chromium.value(FITS), true, "{}", look.name);
        assert_eq!(chromium.value(FAINT), json!([]), "{}", look.name);
        assert_eq!(chromium.complaints, [""; 0]);
    }
    // Each link leads to a statement.
    let links = "[...document.querySelectorAll('main nav a')].map(a => a.href)";
    let links = chromium.value(links);
    let links: Vec<&str> =
        links.as_array().expect("links").iter().filter_map(Value::as_str).collect();
    assert!(links.len() >= 4, "{links:?}");
    for link in links {
        let path = link.strip_prefix(url.trim_end_matches('/')).expect("a link of this server");
        let address = url.trim_start_matches("http://").trim_end_matches('/');
        assert_eq!(get(address, path).0, 200, "{link}");
    }
}
