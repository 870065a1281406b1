//! Applies the web config in force to every request, before any route. A change of it counts for
//! the next request, and its TLS for the next connection.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body::Body;
use tokio::time::Instant;

use super::passwords::{Passwords, Verdict, credentials};
use super::peers::Peer;
use super::web_file::{RateLimit, WebConfig};

/// The most bytes of a request's body. No route reads a body.
const BODY_BYTES: u64 = 64 * 1024;

/// The web config in force, and the state that is needed to apply it.
#[derive(Debug, Default)]
pub struct Access {
    realm: &'static str,
    config: RwLock<Arc<WebConfig>>,
    bucket: Mutex<Option<Bucket>>,
    passwords: Passwords,
}

impl Access {
    /// Applies a web config; the default one lets every client in.
    pub fn new(config: WebConfig) -> Self {
        let access = Self::default();
        access.replace(config);
        access
    }

    /// Gives the realm a name, which browsers show when they ask for a password.
    pub fn with_realm(self, realm: &'static str) -> Self {
        Self { realm, ..self }
    }

    /// Applies another web config from now on. Passwords that were compared stay known, and a limit
    /// that is unchanged continues to count.
    pub fn replace(&self, config: WebConfig) {
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let same = bucket.take().filter(|old| Some(old.limit) == config.rate_limit);
        *bucket = same.or_else(|| config.rate_limit.map(Bucket::full));
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
    }

    /// Returns the web config in force.
    pub fn config(&self) -> Arc<WebConfig> {
        self.config.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the answer to a request that is refused.
    async fn refusal(
        &self,
        config: &WebConfig,
        headers: &HeaderMap,
        body_bytes: u64,
        peer: Peer,
    ) -> Option<Response> {
        if self.is_over_limit() {
            return Some((StatusCode::TOO_MANY_REQUESTS, "too many requests\n").into_response());
        }
        if body_bytes > BODY_BYTES {
            let close = [(header::CONNECTION, "close")];
            let text = "requests with a body are refused\n";
            return Some((StatusCode::PAYLOAD_TOO_LARGE, close, text).into_response());
        }
        if config.users.is_empty() {
            return None;
        }
        match self.verdict(config, headers, peer).await {
            Verdict::Right => None,
            Verdict::Wrong => {
                let challenge = [(header::WWW_AUTHENTICATE, self.challenge())];
                let text = "a user name and a password are needed\n";
                Some((StatusCode::UNAUTHORIZED, challenge, text).into_response())
            }
        }
    }

    fn challenge(&self) -> HeaderValue {
        let realm = self.realm.replace(['"', '\\'], "");
        HeaderValue::try_from(format!("Basic realm=\"{realm}\", charset=\"UTF-8\""))
            .unwrap_or(HeaderValue::from_static("Basic realm=\"\", charset=\"UTF-8\""))
    }

    fn is_over_limit(&self) -> bool {
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        bucket.as_mut().is_some_and(|bucket| !bucket.take_one(Instant::now()))
    }

    async fn verdict(&self, config: &WebConfig, headers: &HeaderMap, peer: Peer) -> Verdict {
        match headers.get(header::AUTHORIZATION).and_then(credentials) {
            Some((user, password)) => {
                self.passwords.verdict(&config.users, &user, &password, peer).await
            }
            None => Verdict::Wrong,
        }
    }
}

/// Lets a request through to its route or answers for it, and adds the configured headers.
pub(super) async fn guard(
    State(access): State<Arc<Access>>,
    request: Request,
    next: Next,
) -> Response {
    let config = access.config();
    // A body cannot be shared between threads, so that only these two parts of the request are
    // used.
    let (headers, body_bytes) = (request.headers().clone(), request.body().size_hint().lower());
    // Without our own `connections`, the peer is not known, and all clients share one.
    let peer = request.extensions().get::<Peer>().copied();
    let peer = peer.unwrap_or_else(|| Peer::of(Ipv4Addr::UNSPECIFIED.into()));
    let mut response = match access.refusal(&config, &headers, body_bytes, peer).await {
        Some(refusal) => refusal,
        None => next.run(request).await,
    };
    for (name, value) in &config.headers {
        response.headers_mut().insert(name, value.clone());
    }
    response
}

/// A token bucket.
#[derive(Debug)]
struct Bucket {
    limit: RateLimit,
    tokens: f64,
    at: Instant,
}

impl Bucket {
    fn full(limit: RateLimit) -> Self {
        Self { limit, tokens: limit.burst.into(), at: Instant::now() }
    }

    fn take_one(&mut self, now: Instant) -> bool {
        let gained = (now - self.at).as_secs_f64() / self.limit.interval.as_secs_f64();
        self.at = now;
        self.tokens = (self.tokens + gained).min(self.limit.burst.into());
        let enough = self.tokens >= 1.0;
        if enough {
            self.tokens -= 1.0;
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_passes_and_then_one_request_an_interval() {
        let interval = Duration::from_millis(250);
        let mut bucket = Bucket::full(RateLimit { interval, burst: 3 });
        let mut pass = |count: u32| (0..count).filter(|_| bucket.take_one(Instant::now())).count();
        assert_eq!(pass(5), 3);
        tokio::time::advance(interval).await;
        assert_eq!(pass(5), 1);
        tokio::time::advance(interval / 2).await;
        assert_eq!(pass(5), 0);
        tokio::time::advance(interval * 100).await;
        assert_eq!(pass(5), 3, "a pause saves up no more than the burst");
    }
}
