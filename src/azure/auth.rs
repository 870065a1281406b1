//! The source of bearer tokens. Microsoft's library speaks OAuth ([`credential`]). This module
//! keeps its credential, and makes a new one when Azure refuses the token or the credential gives
//! none: the library caches tokens, cannot drop one, and keeps using a secret that was rotated.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use azure_core::credentials::TokenCredential;
use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::timeout;
use tracing::debug;
use url::Url;

use super::credential::{credential, refused, source};
use super::error::Error;
use crate::config;

/// The longest wait for one token, including all tries of the library.
const PATIENCE: Duration = Duration::from_secs(60);

/// The source of tokens, whatever they are for.
pub(crate) struct TokenSource {
    method: Method,
}

/// The service that a token is for, as the token request names it: an address and `.default`.
pub(crate) struct Audience(String);

impl Audience {
    /// Returns the audience of a service by its address.
    pub(crate) fn of(endpoint: &Url) -> Self {
        Self(format!("{endpoint}.default"))
    }
}

enum Method {
    /// A token that another program keeps fresh.
    Ready(config::Secret),
    Library {
        settings: Box<config::Azure>,
        current: Mutex<Option<Arc<dyn TokenCredential>>>,
    },
}

impl TokenSource {
    pub(crate) fn new(azure: &config::Azure) -> Self {
        let method = match &azure.auth {
            config::Auth::Token(token) => Method::Ready(token.clone()),
            _ => Method::Library { settings: Box::new(azure.clone()), current: Mutex::default() },
        };
        Self { method }
    }

    /// Returns the value of the `Authorization` header, marked so that it is never printed.
    pub(crate) async fn bearer(&self, audience: &Audience) -> Result<HeaderValue, Error> {
        let token = match &self.method {
            Method::Ready(token) => token.read().map_err(|error| Error::Auth(error.to_string()))?,
            Method::Library { settings, current } => {
                self.token(settings, current, audience).await?
            }
        };
        let bearer = SecretString::from(format!("Bearer {}", token.expose_secret()));
        let mut header = HeaderValue::from_str(bearer.expose_secret()).map_err(|_| {
            Error::Auth("the token contains characters that are not allowed in a header".into())
        })?;
        header.set_sensitive(true);
        Ok(header)
    }

    /// Drops the credential, so that the next token is a new one.
    pub(crate) fn renew(&self) {
        if let Method::Library { current, .. } = &self.method {
            *current.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }

    /// Returns a token of the kept credential or, if that gives none, of a new credential: its
    /// secret may have been rotated meanwhile.
    async fn token(
        &self,
        settings: &config::Azure,
        current: &Mutex<Option<Arc<dyn TokenCredential>>>,
        audience: &Audience,
    ) -> Result<SecretString, Error> {
        loop {
            let (credential, is_new) = {
                let mut current = current.lock().unwrap_or_else(PoisonError::into_inner);
                match &*current {
                    Some(kept) => (kept.clone(), false),
                    // Stored before it has a token, so that many scopes request only one.
                    None => (current.insert(credential(settings)?).clone(), true),
                }
            };
            let error = match token_of(settings, &*credential, audience).await {
                Ok(token) => return Ok(token),
                Err(error) => error,
            };
            current
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take_if(|kept| Arc::ptr_eq(kept, &credential));
            if is_new {
                return Err(error);
            }
            debug!("Azure gave no token, signing in again: {error}");
        }
    }
}

async fn token_of(
    settings: &config::Azure,
    credential: &dyn TokenCredential,
    audience: &Audience,
) -> Result<SecretString, Error> {
    let late = || Error::Auth(format!("{} returned no token within a minute", source(settings)));
    let token = timeout(PATIENCE, credential.get_token(&[&audience.0], None)).await;
    let token = token.map_err(|_| late())?.map_err(refused)?;
    Ok(SecretString::from(token.token.secret()))
}
