//! An application that signs in with a certificate: it sends what Entra documents.

use azure_billing_exporter::config::ClientCertificate;
use jiff::Timestamp;
use ring::signature::{RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};
use serde_json::Value;

use crate::process::run;
use crate::server::{Answer, Server};
use crate::site::{Authority, Site, field, token};
use crate::{CLIENT, FIRST_PAGE, PAGE, TENANT, configuration, path};

pub(crate) const PEM: &str = include_str!("../fixtures/client_certificate.pem");
pub(crate) const PEM_FILE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/client_certificate.pem");
/// Made by `openssl x509 -outform DER | openssl dgst -sha256 -binary | base64`, in the URL's
/// alphabet.
const THUMBPRINT: &str = "7HwQxzGGerXQtzK_nvbqVMMEqNHHxhTml9WrZjtOesQ";

fn decoded(part: &str) -> Vec<u8> {
    azure_core::base64::decode_url_safe(part).expect("base64")
}

#[expect(clippy::disallowed_methods, reason = "signatures are dated by the real time")]
fn unix_time() -> i64 {
    Timestamp::now().as_second()
}

/// Returns the claims of an assertion after checking its head and signature.
fn claims(assertion: &str) -> Value {
    let (signed, signature) = assertion.rsplit_once('.').expect("a signature");
    let key = ClientCertificate::parse(&PEM.into()).expect("a certificate").key;
    let public = UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, key.public().as_ref());
    public.verify(signed.as_bytes(), &decoded(signature)).expect("a signature of the key");
    let (header, claims) = signed.split_once('.').expect("two parts");
    let header: Value = serde_json::from_slice(&decoded(header)).expect("JSON");
    let expected = serde_json::json!({"alg": "PS256", "typ": "JWT", "x5t#S256": THUMBPRINT});
    assert_eq!(header, expected);
    serde_json::from_slice(&decoded(claims)).expect("JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_signs_an_assertion_of_its_own_for_each_token() {
    let authority = Authority::new();
    let site = Site::with_tls(&authority, |number, _| token(&format!("token-{number}"), 299)).await;
    let azure = Server::start(vec![Answer::page(FIRST_PAGE), Answer::page(PAGE)]).await;
    let addresses = format!("  endpoint: {}\n  authority_host: {}\n", azure.endpoint, site.url);
    let by_file = format!(
        "method: client_certificate, tenant_id: {TENANT}, client_id: {CLIENT}, client_certificate_file: {PEM_FILE}"
    );
    let config = configuration(&addresses, &by_file);
    let began = unix_time();
    let (code, _, error) =
        run(&["once", "--config.file", path(&config)], &[("SSL_CERT_FILE", authority.path())]);
    assert_eq!(code, 0, "{error}");
    let found: Vec<Value> = site
        .requests()
        .iter()
        .map(|request| claims(&field(request, "client_assertion").expect("an assertion")))
        .collect();
    for claims in &found {
        assert_eq!(claims["aud"], format!("{}/{TENANT}/oauth2/v2.0/token", site.url));
        assert_eq!((&claims["iss"], &claims["sub"]), (&CLIENT.into(), &CLIENT.into()));
        let (begins, ends) = (claims["nbf"].as_i64(), claims["exp"].as_i64());
        let (begins, ends) = (begins.expect("a time"), ends.expect("a time"));
        assert!(begins >= began && begins <= unix_time(), "{claims}");
        assert_eq!(ends - begins, 600);
    }
    assert!(found.len() >= 2 && found[0]["jti"] != found[1]["jti"], "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_variables_of_azures_tools_name_a_certificate() {
    let authority = Authority::new();
    let site = Site::with_tls(&authority, |_, _| token("token", 3599)).await;
    let azure = Server::start(vec![Answer::page(PAGE)]).await;
    let config = configuration(&format!("  endpoint: {}\n", azure.endpoint), "");
    let environment = [
        ("AZURE_TENANT_ID", TENANT),
        ("AZURE_CLIENT_ID", CLIENT),
        ("AZURE_CLIENT_CERTIFICATE_PATH", PEM_FILE),
        ("AZURE_AUTHORITY_HOST", &site.url),
        ("SSL_CERT_FILE", authority.path()),
    ];
    let (code, _, error) = run(&["once", "--config.file", path(&config)], &environment);
    assert_eq!(code, 0, "{error}");
    claims(&field(&site.requests()[0], "client_assertion").expect("an assertion"));
}
