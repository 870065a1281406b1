//! The one place that builds HTTP clients. Azure is reached through a service, so that tests can
//! put a simulated Azure in its place, in process, with paused time.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use tower::util::BoxCloneSyncService;
use tower::{Service, ServiceExt};
use url::Url;

/// What goes wrong below HTTP.
pub type TransportError = Box<dyn std::error::Error + Send + Sync>;
/// The body of an answer, decoded, as it arrives.
pub type Body = UnsyncBoxBody<Bytes, TransportError>;
/// Sends a request and returns the answer as soon as its head is there.
pub type Transport =
    BoxCloneSyncService<http::Request<Bytes>, http::Response<Body>, TransportError>;

/// A client for Azure's API. On loopback it needs neither system certificates nor a proxy.
///
/// # Errors
/// When the system's certificates cannot be read, or a proxy of the environment is no URL.
pub fn client(endpoint: &Url) -> reqwest::Result<reqwest::Client> {
    client_for(endpoint).build()
}

fn client_for(url: &Url) -> reqwest::ClientBuilder {
    match url.scheme() {
        "http" => builder().no_proxy().tls_certs_only([]),
        _ => builder().https_only(true),
    }
}

/// A client for a receiver of remote write, which answers when it has stored what it was sent.
///
/// # Errors
/// As [`client`].
pub fn receiver_client(url: &Url) -> reqwest::Result<reqwest::Client> {
    client_for(url).timeout(Duration::from_secs(60)).build()
}

/// A client for tokens. Managed identities answer without TLS, on an address of the machine.
pub(crate) fn token_client() -> reqwest::Result<reqwest::Client> {
    builder().timeout(Duration::from_secs(30)).build()
}

fn builder() -> reqwest::ClientBuilder {
    // Already installed is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .user_agent(concat!("azure-billing-exporter/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(Duration::from_secs(10))
        // A redirect would carry the token to whom it names.
        .redirect(reqwest::redirect::Policy::none())
}

/// The transport over a real network.
pub fn over(client: reqwest::Client) -> Transport {
    let send = move |request: http::Request<Bytes>| {
        let mut client = client.clone();
        async move {
            let request = reqwest::Request::try_from(request)?;
            let answer = client.ready().await?.call(request).await?;
            let answer = http::Response::<reqwest::Body>::from(answer);
            Ok(answer.map(|body| UnsyncBoxBody::new(body.map_err(TransportError::from))))
        }
    };
    BoxCloneSyncService::new(tower::service_fn(send))
}
