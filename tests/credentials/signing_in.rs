//! Applications that sign in at a token endpoint: with a secret, with a federated token, from the
//! file and from the environment.

use crate::process::run;
use crate::server::{Answer, Server};
use crate::site::{Authority, Site, answer, field, header, token};
use crate::{CLIENT, FIRST_PAGE, PAGE, TENANT, configuration, file, path};

/// Returns the bearer token of each request.
pub(crate) fn bearers(azure: &Server) -> Vec<String> {
    let bearer = |head: &String| header(head, "authorization").expect("a token").to_owned();
    azure.requests().iter().map(bearer).collect()
}

/// Serves the tokens `token-1`, `token-2`, … which are valid for an hour.
async fn tokens(authority: &Authority) -> Site {
    Site::with_tls(authority, |number, _| token(&format!("token-{number}"), 3599)).await
}

fn addresses(azure: &Server, site: &Site) -> String {
    format!("  endpoint: {}\n  authority_host: {}\n", azure.endpoint, site.url)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_secret_buys_a_token_and_a_refused_token_is_renewed_once() {
    let authority = Authority::new();
    let site = tokens(&authority).await;
    let azure = Server::start(vec![
        Answer::page(FIRST_PAGE),
        Answer::status(
            401,
            r#"{"error":{"code":"ExpiredAuthenticationToken","message":"expired"}}"#,
        ),
        Answer::page(PAGE),
    ])
    .await;
    let auth = format!(
        "method: client_secret, tenant_id: {TENANT}, client_id: {CLIENT}, client_secret: a-secret"
    );
    let config = configuration(&addresses(&azure, &site), &auth);
    let (code, _, error) =
        run(&["once", "--config.file", path(&config)], &[("SSL_CERT_FILE", authority.path())]);
    assert_eq!(code, 0, "{error}");
    assert_eq!(bearers(&azure), ["Bearer token-1", "Bearer token-1", "Bearer token-2"]);
    let requests = site.requests();
    assert_eq!(requests.len(), 2, "tokens are kept until they are refused");
    let line = format!("POST /{TENANT}/oauth2/v2.0/token HTTP/1.1\r\n");
    assert!(requests[0].starts_with(&line), "{}", requests[0]);
    assert_eq!(field(&requests[0], "scope"), Some(format!("{}/.default", azure.endpoint)));
    assert_eq!(field(&requests[0], "client_secret").as_deref(), Some("a-secret"));
    let name = concat!("azure-billing-exporter/", env!("CARGO_PKG_VERSION"));
    assert_eq!(header(&requests[0], "user-agent"), Some(name));
    let head = &azure.requests()[0];
    assert_eq!(header(head, "user-agent"), Some(name));
    assert_eq!(header(head, "clienttype"), Some("azure-billing-exporter"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_environment_alone_is_enough() {
    let authority = Authority::new();
    let site = tokens(&authority).await;
    let azure = Server::start(vec![Answer::page(PAGE)]).await;
    let config = configuration(&format!("  endpoint: {}\n", azure.endpoint), "");
    let environment = [
        ("AZURE_TENANT_ID", TENANT),
        ("AZURE_CLIENT_ID", CLIENT),
        ("AZURE_CLIENT_SECRET", "a-secret"),
        ("AZURE_AUTHORITY_HOST", &site.url),
        ("SSL_CERT_FILE", authority.path()),
    ];
    let (code, output, error) = run(&["once", "--config.file", path(&config)], &environment);
    assert_eq!(code, 0, "{error}");
    assert!(output.contains("currency=\"EUR\"} 1.0\n"), "{output}");
    assert_eq!(bearers(&azure), ["Bearer token-1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_renewed_before_it_expires_and_a_federated_one_is_read_anew_for_it() {
    let federated = file("federated-1\n");
    let rotated = federated.path().to_owned();
    let authority = Authority::new();
    // Tokens that are valid for less than five minutes are renewed for every request.
    let site = Site::with_tls(&authority, move |number, _| {
        std::fs::write(&rotated, format!("federated-{}\n", number + 1)).expect("a file");
        token(&format!("token-{number}"), 299)
    })
    .await;
    let azure = Server::start(vec![Answer::page(FIRST_PAGE), Answer::page(PAGE)]).await;
    let config = configuration(&format!("  endpoint: {}\n", azure.endpoint), "");
    // The variables as the webhook of AKS sets them.
    let environment = [
        ("AZURE_TENANT_ID", TENANT),
        ("AZURE_CLIENT_ID", CLIENT),
        ("AZURE_FEDERATED_TOKEN_FILE", path(&federated)),
        ("AZURE_AUTHORITY_HOST", &site.url),
        ("SSL_CERT_FILE", authority.path()),
    ];
    let (code, _, error) = run(&["once", "--config.file", path(&config)], &environment);
    assert_eq!(code, 0, "{error}");
    assert_eq!(bearers(&azure)[..2], ["Bearer token-1", "Bearer token-2"]);
    let assertions: Vec<String> = site
        .requests()
        .iter()
        .map(|request| field(request, "client_assertion").expect("an assertion"))
        .collect();
    assert_eq!(assertions[..2], ["federated-1", "federated-2"]);
    let kind = field(&site.requests()[0], "client_assertion_type");
    assert_eq!(kind.as_deref(), Some("urn:ietf:params:oauth:client-assertion-type:jwt-bearer"));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_scopes_that_start_at_once_share_a_token() {
    let authority = Authority::new();
    let site = tokens(&authority).await;
    let azure = Server::start(vec![Answer::page(PAGE)]).await;
    let auth = format!(
        "method: client_secret, tenant_id: {TENANT}, client_id: {CLIENT}, client_secret: a-secret"
    );
    let config = configuration(&addresses(&azure, &site), &auth);
    let mut text = std::fs::read_to_string(config.path()).expect("the file");
    for kind in ["billing_account", "enrollment_account", "department"] {
        text.push_str(&format!("  - {kind}: \"7\"\n"));
    }
    std::fs::write(config.path(), text).expect("the file can be written");
    let (code, _, error) =
        run(&["once", "--config.file", path(&config)], &[("SSL_CERT_FILE", authority.path())]);
    assert_eq!(code, 0, "{error}");
    assert_eq!(bearers(&azure), ["Bearer token-1"; 4]);
    assert_eq!(site.requests().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_was_rotated_costs_neither_a_restart_nor_a_poll() {
    let secret = file("first");
    let rotated = secret.path().to_owned();
    let authority = Authority::new();
    let site = Site::with_tls(&authority, move |number, request| {
        std::fs::write(&rotated, "second").expect("a file");
        match field(request, "client_secret").as_deref() {
            Some("first") if number > 1 => answer(
                401,
                "",
                r#"{"error":"invalid_client","error_description":"AADSTS7000222: expired","error_codes":[7000222]}"#,
            ),
            _ => token(&format!("token-{number}"), 299),
        }
    })
    .await;
    let azure = Server::start(vec![Answer::page(FIRST_PAGE), Answer::page(PAGE)]).await;
    let auth = format!(
        "method: client_secret, tenant_id: {TENANT}, client_id: {CLIENT}, client_secret_file: {}",
        path(&secret)
    );
    let config = configuration(&addresses(&azure, &site), &auth);
    let (code, _, error) =
        run(&["once", "--config.file", path(&config)], &[("SSL_CERT_FILE", authority.path())]);
    assert_eq!(code, 0, "{error}");
    assert_eq!(bearers(&azure)[..2], ["Bearer token-1", "Bearer token-3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_entra_refuses_is_told_in_its_words() {
    let authority = Authority::new();
    let site = Site::with_tls(&authority, |_, _| {
        answer(
            401,
            "",
            r#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided.\r\nTrace ID: 0","error_codes":[7000215]}"#,
        )
    })
    .await;
    let azure = Server::start(vec![Answer::page(PAGE)]).await;
    let auth = format!(
        "method: client_secret, tenant_id: {TENANT}, client_id: {CLIENT}, client_secret: a-secret"
    );
    let config = configuration(&addresses(&azure, &site), &auth);
    let arguments = ["check", "--online", "--config.file", path(&config)];
    let (code, output, _) = run(&arguments, &[("SSL_CERT_FILE", authority.path())]);
    assert_eq!(code, 1, "{output}");
    assert!(
        output.contains(
            "\ndepartment/1234  failed  -              -            -\n  not authenticated: "
        ) && output.contains("AADSTS7000215: Invalid client secret provided. Trace ID: 0")
            && output.contains("\n  -> check azure.auth: "),
        "{output}"
    );
    assert!(azure.requests().is_empty(), "nothing is asked without a token");
}

#[test]
fn a_secret_that_every_user_can_read_is_warned_of() {
    use std::os::unix::fs::PermissionsExt;

    let secret = file("a-secret");
    let auth = format!(
        "method: client_secret, tenant_id: {TENANT}, client_id: {CLIENT}, client_secret_file: {}",
        path(&secret)
    );
    let inline = format!(
        "method: client_secret, tenant_id: {TENANT}, client_id: {CLIENT}, client_secret: a-secret"
    );
    let open = |file: &tempfile::NamedTempFile, mode| {
        std::fs::set_permissions(file.path(), PermissionsExt::from_mode(mode)).expect("its owner");
    };
    let config = configuration("", &auth);
    let check = |config| run(&["check", "--config.file", path(config)], &[]);
    open(&config, 0o644);
    open(&secret, 0o640);
    assert!(!check(&config).1.contains("warning"), "the file of the secret is for a group");
    open(&secret, 0o644);
    let (code, output, _) = check(&config);
    let warning = format!(
        "warning: {}:3: azure.auth.client_secret_file: {} can be read by every user of this machine; chmod it to 600 (in Kubernetes, set defaultMode: 0400 on the volume)\n",
        path(&config),
        path(&secret)
    );
    assert!(code == 0 && output.contains(&warning), "{output}");
    let config = configuration("", &inline);
    open(&config, 0o644);
    let (_, output, _) = check(&config);
    assert!(
        output.contains("azure.auth.client_secret: is in a file that can be read by every user"),
        "{output}"
    );
    open(&config, 0o600);
    assert!(!check(&config).1.contains("warning"));
    // Like a directory of its own that nobody else may enter.
    let private = tempfile::tempdir().expect("a directory");
    std::fs::set_permissions(private.path(), PermissionsExt::from_mode(0o700)).expect("its owner");
    let hidden = private.path().join("secret");
    std::fs::write(&hidden, "a-secret").expect("the file can be written");
    std::fs::set_permissions(&hidden, PermissionsExt::from_mode(0o644)).expect("its owner");
    let hidden = auth.replace(path(&secret), hidden.to_str().expect("a path"));
    assert!(!check(&configuration("", &hidden)).1.contains("warning"));
}
