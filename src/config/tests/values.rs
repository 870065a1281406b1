//! Good files and flags, and what is read from them.

use std::time::Duration;

use secrecy::ExposeSecret;

use super::{SHORTEST, load, load_with};
use crate::billing::scope::{CostType, ScopeType};
use crate::config::{Auth, Cloud, Config, Control, Environment, ManagedIdentity, Poll, Read};

const FULL: &str = r#"
azure:
  cloud: us_government
  endpoint: http://127.0.0.1:10541
  usage_details_api_version: "2019-04-01-preview"
  requests_per_minute: {billing_account: 30, subscription: 12}
  auth:
    method: token
    token: opaque
scopes:
  - billing_account: "8611537"
    name: contoso
  - billing_account: 8611537
    cost: amortized
  - department: 0042
  - enrollment_account: "5678"
  - subscription: AAAAAAAA-0000-0000-0000-00000000000F
  - billing_account: ab12:cd_2019-05-31
poll:
  interval: 1h30m
  overlap: 31d
  full_refresh: 2d
  previous_period_until: 60d
  day_complete_after: 0h
control: {query: off, charges: auto, requests_per_minute: 5}
"#;

#[test]
fn a_full_file_is_read_as_it_is_written() {
    let config = load(FULL).unwrap();

    assert_eq!(config.azure.cloud, Cloud::UsGovernment);
    assert_eq!(config.azure.endpoint.as_str(), "http://127.0.0.1:10541/");
    assert_eq!(config.azure.authority_host.as_str(), "https://login.microsoftonline.us/");
    assert_eq!(config.azure.api_version.as_str(), "2019-04-01-preview");
    let quotas = ScopeType::ALL.map(|kind| config.azure.requests_per_minute.of(kind));
    assert_eq!(quotas, [30, 2, 2, 12]);
    assert!(matches!(config.azure.auth, Auth::Token(_)));
    let labels: Vec<&str> = config.scopes.iter().map(|scope| scope.label.as_str()).collect();
    assert_eq!(
        labels,
        [
            "contoso",
            "billing_account/8611537/amortized",
            "department/0042",
            "enrollment_account/5678",
            "subscription/aaaaaaaa-0000-0000-0000-00000000000f",
            "billing_account/ab12:cd_2019-05-31",
        ]
    );
    assert_eq!(config.scopes[0].id.cost, CostType::Actual);
    assert_eq!(config.poll.interval, Duration::from_secs(5400));
    assert_eq!(config.poll.overlap_days, 31);
    assert_eq!(config.poll.full_refresh, Duration::from_secs(2 * 86_400));
    assert_eq!(config.poll.previous_period_until_days, 60);
    assert_eq!(config.poll.day_complete_after, Duration::ZERO);
    let control = Control { query: false, balances: true, charges: true, requests_per_minute: 5 };
    assert_eq!(config.control, control);
}

#[test]
fn what_is_not_written_has_its_documented_default() {
    let expected = Poll {
        verified_refresh: Duration::from_secs(7 * 86_400),
        interval: Duration::from_secs(4 * 3600),
        overlap_days: 5,
        full_refresh: Duration::from_secs(24 * 3600),
        previous_period_until_days: 35,
        day_complete_after: Duration::from_secs(72 * 3600),
        report_after_pages: 30,
        report_min_interval: Duration::from_secs(24 * 3600),
    };
    for yaml in [SHORTEST, "azure:\npoll:\nscopes:\n- department: '1234'\n"] {
        let config = load(yaml).unwrap();
        assert_eq!(config.azure.endpoint.as_str(), "https://management.azure.com/");
        assert_eq!(config.azure.authority_host.as_str(), "https://login.microsoftonline.com/");
        assert_eq!(config.azure.api_version.as_str(), "2021-10-01");
        let quotas = ScopeType::ALL.map(|kind| config.azure.requests_per_minute.of(kind));
        assert_eq!(quotas, [6, 2, 2, 6]);
        let auth = &config.azure.auth;
        assert!(matches!(auth, Auth::ManagedIdentity(ManagedIdentity::System)));
        assert_eq!(config.poll, expected);
        let control =
            Control { query: true, balances: true, charges: true, requests_per_minute: 30 };
        assert_eq!(config.control, control);
    }
}

#[test]
fn clear_text_is_for_this_machine_only() {
    for endpoint in ["http://localhost:1", "http://127.8.9.1:1/", "http://[::1]:1", "https://a.b"] {
        load(&format!("azure: {{endpoint: '{endpoint}'}}\n{SHORTEST}")).unwrap();
    }
}

#[test]
fn the_authority_of_the_environment_gives_way_to_the_file() {
    let host = |yaml: &str, variable: &str| {
        let config = load_with(yaml, &[("AZURE_AUTHORITY_HOST", variable)]).unwrap();
        (config.azure.cloud, config.azure.authority_host.to_string())
    };
    let china = "https://login.chinacloudapi.cn/";

    assert_eq!(host(SHORTEST, china), (Cloud::China, china.to_owned()));
    let private = "https://login.example/".to_owned();
    assert_eq!(host(SHORTEST, &private), (Cloud::Public, private.clone()));
    let own = format!("azure: {{authority_host: '{private}'}}\n{SHORTEST}");
    assert_eq!(host(&own, china), (Cloud::Public, private));
    let cloud = format!("azure: {{cloud: us_government}}\n{SHORTEST}");
    let government = "https://login.microsoftonline.us/".to_owned();
    assert_eq!(host(&cloud, china), (Cloud::UsGovernment, government));
}

#[test]
fn flags_need_no_file() {
    let flags = ["department/1234", "department/1234/amortized", "billing_account/8611537"];
    let flags = flags.map(str::to_owned);

    let config = Config::from_flags(&flags, &Environment::default()).unwrap();

    let labels: Vec<&str> = config.scopes.iter().map(|scope| scope.label.as_str()).collect();
    assert_eq!(labels, flags);
    assert_eq!(config.poll, Poll::default());
}

#[test]
fn a_wrong_flag_says_what_to_write() {
    let complaint = |flags: &[&str]| {
        let flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
        Config::from_flags(&flags, &Environment::default()).unwrap_err().to_string()
    };
    assert_eq!(
        complaint(&["1234"]),
        "--scope: `1234` is not a scope; write TYPE/ID, for example department/1234"
    );
    assert_eq!(
        complaint(&["departmnt/1234"]),
        "--scope: `departmnt/1234` has no known type; did you mean `department`? Allowed here: \
         billing_account, department, enrollment_account, subscription"
    );
    assert_eq!(
        complaint(&["department/12x4"]),
        "--scope: `department/12x4`: `12x4` is not an id of this type; use the department's \
         number, digits only"
    );
    assert_eq!(
        complaint(&["department/1", "department/1"]),
        "--scope department/1: is given twice; remove one"
    );
    assert_eq!(
        complaint(&[]),
        "--scope: there is nothing to read; give for example --scope department/1234"
    );
}

#[test]
fn only_a_proxy_of_this_machine_may_hear_the_machines_own_identity() {
    for (variable, proxy, expected) in [
        ("HTTP_PROXY", "http://127.0.0.1:3128", Some("http://127.0.0.1:3128")),
        ("http_proxy", "http://localhost:3128", Some("http://localhost:3128")),
        ("HTTP_PROXY", "http://proxy.contoso.example.com:3128", None),
        ("HTTP_PROXY", "http://10.0.0.1:3128", None),
        ("HTTPS_PROXY", "http://127.0.0.1:3128", None),
        ("HTTP_PROXY", "no address", None),
    ] {
        let found = load_with(SHORTEST, &[(variable, proxy)]).unwrap().azure.local_proxy;
        assert_eq!(
            found.as_ref().map(|proxy| proxy.expose_secret()),
            expected,
            "{variable}={proxy}"
        );
    }
}

#[test]
fn a_relative_state_file_lies_beside_the_configuration() {
    for (text, path) in [
        ("state: {path: state.redb}\n", Some("state.redb")),
        ("state: {path: /var/lib/x/state.redb}\n", Some("/var/lib/x/state.redb")),
        ("state:\n", None),
        ("", None),
    ] {
        let config = load(&format!("{text}{SHORTEST}")).unwrap();
        assert_eq!(config.state_path.as_deref(), path.map(std::path::Path::new), "{text}");
    }
}

#[test]
fn a_state_file_whose_directory_is_missing_is_warned_of() {
    let warnings = |path: &str| {
        let config = load(&format!("state: {{path: {path}}}\n{SHORTEST}")).unwrap();
        config.warnings.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let told = "config.yaml:1: state.path: is in a directory that does not exist here, /nowhere; \
                create it, for the user that runs serve";
    assert_eq!(warnings("/nowhere/state.redb"), [told]);
    assert_eq!(warnings("state.redb"), [""; 0]);
    let there = tempfile::tempdir().unwrap();
    let file = there.path().join("state.redb");
    assert_eq!(warnings(file.to_str().unwrap()), [""; 0]);
}

#[test]
fn a_scope_says_by_which_api_it_is_read() {
    let read = |lines: &str| {
        let scope =
            load(&format!("scopes:\n- {{department: 1{lines}}}\n")).unwrap().scopes.remove(0);
        (scope.read, scope.cost_allocation)
    };
    assert_eq!(read(""), (Read::Auto, false));
    assert_eq!(read(", read: usage_details"), (Read::UsageDetails, false));
    assert_eq!(read(", read: cost_details, cost_allocation: exclude"), (Read::CostDetails, false));
    assert_eq!(read(", read: cost_details, cost_allocation: include"), (Read::CostDetails, true));
}
