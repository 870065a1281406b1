//! Web config files, good and bad: our messages, and those of the toolkit's own checker.

use std::process::Command;

use exporter_web::WebFile;
use tempfile::TempDir;

use crate::certificates::{Authority, dns, write};
use crate::process::run;
use crate::serving::hash;

/// The result of promtool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Promtool {
    Agrees,
    /// It accepts what cannot have been intended, or what rustls does not have.
    IsLaxer,
    /// It depends on the version: 2.42 is older than `client_allowed_sans`, `rate_limit`, and
    /// certificates in the file itself.
    Depends,
}

use Promtool::{Agrees, Depends, IsLaxer};

/// Good files, with placeholders: `@tls` for a section with certificate and key, `@hash` for a
/// hash, `@server.pem` for that file's text.
const GOOD: [(&str, Promtool); 21] = [
    ("", Agrees),
    ("tls_server_config: {}\n", Agrees),
    ("@tls", Agrees),
    (USERS, Agrees),
    ("@tls  min_version: TLS13\n", Agrees),
    ("@tls  min_version: TLS12\n  max_version: TLS12\n", Agrees),
    (
        "@tls  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, TLS_AES_128_GCM_SHA256]\n",
        Agrees,
    ),
    ("@tls  curve_preferences: [CurveP384, X25519, CurveP256]\n", Agrees),
    ("@tls  prefer_server_cipher_suites: false\n", Agrees),
    ("@tls  client_auth_type: NoClientCert\n", Agrees),
    ("@tls  client_auth_type: RequestClientCert\n", Agrees),
    ("@tls  client_auth_type: RequireAnyClientCert\n", Agrees),
    ("@tls  client_auth_type: VerifyClientCertIfGiven\n  client_ca_file: ca.pem\n", Agrees),
    ("@tls  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem\n", Agrees),
    (
        "@tls  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem\n  client_allowed_sans: [prometheus.example.com]\n",
        Depends,
    ),
    ("@tlshttp_server_config: {http2: false}\n", Agrees),
    ("http_server_config: {http2: yes}\n", Agrees),
    (HEADERS, Agrees),
    ("rate_limit: {interval: 1s, burst: 20}\n", Depends),
    ("rate_limit: {interval: 0}\n", Depends),
    ("tls_server_config:\n  cert: |\n@server.pem\n  key: |\n@server.key\n", Depends),
];

const USERS: &str = "@tlsbasic_auth_users:\n  prometheus: @hash\n  \"Grafana Agent\": '@hash'\n";
const HEADERS: &str = "http_server_config:\n  headers:\n    Content-Security-Policy: default-src 'none'\n    X-Frame-Options: deny\n    X-Content-Type-Options: nosniff\n    X-XSS-Protection: \"1; mode=block\"\n    Strict-Transport-Security: max-age=31536000\n";
const TLS: &str = "tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n";

/// Bad files, each with our message.
const BAD: [(&str, &str, Promtool); 36] = [
    (
        "tls_server_config:\n  cert_file: server.pem\n",
        "1: tls_server_config.key: is missing; TLS needs it",
        Agrees,
    ),
    (
        "tls_server_config: {key_file: server.key}\n",
        "1: tls_server_config.cert: is missing; TLS needs it",
        Agrees,
    ),
    (
        "tls_server_config:\n  cert_file: nowhere.pem\n  key_file: server.key\n",
        "2: tls_server_config.cert_file: ",
        Agrees,
    ),
    (
        "tls_server_config:\n  cert_file: server.pem\n  key_file: web.yaml\n",
        "3: tls_server_config.key_file: contains no private key in PEM",
        Agrees,
    ),
    (
        "tls_server_config:\n  cert_file: server.key\n  key_file: server.key\n",
        "2: tls_server_config.cert_file: contains no certificate in PEM",
        Agrees,
    ),
    (
        "tls_server_config:\n  cert_file: server.pem\n  key_file: other.key\n",
        "3: tls_server_config.key_file: does not match the certificate",
        Agrees,
    ),
    (
        "@tls  cert: x\n",
        "2: tls_server_config.cert_file: contradicts `cert`; keep one of the two",
        Depends,
    ),
    (
        "@tls  min_version: TLS14\n",
        "4: tls_server_config.min_version: `TLS14` is not known; did you mean `TLS12`?",
        Agrees,
    ),
    (
        "@tls  min_version: TLS10\n",
        "4: tls_server_config.min_version: `TLS10` is broken and not implemented; allowed here: TLS12, TLS13",
        IsLaxer,
    ),
    (
        "@tls  min_version: TLS13\n  max_version: TLS12\n",
        "5: tls_server_config.max_version: is below `min_version`",
        IsLaxer,
    ),
    (
        "@tls  cipher_suites: [TLS_NULL]\n",
        "4: tls_server_config.cipher_suites[0]: `TLS_NULL` is not supported, because it is weak or unknown; allowed here: TLS_AES_128_GCM_SHA256",
        Agrees,
    ),
    (
        "@tls  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA]\n",
        "4: tls_server_config.cipher_suites[0]: `TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA` is not supported",
        IsLaxer,
    ),
    (
        "@tls  curve_preferences: [P256]\n",
        "4: tls_server_config.curve_preferences[0]: `P256` is not known;",
        Agrees,
    ),
    (
        "@tls  curve_preferences: [CurveP521]\n",
        "4: tls_server_config.curve_preferences[0]: `CurveP521` is not implemented;",
        IsLaxer,
    ),
    (
        "@tls  client_auth_type: Always\n",
        "4: tls_server_config.client_auth_type: `Always` is not known; allowed here: NoClientCert,",
        Agrees,
    ),
    (
        "@tls  client_ca_file: ca.pem\n",
        "4: tls_server_config.client_ca_file: has no effect without `client_auth_type",
        Agrees,
    ),
    (
        "@tls  client_auth_type: RequireAndVerifyClientCert\n",
        "1: tls_server_config.client_ca_file: is missing; `RequireAndVerifyClientCert` needs the CA",
        IsLaxer,
    ),
    (
        "@tls  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: nowhere.pem\n",
        "5: tls_server_config.client_ca_file: ",
        Agrees,
    ),
    (
        "@tls  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: web.yaml\n",
        "5: tls_server_config.client_ca_file: contains no certificate in PEM",
        IsLaxer,
    ),
    ("@tls  insecure: true\n", "4: tls_server_config.insecure: unknown key; ", Agrees),
    ("tls_config: {}\n", "1: tls_config: unknown key; allowed here: tls_server_config,", Agrees),
    (
        "http_server_config: {http2: maybe}\n",
        "1: http_server_config.http2: `maybe` is neither true nor false;",
        Agrees,
    ),
    (
        "http_server_config:\n  headers: {Server: x}\n",
        "2: http_server_config.headers.Server: unknown key; allowed here: Content-Security-Policy,",
        Agrees,
    ),
    (
        "http_server_config:\n  headers: {X-Frame-Options: ALLOW}\n",
        "2: http_server_config.headers.X-Frame-Options: `ALLOW` is not known; allowed here: deny, sameorigin",
        Agrees,
    ),
    (
        "basic_auth_users: {prometheus: planted-password}\n",
        "1: basic_auth_users.prometheus: is not a bcrypt hash; make one with `htpasswd -nBC 10 NAME`",
        Agrees,
    ),
    (
        "basic_auth_users: {prometheus: @short}\n",
        "1: basic_auth_users.prometheus: is not a bcrypt hash;",
        Agrees,
    ),
    ("basic_auth_users: [prometheus]\n", "1: basic_auth_users: must be a mapping of keys", Agrees),
    (
        "basic_auth_users:\n  a: @hash\n  a: @hash\n",
        "3: basic_auth_users.a: is given twice, first on line 2; keep one",
        Agrees,
    ),
    (
        "basic_auth_users: {\"a:b\": '@hash'}\n",
        "1: basic_auth_users.(not a word): is not a user name that a client can send;",
        IsLaxer,
    ),
    (
        "rate_limit: {interval: often, burst: 1}\n",
        "1: rate_limit.interval: `often` is not a span of time;",
        Agrees,
    ),
    (
        "rate_limit: {interval: 1s}\n",
        "1: rate_limit.burst: is missing; give the number of requests that may come at once",
        Agrees,
    ),
    (
        "rate_limit: {interval: 1s, burst: 0}\n",
        "1: rate_limit.burst: `0` lets no request through;",
        Agrees,
    ),
    ("tls_server_config:\n - x\n", "1: tls_server_config: must be a mapping of keys", Agrees),
    ("a: [\n", "1: is not valid YAML", Agrees),
    (
        "tls_server_config: {client_auth_type: RequireAnyClientCert, key_file: server.key}\n",
        "1: tls_server_config.cert: is missing",
        Agrees,
    ),
    (
        "@tls  client_auth_type: VerifyClientCertIfGiven\n  client_ca_file: ca.pem\n  client_allowed_sans: [x]\n",
        "6: tls_server_config.client_allowed_sans: lets clients in that show no certificate;",
        Depends,
    ),
];

fn ours(folder: &TempDir) -> Result<(), String> {
    let mut file = WebFile::new(folder.path().join("web.yaml"));
    file.read().map(|_| ()).map_err(|error| error.to_string())
}

fn promtool(folder: &TempDir) -> Result<(), String> {
    let output = Command::new("promtool")
        .args(["check", "web-config", "web.yaml"])
        .current_dir(folder)
        .output()
        .unwrap_or_else(|error| panic!("cannot start promtool ({error}): run `make tools`"));
    let told = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    if output.status.success() { Ok(()) } else { Err(told) }
}

/// Returns a file of the tables with its placeholders replaced.
fn filled(text: &str, folder: &TempDir) -> String {
    let indented = |name: &str| {
        let pem = std::fs::read_to_string(folder.path().join(name)).expect("a PEM file");
        pem.lines().map(|line| format!("    {line}\n")).collect::<String>()
    };
    let hash = hash();
    text.replace("@tls", TLS)
        .replace("@hash", &hash)
        .replace("@short", &hash[..50])
        .replace("@server.pem", &indented("server.pem"))
        .replace("@server.key", &indented("server.key"))
}

#[test]
fn every_wrong_file_is_refused_with_its_line_and_promtool_agrees() {
    let folder = TempDir::new().expect("a folder");
    let authority = Authority::new("contoso CA");
    authority.serve(folder.path());
    authority.issue(folder.path(), "other", dns("other.example.com"));
    let mut surprises = Vec::new();
    let good = GOOD.iter().map(|(text, other)| (*text, "", *other));
    for (text, expected, other) in good.chain(BAD) {
        let text = filled(text, &folder);
        write(folder.path(), "web.yaml", &text);
        let (ours, theirs) = (ours(&folder), promtool(&folder));
        let as_expected = match &ours {
            Ok(()) => expected.is_empty(),
            Err(error) => {
                let told =
                    error.lines().filter(|line| line.contains(&format!("web.yaml:{expected}")));
                !expected.is_empty() && told.count() == error.lines().count()
            }
        };
        let foreseen = match other {
            Agrees => ours.is_ok() == theirs.is_ok(),
            IsLaxer => ours.is_err() && theirs.is_ok(),
            Depends => true,
        };
        if !as_expected || !foreseen {
            surprises.push(format!(
                "{text}expected: {expected:?} {other:?}\nours: {ours:?}\npromtool: {theirs:?}\n"
            ));
        }
    }
    assert!(surprises.is_empty(), "{}", surprises.join("\n"));
}

#[test]
fn no_error_or_debug_text_holds_a_secret() {
    let folder = TempDir::new().expect("a folder");
    Authority::new("contoso CA").serve(folder.path());
    let key = std::fs::read_to_string(folder.path().join("server.key")).expect("a key");
    let hash = hash();
    for text in [
        "@tlsbasic_auth_users:\n  prometheus: @hash\n",
        "basic_auth_users:\n  prometheus @hash\n",
        "basic_auth_users: @hash\n",
        "@hash: x\n",
        "basic_auth_users:\n  @hash:\n",
        "http_server_config: {http2: @hash}\n",
        "tls_server_config:\n  cert: |\n@server.key\n  key: |\n@server.key\n",
        "tls_server_config:\n  cert_file: server.pem\n  key: |\n@server.pem\n@server.key\n  min_version: |\n@server.key\n",
    ] {
        let text = filled(&text.replace("@hash", &hash), &folder);
        write(folder.path(), "web.yaml", &text);
        let mut file = WebFile::new(folder.path().join("web.yaml"));
        let read = file.read();
        let told = match &read {
            Ok(config) => format!("{config:?} {file:?}"),
            Err(error) => format!("{error} {error:?} {file:?}"),
        };
        let lines = key.lines().filter(|line| !line.starts_with('-'));
        for secret in lines.chain([hash.as_str(), &hash[7..40]]) {
            assert!(!told.contains(secret), "{text}\n{told}");
        }
    }
}

#[test]
fn the_program_refuses_a_wrong_file_before_anything_is_started() {
    let folder = TempDir::new().expect("a folder");
    let web = folder.path().join("web.yaml");
    let web = web.to_str().expect("a path");
    let scope = ["--scope", "department/1234", "--web.config.file", web];
    for (text, code, told) in [
        ("rate_limit: {}\n", 0, ""),
        ("rate_limits: {}\n", 2, ":1: rate_limits: unknown key; did you mean `rate_limit`?"),
    ] {
        write(folder.path(), "web.yaml", text);
        let (ended, _, error) = run(&[&["check"][..], &scope].concat(), &[]);
        assert_eq!(ended, code, "{error}");
        assert!(error.contains(told), "{error}");
    }
    let (ended, output, error) = run(&[&["serve"][..], &scope].concat(), &[]);
    assert_eq!((ended, output.as_str()), (2, ""), "{error}");
    let (ended, _, error) = run(&["demo", "--web.config.file", "/nowhere/web.yaml"], &[]);
    assert_eq!(ended, 2);
    assert!(error.contains("/nowhere/web.yaml: cannot be read: "), "{error}");
}
