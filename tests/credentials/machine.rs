//! Identities of the machine, and the user who is signed in at it.

use std::os::unix::fs::PermissionsExt;

use crate::process::run;
use crate::server::{Answer, Server};
use crate::signing_in::bearers;
use crate::site::{Site, header, ok};
use crate::{CLIENT, FIRST_PAGE, PAGE, TENANT, configuration, path};

/// Returns a token as the identity services of machines send it: its expiry is a text.
fn machine_token(token: &str) -> String {
    ok(&format!(
        r#"{{"access_token":"{token}","expires_on":"4102444800","token_type":"Bearer","resource":"x"}}"#
    ))
}

/// Returns the target of a request.
fn target(request: &str) -> url::Url {
    let target = request.split(' ').nth(1).expect("a target");
    url::Url::parse("http://origin").and_then(|base| base.join(target)).expect("an address")
}

fn parameter(request: &str, name: &str) -> Option<String> {
    target(request).query_pairs().find(|(found, _)| found == name).map(|(_, value)| value.into())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_virtual_machine_answers_for_its_own_identity_and_for_those_assigned_to_it() {
    let resource = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/contoso/providers/Microsoft.ManagedIdentity/userAssignedIdentities/billing";
    for (auth, environment, parameters) in [
        (String::new(), None, None),
        (String::new(), Some(CLIENT), Some(("client_id", CLIENT))),
        ("method: managed_identity".to_owned(), None, None),
        (
            format!("method: managed_identity, client_id: {CLIENT}"),
            None,
            Some(("client_id", CLIENT)),
        ),
        (
            format!("method: managed_identity, object_id: {TENANT}"),
            None,
            Some(("object_id", TENANT)),
        ),
        (
            format!("method: managed_identity, resource_id: {resource}"),
            None,
            Some(("msi_res_id", resource)),
        ),
    ] {
        // Its address is fixed; a proxy on this machine takes its place.
        let imds = Site::plain(|_, _| machine_token("a-token")).await;
        let azure = Server::start(vec![Answer::page(FIRST_PAGE), Answer::page(PAGE)]).await;
        let config = configuration(&format!("  endpoint: {}\n", azure.endpoint), &auth);
        let mut variables = vec![("HTTP_PROXY", imds.url.as_str())];
        variables.extend(environment.map(|id| ("AZURE_CLIENT_ID", id)));
        let (code, _, error) = run(&["once", "--config.file", path(&config)], &variables);
        assert_eq!(code, 0, "{auth}: {error}");
        assert_eq!(bearers(&azure)[..2], ["Bearer a-token", "Bearer a-token"]);
        let requests = imds.requests();
        assert_eq!(requests.len(), 1, "the token is kept: {requests:?}");
        let asked = target(&requests[0]);
        let address = (asked.host_str(), asked.path());
        assert_eq!(address, (Some("169.254.169.254"), "/metadata/identity/oauth2/token"));
        assert_eq!(header(&requests[0], "metadata"), Some("true"));
        assert_eq!(parameter(&requests[0], "resource"), Some(azure.endpoint.clone()));
        for name in ["client_id", "object_id", "msi_res_id"] {
            let expected = parameters.filter(|(expected, _)| *expected == name);
            let expected = expected.map(|(_, value)| value.to_owned());
            assert_eq!(parameter(&requests[0], name), expected, "{auth}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn app_service_is_asked_at_its_own_address_with_its_own_key() {
    let service = Site::plain(|_, _| machine_token("a-token")).await;
    let azure = Server::start(vec![Answer::page(PAGE)]).await;
    let auth = format!("method: managed_identity, client_id: {CLIENT}");
    let config = configuration(&format!("  endpoint: {}\n", azure.endpoint), &auth);
    let endpoint = format!("{}/msi/token", service.url);
    let environment = [("IDENTITY_ENDPOINT", endpoint.as_str()), ("IDENTITY_HEADER", "a-key")];
    let (code, _, error) = run(&["once", "--config.file", path(&config)], &environment);
    assert_eq!(code, 0, "{error}");
    assert_eq!(bearers(&azure), ["Bearer a-token"]);
    let requests = service.requests();
    assert_eq!(target(&requests[0]).path(), "/msi/token");
    assert_eq!(header(&requests[0], "x-identity-header"), Some("a-key"));
    assert_eq!(parameter(&requests[0], "client_id").as_deref(), Some(CLIENT));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_service_without_tls_beyond_this_machine_is_not_asked() {
    let azure = Server::start(vec![Answer::page(PAGE)]).await;
    let auth = "method: managed_identity";
    let config = configuration(&format!("  endpoint: {}\n", azure.endpoint), auth);
    let environment =
        [("IDENTITY_ENDPOINT", "http://identity.example.com/token"), ("IDENTITY_HEADER", "a-key")];
    let (code, _, error) = run(&["once", "--config.file", path(&config)], &environment);
    assert_eq!(code, 1, "{error}");
    assert!(
        error.contains("refused to request a token from another machine without TLS"),
        "{error}"
    );
}

/// Makes a directory with an `az` in it, which records the arguments of each run.
fn fake_az(body: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    let script = directory.path().join("az");
    let record = directory.path().join("calls");
    let text = format!("#!/bin/sh\necho \"$*\" >> '{}'\n{body}\n", record.display());
    std::fs::write(&script, text).expect("the script can be written");
    std::fs::set_permissions(&script, PermissionsExt::from_mode(0o755)).expect("its owner");
    directory
}

fn search_path(directory: &tempfile::TempDir) -> String {
    format!("{}:/usr/bin:/bin", directory.path().display())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_signed_in_to_the_azure_cli_is_asked_for_seldom() {
    let calls = "n=$(wc -l < \"$(dirname \"$0\")/calls\")";
    let az = fake_az(&format!(
        "{calls}\nprintf '{{\"accessToken\":\"token-%s\",\"expires_on\":4102444800,\"tokenType\":\"Bearer\"}}' $n"
    ));
    let expired = r#"{"error":{"code":"ExpiredAuthenticationToken","message":"expired"}}"#;
    let azure = Server::start(vec![
        Answer::page(FIRST_PAGE),
        Answer::status(401, expired),
        Answer::page(PAGE),
    ])
    .await;
    let auth = format!("method: azure_cli, tenant_id: {TENANT}");
    let config = configuration(&format!("  endpoint: {}\n", azure.endpoint), &auth);
    let arguments = ["once", "--config.file", path(&config)];
    let (code, _, error) = run(&arguments, &[("PATH", &search_path(&az))]);
    assert_eq!(code, 0, "{error}");
    assert_eq!(bearers(&azure), ["Bearer token-1", "Bearer token-1", "Bearer token-2"]);
    let calls = std::fs::read_to_string(az.path().join("calls")).expect("calls");
    let call = format!(
        "account get-access-token -o json --scope {}/.default --tenant {TENANT}\n",
        azure.endpoint
    );
    assert_eq!(calls, call.repeat(2), "once, and once more after a refusal");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_azure_cli_complains_of_is_told() {
    let az = fake_az("echo \"ERROR: Please run 'az login' to setup account.\" >&2\nexit 1");
    let azure = Server::start(vec![Answer::page(PAGE)]).await;
    let config = configuration(&format!("  endpoint: {}\n", azure.endpoint), "method: azure_cli");
    let arguments = ["once", "--config.file", path(&config)];
    let (code, _, error) = run(&arguments, &[("PATH", &search_path(&az))]);
    assert_eq!(code, 1, "{error}");
    assert!(error.contains("reason=auth") && error.contains("ERROR: Please run"), "{error}");
}
