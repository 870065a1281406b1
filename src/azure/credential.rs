//! From the configured method to a credential of Microsoft's library, which speaks the protocols. A
//! further method is one more arm of [`credential`].

use std::ffi::OsStr;
use std::io;
use std::process::{Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::cloud::{CloudConfiguration, CustomConfiguration};
use azure_core::credentials::{AccessToken, Secret, TokenCredential, TokenRequestOptions};
use azure_core::http::{ClientOptions, ExponentialRetryOptions, RetryOptions, Transport};
use azure_identity::{
    AzureCliCredential, AzureCliCredentialOptions, ClientAssertion, ClientAssertionCredential,
    ClientAssertionCredentialOptions, ClientSecretCredential, ClientSecretCredentialOptions,
    Executor, ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId,
};
use secrecy::ExposeSecret;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::assertion::{Federated, Signed};
use super::error::Error;
use super::redact::sanitize_line;
use super::token_transport::TokenTransport;
use super::transport::{self, TransportError};
use crate::config::{self, Application, Auth, ManagedIdentity};

/// The tries for one token. The library would try eight times, for a minute; the poller tries again
/// anyway.
const RETRIES: u32 = 3;
/// The time for which a token of the Azure CLI is kept. The CLI returns tokens that are valid for
/// at least five more minutes, and takes a second of CPU each time.
const CLI_TOKEN_KEPT: Duration = Duration::from_secs(4 * 60);

/// Returns a new credential, which has no token yet and has just read its secret.
pub(super) fn credential(settings: &config::Azure) -> Result<Arc<dyn TokenCredential>, Error> {
    match &settings.auth {
        Auth::Token(_) => Err(Error::Auth("a ready token needs no credential".into())),
        Auth::ClientSecret(application, secret) => by_secret(settings, application, secret),
        Auth::ClientCertificate(application, pem) => {
            let token_url = token_url(settings, application);
            let client_id = application.client_id.clone();
            let pem = pem.clone();
            by_assertion(settings, application, Signed { pem, client_id, token_url })
        }
        Auth::WorkloadIdentity(application, token) => {
            by_assertion(settings, application, Federated { token: token.clone() })
        }
        Auth::ManagedIdentity(identity) => by_machine(settings, identity),
        Auth::AzureCli { tenant_id } => {
            let options = AzureCliCredentialOptions {
                tenant_id: tenant_id.clone(),
                executor: Some(Arc::new(Command)),
                ..AzureCliCredentialOptions::default()
            };
            let command = AzureCliCredential::new(Some(options)).map_err(refused)?;
            Ok(Arc::new(Kept { command, token: Mutex::default() }))
        }
    }
}

/// Returns where tokens come from, for error texts.
pub(super) fn source(settings: &config::Azure) -> String {
    match &settings.auth {
        Auth::ManagedIdentity(_) => "the identity service of this machine".to_owned(),
        Auth::AzureCli { .. } => "the Azure CLI".to_owned(),
        _ => settings.authority_host.to_string(),
    }
}

fn by_secret(
    settings: &config::Azure,
    application: &Application,
    secret: &config::Secret,
) -> Result<Arc<dyn TokenCredential>, Error> {
    let secret = secret.read().map_err(|error| Error::Auth(error.to_string()))?;
    let secret = Secret::new(secret.expose_secret().to_owned());
    let client_options = authority_options(settings)?;
    let options = ClientSecretCredentialOptions { client_options };
    let Application { tenant_id, client_id } = application;
    Ok(ClientSecretCredential::new(tenant_id, client_id.clone(), secret, Some(options))
        .map_err(refused)?)
}

fn by_assertion(
    settings: &config::Azure,
    application: &Application,
    assertion: impl ClientAssertion + 'static,
) -> Result<Arc<dyn TokenCredential>, Error> {
    let client_options = authority_options(settings)?;
    let options = ClientAssertionCredentialOptions { client_options };
    let Application { tenant_id, client_id } = application.clone();
    Ok(ClientAssertionCredential::new(tenant_id, client_id, assertion, Some(options))
        .map_err(refused)?)
}

fn by_machine(
    settings: &config::Azure,
    identity: &ManagedIdentity,
) -> Result<Arc<dyn TokenCredential>, Error> {
    let user_assigned_id = match identity.clone() {
        ManagedIdentity::System => None,
        ManagedIdentity::ClientId(id) => Some(UserAssignedId::ClientId(id)),
        ManagedIdentity::ObjectId(id) => Some(UserAssignedId::ObjectId(id)),
        ManagedIdentity::ResourceId(id) => Some(UserAssignedId::ResourceId(id)),
    };
    let client = transport::machine_client(settings.local_proxy.as_ref()).map_err(no_client)?;
    let client_options = client_options(TokenTransport::to_this_machine(client));
    let options = ManagedIdentityCredentialOptions { user_assigned_id, client_options };
    Ok(ManagedIdentityCredential::new(Some(options)).map_err(refused)?)
}

/// Returns the library's options for requesting tokens from the configured authority.
fn authority_options(settings: &config::Azure) -> Result<ClientOptions, Error> {
    let client = transport::token_client(&settings.extra_roots).map_err(no_client)?;
    let mut custom = CustomConfiguration::default();
    custom.authority_host = settings.authority_host.as_str().trim_end_matches('/').to_owned();
    Ok(ClientOptions {
        cloud: Some(Arc::new(CloudConfiguration::Custom(custom))),
        ..client_options(TokenTransport::with_tls(client))
    })
}

fn client_options(transport: TokenTransport) -> ClientOptions {
    ClientOptions {
        transport: Some(Transport::new(Arc::new(transport))),
        retry: RetryOptions::exponential(ExponentialRetryOptions {
            max_retries: RETRIES,
            ..ExponentialRetryOptions::default()
        }),
        ..ClientOptions::default()
    }
}

/// Returns the address that the library requests tokens from, which is the audience of an
/// assertion.
fn token_url(settings: &config::Azure, application: &Application) -> String {
    format!("{}{}/oauth2/v2.0/token", settings.authority_host, application.tenant_id)
}

/// A credential that keeps its last token for a while, because the library does not.
#[derive(Debug)]
struct Kept {
    command: Arc<AzureCliCredential>,
    /// Locked while a token is fetched, so that many scopes run one command.
    token: Mutex<Option<(Instant, AccessToken)>>,
}

#[async_trait]
impl TokenCredential for Kept {
    async fn get_token(
        &self,
        scopes: &[&str],
        options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let mut kept = self.token.lock().await;
        if let Some((since, token)) = &*kept
            && since.elapsed() < CLI_TOKEN_KEPT
        {
            return Ok(token.clone());
        }
        let token = self.command.get_token(scopes, options).await?;
        *kept = Some((Instant::now(), token.clone()));
        Ok(token)
    }
}

/// Runs a command without standard input, and ends it when the wait for the token ends.
#[derive(Debug)]
struct Command;

#[async_trait]
impl Executor for Command {
    async fn run(&self, program: &OsStr, arguments: &[&OsStr]) -> io::Result<Output> {
        let mut command = tokio::process::Command::new(program);
        command.args(arguments).stdin(Stdio::null()).kill_on_drop(true).output().await
    }
}

/// Returns the library's error on one line. Its own text has several lines, repeats some of its
/// causes and leaves out others.
pub(super) fn refused(error: azure_core::Error) -> Error {
    let mut text = error.to_string();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(source) = cause.source() {
        cause = source;
        let said = cause.to_string();
        if !text.contains(&said) {
            text.push_str(&format!(": {said}"));
        }
    }
    Error::Auth(sanitize_line(&text, 600))
}

fn no_client(error: reqwest::Error) -> Error {
    Error::Auth(format!("no HTTP client: {}", transport::cause(&TransportError::from(error))))
}
