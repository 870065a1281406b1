//! Tokens by Microsoft's library, from a token endpoint with a throw-away certificate.

use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::process::run;
use crate::server::{Answer, Server};

const PAGE: &str =
    r#"{"value":[{"properties":{"date":"2026-11-20","cost":1,"billingCurrency":"EUR"}}]}"#;
const TENANT: &str = "00000000-0000-0000-0000-000000000001";
const CLIENT: &str = "00000000-0000-0000-0000-000000000002";

/// A token endpoint. It gives `token-1`, `token-2`, …
struct Authority {
    url: String,
    /// The certificate to trust.
    trusted: tempfile::NamedTempFile,
    requests: Arc<Mutex<Vec<String>>>,
}

async fn authority() -> Authority {
    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(ca, KeyPair::generate().expect("a key"))
        .expect("an authority");
    let key = KeyPair::generate().expect("a key");
    let leaf = CertificateParams::new(vec!["localhost".into()]).expect("a name");
    let leaf = leaf.signed_by(&key, &issuer).expect("a certificate");
    let trusted = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(trusted.path(), issuer.pem()).expect("the file can be written");
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let tls = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("protocols")
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .expect("a configuration");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("https://localhost:{}", listener.local_addr().expect("an address").port());
    let requests = Arc::<Mutex<Vec<String>>>::default();
    tokio::spawn(answer_all(listener, TlsAcceptor::from(Arc::new(tls)), requests.clone()));
    Authority { url, trusted, requests }
}

async fn answer_all(listener: TcpListener, tls: TlsAcceptor, requests: Arc<Mutex<Vec<String>>>) {
    while let Ok((socket, _)) = listener.accept().await {
        let Ok(mut socket) = tls.accept(socket).await else { continue };
        let mut request = Vec::new();
        // The form is short and ends with the scope.
        while !String::from_utf8_lossy(&request).contains(".default") {
            let mut part = [0; 4096];
            match socket.read(&mut part).await {
                Ok(read @ 1..) => request.extend_from_slice(&part[..read]),
                _ => break,
            }
        }
        let number = {
            let mut requests = requests.lock().expect("no panic");
            requests.push(String::from_utf8_lossy(&request).into_owned());
            requests.len()
        };
        let body = format!(
            r#"{{"token_type":"Bearer","expires_in":3599,"access_token":"token-{number}"}}"#
        );
        let head = format!(
            "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let _ = socket.write_all((head + &body).as_bytes()).await;
        let _ = socket.shutdown().await;
    }
}

fn bearer(head: &str) -> &str {
    let header = head.lines().find_map(|line| line.strip_prefix("authorization: "));
    header.expect("a token")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_secret_buys_a_token_and_a_refused_token_is_renewed_once() {
    let authority = authority().await;
    let azure = Server::start(vec![
        Answer::page(r#"{"nextLink":"{{endpoint}}/two?id=1","value":[]}"#),
        Answer::status(
            401,
            r#"{"error":{"code":"ExpiredAuthenticationToken","message":"expired"}}"#,
        ),
        Answer::page(PAGE),
    ])
    .await;
    let file = tempfile::NamedTempFile::new().expect("a file");
    let text = format!(
        "azure:\n  endpoint: {}\n  authority_host: {}\n  requests_per_minute: {{department: 100}}\n  auth: {{method: client_secret, tenant_id: {TENANT}, client_id: {CLIENT}, client_secret: planted-secret}}\nscopes:\n  - department: \"1234\"\n",
        azure.endpoint, authority.url
    );
    std::fs::write(file.path(), text).expect("the file can be written");
    let trusted = authority.trusted.path().to_str().expect("a path");
    let arguments =
        ["once", "--log.level", "trace", "--config.file", file.path().to_str().expect("a path")];
    let (code, output, error) = run(&arguments, &[("SSL_CERT_FILE", trusted)]);
    assert_eq!(code, 0, "{error}");
    let bearers: Vec<String> =
        azure.requests().iter().map(|head| bearer(head).to_owned()).collect();
    assert_eq!(bearers, ["Bearer token-1", "Bearer token-1", "Bearer token-2"]);
    let requests = authority.requests.lock().expect("no panic").clone();
    assert_eq!(requests.len(), 2, "tokens are kept until they are refused");
    assert!(
        requests[0].starts_with(&format!("POST /{TENANT}/oauth2/v2.0/token ")),
        "{}",
        requests[0]
    );
    let scope =
        format!("scope={}%2F.default", azure.endpoint.replace(':', "%3A").replace('/', "%2F"));
    assert!(
        requests[0].contains(&scope) && requests[0].contains("client_secret=planted-secret"),
        "{}",
        requests[0]
    );
    for secret in ["planted-secret", "token-1", "token-2"] {
        assert!(
            !output.contains(secret) && !error.contains(secret),
            "{secret} is in the output or the log"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_environment_alone_is_enough() {
    let authority = authority().await;
    let azure = Server::start(vec![Answer::page(PAGE)]).await;
    let file = tempfile::NamedTempFile::new().expect("a file");
    let text =
        format!("azure: {{endpoint: {}}}\nscopes:\n  - department: \"1234\"\n", azure.endpoint);
    std::fs::write(file.path(), text).expect("the file can be written");
    let environment = [
        ("AZURE_TENANT_ID", TENANT),
        ("AZURE_CLIENT_ID", CLIENT),
        ("AZURE_CLIENT_SECRET", "planted-secret"),
        ("AZURE_AUTHORITY_HOST", &authority.url),
        ("SSL_CERT_FILE", authority.trusted.path().to_str().expect("a path")),
    ];
    let (code, output, error) =
        run(&["once", "--config.file", file.path().to_str().expect("a path")], &environment);
    assert_eq!(code, 0, "{error}");
    assert!(output.contains("currency=\"EUR\"} 1.0\n"), "{output}");
    assert_eq!(bearer(&azure.requests()[0]), "Bearer token-1");
}
