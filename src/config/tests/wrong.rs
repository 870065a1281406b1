//! Bad files, and their errors: key, line, and remedy.

use std::path::Path;

use super::{SHORTEST, complaint};
use crate::config::{Config, Environment};

/// Bad lines in front of a good scope, and the errors for them.
const WRONG_VALUES: &[(&str, &str)] = &[
    (
        "poll:\n  intervall: 4h\n",
        "config.yaml:2: poll.intervall: unknown key; did you mean `interval`? Allowed here: \
         interval, overlap, full_refresh, verified_refresh, previous_period_until, day_complete_after, \
         report_after_pages, report_min_interval",
    ),
    (
        "web: {}\n",
        "config.yaml:1: web: unknown key; allowed here: azure, scopes, poll, metrics, budgets, control, state",
    ),
    ("interval: 4h\n", "config.yaml:1: interval: unknown key; it belongs under `poll`"),
    ("azure:\n  poll: {}\n", "config.yaml:2: azure.poll: unknown key; it belongs at the top level"),
    (
        "poll:\n  overlap: 5d\n\n  overlap: 6d\n",
        "config.yaml:4: poll.overlap: is given twice, first on line 2; keep one",
    ),
    ("poll: [4h]\n", "config.yaml:1: poll: must be a mapping of keys, such as `interval: …`"),
    (
        "poll:\n  interval:\n",
        "config.yaml:2: poll.interval: has no value; give it one, or remove the key",
    ),
    (
        "poll: {interval: [4h]}\n",
        "config.yaml:1: poll.interval: must be a single value, not a list",
    ),
    (
        "poll: {interval: {a: b}}\n",
        "config.yaml:1: poll.interval: must be a single value, not a mapping of keys",
    ),
    (
        "poll: {interval: 5s}\n",
        "config.yaml:1: poll.interval: 5s is too short: Azure refreshes the data about every 4 \
         hours; use 10s or more",
    ),
    (
        "poll: {interval: 300}\n",
        "config.yaml:1: poll.interval: `300` has no unit; write a number with its unit: 90s, \
         15m, 4h, 5d or 1h30m",
    ),
    (
        "poll: {interval: often}\n",
        "config.yaml:1: poll.interval: `often` is not a span of time; write a number with its \
         unit: 90s, 15m, 4h, 5d or 1h30m",
    ),
    (
        "poll: {interval: 2y}\n",
        "config.yaml:1: poll.interval: `2y` is not a span of time; write a number with its \
         unit: 90s, 15m, 4h, 5d or 1h30m",
    ),
    (
        "poll: {interval: -4h}\n",
        "config.yaml:1: poll.interval: `-4h` is not a span of time; write a number with its \
         unit: 90s, 15m, 4h, 5d or 1h30m",
    ),
    ("poll: {interval: 400d}\n", "config.yaml:1: poll.interval: `400d` is more than a year"),
    ("poll: {interval: 0s}\n", "config.yaml:1: poll.interval: `0s` is zero; use 1s or more"),
    (
        "poll: {overlap: 36h}\n",
        "config.yaml:1: poll.overlap: `36h` is not a number of whole days; write for example 5d",
    ),
    ("poll: {overlap: 32d}\n", "config.yaml:1: poll.overlap: 32d is out of range; use 1d to 31d"),
    (
        "poll: {full_refresh: 59m}\n",
        "config.yaml:1: poll.full_refresh: 59m is too short: it reads the whole month and \
         spends quota; use 1h or more",
    ),
    (
        "poll: {previous_period_until: 61d}\n",
        "config.yaml:1: poll.previous_period_until: 61d is out of range; use 1d to 60d",
    ),
    (
        "poll: {day_complete_after: 15d}\n",
        "config.yaml:1: poll.day_complete_after: 15d is too long: no day would count as \
         complete for weeks; use 14d or less",
    ),
    (
        "poll: {day_complete_after: -1h}\n",
        "config.yaml:1: poll.day_complete_after: `-1h` is not a span of time; write a number \
         with its unit: 90s, 15m, 4h, 5d or 1h30m",
    ),
    (
        "azure: {cloud: publik}\n",
        "config.yaml:1: azure.cloud: `publik` is not known; did you mean `public`? Allowed \
         here: public, us_government, china",
    ),
    (
        "azure: {endpoint: http://management.azure.com}\n",
        "config.yaml:1: azure.endpoint: would send tokens in clear text; use https (http \
         works only to 127.0.0.1, [::1] and localhost)",
    ),
    (
        "azure: {endpoint: management.azure.com}\n",
        "config.yaml:1: azure.endpoint: is not an address; write for example \
         https://management.azure.com",
    ),
    (
        "azure: {endpoint: 'ftp://management.azure.com'}\n",
        "config.yaml:1: azure.endpoint: must begin with https://, for example \
         https://management.azure.com",
    ),
    (
        "azure: {endpoint: 'https://me:hunter2@management.azure.com'}\n",
        "config.yaml:1: azure.endpoint: must not contain a user name or password; see azure.auth",
    ),
    (
        "azure: {endpoint: 'https://management.azure.com/?sig=hunter2'}\n",
        "config.yaml:1: azure.endpoint: must end after the host and port, for example \
         https://management.azure.com",
    ),
    (
        "azure: {authority_host: 'http://localhost:1'}\n",
        "config.yaml:1: azure.authority_host: must begin with https://, for example \
         https://login.microsoftonline.com",
    ),
    (
        "azure: {usage_details_api_version: 2021-13-01}\n",
        "config.yaml:1: azure.usage_details_api_version: `2021-13-01` is not an API version; \
         write YYYY-MM-DD or YYYY-MM-DD-preview, for example \"2021-10-01\"",
    ),
    (
        "azure: {requests_per_minute: {department: 0}}\n",
        "config.yaml:1: azure.requests_per_minute.department: `0` is not a whole number of \
         requests; use 1 or more",
    ),
    (
        "azure: {requests_per_minute: {department: 2.5}}\n",
        "config.yaml:1: azure.requests_per_minute.department: `2.5` is not a whole number of \
         requests; use 1 or more",
    ),
    (
        "control: {query: on}\n",
        "config.yaml:1: control.query: `on` is not known; allowed here: auto, off",
    ),
    (
        "control: {requests_per_minute: 0}\n",
        "config.yaml:1: control.requests_per_minute: `0` is not a whole number of requests; use \
         1 or more",
    ),
    (
        "poll: {report_after_pages: 0}\n",
        "config.yaml:1: poll.report_after_pages: `0` is not a number of pages; use 1 to 10000",
    ),
    (
        "poll: {report_min_interval: 1h}\n",
        "config.yaml:1: poll.report_min_interval: 1h is too short: Azure has no new data \
         earlier; use 4h or more",
    ),
    (
        "metrics: {instances: {max_series: 1e6}}\n",
        "config.yaml:1: metrics.instances.max_series: `1e6` is not a number of series; use a \
         whole number up to 1000000, or 0 to turn the family off",
    ),
    (
        "azure: {cloud: us_government, endpoint: 'https://management.azure.com'}\n",
        "config.yaml:1: azure.endpoint: is that of cloud `public`, and azure.cloud is \
         `us_government`; remove the key, and set `cloud: public` if that is meant",
    ),
    (
        "azure: {authority_host: 'https://login.chinacloudapi.cn/'}\n",
        "config.yaml:1: azure.authority_host: is that of cloud `china`, and azure.cloud is \
         `public`; remove the key, and set `cloud: china` if that is meant",
    ),
    (
        "metrics: {instances: {max_series: 10,000}}\n",
        "config.yaml:1: metrics.instances.max_series: is cut by a comma, which begins a new key \
         between braces; write 10000",
    ),
    (
        "metrics: {instances: {max_series: 100,000,000}, tags: {max_series: 10}}\n",
        "config.yaml:1: metrics.instances.max_series: is cut by a comma, which begins a new key \
         between braces; write 100000000",
    ),
    (
        "budgets:\n- {name: shop, amount: 10,000, currency: USD}\n",
        "config.yaml:2: budgets[0].amount: is cut by a comma, which begins a new key between \
         braces; write 10000",
    ),
    (
        "metrics:\n  instances:\n    max_series: 10,000\n",
        "config.yaml:3: metrics.instances.max_series: `10,000` is not a number of series; use a \
         whole number up to 1000000, or 0 to turn the family off",
    ),
    (
        "azure:\n  auth:\n    method: client_secret\n    tenant_id: t\n    client_id: c\n    client_secret: ${CLIENT_SECRET}\n",
        "config.yaml:6: azure.auth.client_secret: names a variable, but variables are not \
         replaced in this file; write the value itself, give a secret by its `…_file` key or the \
         AZURE_… variables, or fill the file in beforehand (envsubst)",
    ),
    (
        "azure: {endpoint: 'https://${HOST:-management.azure.com}'}\n",
        "config.yaml:1: azure.endpoint: names a variable, but variables are not replaced in this \
         file; write the value itself, give a secret by its `…_file` key or the AZURE_… variables, or fill \
         the file in beforehand (envsubst)",
    ),
    (
        "azure: {auth: {method: token, token: $TOKEN}}\n",
        "config.yaml:1: azure.auth.token: names a variable, but variables are not replaced in this \
         file; write the value itself, give a secret by its `…_file` key or the AZURE_… variables, or fill \
         the file in beforehand (envsubst)",
    ),
    (
        "state: {path: /}\n",
        "config.yaml:1: state.path: must name a file, not a directory; write for example \
         /var/lib/azure-billing-exporter/state.redb",
    ),
];

#[test]
fn wrong_values_are_named_with_their_key_line_and_remedy() {
    for (lines, expected) in WRONG_VALUES {
        assert_eq!(complaint(&format!("{lines}{SHORTEST}")), *expected, "{lines}");
    }
}

/// Bad files, and the errors for them.
const WRONG_SCOPES: &[(&str, &str)] = &[
    (
        "{}",
        "config.yaml: scopes: there is nothing to read; add an element, for example \
         `- department: \"1234\"`",
    ),
    (
        "# nothing\nscopes:\n",
        "config.yaml:2: scopes: there is nothing to read; add an element, for example \
         `- department: \"1234\"`",
    ),
    (
        "scopes: {department: 1}\n",
        "config.yaml:1: scopes: must be a list; start each element with `- `",
    ),
    (
        "scopes:\n- 1234\n",
        "config.yaml:2: scopes[0]: must be a mapping of keys, such as `billing_account: …`",
    ),
    (
        "scopes:\n- name: shop\n",
        "config.yaml:2: scopes[0]: does not say which scope; add one of billing_account, \
         department, enrollment_account, subscription",
    ),
    (
        "scopes:\n- department: 1\n  subscription: 2\n",
        "config.yaml:2: scopes[0]: has both `department` and `subscription`; make each a list \
         element",
    ),
    (
        "scopes:\n- department: 1\n- department: a/b\n",
        "config.yaml:3: scopes[1].department: `a/b` is not an id of this type; use the \
         department's number, digits only",
    ),
    (
        "scopes:\n- department: 1e3\n",
        "config.yaml:2: scopes[0].department: `1e3` is not an id of this type; use the \
         department's number, digits only",
    ),
    (
        "scopes:\n- enrollment_account: 'a:b'\n",
        "config.yaml:2: scopes[0].enrollment_account: `a:b` is not an id of this type; use \
         the account's number, digits only",
    ),
    (
        "scopes:\n- billing_account: 'a:b?c'\n",
        "config.yaml:2: scopes[0].billing_account: the value is not an id of this type; use \
         the enrollment number, digits only, or the id of a customer agreement with its colons",
    ),
    (
        "scopes:\n- subscription: 1234\n",
        "config.yaml:2: scopes[0].subscription: `1234` is not an id of this type; use a GUID \
         such as 00000000-0000-0000-0000-000000000000",
    ),
    (
        "scopes:\n- department: /providers/Microsoft.Billing/billingAccounts/123/departments/456\n",
        "config.yaml:2: scopes[0].department: is a whole path; write the id alone, \"456\", and \
         `enrollment: \"123\"` beside it",
    ),
    (
        "scopes:\n- billing_account: providers/microsoft.billing/BillingAccounts/123/enrollmentAccounts/456/\n",
        "config.yaml:2: scopes[0].billing_account: is the path of another type of scope; write \
         `enrollment_account: \"456\"`",
    ),
    (
        "scopes:\n- billing_account: ' /providers/Microsoft.Billing/billingAccounts/123\n\n  '\n",
        "config.yaml:2: scopes[0].billing_account: is a whole path; write the id alone, \"123\"",
    ),
    (
        "scopes:\n- {department: 1, enrollment: /providers/Microsoft.Billing/billingAccounts/123}\n",
        "config.yaml:2: scopes[0].enrollment: is a whole path; write the id alone, \"123\"",
    ),
    (
        "scopes:\n- subscription: /subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/shop\n",
        "config.yaml:2: scopes[0].subscription: is a whole path; write the id alone, \
         \"00000000-0000-0000-0000-000000000000\"",
    ),
    (
        "scopes:\n- department: /subscriptions/00000000-0000-0000-0000-000000000000\n",
        "config.yaml:2: scopes[0].department: is the path of another type of scope; write \
         `subscription: \"00000000-0000-0000-0000-000000000000\"`",
    ),
    (
        "scopes:\n- billing_account: /providers/Microsoft.Management/managementGroups/contoso\n",
        "config.yaml:2: scopes[0].billing_account: is the path of a management group; Azure bills \
         no management groups; use `billing_account` for all of an enrollment, or list each \
         `subscription`",
    ),
    (
        // A value in the place of an id is quoted only if it is one.
        "scopes:\n- department: /providers/Microsoft.Billing/departments/a?b\n",
        "config.yaml:2: scopes[0].department: the value is not an id of this type; use the \
         department's number, digits only",
    ),
    (
        "scopes:\n- management_group: contoso\n  department: 1\n",
        "config.yaml:2: scopes[0].management_group: unknown key; Azure bills no management groups; \
         use `billing_account` for all of an enrollment, or list each `subscription`",
    ),
    (
        "scopes:\n- {department: 1, cost: amortised}\n",
        "config.yaml:2: scopes[0].cost: `amortised` is not known; did you mean `amortized`? \
         Allowed here: actual, amortized",
    ),
    (
        "scopes:\n- {department: 1, read: report}\n",
        "config.yaml:2: scopes[0].read: `report` is not known; allowed here: auto, \
         usage_details, cost_details",
    ),
    (
        "scopes:\n- {department: 1, cost_allocation: include}\n",
        "config.yaml:2: scopes[0].cost_allocation: `include` needs `read: cost_details` beside \
         it: only reports have these rows",
    ),
    (
        "scopes:\n- {department: 1, name: ' shop'}\n",
        "config.yaml:2: scopes[0].name: must not be empty, begin or end with a blank; give a \
         short word",
    ),
    (
        "scopes:\n- {department: 1, name: \"a\\tb\"}\n",
        "config.yaml:2: scopes[0].name: must not contain control characters; give a short word",
    ),
    (
        "scopes:\n- {department: 1, name: 2026}\n",
        "config.yaml:2: scopes[0].name: is read as a number; put it in quotes",
    ),
    (
        "scopes:\n- {department: 1, name: a}\n- {department: 1, name: b}\n",
        "config.yaml:3: scopes[1]: `department/1` is the same scope as scopes[0] (line 2); \
         remove one, or give it the other `cost`",
    ),
    (
        "scopes:\n- {department: 1, name: a}\n- {department: 2, name: a}\n",
        "config.yaml:3: scopes[1]: the name `a` is already that of scopes[0] (line 2); give \
         one of them another `name`",
    ),
];

#[test]
fn wrong_scopes_are_named_with_their_place_and_remedy() {
    for (yaml, expected) in WRONG_SCOPES {
        assert_eq!(complaint(yaml), *expected, "{yaml}");
    }
    let long = complaint(&format!("scopes: [{{department: 1, name: {}}}]", "x".repeat(101)));
    assert_eq!(long, "config.yaml:1: scopes[0].name: has 101 characters; use 100 or fewer");
}

#[test]
fn a_whole_path_as_a_flag_gets_the_form_that_it_should_have() {
    let said = |flag: &str| {
        let none = Environment::default();
        Config::from_flags(&[flag.to_owned()], &none).unwrap_err().to_string()
    };
    let path = "/providers/Microsoft.Billing/billingAccounts/123/departments/456";
    let expected = "--scope: is the path of a resource; write --scope department/456";
    assert_eq!(said(path), expected);
    assert_eq!(said(&format!("department/{path}")), expected);
    assert_eq!(said(&format!("billing_account{path}")), expected);
    assert!(said("management_group/x").contains("Azure bills no management groups"));
}

#[test]
fn the_mark_that_some_editors_begin_a_file_with_is_no_part_of_it() {
    let marked = format!("\u{feff}metrics: {{instances: {{max_series: 1.5}}}}\n{SHORTEST}");
    let expected = "config.yaml:1: metrics.instances.max_series: `1.5` is not a number of series";
    assert!(complaint(&marked).starts_with(expected), "{}", complaint(&marked));
    assert_eq!(super::load(&format!("\u{feff}{SHORTEST}")).unwrap().scopes.len(), 1);
}

#[test]
fn what_only_looks_like_a_variable_is_a_value() {
    for name in ["a$b", "$5", "5 $", "${", "${}", "$ {a}", "{a}", "${a b}", "$2y$10$abc"] {
        let yaml = format!("scopes: [{{department: 1, name: '{name}'}}]\n");
        assert_eq!(super::load(&yaml).unwrap().scopes[0].label, name);
    }
    for name in ["$A", "${A}", "x${a_1}y", "${A:-b}", "${A-b}"] {
        let yaml = format!("scopes: [{{department: 1, name: '{name}'}}]\n");
        assert!(complaint(&yaml).contains("names a variable"), "{name}");
    }
}

#[test]
fn amortized_cost_needs_an_api_version_that_has_it() {
    let yaml = "azure:\n  usage_details_api_version: 2018-06-30\nscopes:\n  - {department: 1234, cost: amortized}\n";
    let expected = "config.yaml:1: azure.usage_details_api_version: 2018-06-30 has actual cost only, and scope `department/1234/amortized` asks for amortized; use 2019-10-01 or later, or remove `cost: amortized`";
    assert_eq!(complaint(yaml).trim_end(), expected);
}

#[test]
fn what_is_no_yaml_is_told_by_its_line() {
    let remedy = "check the indentation, the blank after each `:`, and that a value with special \
                  characters is in quotes";
    let broken = complaint("poll:\n  interval: 4h\n overlap: 5d\n");
    assert!(broken.starts_with("config.yaml:3: is not valid YAML: "), "{broken}");
    assert!(broken.ends_with(remedy), "{broken}");
    assert_eq!(
        complaint(&format!("{SHORTEST}---\n{SHORTEST}")),
        "config.yaml:3: contains a second YAML document; keep one, without a `---` after it"
    );
    assert_eq!(
        complaint("hello\n"),
        "config.yaml:1: must be a mapping of keys, such as `azure: …`"
    );
    let nothing = "config.yaml: scopes: there is nothing to read; add an element, for example \
                   `- department: \"1234\"`";
    assert_eq!(complaint(""), nothing);
    assert_eq!(complaint("# nothing yet\n"), nothing);
}

#[test]
fn all_problems_are_told_at_once_in_the_order_of_the_file() {
    let yaml =
        "poll:\n  interval: 1s\nscopes:\n- {department: x, cost: no}\nazure:\n  cloud: moon\n";

    let complaint = complaint(yaml);

    let starts: Vec<&str> =
        complaint.lines().map(|line| line.split(": ").nth(1).unwrap()).collect();
    assert_eq!(starts, ["poll.interval", "scopes[0].cost", "scopes[0].department", "azure.cloud"]);
}

#[test]
fn a_file_that_is_no_text_is_told_so() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), b"scopes: \xff").unwrap();
    let error = Config::from_file(file.path(), &Environment::default()).unwrap_err().to_string();
    assert!(error.ends_with(": is not UTF-8 text; save it as UTF-8"), "{error}");
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let error = Config::from_file(Path::new("/nonexistent/a.yaml"), &Environment::default());
    assert_eq!(
        error.unwrap_err().to_string(),
        "/nonexistent/a.yaml: cannot be read: No such file or directory (os error 2); give the \
         path of a readable YAML file"
    );
}
