//! Where the bearer token comes from. OAuth is Microsoft's library's business; here a credential is
//! chosen, gets our HTTP client, and is made anew when Azure refuses its token (the library caches
//! tokens and has no way to drop one). A further method is one more arm of [`credential`].

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use azure_core::cloud::{CloudConfiguration, CustomConfiguration};
use azure_core::credentials::{Secret, TokenCredential};
use azure_core::http::{ClientOptions, ExponentialRetryOptions, RetryOptions, Transport};
use azure_identity::{
    ClientAssertionCredentialOptions, ClientSecretCredential, ClientSecretCredentialOptions,
    ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId,
    WorkloadIdentityCredential, WorkloadIdentityCredentialOptions,
};
use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::timeout;
use url::Url;

use super::error::Error;
use super::transport;
use crate::config::{self, EnvironmentAuth};

/// For one token, all tries of the library together.
const PATIENCE: Duration = Duration::from_secs(60);
/// The library would try eight times, for a minute; the poller tries again anyway.
const RETRIES: u32 = 3;

/// The source of tokens for one endpoint.
pub(crate) struct Authority {
    method: Method,
    /// What tokens are asked for: the endpoint's `.default`.
    audience: String,
}

enum Method {
    /// A token that somebody else keeps fresh.
    Ready(config::Secret),
    Library {
        settings: Box<config::Azure>,
        current: Mutex<Option<Arc<dyn TokenCredential>>>,
    },
}

impl Authority {
    pub(crate) fn new(azure: &config::Azure) -> Self {
        let method = match &azure.auth {
            config::Auth::Token(token) => Method::Ready(token.clone()),
            _ => Method::Library { settings: Box::new(azure.clone()), current: Mutex::default() },
        };
        Self { method, audience: format!("{}.default", azure.endpoint) }
    }

    /// The value of the `Authorization` header, marked so that it is never printed.
    pub(crate) async fn bearer(&self) -> Result<HeaderValue, Error> {
        let token = match &self.method {
            Method::Ready(token) => token.read().map_err(|error| Error::Auth(error.to_string()))?,
            Method::Library { settings, current } => self.token(settings, current).await?,
        };
        let bearer = SecretString::from(format!("Bearer {}", token.expose_secret()));
        let mut header = HeaderValue::from_str(bearer.expose_secret()).map_err(|_| {
            Error::Auth("the token holds characters that no header may hold".into())
        })?;
        header.set_sensitive(true);
        Ok(header)
    }

    /// Makes the next token a new one.
    pub(crate) fn renew(&self) {
        if let Method::Library { current, .. } = &self.method {
            *current.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }

    async fn token(
        &self,
        settings: &config::Azure,
        current: &Mutex<Option<Arc<dyn TokenCredential>>>,
    ) -> Result<SecretString, Error> {
        let credential = {
            let mut current = current.lock().unwrap_or_else(PoisonError::into_inner);
            match &*current {
                Some(credential) => credential.clone(),
                None => current.insert(credential(settings)?).clone(),
            }
        };
        let token = timeout(PATIENCE, credential.get_token(&[&self.audience], None)).await;
        let token = token
            .map_err(|_| {
                Error::Auth(format!("{} gave no token within a minute", settings.authority_host))
            })?
            .map_err(|error| Error::Auth(one_line(&error.to_string())))?;
        Ok(SecretString::from(token.token.secret()))
    }
}

fn credential(settings: &config::Azure) -> Result<Arc<dyn TokenCredential>, Error> {
    let refused = |error: azure_core::Error| Error::Auth(one_line(&error.to_string()));
    let client_options = client_options(settings)?;
    let by_secret =
        |application: &config::ClientSecret| -> Result<Arc<dyn TokenCredential>, Error> {
            let secret =
                application.secret.read().map_err(|error| Error::Auth(error.to_string()))?;
            let secret = Secret::new(secret.expose_secret().to_owned());
            let options = ClientSecretCredentialOptions { client_options: client_options.clone() };
            let client_id = application.client_id.clone();
            let credential = ClientSecretCredential::new(
                &application.tenant_id,
                client_id,
                secret,
                Some(options),
            )
            .map_err(refused)?;
            Ok(credential)
        };
    match &settings.auth {
        config::Auth::Token(_) => Err(Error::Auth("a ready token needs no credential".into())),
        config::Auth::ClientSecret(application)
        | config::Auth::Environment(EnvironmentAuth::ClientSecret(application)) => {
            by_secret(application)
        }
        config::Auth::Environment(EnvironmentAuth::WorkloadIdentity {
            tenant_id,
            client_id,
            token_file,
        }) => {
            let options = WorkloadIdentityCredentialOptions {
                credential_options: ClientAssertionCredentialOptions { client_options },
                client_id: Some(client_id.clone()),
                tenant_id: Some(tenant_id.clone()),
                token_file_path: Some(token_file.clone()),
            };
            Ok(WorkloadIdentityCredential::new(Some(options)).map_err(refused)?)
        }
        config::Auth::Environment(EnvironmentAuth::ManagedIdentity { client_id }) => {
            let user_assigned_id = client_id.clone().map(UserAssignedId::ClientId);
            let options = ManagedIdentityCredentialOptions { user_assigned_id, client_options };
            Ok(ManagedIdentityCredential::new(Some(options)).map_err(refused)?)
        }
    }
}

fn client_options(settings: &config::Azure) -> Result<ClientOptions, Error> {
    let client = transport::token_client()
        .map_err(|error| Error::Auth(format!("no HTTP client: {error}")))?;
    let mut custom = CustomConfiguration::default();
    custom.authority_host = host(&settings.authority_host);
    Ok(ClientOptions {
        transport: Some(Transport::new(Arc::new(client))),
        cloud: Some(Arc::new(CloudConfiguration::Custom(custom))),
        retry: RetryOptions::exponential(ExponentialRetryOptions {
            max_retries: RETRIES,
            ..ExponentialRetryOptions::default()
        }),
        ..ClientOptions::default()
    })
}

fn host(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}

/// The library's errors run over several lines.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
