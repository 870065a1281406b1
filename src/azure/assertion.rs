//! What an application without a secret proves itself with: a token that somebody else signed, or
//! one signed here with the key of its certificate. The library has both, but its certificates need
//! OpenSSL and its files are read anew only after ten minutes.

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

/// Long enough for a clock that is wrong by minutes; Entra advises five to ten minutes.
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

/// A token signed with the key of a certificate, which is read on each use as well.
#[derive(Debug)]
pub(super) struct Signed {
    /// The certificate and its key.
    pub(super) pem: Secret,
    pub(super) client_id: String,
    /// Whom it is for.
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
    /// The assertion in the form Entra asks for: PS256, and the certificate by its SHA-256.
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

/// The real time, whatever the clock of the poller says: the directory has no other.
#[expect(clippy::disallowed_methods, reason = "a signature is dated by the real time")]
fn now() -> Timestamp {
    Timestamp::now()
}

fn failed(why: String) -> Error {
    Error::with_message(ErrorKind::Credential, why)
}
