//! Secrets are planted wherever the exporter takes one, used, and searched for wherever it shows
//! anything.
//!
//! Another place to search is a line in [`everything_shown`]; another secret is planted in a case
//! of its own, which lists it, or in [`OF_USERS`] where every run has it.

use std::path::Path;
use std::time::Duration;

use azure_billing_exporter::config::{Config, Environment};
use base64::prelude::{BASE64_STANDARD, Engine};
use exporter_web::WebFile;

use crate::certificate::{PEM, PEM_FILE};
use crate::process::{Running, request, run};
use crate::site::{Authority, Site, answer, ok, token};
use crate::{CLIENT, PAGE, TENANT, configuration, file, path};

/// The input of a run, and the secrets that it must not show.
struct Case<'a> {
    azure: String,
    auth: String,
    environment: Vec<(&'a str, &'a str)>,
    planted: Vec<&'a str>,
}

/// Returns all that a user, a scrape or a log collector can see of a configuration, at the lowest
/// log level.
fn everything_shown(case: &Case) -> String {
    let config = configuration(&case.azure, &case.auth);
    let state = tempfile::tempdir().expect("a directory");
    let state = state.path().join("state.redb");
    let more = format!(
        "  - department: \"5678\"\n  - {{department: \"9999\", read: cost_details}}\nstate: {{path: {}}}\n",
        state.display()
    );
    let text = std::fs::read_to_string(config.path()).expect("the file") + &more;
    std::fs::write(config.path(), text).expect("the file can be written");
    let environment = &case.environment;
    let arguments =
        ["--config.file", path(&config), "--log.level", "trace", "--log.format", "json"];
    let web = file(&format!("basic_auth_users: {{prometheus: {HASH}}}\n"));
    let listen = ["serve", "--web.listen-address", "127.0.0.1:0", "--web.config.file", path(&web)];
    let mut serving = Running::start_in(&[&listen[..], &arguments].concat(), environment);
    let line = serving.line_with("listening");
    let address = line.split("\"address\":\"").nth(1).and_then(|rest| rest.split('"').next());
    let address = address.expect("an address").to_owned();
    // One scope fails, the other succeeds where it can: its rows are stored.
    let ready = (0..3000).any(|_| {
        std::thread::sleep(Duration::from_millis(20));
        get(&address, "/-/ready", "planted-password").0 == 200
    });
    assert!(ready, "{:?}", serving.seen);
    let mut shown = String::new();
    for page in ["/metrics", "/", "/-/healthy", "/-/ready", "/-/reload", "/nowhere"] {
        shown.push_str(&get(&address, page, "planted-password").1);
        let (status, refusal) = get(&address, page, "planted-guess");
        shown.push_str(&refusal);
        assert!(status == 401 || page.starts_with("/-/"), "{page} is open: {status}");
    }
    assert!(shown.contains("azure_billing_poll_failures_total{"), "{shown}");
    serving.signal("TERM");
    serving.end();
    shown.push_str(&serving.lines_to_the_end().join("\n"));
    assert!(shown.contains("poll failed"), "{shown}");
    shown.push_str(&String::from_utf8_lossy(&std::fs::read(&state).expect("a store")));
    for command in [&["once"][..], &["check"], &["check", "--online"]] {
        let (_, output, error) = run(&[command, &arguments].concat(), environment);
        shown.push_str(&(output + &error));
    }
    let environment: Environment = environment.iter().copied().collect();
    let loaded = Config::from_file(Path::new(path(&config)), &environment).expect("a valid file");
    shown.push_str(&format!("{loaded:?}{loaded:#?}{environment:?}"));
    let mut web = WebFile::new(web.path().to_owned());
    let users = web.read().expect("a valid file");
    assert_eq!(users.users.len(), 1);
    shown.push_str(&format!("{web:?}{users:?}{users:#?}{:?}", users.users));
    shown
}

/// Sends a request as a user of the web config, or as somebody who pretends to be one.
fn get(address: &str, page: &str, password: &str) -> (u16, String) {
    let user = BASE64_STANDARD.encode(format!("prometheus:{password}"));
    let accept = format!("*/*\r\nauthorization: Basic {user}");
    let (status, head, body) = request(address, "GET", page, &accept);
    (status, head + &body)
}

/// The hash of "planted-password", at the lowest cost.
const HASH: &str = "$2b$04$abcdefghijklmnopqrstuuaalozgO24BBozvnT9Bl74og5BKuD1Fe";
/// Secrets that only users of the web config may know.
const OF_USERS: [&str; 4] = [
    HASH,
    "planted-password",
    "planted-guess",
    // The end of "prometheus:planted-password" as it is sent.
    "cGxhbnRlZC1wYXNzd29yZA",
];

fn assert_hidden(case: &Case) {
    let shown = everything_shown(case);
    // Otherwise the absence of secrets proves nothing.
    assert!(shown.contains("\"level\":\"TRACE\""), "{shown}");
    for secret in case.planted.iter().chain(&OF_USERS) {
        let at = shown.find(secret);
        let around = at.map(|at| &shown[at.saturating_sub(300)..(at + 100).min(shown.len())]);
        assert!(at.is_none(), "{secret} is shown: {around:?}");
    }
}

/// Starts an Azure: its first page has a link that contains keys, and its second answer is an error
/// that quotes one.
async fn azure(authority: &Authority) -> Site {
    Site::with_tls(authority, |_, request| {
        let host = crate::site::header(request, "host").expect("a host");
        if request.contains("/departments/5678/") {
            return ok(PAGE);
        }
        if request.contains("/departments/9999/") {
            return ok(&crate::reports::manifest(&format!(
                "https://{host}/file?sv=1&sig=planted-signature"
            )));
        }
        if request.starts_with("GET /file") {
            return ok(crate::reports::FILE);
        }
        if request.starts_with("GET /two") {
            let body = r#"{"error":{"code":"BadRequest","message":"see https://example.com/report?sv=1&sig=planted-signature"}}"#;
            return answer(400, "x-planted: planted-header\r\n", body);
        }
        let link = format!(
            "https://{host}/two?api-version=1&$skiptoken=planted-session&sig=planted-signature"
        );
        ok(&PAGE.replacen('{', &format!("{{\"nextLink\":\"{link}\","), 1))
    })
    .await
}

const OF_AZURE: [&str; 2] = ["planted-signature", "planted-session"];

#[tokio::test(flavor = "multi_thread")]
async fn an_application_keeps_its_secrets() {
    let authority = Authority::new();
    let azure = azure(&authority).await;
    let tokens = Site::with_tls(&authority, |_, _| token("planted-token", 3599)).await;
    let addresses = format!(
        "  endpoint: {}\n  authority_host: {}\n  ca_file: {}\n",
        azure.url,
        tokens.url,
        authority.path()
    );
    let secret = file("planted-secret");
    let federated = file("planted-federated");
    let application = format!("tenant_id: {TENANT}, client_id: {CLIENT}");
    // Some lines of the key, which is base64.
    let key: Vec<&str> = PEM.lines().filter(|line| line.len() == 64).rev().step_by(5).collect();
    assert!(key.len() > 3, "a key has lines");
    for auth in [
        format!("method: client_secret, {application}, client_secret: planted-secret"),
        format!("method: client_secret, {application}, client_secret_file: {}", path(&secret)),
        format!("method: client_certificate, {application}, client_certificate_file: {PEM_FILE}"),
        format!(
            "method: client_certificate, {application}, client_certificate: \"{}\"",
            PEM.replace('\n', "\\n")
        ),
        format!(
            "method: workload_identity, {application}, federated_token_file: {}",
            path(&federated)
        ),
    ] {
        let mut planted = vec!["planted-token", "planted-secret", "planted-federated"];
        planted.extend(OF_AZURE);
        planted.extend(&key);
        let case = Case { azure: addresses.clone(), auth, environment: Vec::new(), planted };
        assert_hidden(&case);
    }
    let asked = tokens.requests().concat();
    for used in ["planted-secret", "planted-federated", "client_assertion=eyJ"] {
        assert!(asked.contains(used), "{used} was not used");
    }
    let asked = azure.requests().concat();
    let used = ["Bearer planted-token", "GET /two?", "GET /file?sv=1&sig=planted-signature"];
    for used in used {
        assert!(asked.contains(used), "{used} was not used");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_application_keeps_its_secrets_too() {
    let authority = Authority::new();
    let azure = azure(&authority).await;
    let tokens = Site::with_tls(&authority, |_, _| {
        answer(
            401,
            "",
            r#"{"error":"x","error_description":"AADSTS7000215: see https://example.com/?secret=planted-signature","error_codes":[7000215]}"#,
        )
    })
    .await;
    let azure = format!(
        "  endpoint: {}\n  authority_host: {}\n  ca_file: {}\n",
        azure.url,
        tokens.url,
        authority.path()
    );
    let auth = String::new();
    let environment = vec![
        ("AZURE_TENANT_ID", TENANT),
        ("AZURE_CLIENT_ID", CLIENT),
        ("AZURE_CLIENT_SECRET", "planted-secret"),
    ];
    let planted = vec!["planted-secret", "planted-signature"];
    assert_hidden(&Case { azure, auth, environment, planted });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_a_proxy_and_a_ready_token_keep_theirs() {
    let authority = Authority::new();
    let azure = azure(&authority).await;
    let addresses = format!("  endpoint: {}\n  ca_file: {}\n", azure.url, authority.path());
    let service = Site::plain(|_, _| {
        ok(r#"{"access_token":"planted-token","expires_on":"4102444800","token_type":"Bearer","resource":"x"}"#)
    })
    .await;
    let endpoint = format!("{}/msi/token", service.url);
    let machine = service.url.replace("://", "://someone:planted-password@");
    let proxy = Site::plain(|_, _| answer(407, "", "planted-refusal")).await;
    let proxied = proxy.url.replace("://", "://someone:planted-password@");
    let ready = file("planted-token");
    let by_file = format!("method: token, token_file: {}", path(&ready));
    for (auth, environment) in [
        (
            "method: managed_identity".to_owned(),
            vec![("IDENTITY_ENDPOINT", endpoint.as_str()), ("IDENTITY_HEADER", "planted-key")],
        ),
        ("method: managed_identity".to_owned(), vec![("HTTP_PROXY", machine.as_str())]),
        ("method: token, token: planted-token".to_owned(), Vec::new()),
        (by_file.clone(), Vec::new()),
        (by_file, vec![("HTTPS_PROXY", proxied.as_str())]),
    ] {
        let mut planted = vec!["planted-token", "planted-key", "planted-password"];
        planted.extend(OF_AZURE);
        // "someone:planted-password".
        planted.push("c29tZW9uZTpwbGFudGVkLXBhc3N3b3Jk");
        assert_hidden(&Case { azure: addresses.clone(), auth, environment, planted });
    }
    assert!(service.requests().concat().contains("planted-key"), "the key was not used");
    let asked = proxy.requests().concat();
    assert!(asked.contains("c29tZW9uZTpwbGFudGVkLXBhc3N3b3Jk"), "the password was not used");
}

#[tokio::test(flavor = "multi_thread")]
async fn http2_tells_no_secret_either() {
    let authority = Authority::new();
    let page = r#"{"nextLink":"https://example.com/x?sig=planted-signature","value":[]}"#;
    let (url, asked) = crate::http2::serve(&authority, "planted-token", page).await;
    let azure =
        format!("  endpoint: {url}\n  authority_host: {url}\n  ca_file: {}\n", authority.path());
    let auth = format!(
        "method: client_secret, tenant_id: {TENANT}, client_id: {CLIENT}, client_secret: planted-secret"
    );
    let planted = vec!["planted-token", "planted-secret", "planted-signature"];
    assert_hidden(&Case { azure, auth, environment: Vec::new(), planted });
    let asked = asked.lock().expect("no panic").clone();
    assert!(asked.iter().all(|(version, _)| *version == hyper::Version::HTTP_2), "{asked:?}");
    let used = asked.iter().map(|(_, text)| text.as_str()).collect::<String>();
    assert!(used.contains("client_secret=planted-secret"), "{used}");
    assert!(used.contains("Bearer planted-token"), "{used}");
}
