//! All queries of the dashboards, sent to a real Prometheus.

use std::net::SocketAddr;

use serde_json::Value;
use url::form_urlencoded;

use crate::dashboard::{Asked, Dashboard, substituted};
use crate::prometheus::{query, send};
use crate::world::World;

/// Returns the seconds that a range query looks back: months need years, rates only recent scrapes.
fn span(asked: &Asked) -> i64 {
    if asked.step == 86_400 { 3 * 365 * 86_400 } else { 600 }
}

/// Returns the series of an answer, sorted, without the order of a ranking.
fn answer(server: SocketAddr, asked: &Asked, expression: &str, now: i64) -> Vec<String> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("query", expression);
    let path = if asked.range {
        for (name, value) in [("start", now - span(asked)), ("end", now), ("step", asked.step)] {
            form.append_pair(name, &value.to_string());
        }
        "query_range"
    } else {
        form.append_pair("time", &now.to_string());
        "query"
    };
    let answered = send(server, "GET", &format!("/api/v1/{path}?{}", form.finish()), b"");
    let body = answered.unwrap_or_else(|error| panic!("{}: {error}\n{expression}", asked.panel));
    let body: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(body["status"], "success", "{}: {body}", asked.panel);
    let result = body["data"]["result"].as_array().expect("series");
    let mut series: Vec<String> = result.iter().map(rounded).collect();
    series.sort();
    series
}

/// Rounds values: PromQL adds floats in no fixed order, so that the last digits may differ.
fn rounded(series: &Value) -> String {
    let digits = |value: &Value| {
        let number: f64 = value.as_str().and_then(|text| text.parse().ok()).expect("a number");
        // The remainder of equal sums that were subtracted counts as 0.
        if number.abs() < 1e-6 { "0".to_owned() } else { format!("{number:.9e}") }
    };
    let points = match series["values"].as_array() {
        Some(points) => {
            points.iter().map(|point| format!("{} {}", point[0], digits(&point[1]))).collect()
        }
        None => vec![digits(&series["value"][1])],
    };
    format!("{} {}", series["metric"], points.join(", "))
}

/// Returns whether the expression uses a family of the open period that has no row yet, as on the
/// first of a month, or one of days that differ, of which there may be none. The exposition decides,
/// not the calendar.
fn without_rows(expression: &str, exposition: &str) -> bool {
    const OF_ROWS: [&str; 11] = [
        "account_pretax_cost",
        "subscription_pretax_cost",
        "resource_group_pretax_cost",
        "location_pretax_cost",
        "cost_center_pretax_cost",
        "service_pretax_cost",
        "tag_pretax_cost",
        "instance_pretax_cost",
        "meter_usage_quantity",
        "day_difference_pretax_cost",
        "balances_difference_pretax_cost",
    ];
    OF_ROWS.iter().any(|family| {
        let name = format!("azure_billing_{family}{{");
        expression.contains(&name) && !exposition.contains(&format!("\n{name}"))
    })
}

/// Returns whether the expression is a share of a cost that is still 0.
fn without_cost(expression: &str, exposition: &str) -> bool {
    let enrollment = "\nazure_billing_instance_pretax_cost{scope=\"demo-contoso\"";
    !exposition.contains(enrollment)
        && expression.contains("azure_billing_scope_pretax_cost{")
        && expression.contains(" > 0)")
}

#[test]
fn every_panel_has_an_answer_and_a_second_target_changes_none() {
    let world = World::start();
    let [once, twice] = [&world.once, &world.twice].map(|server| server.address());
    for dashboard in Dashboard::all() {
        let values = dashboard.values(once, world.now, &[]);
        assert_eq!(values, dashboard.values(twice, world.now, &[]), "variables");
        for asked in dashboard.asked() {
            let expression = substituted(&asked.expression, &values);
            let answered = answer(once, &asked, &expression, world.now);
            let excused = without_rows(&asked.expression, &world.exposition)
                || without_cost(&asked.expression, &world.exposition);
            assert!(excused || !answered.is_empty(), "{} is empty: {expression}", asked.panel);
            let doubled = answer(twice, &asked, &expression, world.now);
            assert_eq!(answered, doubled, "{}: {expression}", asked.panel);
        }
    }
    only_what_may_be_added_is_counted(once, world.now);
    money_is_the_enrollments(once, &world);
}

/// A nested scope is counted only if it is alone: its money is in the enrollment, or may be in
/// another's.
fn only_what_may_be_added_is_counted(server: SocketAddr, now: i64) {
    let [enrollment, department, other] = ["demo-contoso", "demo-operations", "demo-retail"];
    let cases: [(&[&str], &str); 4] = [
        (&[enrollment, department, other], "(demo-contoso)"),
        (&[enrollment], "(demo-contoso)"),
        (&[department], "(demo-operations)"),
        (&[department, other], "()"),
    ];
    for dashboard in Dashboard::all().iter().filter(|dashboard| dashboard.name != "exporter") {
        let all = dashboard.values(server, now, &[]);
        assert_eq!(all["counted"], "(demo-contoso)", "{}", dashboard.name);
        assert_eq!(all["currency"], "USD", "{}", dashboard.name);
        for (chosen, counted) in cases {
            let values = dashboard.values(server, now, &[("scope", chosen)]);
            assert_eq!(values["counted"], counted, "{}: {chosen:?}", dashboard.name);
        }
    }
}

/// The first number of the first dashboard is the sum of the exposition.
fn money_is_the_enrollments(server: SocketAddr, world: &World) {
    let dashboards = Dashboard::all();
    let asked =
        dashboards[0].asked().into_iter().find(|asked| asked.panel.contains("Cost to date"));
    let asked = asked.expect("the first number");
    for (scope, currency) in [("demo-contoso", "USD"), ("demo-operations", "EUR")] {
        let chosen: [(&str, &[&str]); 2] = [("scope", &[scope]), ("currency", &[currency])];
        let values = dashboards[0].values(server, world.now, &chosen);
        let expression = substituted(&asked.expression, &values);
        let shown = &query(server, &expression, Some(world.now))[0].value;
        let shown: f64 = shown.parse().expect("a number");
        let of_scope = format!("azure_billing_scope_pretax_cost{{scope=\"{scope}\"");
        let of_currency = format!("currency=\"{currency}\"}} ");
        let exposed = world.exposition.lines().filter(|line| line.starts_with(&of_scope));
        let exposed = exposed.filter_map(|line| line.split_once(&of_currency));
        let total: f64 = exposed.map(|(_, value)| value.parse::<f64>().expect("a number")).sum();
        assert!((shown - total).abs() <= 1e-9 * total.abs(), "{scope}: {shown} is not {total}");
    }
}
