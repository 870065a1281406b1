//! `check --online`: one row for each scope within about a minute, whatever Azure answers.

use std::thread::sleep;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::process::run;
use crate::routed::{head, serve};
use crate::serve::configuration;

/// Returns today: `check` requests the newest days.
#[expect(clippy::disallowed_methods, reason = "the program under test goes by the real time")]
fn today() -> String {
    Timestamp::now().strftime("%Y-%m-%d").to_string()
}

fn path(file: &tempfile::NamedTempFile) -> &str {
    file.path().to_str().expect("a path")
}

fn row() -> String {
    let today = today();
    format!(
        r#"{{"properties":{{"date":"{today}","cost":12.5,"quantity":3,"unitOfMeasure":"1 Hour","billingCurrency":"EUR"}}}}"#
    )
}

/// Returns rows of on-demand usage that cost nothing, with a price or without.
fn free(rows: usize, price: &str) -> String {
    let today = today();
    let row = format!(
        r#"{{"properties":{{"date":"{today}","cost":0,{price}"quantity":3,"billingCurrency":"EUR"}}}}"#
    );
    vec![row; rows].join(",")
}

fn page(rows: &str) -> String {
    format!("200 OK\r\nx: x\n{{\"value\":[{rows}]}}")
}

const NO_CLAIMS: &str = "401 Unauthorized\n{\"error\":{\"code\":\"401\",\"message\":\"No claims present for the caller in the system\"}}";

/// Returns an endpoint that answers by a part of the path: a status with headers, and after a line
/// end the body; or nothing at all.
fn answering(answers: Vec<(&'static str, String)>) -> String {
    serve(move |path, endpoint, to| {
        assert!(path.contains("$top=1000&") && path.contains("$filter="), "{path}");
        let answer = answers.iter().find(|(part, _)| path.contains(part));
        let Some((status, body)) = answer.and_then(|(_, answer)| answer.rsplit_once('\n')) else {
            sleep(Duration::from_secs(60));
            return Ok(());
        };
        head(to, status.trim_end())?;
        to.write_all(body.replace("ENDPOINT", endpoint).as_bytes())
    })
}

#[test]
fn check_online_asks_each_scope_and_says_what_to_do() {
    let more = format!("200 OK\n{{\"nextLink\":\"ENDPOINT/next\",\"value\":[{}]}}", row());
    let endpoint = answering(vec![
        ("departments/1/", page(&row())),
        ("enrollmentAccounts/2/", NO_CLAIMS.to_owned()),
        ("billingAccounts/3/", page("")),
        ("subscriptions/", more),
    ]);
    let scopes = "  - {department: \"1\"}\n  - {enrollment_account: \"2\"}\n  - {billing_account: \"3\", name: all}\n  - {subscription: 00000000-0000-0000-0000-000000000001, name: subscription}";
    let file = configuration(&endpoint, scopes);
    let (code, output, error) = run(&["check", "--online", "--config.file", path(&file)], &[]);
    assert_eq!(code, 1, "{error}");
    let lines: Vec<&str> = output.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(lines[0], "configuration: valid, 4 scopes");
    assert_eq!(lines[1], "identity: a ready token");
    let table = [
        "SCOPE                 TOKEN   PERMISSION     NEWEST DAY   ROWS (7 DAYS)",
        "department/1          ok      ok             TODAY        1",
        "enrollment_account/2  ok      denied         -            -",
        "  not allowed: HTTP 401 \"No claims present for the caller in the system\"",
        "  -> assign EnrollmentReader (24f8edb6-1668-4659-b5e2-40bb5f3a7d7e) or, for departments, DepartmentReader (db609904-a47f-4794-9be8-9bd86fbffd8a) to the object id of the enterprise application, not of the app registration",
        "all                   ok      ok             none         0",
        "  -> no usage in the last 7 days; a new enrollment takes up to two days, else check the id of the scope",
        "subscription          ok      ok             TODAY+       1+",
    ];
    let today = today();
    let expected: Vec<String> = table
        .iter()
        .map(|line| line.replace("TODAY+     ", &format!("{today}+")).replace("TODAY     ", &today))
        .collect();
    assert_eq!(lines[3..], expected, "{output}");
}

#[test]
fn check_online_ends_in_its_time_with_a_row_a_scope_and_the_seconds_that_azure_asks_for() {
    let busy = |status: &str, seconds: u32| {
        let wait = format!(
            "{status}\r\nx-ms-ratelimit-microsoft.consumption-tenant-retry-after: {seconds}"
        );
        format!("{wait}\n{{\"error\":{{\"code\":\"429\",\"message\":\"Too many requests.\"}}}}")
    };
    let endpoint = answering(vec![
        ("departments/", busy("429 Too Many Requests", 514)),
        ("billingAccounts/4/", busy("503 Service Unavailable", 300)),
        ("subscriptions/", page(&row())),
    ]);
    // The enrollment account gets no answer at all. Either department may be the one that is asked
    // first, and the other then waits with it.
    let scopes = "  - {enrollment_account: \"3\"}\n  - {department: \"1\"}\n  - {department: \"2\"}\n  - {billing_account: \"4\"}\n  - {subscription: 00000000-0000-0000-0000-000000000001, name: subscription}";
    let file = configuration(&endpoint, scopes);
    let began = Instant::now();
    let arguments = ["check", "--online", "--timeout", "8s", "--config.file", path(&file)];
    let (code, output, error) = run(&arguments, &[]);
    let took = began.elapsed();
    println!("5 scopes, 4 of them without an answer: {:.1} s", took.as_secs_f64());
    assert_eq!(code, 1, "{error}");
    assert!(took < Duration::from_secs(30), "{took:?}");
    let rows: Vec<&str> = output.lines().filter(|line| line.contains("  ok  ")).collect();
    for (row, (scope, permission)) in rows.iter().zip([
        ("enrollment_account/3", "-"),
        ("department/1", "throttled"),
        ("department/2", "throttled"),
        ("billing_account/4", "throttled"),
        ("subscription", "ok"),
    ]) {
        let cells: Vec<&str> = row.split_whitespace().collect();
        assert_eq!((cells[0], cells[2]), (scope, permission), "{output}");
    }
    assert_eq!(rows.len(), 5, "{output}");
    assert!(output.contains("timed out: no answer within 8 s"), "{output}");
    assert!(output.contains("HTTP 429 \"Too many requests.\"; next call in 514 s"), "{output}");
    assert!(output.contains("Azure asked to wait; next call in 51"), "{output}");
    assert!(output.contains("next call in 300 s"), "{output}");
}

#[test]
fn check_online_says_which_scopes_the_quota_leaves_unasked() {
    let endpoint = answering(vec![("departments/", page(&row()))]);
    let scopes: String = (1..=5).map(|id| format!("  - {{department: \"{id}\"}}\n")).collect();
    let file = configuration(&endpoint, &scopes);
    let text = std::fs::read_to_string(file.path()).expect("the file");
    let text = text.replace("department: 100", "department: 2");
    std::fs::write(file.path(), text).expect("the file can be written");
    let arguments = ["check", "--online", "--timeout", "30s", "--config.file", path(&file)];
    let (code, output, error) = run(&arguments, &[]);
    assert_eq!(code, 1, "{error}");
    let cells = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let unasked = output.lines().filter(|line| line.contains("not asked  "));
    let unasked: Vec<String> = unasked.map(|line| cells(line)[0].clone()).collect();
    assert_eq!(unasked, ["department/3", "department/4", "department/5"], "{output}");
    let why = "-> no request within 30 s: azure.requests_per_minute allows 2 a minute for the type department; --timeout 150s is enough for all of them";
    assert!(output.contains(why), "{output}");
}

#[test]
fn check_online_finds_hidden_charges_as_serve_does_and_says_what_it_cannot_tell() {
    let endpoint = answering(vec![
        ("departments/1/", page(&free(100, r#""effectivePrice":0.5,"#))),
        ("departments/2/", page(&free(100, ""))),
        ("departments/3/", page(&free(99, r#""effectivePrice":0.5,"#))),
        ("departments/4/", page(&free(100, ""))),
        ("departments/5/", page(&[free(200, r#""effectivePrice":0.5,"#), row()].join(","))),
    ]);
    let scopes = "  - {department: \"1\"}\n  - {department: \"2\"}\n  - {department: \"3\"}\n  - {department: \"4\", charges: free}\n  - {department: \"5\"}\n";
    let file = configuration(&endpoint, scopes);
    let (code, output, error) = run(&["check", "--online", "--config.file", path(&file)], &[]);
    assert_eq!(code, 1, "{error}");
    let (_, table) = output.split_once("SCOPE").expect("a table");
    let lines: Vec<&str> = table.lines().skip(1).collect();
    for (line, starts) in lines.iter().zip([
        "department/1  ok      no charges",
        "  charges are hidden: all 100 rows of usage cost 0, although 100 of them name a price",
        "  -> ask an enterprise administrator",
        "department/2  ok      ok ",
        "  -> warning: 100 rows of usage cost 0 and name no price, charges may be hidden",
        "department/3  ok      ok ",
        "  -> all 99 rows of usage cost 0: too few to know whether charges are hidden",
        "department/4  ok      ok ",
        "department/5  ok      ok ",
    ]) {
        assert!(line.starts_with(starts), "{starts}: {output}");
    }
    assert_eq!(lines.len(), 9, "{output}");
}

#[test]
fn check_online_warns_of_a_budget_in_a_currency_that_is_not_billed() {
    let endpoint = answering(vec![("departments/1/", page(&row()))]);
    let file = configuration(&endpoint, "  - {department: \"1\"}");
    let mut text = std::fs::read_to_string(file.path()).expect("the file");
    text.push_str("budgets:\n  - {name: shop, amount: 9000, currency: USD}\n  - {name: all, amount: 9000, currency: EUR}\n");
    std::fs::write(file.path(), text).expect("the file can be written");
    let (code, output, error) = run(&["check", "--online", "--config.file", path(&file)], &[]);
    assert_eq!(code, 0, "{output}{error}");
    let warnings: Vec<&str> = output.lines().filter(|line| line.contains("warning")).collect();
    assert_eq!(warnings.len(), 1, "{output}");
    assert!(
        warnings[0].contains("budget `shop` is in USD, and the scope is billed in EUR"),
        "{output}"
    );
}
