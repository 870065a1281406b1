//! Rows that can be read but are unusual: huge texts, many names, amounts and dates at their
//! limits. The program is the real one, over real sockets; no poll loop may end.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use azure_billing_exporter::billing::period::{Period, day_of};
use azure_billing_exporter::poller::Clock;
use regex_lite::Regex;
use tempfile::TempDir;

use crate::process::{Running, get, run};
use crate::routed::{head, serve};

/// Much longer than anything here takes.
const LIMIT: Duration = Duration::from_secs(240);
const LONGEST: usize = 1024;

/// Returns an endpoint whose list has the rows of a function, dated on the first of the requested
/// days, and no late rows.
fn list(rows: impl Fn(&str) -> String + Send + Sync + 'static) -> String {
    serve(move |path, _, to| {
        head(to, "200 OK")?;
        let day = if path.contains("usageStart%20lt") { None } else { first_day(path) };
        let rows = day.map_or(String::new(), |day| rows(&day));
        to.write_all(format!("{{\"value\":[{rows}]}}").as_bytes())
    })
}

/// Reads `billingPeriods/202611` or `usageStart ge '2026-11-20'`.
fn first_day(path: &str) -> Option<String> {
    if let Some((_, period)) = path.split_once("billingPeriods/") {
        return Some(format!("{}-{}-01", period.get(..4)?, period.get(4..6)?));
    }
    let (_, day) = path.split_once("ge%20%27")?;
    day.get(..10).map(str::to_owned)
}

fn configuration(folder: &Path, endpoint: &str, more: &str) -> String {
    let file = folder.join("config.yaml");
    let text = format!(
        "azure:\n  endpoint: {endpoint}\n  requests_per_minute: {{department: 60000}}\n  auth: {{method: token, token: a-token}}\nscopes:\n  - {{department: \"1234\", name: shop, read: usage_details}}\nmetrics: {{tags: {{keys: [team]}}}}\n{more}"
    );
    std::fs::write(&file, text).expect("the file can be written");
    file.to_str().expect("a path").to_owned()
}

/// Starts a program that serves, and returns its address too.
fn started(config: &str) -> (Running, String) {
    let mut program =
        Running::start(&["serve", "--config.file", config, "--web.listen-address", "127.0.0.1:0"]);
    let address = program.address();
    (program, address)
}

/// Returns the metrics, as soon as they contain a line.
fn metrics_with(address: &str, wanted: &str) -> String {
    let began = Instant::now();
    loop {
        let (_, text) = get(address, "/metrics");
        if text.lines().any(|line| line.starts_with(wanted)) {
            return text;
        }
        assert!(began.elapsed() < LIMIT, "no {wanted} after {LIMIT:?}");
        sleep(Duration::from_millis(50));
    }
}

const READ: &str = "azure_billing_poll_part_success{scope=\"shop\",part=\"previous\"} 1";

/// Returns the labels and the value of each series of a family.
fn series(text: &str, family: &str) -> Vec<(BTreeMap<String, String>, f64)> {
    let label = Regex::new(r#"(\w+)="([^"]*)""#).expect("a pattern");
    let lines = text.lines().filter(|line| line.starts_with(&format!("{family}{{")));
    let read = |line: &str| {
        let labels = label.captures_iter(line).map(|it| (it[1].to_owned(), it[2].to_owned()));
        let value = line.rsplit_once("} ").expect("a value").1;
        let value = value.split(' ').next().expect("a value").parse().expect("a number");
        (labels.collect(), value)
    };
    lines.map(read).collect()
}

/// Returns the values of a label of a family.
fn values(text: &str, family: &str, label: &str) -> BTreeSet<String> {
    series(text, family).into_iter().filter_map(|(mut labels, _)| labels.remove(label)).collect()
}

/// Returns two rows whose texts are long and differ in their last letter, if at all.
fn long_rows(day: &str) -> String {
    let row = |end: &str, cost: u32| {
        let long = |what: &str| format!("{what}{}{end}", "é".repeat(2000));
        let id = format!(
            "/subscriptions/{}/resourceGroups/{}/providers/x/y/{}",
            long("s"),
            long("g"),
            long("n")
        );
        format!(
            r#"{{"tags":{{"team":"{}"}},"properties":{{"date":"{day}","cost":{cost},"quantity":1,"billingCurrency":"EUR","resourceId":"{id}","subscriptionName":"{}","resourceLocation":"{}","invoiceSection":"{}","accountName":"{}","costCenter":"{}","meterDetails":{{"meterCategory":"{}","meterSubCategory":"{}","meterName":"{}","unitOfMeasure":"{}"}},"publisherType":"{}","pricingModel":"{}"}}}}"#,
            long("Team"),
            long("name"),
            long("location"),
            long("Department"),
            long("Account"),
            long("center"),
            long("Service"),
            long("Sub"),
            long("Meter"),
            long("unit"),
            long("publisher"),
            long("model"),
        )
    };
    [row("a", 1), row("b", 2), row("B", 4)].join(",")
}

/// Families with the same total, each with the label that is cut.
const ENTITIES: [(&str, &str); 9] = [
    ("azure_billing_instance_pretax_cost", "instance_id"),
    ("azure_billing_account_pretax_cost", "department"),
    ("azure_billing_subscription_pretax_cost", "subscription_id"),
    ("azure_billing_resource_group_pretax_cost", "resource_group"),
    ("azure_billing_location_pretax_cost", "location"),
    ("azure_billing_cost_center_pretax_cost", "cost_center"),
    ("azure_billing_service_pretax_cost", "service_name"),
    ("azure_billing_tag_pretax_cost", "value"),
    ("azure_billing_scope_pretax_cost", "publisher_type"),
];

#[test]
fn long_texts_are_cut_alike_everywhere_and_what_differs_beyond_stays_apart() {
    let folder = TempDir::new().expect("a folder");
    let config = configuration(folder.path(), &list(long_rows), "");
    let (_program, address) = started(&config);
    let text = metrics_with(&address, READ);
    let all = Regex::new(r#"="([^"]*)""#).expect("a pattern");
    let longest = all.captures_iter(&text).map(|it| it[1].len()).max();
    println!("{} bytes of metrics, the longest value has {longest:?}", text.len());
    // One less where the cut would split a letter.
    assert!(matches!(longest, Some(1023..=LONGEST)));
    for (family, label) in ENTITIES {
        let costs: BTreeMap<String, f64> = series(&text, family)
            .into_iter()
            .map(|(labels, cost)| (labels[label].clone(), cost))
            .collect();
        let costs: Vec<f64> = costs.into_values().collect();
        assert!(costs == [1.0, 6.0] || costs == [6.0, 1.0], "{family}: {costs:?}");
    }
    let (_, page) = get(&address, "/");
    let shown = Regex::new(r">([^<]*)<").expect("a pattern");
    let longest =
        shown.captures_iter(&page).map(|it| it[1].len()).filter(|length| *length < 5000).max();
    println!("{} bytes of page, the longest text has {longest:?}", page.len());
    let services = values(&text, "azure_billing_service_pretax_cost", "service_name");
    assert!(services.iter().all(|name| page.contains(name) && name.len() <= LONGEST));
    // The previous period and history have the same names.
    let month = Period::of(day_of(Clock::system().now())).before().to_string();
    let output = folder.path().join("history.txt");
    let (code, _, log) = run(
        &[
            "backfill",
            "--config.file",
            &config,
            "--from",
            &month,
            "--to",
            &month,
            "--output",
            output.to_str().expect("a path"),
        ],
        &[],
    );
    assert_eq!(code, 0, "{log}");
    let history = std::fs::read_to_string(output).expect("history");
    for (what, label) in [
        ("account", "department"),
        ("account", "account"),
        ("service", "service_name"),
        ("subscription", "subscription_name"),
    ] {
        let family = format!("azure_billing_{what}_pretax_cost");
        let live = values(&text, &family, label);
        assert_eq!(values(&history, &family, label), live, "{family}");
        let before = format!("azure_billing_{what}_previous_period_pretax_cost");
        assert_eq!(values(&text, &before, label), live, "{before}");
    }
}

/// Returns rows that all differ in one field.
fn many(rows: usize, field: &'static str) -> impl Fn(&str) -> String {
    move |day| {
        let row = |number: usize| {
            let currency =
                if field == "billingCurrency" { "" } else { r#""billingCurrency":"EUR","# };
            format!(
                r#"{{"tags":{{"team":"t{number}"}},"properties":{{"date":"{day}",{currency}"{field}":"X{number}","cost":1,"quantity":1,"unitOfMeasure":"1","resourceId":"/subscriptions/s/resourceGroups/g/providers/x/{}"}}}}"#,
                number % 100
            )
        };
        (0..rows).map(row).collect::<Vec<_>>().join(",")
    }
}

/// Returns the processor seconds of a program, which other users of the machine do not change.
fn processor_time(id: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).expect("a running process");
    let (_, fields) = stat.rsplit_once(')').expect("a name");
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let ticks = fields[11..13].iter().map(|ticks| ticks.parse::<f64>().expect("a number"));
    ticks.sum::<f64>() / 100.0
}

/// Returns the cost of reading and publishing so many names.
fn cost_of(names: usize, field: &'static str) -> f64 {
    let folder = TempDir::new().expect("a folder");
    let budgets = "budgets:\n  - {name: all, amount: 1, currency: EUR}\n  - {name: one, amount: 1, currency: EUR, only: {service: X1}}\n";
    let config = configuration(folder.path(), &list(many(names, field)), budgets);
    let began = Instant::now();
    let (program, address) = started(&config);
    let text = metrics_with(&address, READ);
    let (read, took) = (began.elapsed(), processor_time(program.id()));
    let began = Instant::now();
    let (status, page) = get(&address, "/");
    assert_eq!(status, 200);
    println!(
        "{names} x {field}: read twice and published in {took:.1} s of processor time, {:.1} s in all, {} MiB; the page in {:.2} s, {} KiB",
        read.as_secs_f64(),
        program.peak_memory() >> 20,
        began.elapsed().as_secs_f64(),
        page.len() >> 10,
    );
    let cost: f64 = series(&text, "azure_billing_scope_pretax_cost").iter().map(|it| it.1).sum();
    assert_eq!(cost, names as f64, "{field}");
    took
}

/// Ten times as many names cost some twelve times as much. It was 46 times while each currency was
/// searched among all others.
#[test]
fn many_names_in_one_answer_cost_linear_time() {
    for field in ["billingCurrency", "consumedService", "invoiceSection"] {
        let (few, many) = (cost_of(2_000, field), cost_of(20_000, field));
        assert!(many < 20.0 * few, "{field}: {few} s and {many} s");
    }
}

/// Returns rows at the limits of what can be read, and one ordinary row.
fn edges(day: &str) -> String {
    let plain = format!(r#"{{"properties":{{"date":"{day}","cost":1,"billingCurrency":"EUR"}}}}"#);
    let nines = "9".repeat(30);
    let tags: Vec<String> = (0..1_000_000).map(|number| format!(r#""k{number}":"v""#)).collect();
    let dated = [
        "9999-12-31", "-009999-01-01", "0000-01-01", "0001-01-01", "1970-01-01", "12/31/9999", "01/01/0000",
        "2026-02-30", "aééééééé", "9999-12-31T23:59:59.9999999Z",
    ]
    .map(|date| {
        format!(
            r#"{{"properties":{{"date":"{date}","billingPeriodStartDate":"{date}","cost":0.5,"billingCurrency":"XAA"}}}}"#
        )
    });
    let sized = [
        format!("{nines}.{nines}999999"), format!("-{nines}"), "1e29".to_owned(), "1e-400".to_owned(), "-0".to_owned(),
        format!("0.{}1", "0".repeat(200)), "1E+0000000000000000029".to_owned(),
    ]
    .map(|cost| {
        // Each often enough for its sum to exceed a short amount.
        let row = format!(
            r#"{{"properties":{{"date":"{day}","cost":{cost},"quantity":{cost},"billingCurrency":"XAB"}}}}"#
        );
        [row.as_str(); 100].join(",")
    });
    let empty = [
        "{}",
        r#"{"properties":{}}"#,
        r#"{"properties":null,"tags":null}"#,
        r#"{"tags":{"":"","team":""},"properties":{"date":"","cost":0,"billingCurrency":"","resourceId":"","meterDetails":{}}}"#,
        r#"{"properties":{"resourceId":"/","instanceId":"//","resourceName":"/","cost":0.25,"billingCurrency":"XAC"}}"#,
        r#"{"properties":{"resourceId":"/subscriptions//resourceGroups//providers//","cost":0.25,"billingCurrency":"XAC"}}"#,
    ];
    let tagged = format!(
        r#"{{"tags":{{{},"team":"last"}},"properties":{{"date":"{day}","cost":2,"billingCurrency":"EUR"}}}}"#,
        tags.join(",")
    );
    let all = [&[plain, tagged][..], &dated, &sized, &empty.map(str::to_owned)].concat();
    all.join(",")
}

#[test]
fn rows_at_the_ends_of_what_can_be_read_end_no_poll_loop() {
    let folder = TempDir::new().expect("a folder");
    let state = format!(
        "poll: {{interval: 10s}}\nstate: {{path: {}/state.redb}}\n",
        folder.path().display()
    );
    let config = configuration(folder.path(), &list(edges), &state);
    let (mut program, address) = started(&config);
    let text = metrics_with(&address, READ);
    let euros: Vec<f64> = series(&text, "azure_billing_scope_pretax_cost")
        .into_iter()
        .filter(|(labels, _)| labels["currency"] == "EUR")
        .map(|(_, cost)| cost)
        .collect();
    assert_eq!(euros, [3.0], "what is plain counts as ever");
    let teams = series(&text, "azure_billing_tag_pretax_cost");
    assert!(
        teams.iter().any(|(labels, cost)| labels["value"] == "last" && *cost == 2.0),
        "{teams:?}"
    );
    let huge = series(&text, "azure_billing_scope_pretax_cost");
    assert!(
        huge.iter().any(|(labels, cost)| labels["currency"] == "XAB" && *cost > 1e31),
        "{huge:?}"
    );
    // The next poll reads these days alone, and replaces them.
    let polls = "azure_billing_polls_total{scope=\"shop\"} 2";
    metrics_with(&address, polls);
    assert_eq!(get(&address, "/-/healthy").0, 200);
    println!("{} MiB", program.peak_memory() >> 20);
    program.signal("TERM");
    assert!(program.end().success());
    let log = program.lines_to_the_end();
    assert!(!log.iter().any(|line| line.contains("panicked")), "{log:#?}");
    // The stored days are read again, and published.
    let (mut program, address) = started(&config);
    metrics_with(&address, "azure_billing_scope_pretax_cost{scope=\"shop\",charge_type=\"usage\"");
    assert_eq!(get(&address, "/").0, 200);
    program.signal("TERM");
    assert!(program.end().success());
}
