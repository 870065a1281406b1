//! Connections under the TLS settings of the web config, with curl at the other end.

use rcgen::SanType;
use tempfile::TempDir;

use crate::certificates::{Authority, dns, write};
use crate::clients::curl;
use crate::serving::{Serving, USER, hash, page, row};

const TLS: &str = "tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n";

async fn serving(folder: TempDir, web: &str) -> Serving {
    Serving::in_folder(folder, &page(&[row("vm", "Microsoft.Compute", 1.0)]), web, &[]).await
}

fn certified() -> (TempDir, Authority) {
    let folder = TempDir::new().expect("a folder");
    let authority = Authority::new("contoso CA");
    authority.serve(folder.path());
    (folder, authority)
}

/// Returns by which version of HTTP health is answered to a client with some flags, or why not.
fn asked(serving: &Serving, flags: &[&str]) -> Result<String, String> {
    let ca = serving.path("ca.pem").display().to_string();
    let address = format!("https://{}/-/healthy", serving.address);
    let answer = curl(&[&["--cacert", &ca], flags, &[&address]].concat())?;
    assert_eq!((answer.status, answer.text()), (200, "healthy\n"));
    Ok(answer.head.split(' ').next().unwrap_or_default().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_protocols_and_suites_are_those_of_the_file() {
    for (web, flags, version) in [
        (TLS.to_owned(), &["--http2"][..], Some("http/2")),
        (TLS.to_owned(), &["--http1.1"], Some("http/1.1")),
        (TLS.to_owned(), &["--tls-max", "1.2"], Some("http/2")),
        (format!("{TLS}http_server_config: {{http2: false}}\n"), &["--http2"], Some("http/1.1")),
        (format!("{TLS}  min_version: TLS13\n"), &["--tls-max", "1.2"], None),
        (format!("{TLS}  max_version: TLS12\n"), &["--tlsv1.3"], None),
        (format!("{TLS}  max_version: TLS12\n"), &[], Some("http/2")),
        (format!("{TLS}  curve_preferences: [CurveP384]\n"), &["--curves", "X25519"], None),
        (
            format!("{TLS}  curve_preferences: [CurveP384]\n"),
            &["--curves", "P-384"],
            Some("http/2"),
        ),
        (
            format!("{TLS}  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]\n"),
            &["--tls-max", "1.2", "--ciphers", "ECDHE-ECDSA-AES128-GCM-SHA256"],
            None,
        ),
        (
            format!("{TLS}  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]\n"),
            &["--tls-max", "1.2", "--ciphers", "ECDHE-ECDSA-AES256-GCM-SHA384"],
            Some("http/2"),
        ),
    ] {
        let serving = serving(certified().0, &web).await;
        let got = asked(&serving, flags);
        assert_eq!(got.as_deref().ok(), version, "{web}{flags:?}: {got:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_are_let_in_by_the_certificates_that_the_file_asks_for() {
    let clients = ["none", "ours", "foreign", "elsewhere"];
    let ca = "  client_ca_file: ca.pem\n";
    for (web, welcome) in [
        ("  client_auth_type: NoClientCert\n".to_owned(), [true, true, true, true]),
        ("  client_auth_type: RequestClientCert\n".to_owned(), [true, true, true, true]),
        ("  client_auth_type: RequireAnyClientCert\n".to_owned(), [false, true, true, true]),
        (format!("  client_auth_type: VerifyClientCertIfGiven\n{ca}"), [true, true, false, true]),
        (
            format!("  client_auth_type: RequireAndVerifyClientCert\n{ca}"),
            [false, true, false, true],
        ),
        (
            format!(
                "  client_auth_type: RequireAndVerifyClientCert\n{ca}  client_allowed_sans: [x, ours.example.com]\n"
            ),
            [false, true, false, false],
        ),
        (
            format!(
                "  client_auth_type: RequireAndVerifyClientCert\n{ca}  client_allowed_sans: [10.1.2.3]\n"
            ),
            [false, false, false, true],
        ),
    ] {
        let (folder, authority) = certified();
        authority.issue(folder.path(), "ours", dns("ours.example.com"));
        authority.issue(folder.path(), "elsewhere", SanType::IpAddress([10, 1, 2, 3].into()));
        Authority::new("another CA").issue(folder.path(), "foreign", dns("ours.example.com"));
        let serving = serving(folder, &format!("{TLS}{web}")).await;
        for (client, welcome) in clients.into_iter().zip(welcome) {
            let file = |end: &str| serving.path(&format!("{client}.{end}")).display().to_string();
            let (pem, key) = (file("pem"), file("key"));
            let flags = ["--cert", &pem, "--key", &key];
            let flags = if client == "none" { &flags[..0] } else { &flags[..] };
            let got = asked(&serving, flags);
            assert_eq!(got.is_ok(), welcome, "{web}{client}: {got:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_and_users_change_under_way_and_a_bad_file_changes_nothing() {
    let (folder, _) = certified();
    let hash = hash();
    let mut serving = serving(folder, TLS).await;
    assert!(asked(&serving, &[]).is_ok());
    // Another certificate in the same file, of a CA that no client knows yet; then its key.
    let next = TempDir::new().expect("a folder");
    Authority::new("next CA").serve(next.path());
    let moved = |name: &str| std::fs::read_to_string(next.path().join(name)).expect("a file");
    write(serving.folder.path(), "server.pem", &moved("server.pem"));
    let told = serving.program.line_with("the web config stays as it was");
    assert!(told.contains("does not match the certificate"), "{told}");
    assert!(asked(&serving, &[]).is_ok(), "the old pair stays");
    write(serving.folder.path(), "server.key", &moved("server.key"));
    serving.program.line_with("the web config has changed");
    assert!(asked(&serving, &[]).is_err(), "signed by a CA that is not known");
    write(serving.folder.path(), "ca.pem", &moved("ca.pem"));
    assert!(asked(&serving, &[]).is_ok());
    // Users, one of whom the next request must name.
    let locked = format!("{TLS}basic_auth_users: {{prometheus: {hash}}}\n");
    serving.change(&locked, "the web config has changed");
    assert!(asked(&serving, &["--user", USER]).is_ok());
    let told =
        serving.change("basic_auth_users: {prometheus: planted-password}\n", "stays as it was");
    assert!(told.contains("is not a bcrypt hash") && !told.contains("planted-password"), "{told}");
    let ca = serving.path("ca.pem").display().to_string();
    let address = format!("https://{}/metrics", serving.address);
    let refused = curl(&["--cacert", &ca, &address]).expect("an answer");
    assert_eq!(refused.status, 401, "the users stay");
    assert!(
        !serving
            .program
            .seen
            .iter()
            .any(|line| line.contains(&hash) || line.contains("planted-password"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_on_a_port_with_tls_is_answered_in_words() {
    let serving = serving(certified().0, TLS).await;
    let answer = curl(&[&format!("http://{}/metrics", serving.address)]).expect("an answer");
    assert_eq!((answer.status, answer.text()), (400, "this port speaks TLS; use https\n"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_of_http_2_ends_with_its_bytes_and_then_with_its_connection() {
    let serving = serving(certified().0, TLS).await;
    let ca = serving.path("ca.pem").display().to_string();
    let health = format!("https://{}/-/healthy", serving.address);
    let head = serving.path("head");
    let at_head = format!("@{}", head.display());
    let long = |bytes: usize| format!("a: {}\n", "x".repeat(bytes));
    let many = |count: usize| (0..count).map(|place| format!("a{place}: b\n")).collect::<String>();
    for (what, lines, status) in [
        ("32,000 bytes", long(32_000), Some(200)),
        ("33,000 bytes", long(33_000), Some(431)),
        ("100,000 bytes", long(100_000), None),
        // Each counts for its bytes and 32 more.
        ("500 headers", many(500), Some(200)),
        ("1,000 headers", many(1_000), Some(431)),
    ] {
        std::fs::write(&head, lines).expect("room for a file");
        let answer = curl(&["--http2", "--cacert", &ca, "--header", &at_head, &health]);
        assert_eq!(answer.as_ref().ok().map(|answer| answer.status), status, "{what}: {answer:?}");
        println!("a head of HTTP/2 of {what}: {status:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_was_made_to_lead_to_loopback_gets_nothing_by_tls_either() {
    let serving = serving(certified().0, TLS).await;
    let port = serving.address.rsplit(':').next().expect("a port");
    for (name, status) in [("evil.example.com", 421), ("localhost", 200)] {
        let leads = format!("{name}:{port}:127.0.0.1");
        let address = format!("https://{name}:{port}/metrics");
        for version in ["--http2", "--http1.1"] {
            // Insecure, as this certificate is for the address alone; a name in one would be accepted.
            let answer = curl(&["--insecure", version, "--resolve", &leads, &address]);
            let answer = answer.expect("an answer");
            assert_eq!(answer.status, status, "{version} {name}");
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{version}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn users_headers_and_rates_are_held_on_every_path() {
    let web = format!(
        "basic_auth_users: {{prometheus: {}}}\nhttp_server_config:\n  headers: {{X-Frame-Options: deny, Content-Security-Policy: \"default-src 'self'\"}}\n",
        hash()
    );
    let mut serving = Serving::start(&page(&[row("vm", "Microsoft.Compute", 1.0)]), &web).await;
    for path in ["/metrics", "/", "/-/healthy", "/-/ready", "/nowhere"] {
        let address = format!("http://{}{path}", serving.address);
        for (flags, welcome) in [
            (&[][..], false),
            (&["--user", USER], true),
            (&["--user", "prometheus:wrong"], false),
            (&["--user", "nobody:planted-password"], false),
            (&["--user", "nobody:fakepassword"], false),
            (&["--oauth2-bearer", "planted-password"], false),
        ] {
            let answer = curl(&[flags, &[&address]].concat()).expect("an answer");
            assert_eq!(answer.status != 401, welcome, "{path} {flags:?}");
            let challenge = answer.header("www-authenticate").unwrap_or_default();
            assert_eq!(challenge.starts_with("basic realm="), !welcome, "{path} {flags:?}");
            assert_eq!(answer.header("x-frame-options"), Some("deny"), "{path} {flags:?}");
            assert_eq!(answer.header("content-security-policy"), Some("default-src 'self'"));
        }
    }
    let limited = "rate_limit: {interval: 1h, burst: 3}\n";
    serving.change(limited, "the web config has changed");
    let address = format!("http://{}/metrics", serving.address);
    let statuses: Vec<u16> = (0..5).map(|_| curl(&[&address]).expect("an answer").status).collect();
    assert_eq!(statuses, [200, 200, 200, 429, 429]);
}
