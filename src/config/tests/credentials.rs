//! The identity that signs in, from the file and from the environment.

use secrecy::ExposeSecret;

use super::{SHORTEST, complaint, load, load_with};
use crate::config::{Application, Auth, Config, Environment, ManagedIdentity};

pub(super) fn auth(keys: &str) -> String {
    format!("azure:\n  auth: {{{keys}}}\n{SHORTEST}")
}

#[test]
fn a_client_secret_can_stand_in_the_file() {
    let keys = "method: client_secret, tenant_id: contoso.com, client_id: a-1, client_secret: s~x";
    let Auth::ClientSecret(Application { tenant_id, client_id }, secret) =
        load(&auth(keys)).unwrap().azure.auth
    else {
        panic!()
    };
    assert_eq!((tenant_id.as_str(), client_id.as_str()), ("contoso.com", "a-1"));
    assert_eq!(secret.read().unwrap().expose_secret(), "s~x");
}

#[test]
fn a_secret_file_is_found_beside_the_configuration_and_read_anew_on_each_use() {
    let directory = tempfile::tempdir().unwrap();
    let token = directory.path().join("token");
    let file = directory.path().join("config.yaml");
    std::fs::write(&token, "first\n").unwrap();
    std::fs::write(&file, auth("method: token, token_file: token")).unwrap();

    let config = Config::from_file(&file, &Environment::default()).unwrap();

    let Auth::Token(secret) = config.azure.auth else { panic!() };
    assert_eq!(secret.read().unwrap().expose_secret(), "first");
    std::fs::write(&token, "second\r\n").unwrap();
    assert_eq!(secret.read().unwrap().expose_secret(), "second");
    std::fs::write(&token, "hunter2\nhunter3\n").unwrap();
    assert_eq!(
        secret.read().unwrap_err().to_string(),
        format!(
            "azure.auth.token_file: {} contains more than one line; write the bare secret into it",
            token.display()
        )
    );
}

#[test]
fn a_secret_file_must_be_of_use_when_the_configuration_is_loaded() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("token");
    let said = || {
        let complaint = complaint(&auth(&format!("method: token, token_file: {}", path.display())));
        complaint.replace(&path.display().to_string(), "FILE")
    };

    assert_eq!(
        said(),
        "config.yaml:2: azure.auth.token_file: FILE cannot be read: No such file or directory \
         (os error 2); mount it, or let this user read it"
    );
    std::fs::write(&path, "\n").unwrap();
    assert_eq!(
        said(),
        "config.yaml:2: azure.auth.token_file: FILE is empty; write the secret into it"
    );
    std::fs::write(&path, "x".repeat(64 * 1024 + 1)).unwrap();
    assert_eq!(
        said(),
        "config.yaml:2: azure.auth.token_file: FILE is larger than 64 KiB; name the file that \
         contains the bare secret"
    );
    std::fs::write(&path, [0xff, 0xfe]).unwrap();
    assert_eq!(
        said(),
        "config.yaml:2: azure.auth.token_file: FILE is not UTF-8 text; write the bare secret into it"
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn contradictions_and_gaps_are_told() {
    let cases = [
        (
            "method: secret",
            "method: `secret` is not known; allowed here: environment, client_secret, \
             client_certificate, managed_identity, workload_identity, azure_cli, token",
        ),
        (
            "token: hunter2",
            "token: does not belong to method `environment`; set `method: token`, or remove the key",
        ),
        (
            "method: token, token: hunter2, client_id: a",
            "client_id: does not belong to method `token`; set `method` to client_secret or \
             client_certificate or managed_identity or workload_identity, or remove the key",
        ),
        (
            "method: token",
            "token: is missing; give it here, or give the file that contains it as `token_file`",
        ),
        (
            "method: token, token: hunter2, token_file: /run/token",
            "token_file: contradicts `token`; keep one of the two",
        ),
        (
            "method: client_secret, client_id: a, client_secret: hunter2",
            "tenant_id: is missing; method `client_secret` needs the directory (tenant) id of the \
             application",
        ),
        (
            "method: client_secret, tenant_id: a/b, client_id: a, client_secret: hunter2",
            "tenant_id: is not an id; use a GUID (or, for a tenant, its domain name)",
        ),
        (
            "method: token, token: \"hunter2\\nhunter3\"",
            "token: is empty or more than one line; give the bare secret",
        ),
        ("method: token, token: 1234567", "token: is read as a number; put it in quotes"),
        ("method: token, token_file: ''", "token_file: is empty; give a path"),
        (
            "method: managed_identity, client_id: a, object_id: b",
            "object_id: contradicts the other id; keep one of client_id, object_id, resource_id",
        ),
        (
            "method: managed_identity, resource_id: /subscriptions/0",
            "resource_id: is not the id of a managed identity; use \
             /subscriptions/…/resourceGroups/…/providers/Microsoft.ManagedIdentity/userAssignedIdentities/…",
        ),
        (
            "method: managed_identity, tenant_id: t",
            "tenant_id: does not belong to method `managed_identity`; set `method` to \
             client_secret or client_certificate or workload_identity or azure_cli, or remove the key",
        ),
        (
            "method: workload_identity, tenant_id: t, client_id: c",
            "federated_token_file: is missing; method `workload_identity` needs it, here or as \
             AZURE_FEDERATED_TOKEN_FILE",
        ),
        (
            "method: azure_cli, tenant_id: 'a b'",
            "tenant_id: is not an id; use a GUID (or, for a tenant, its domain name)",
        ),
        (
            "method: client_certificate, tenant_id: t, client_id: c, client_certificate: hunter2",
            "client_certificate: contains no certificate in PEM; convert a .pfx by: openssl pkcs12 \
             -in a.pfx -nodes -out a.pem",
        ),
    ];
    for (keys, expected) in cases {
        let complaint = complaint(&auth(keys));
        assert_eq!(complaint, format!("config.yaml:2: azure.auth.{expected}"), "{keys}");
    }
}

#[test]
fn the_environment_is_asked_in_the_order_of_azures_own_tools() {
    let found = |variables: &[(&str, &str)]| match load_with(SHORTEST, variables) {
        Ok(config) => config.azure.auth,
        Err(error) => panic!("{error}"),
    };
    let certificate = certificate_file();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "a-token").unwrap();
    let tenant = ("AZURE_TENANT_ID", "t");
    let client = ("AZURE_CLIENT_ID", "c");
    let secret = ("AZURE_CLIENT_SECRET", "s");
    let certificate = ("AZURE_CLIENT_CERTIFICATE_PATH", certificate.path().to_str().unwrap());
    let token = ("AZURE_FEDERATED_TOKEN_FILE", file.path().to_str().unwrap());

    let all = found(&[tenant, client, secret, certificate, token]);
    assert!(matches!(all, Auth::ClientSecret(..)));
    let no_secret = found(&[tenant, client, ("AZURE_CLIENT_SECRET", ""), certificate, token]);
    assert!(matches!(no_secret, Auth::ClientCertificate(..)));
    let federated = found(&[tenant, client, token]);
    assert!(matches!(federated, Auth::WorkloadIdentity(..)));
    let assigned = found(&[client]);
    let expected = ManagedIdentity::ClientId("c".to_owned());
    assert!(matches!(assigned, Auth::ManagedIdentity(identity) if identity == expected));
    assert!(matches!(found(&[]), Auth::ManagedIdentity(ManagedIdentity::System)));
}

/// Returns a file with a certificate and its key. The directory accepts only RSA keys, which take
/// seconds to generate, so this one is fixed; it was made for tests and is used nowhere else.
pub(super) fn certificate_file() -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), include_str!("../../../tests/fixtures/client_certificate.pem"))
        .unwrap();
    file
}

#[test]
fn workload_identity_takes_from_the_environment_what_the_file_leaves_out() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "a-token").unwrap();
    let variables = [
        ("AZURE_TENANT_ID", "t"),
        ("AZURE_CLIENT_ID", "c"),
        ("AZURE_FEDERATED_TOKEN_FILE", file.path().to_str().unwrap()),
    ];
    let yaml = auth("method: workload_identity, client_id: other");
    let Auth::WorkloadIdentity(Application { tenant_id, client_id }, token) =
        load_with(&yaml, &variables).unwrap().azure.auth
    else {
        panic!()
    };
    assert_eq!((tenant_id.as_str(), client_id.as_str()), ("t", "other"));
    assert_eq!(token.read().unwrap().expose_secret(), "a-token");
}

#[test]
fn a_half_set_environment_is_told() {
    let said = |variables: &[(&str, &str)]| load_with(SHORTEST, variables).unwrap_err().to_string();

    assert_eq!(
        said(&[("AZURE_CLIENT_SECRET", "hunter2"), ("AZURE_CLIENT_ID", "c")]),
        "AZURE_TENANT_ID: is not set, but AZURE_CLIENT_SECRET is; set it, or unset \
         AZURE_CLIENT_SECRET"
    );
    assert_eq!(
        said(&[
            ("AZURE_CLIENT_CERTIFICATE_PATH", "/nowhere/a.pem"),
            ("AZURE_CLIENT_ID", "c"),
            ("AZURE_TENANT_ID", "t")
        ]),
        "AZURE_CLIENT_CERTIFICATE_PATH: /nowhere/a.pem cannot be read: No such file or directory \
         (os error 2); mount it, or let this user read it"
    );
    let token = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(token.path(), "a-token").unwrap();
    let token = token.path().to_str().unwrap();
    assert_eq!(
        said(&[("AZURE_FEDERATED_TOKEN_FILE", token), ("AZURE_TENANT_ID", "t")]),
        "AZURE_CLIENT_ID: is not set, but AZURE_FEDERATED_TOKEN_FILE is; set it, or unset \
         AZURE_FEDERATED_TOKEN_FILE"
    );
    assert_eq!(
        said(&[("AZURE_AUTHORITY_HOST", "login.microsoftonline.us")]),
        "AZURE_AUTHORITY_HOST: is not an address; write for example \
         https://login.microsoftonline.com"
    );
    assert_eq!(
        said(&[("AZURE_CLIENT_ID", "a b")]),
        "AZURE_CLIENT_ID: is not an id; use a GUID (or, for a tenant, its domain name)"
    );
}
