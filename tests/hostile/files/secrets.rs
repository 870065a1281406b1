//! Configurations, secrets, certificates and all other files that are read.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;

use super::{Device, Place, device, ended, in_bash, pipe, run, text};
use crate::process::{Running, get, request};

/// More than any read takes: 10 GB that need no space.
const HUGE: u64 = 10_000_000_000;

/// Returns files that are not regular, each with its error.
fn strange_files(place: &Place) -> Vec<(String, &'static str)> {
    pipe(&place.path("pipe"));
    UnixListener::bind(place.path("socket")).expect("a socket");
    File::create(place.path("huge")).and_then(|file| file.set_len(HUGE)).expect("a sparse file");
    symlink("pipe", place.path("link")).expect("a link");
    let strange = [
        ("pipe", "is a pipe, not a regular file"),
        ("link", "is a pipe, not a regular file"),
        ("socket", "is a socket, not a regular file"),
        (".", "is a directory, not a regular file"),
        ("huge", "is larger than "),
    ];
    let mut strange = strange.map(|(name, said)| (text(&place.path(name)), said)).to_vec();
    if let Some(device) = device(place, Device::Zero) {
        strange.push((text(&device), "is a character device, not a regular file"));
    }
    strange
}

const APPLICATION: &str = "tenant_id: contoso.com, client_id: 00000000-0000-0000-0000-000000000002";

/// A key or variable of the configuration that names a file to read: returns the text of the
/// section `azure`, and the variables beside it.
type Case = (&'static str, fn(&str) -> (String, Vec<(&'static str, String)>));

const KEYS: [Case; 7] = [
    ("ca_file", |file| {
        (format!("{{ca_file: {file}, auth: {{method: token, token: x}}}}"), Vec::new())
    }),
    ("token_file", |file| (format!("{{auth: {{method: token, token_file: {file}}}}}"), Vec::new())),
    ("client_secret_file", |file| {
        let keys = format!("{APPLICATION}, client_secret_file: {file}");
        (format!("{{auth: {{method: client_secret, {keys}}}}}"), Vec::new())
    }),
    ("client_certificate_file", |file| {
        let keys = format!("{APPLICATION}, client_certificate_file: {file}");
        (format!("{{auth: {{method: client_certificate, {keys}}}}}"), Vec::new())
    }),
    ("federated_token_file", |file| {
        let keys = format!("{APPLICATION}, federated_token_file: {file}");
        (format!("{{auth: {{method: workload_identity, {keys}}}}}"), Vec::new())
    }),
    ("AZURE_CLIENT_CERTIFICATE_PATH", |file| {
        ("{}".to_owned(), vec![("AZURE_CLIENT_CERTIFICATE_PATH", file.to_owned())])
    }),
    ("AZURE_FEDERATED_TOKEN_FILE", |file| {
        ("{}".to_owned(), vec![("AZURE_FEDERATED_TOKEN_FILE", file.to_owned())])
    }),
];

const WEB_KEYS: [&str; 3] = ["cert_file", "key_file", "client_ca_file"];

#[test]
fn a_secret_that_is_no_regular_file_is_refused_at_once_whatever_names_it() {
    let place = Place::new();
    let config = place.path("config.yaml");
    for (file, said) in strange_files(&place) {
        for (key, of) in KEYS {
            let (section, variables) = of(&file);
            fs::write(&config, format!("azure: {section}\nscopes: [{{department: \"1\"}}]\n"))
                .expect("the file can be written");
            let mut variables: Vec<_> =
                variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
            variables.push(("AZURE_TENANT_ID", "contoso.com"));
            variables.push(("AZURE_CLIENT_ID", "00000000-0000-0000-0000-000000000002"));
            // The memory limit shows that the 10 GB are not even begun.
            let arguments = ["check", "--config.file", &text(&config)];
            let mut check = in_bash("ulimit -v 4000000; exec \"$0\" \"$@\"", &arguments);
            check.envs(variables);
            let (code, output, error) = ended(check);
            assert_eq!(code, Some(2), "{key}: {file}: {output}{error}");
            let named = error.contains(key) && error.contains(&format!("{file} {said}"));
            assert!(named, "{key}: {file}: {error}");
        }
        let web = place.path("web.yaml");
        for key in WEB_KEYS {
            let others = WEB_KEYS.iter().filter(|other| **other != key);
            let others: String = others.map(|key| format!("{key}: none.pem, ")).collect();
            let auth = "client_auth_type: RequireAndVerifyClientCert";
            let keys = format!("{others}{key}: {file}, {auth}");
            fs::write(&web, format!("tls_server_config: {{{keys}}}\n")).expect("a file");
            let (code, error) = check_web(&text(&web));
            assert_eq!(code, Some(2), "{key}: {file}: {error}");
            assert!(error.contains(&format!("{file} {said}")), "{key}: {file}: {error}");
        }
        let (code, error) = check_web(&file);
        assert_eq!(code, Some(2), "{file}: {error}");
        assert!(error.contains(&format!("{file}: {said}")), "{file}: {error}");
    }
}

fn check_web(file: &str) -> (Option<i32>, String) {
    let arguments = ["check", "--scope", "department/1", "--web.config.file", file];
    let (code, _, error) = run(&arguments);
    (code, error)
}

/// Otherwise no test would cover a new key.
#[test]
fn every_documented_key_of_a_file_is_among_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let read = |name: &str| fs::read_to_string(root.join(name)).expect("a page");
    let page = read("configuration.md") + &read("web.md");
    let words = page.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let keys: std::collections::BTreeSet<&str> =
        words.filter(|word| word.ends_with("_file") && *word != "_file").collect();
    let of_others = ["password_file"];
    for key in keys.into_iter().filter(|key| !of_others.contains(key)) {
        let known = KEYS.iter().any(|(known, _)| *known == key) || WEB_KEYS.contains(&key);
        assert!(known, "{key} is documented and not tried");
    }
}

#[test]
fn the_authorization_of_a_receiver_is_no_pipe_either() {
    let place = Place::new();
    pipe(&place.path("pipe"));
    let (config, file) = (place.config(), text(&place.path("pipe")));
    let state = text(&place.path("state"));
    let month = ["--from", "2026-01", "--to", "2026-01", "--state", &state];
    let receiver = ["--remote-write", "http://127.0.0.1:9/", "--remote-write.authorization-file"];
    let flags = ["backfill", "--config.file", &config];
    let (code, _, error) = run(&[&flags[..], &month, &receiver, &[&file]].concat());
    assert_eq!(code, Some(1), "{error}");
    assert!(
        error.contains("is a pipe, not a regular file; write the secret into a file"),
        "{error}"
    );
}

#[test]
fn a_secret_that_becomes_a_pipe_fails_each_poll_and_hangs_none() {
    let place = Place::new();
    let token = place.path("token");
    let config = place.path("config.yaml");
    fs::write(&token, "a-token").expect("a file");
    // Like a secret that Kubernetes mounts.
    symlink("token", place.path("mounted")).expect("a link");
    let before = fs::read_to_string(&config).expect("the file");
    let by_file = before.replace("token: a-token", "token_file: mounted");
    fs::write(&config, by_file + "poll: {interval: 10s}\n").expect("the file can be written");
    let arguments = ["serve", "--config.file", &text(&config)];
    let mut exporter =
        Running::start(&[&arguments[..], &["--web.listen-address", "127.0.0.1:0"]].concat());
    let address = exporter.address();
    exporter.line_with(" rows=");
    fs::remove_file(&token).expect("the file");
    pipe(&token);
    let line = exporter.line_with("poll failed");
    assert!(line.contains("mounted is a pipe, not a regular file"), "{line}");
    assert_eq!(get(&address, "/-/healthy").0, 200);
    fs::remove_file(&token).expect("the pipe");
    fs::write(&token, "a-token").expect("a file");
    exporter.line_with(" rows=");
}

#[test]
fn a_web_config_that_becomes_a_pipe_changes_nothing() {
    let place = Place::new();
    let (config, web) = (place.config(), place.path("web.yaml"));
    fs::write(&web, "http_server_config: {headers: {X-Frame-Options: deny}}\n").expect("a file");
    let listen = ["--web.listen-address", "127.0.0.1:0", "--web.config.file", &text(&web)];
    let mut exporter =
        Running::start(&[&["serve", "--config.file", &config], &listen[..]].concat());
    let address = exporter.address();
    fs::remove_file(&web).expect("the file");
    pipe(&web);
    let line = exporter.line_with("the web config stays as it was");
    assert!(line.contains("is a pipe, not a regular file"), "{line}");
    let (_, head, _) = request(&address, "GET", "/-/healthy", "*/*");
    assert!(head.contains("x-frame-options: deny"), "{head}");
}

#[test]
fn a_configuration_may_come_through_a_pipe_and_is_read_once() {
    let place = Place::new();
    let config = place.config();
    // A shell's process substitution, standard input, and a named pipe whose writer is late.
    for line in [
        format!("exec \"$0\" check --config.file <(cat {config})"),
        format!("cat {config} | \"$0\" check --config.file /dev/stdin"),
        format!("sleep 1 | cat {config} - | \"$0\" check --config.file /dev/stdin"),
    ] {
        let (code, output, error) = ended(in_bash(&line, &[]));
        assert_eq!(code, Some(0), "{line}: {error}");
        assert!(output.contains("configuration: valid, 1 scope"), "{output}");
    }
    let path = place.path("pipe");
    pipe(&path);
    let mut exporter = Running::start(&[
        "serve",
        "--config.file",
        &text(&path),
        "--web.listen-address",
        "127.0.0.1:0",
    ]);
    let text = fs::read(&config).expect("the file");
    File::options()
        .write(true)
        .open(&path)
        .and_then(|mut pipe| pipe.write_all(&text))
        .expect("a reader");
    let address = exporter.address();
    exporter.line_with(" rows=");
    // A pipe that never ends.
    let line = "exec \"$0\" check --config.file <(yes 'azure: {}')";
    let (code, _, error) = ended(in_bash(line, &[]));
    assert_eq!(code, Some(2), "{error}");
    assert!(error.contains("is larger than 4096 KiB"), "{error}");
    assert_eq!(get(&address, "/-/healthy").0, 200);
}

#[test]
fn a_reload_of_what_came_through_a_pipe_says_so_and_changes_nothing() {
    let place = Place::new();
    let line = format!("exec \"$0\" \"$@\" --config.file <(cat {})", place.config());
    let mut exporter =
        Running::of(in_bash(&line, &["serve", "--web.listen-address", "127.0.0.1:0"]));
    let address = exporter.address();
    let (status, _, body) = request(&address, "POST", "/-/reload", "*/*");
    assert_eq!(status, 500, "{body}");
    assert!(body.contains("is a pipe whose content was read already; name a file"), "{body}");
    assert!(get(&address, "/metrics").1.contains("config_last_reload_successful 0"));
    assert_eq!(get(&address, "/-/healthy").0, 200);
}

#[test]
fn a_configuration_that_is_no_file_is_refused_at_once() {
    let place = Place::new();
    for (file, said) in strange_files(&place) {
        // The program waits for a pipe.
        if said.contains("pipe") {
            continue;
        }
        let (code, _, error) = run(&["check", "--config.file", &file]);
        assert_eq!(code, Some(2), "{file}: {error}");
        assert!(error.contains(&format!("{file}: {said}")), "{file}: {error}");
    }
}
