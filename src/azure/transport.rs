//! The only place that builds HTTP clients. Azure is reached through a service, so that tests can
//! replace it with a simulated Azure, in process, with paused time.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use rustls::pki_types::CertificateDer;
use secrecy::{ExposeSecret, SecretString};
use tower::util::BoxCloneSyncService;
use tower::{Service, ServiceExt};
use url::Url;

/// An error below HTTP.
pub type TransportError = Box<dyn std::error::Error + Send + Sync>;
/// The body of an answer, decoded, as it arrives.
pub type Body = UnsyncBoxBody<Bytes, TransportError>;
/// Sends a request and returns the answer as soon as its head is there.
pub type Transport =
    BoxCloneSyncService<http::Request<Bytes>, http::Response<Body>, TransportError>;

/// The name of this program in the logs of others.
pub(super) const USER_AGENT: &str = concat!("azure-billing-exporter/", env!("CARGO_PKG_VERSION"));
/// The time for a whole answer with a token, which is mostly the wait for its head.
const TOKEN_PATIENCE: Duration = Duration::from_secs(30);

/// The usual size of a body. Pages are 1 to 2 MB.
const USUAL_BODY: usize = 2 * 1024 * 1024;

/// Returns a client for Azure's API. On loopback it needs neither system certificates nor a proxy.
///
/// # Errors
/// If neither the system nor `extra_roots` has certificates, or a proxy of the environment is no
/// URL.
pub fn client(
    endpoint: &Url,
    extra_roots: &[CertificateDer<'static>],
) -> reqwest::Result<reqwest::Client> {
    client_for(endpoint, extra_roots)?.build()
}

fn client_for(
    url: &Url,
    extra_roots: &[CertificateDer<'static>],
) -> reqwest::Result<reqwest::ClientBuilder> {
    match url.scheme() {
        "http" => Ok(builder().no_proxy().tls_certs_only([])),
        _ => trusting(builder().https_only(true), extra_roots),
    }
}

/// Returns a client for a receiver of remote write, which answers after storing the samples.
///
/// # Errors
/// As [`client`].
pub fn receiver_client(
    url: &Url,
    extra_roots: &[CertificateDer<'static>],
) -> reqwest::Result<reqwest::Client> {
    client_for(url, extra_roots)?.timeout(Duration::from_secs(60)).build()
}

/// Returns a client for tokens of the authority.
pub(super) fn token_client(
    extra_roots: &[CertificateDer<'static>],
) -> reqwest::Result<reqwest::Client> {
    trusting(builder().https_only(true).timeout(TOKEN_PATIENCE), extra_roots)?.build()
}

/// Returns a client for the identity service of this machine, which has no TLS: only a proxy on
/// this machine may be used.
pub(super) fn machine_client(proxy: Option<&SecretString>) -> reqwest::Result<reqwest::Client> {
    let builder = builder().no_proxy().tls_certs_only([]).timeout(TOKEN_PATIENCE);
    match proxy {
        Some(proxy) => builder.proxy(reqwest::Proxy::http(proxy.expose_secret())?).build(),
        None => builder.build(),
    }
}

/// Returns a client that accepts any certificate, and so needs none of the system's; only for
/// requests without a secret whose answer is not relied on. It finds a host at the given addresses,
/// whatever names are resolved to.
pub fn unverified_client(host: &str, addresses: &[SocketAddr]) -> reqwest::Result<reqwest::Client> {
    let builder = builder().no_proxy().http1_only().tls_danger_accept_invalid_certs(true);
    builder.resolve_to_addrs(host, addresses).build()
}

fn trusting(
    builder: reqwest::ClientBuilder,
    extra_roots: &[CertificateDer<'static>],
) -> reqwest::Result<reqwest::ClientBuilder> {
    let extra: reqwest::Result<Vec<_>> =
        extra_roots.iter().map(|root| reqwest::Certificate::from_der(root)).collect();
    Ok(builder.tls_certs_merge(extra?))
}

fn builder() -> reqwest::ClientBuilder {
    // An error means that a provider is installed already, which is fine.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .connect_timeout(Duration::from_secs(10))
        // A redirect would send the token to another address.
        .redirect(reqwest::redirect::Policy::none())
}

/// Returns the transport over a real network.
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

/// Returns the whole body; `None` if it is larger than allowed.
pub(super) async fn collect(
    mut body: Body,
    largest: usize,
) -> Result<Option<Bytes>, TransportError> {
    // A buffer that grows to a page's length would be copied several times.
    let mut whole = BytesMut::with_capacity(largest.min(USUAL_BODY));
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        if whole.len() + data.len() > largest {
            return Ok(None);
        }
        whole.extend_from_slice(&data);
    }
    Ok(Some(whole.freeze()))
}

/// Returns the causes of an error ("connection refused"). The outermost text names no reason, only
/// the URL, which is long, always the same, and may contain a secret.
pub(super) fn cause(error: &TransportError) -> String {
    let mut cause: &dyn std::error::Error = error.as_ref();
    let mut text = None;
    while let Some(source) = cause.source() {
        cause = source;
        text = Some(text.map_or(cause.to_string(), |text: String| format!("{text}: {cause}")));
    }
    text.unwrap_or_else(|| cause.to_string())
}
