//! The proof of identity of an application without a secret: a token that another party signed, or
//! one signed here with the key of its certificate. Microsoft's library offers both, but its
//! certificates need OpenSSL, and it reads its files again only after ten minutes.

use async_trait::async_trait;
use azure_core::base64::encode_url_safe;
use azure_core::error::ErrorKind;
use azure_core::http::ClientMethodOptions;
use azure_core::{Error, Uuid};
use azure_identity::ClientAssertion;
use jiff::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::RSA_PSS_SHA256;
use secrecy::ExposeSecret;
use serde_json::json;

use crate::config::{ClientCertificate, Secret};

/// The lifetime of an assertion. It tolerates a clock that is wrong by minutes; Entra advises five
/// to ten minutes.
const LIFE_SECONDS: i64 = 10 * 60;

/// The token of a service account, read on each use because the kubelet rotates it.
#[derive(Debug)]
pub(super) struct Federated {
    pub(super) token: Secret,
}

#[async_trait]
impl ClientAssertion for Federated {
    async fn secret(&self, _: Option<ClientMethodOptions<'_>>) -> azure_core::Result<String> {
        let token = self.token.read().map_err(|error| failed(error.to_string()))?;
        Ok(token.expose_secret().to_owned())
    }
}

/// A token signed with the key of a certificate. The certificate too is read on each use.
#[derive(Debug)]
pub(super) struct Signed {
    /// The certificate and its key.
    pub(super) pem: Secret,
    pub(super) client_id: String,
    /// The address that the token is meant for (its audience).
    pub(super) token_url: String,
}

#[async_trait]
impl ClientAssertion for Signed {
    async fn secret(&self, _: Option<ClientMethodOptions<'_>>) -> azure_core::Result<String> {
        let pem = self.pem.read_whole().map_err(|error| failed(error.to_string()))?;
        let certificate = ClientCertificate::parse(&pem)
            .map_err(|problem| failed(format!("the client certificate {problem}")))?;
        self.sign(&certificate, now())
    }
}

impl Signed {
    /// Signs an assertion in the form that Entra expects: PS256, with the SHA-256 of the
    /// certificate.
    fn sign(&self, certificate: &ClientCertificate, now: Timestamp) -> azure_core::Result<String> {
        let begins = now.as_second();
        let thumbprint = encode_url_safe(certificate.thumbprint);
        let header = json!({"alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint});
        let claims = json!({
            "aud": self.token_url,
            "iss": self.client_id,
            "sub": self.client_id,
            "jti": Uuid::new_v4().to_string(),
            "iat": begins,
            "nbf": begins,
            "exp": begins + LIFE_SECONDS,
        });
        let part = |value: serde_json::Value| encode_url_safe(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let mut signature = vec![0; certificate.key.public().modulus_len()];
        certificate
            .key
            .sign(&RSA_PSS_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .map_err(|_| failed("the client certificate's key cannot sign".to_owned()))?;
        Ok(format!("{signed}.{}", encode_url_safe(signature)))
    }
}

/// Returns the system's time, whatever the poller's clock says: Entra knows no other time.
#[expect(clippy::disallowed_methods, reason = "a signature is dated by the real time")]
fn now() -> Timestamp {
    Timestamp::now()
}

fn failed(why: String) -> Error {
    Error::with_message(ErrorKind::Credential, why)
}
