//! One request to a receiver, and its retries.

use std::fmt;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use secrecy::ExposeSecret;
use tokio::time::sleep;
use tower::{Service, ServiceExt};
use tracing::warn;

use super::refusal::{Answer, classify};
use super::wire::Batch;
use crate::azure::transport::{Body, Transport, TransportError};
use crate::config::{AuthorizationFile, ExtraHeader, ReceiverUrl};

/// The largest answer. Refusals are a line.
const LARGEST_ANSWER: usize = 64 * 1024;
/// The longest quote of a refusal.
const LONGEST_QUOTE: usize = 500;

/// The number of tries, and the waits between them. Fields are public for tests that cannot wait.
#[derive(Clone, Copy, Debug)]
pub struct Persistence {
    /// The number of tries of one request.
    pub tries: u32,
    /// The wait before the second try; it doubles with each further one.
    pub backoff: Duration,
    /// The longest wait, whatever the receiver asks for.
    pub longest: Duration,
}

impl Default for Persistence {
    fn default() -> Self {
        Self { tries: 10, backoff: Duration::from_secs(1), longest: Duration::from_secs(5 * 60) }
    }
}

/// A receiver of remote write.
pub struct Receiver {
    /// The address.
    pub url: ReceiverUrl,
    /// The transport to it.
    pub transport: Transport,
    /// The file with the value of the `Authorization` header.
    pub authorization: Option<AuthorizationFile>,
    /// The headers that name the tenant of the samples.
    pub headers: Vec<ExtraHeader>,
    /// The number of tries, and the waits between them.
    pub persistence: Persistence,
    /// The age of the oldest sample in days, for advice.
    pub oldest_days: i64,
}

/// Leaves out the query, which may contain a key.
impl fmt::Display for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut url = self.url.as_url().clone();
        url.set_query(None);
        url.fmt(f)
    }
}

impl Receiver {
    /// Checks that the receiver exists and accepts our credentials, by a request without samples.
    /// Other answers are ignored: some receivers refuse an empty request.
    pub(crate) async fn probe(&self) -> Result<()> {
        let (status, body) = self.ask(Batch::default().to_body()?).await?;
        let telling = [
            StatusCode::UNAUTHORIZED,
            StatusCode::FORBIDDEN,
            StatusCode::NOT_FOUND,
            StatusCode::METHOD_NOT_ALLOWED,
        ];
        if telling.contains(&status) || status.is_redirection() {
            self.refused(status, &body)?;
        }
        Ok(())
    }

    /// Sends samples until the receiver has them or refuses them permanently.
    pub(super) async fn send(&self, batch: &Batch) -> Result<()> {
        let (status, body) = self.ask(batch.to_body()?).await?;
        self.refused(status, &body)
    }

    /// Sends a request until its answer is final, and returns that.
    async fn ask(&self, body: Bytes) -> Result<(StatusCode, String)> {
        let mut tried = 0;
        loop {
            tried += 1;
            let answer = self.answer(body.clone()).await?;
            let (what, wait) = match answer {
                Ok((status, after, text)) => match classify(status, &text, self.oldest_days) {
                    Answer::Later => (quoted(status, &text), after),
                    Answer::Never(_) => return Ok((status, text)),
                },
                Err(error) => (innermost(error.as_ref()), None),
            };
            if tried >= self.persistence.tries {
                bail!(
                    "{self} accepted no samples in {tried} tries: {what}; when it works again, run the same command to continue"
                );
            }
            let wait = self.wait(tried, wait);
            warn!(wait_seconds = wait.as_secs_f64(), "trying {self} again: {what}");
            sleep(wait).await;
        }
    }

    fn wait(&self, tried: u32, asked: Option<Duration>) -> Duration {
        let Persistence { backoff, longest, .. } = self.persistence;
        let own = backoff.saturating_mul(2_u32.saturating_pow(tried - 1));
        own.mul_f64(0.5 + 0.5 * fastrand::f64()).max(asked.unwrap_or_default()).min(longest)
    }

    /// Sends one request. The outer error is ours, the inner one is a failed transfer.
    async fn answer(
        &self,
        body: Bytes,
    ) -> Result<Result<(StatusCode, Option<Duration>, String), TransportError>> {
        let request = self.request(body)?;
        let sent = async { self.transport.clone().ready().await?.call(request).await };
        Ok(match sent.await {
            Ok(answer) => Ok(read(answer).await),
            Err(error) => Err(error),
        })
    }

    fn request(&self, body: Bytes) -> Result<Request<Bytes>> {
        let mut request = Request::post(self.url.as_url().as_str())
            .header(header::CONTENT_TYPE, "application/x-protobuf")
            .header(header::CONTENT_ENCODING, "snappy")
            .header("X-Prometheus-Remote-Write-Version", "0.1.0");
        for ExtraHeader { name, value } in &self.headers {
            request = request.header(name, value);
        }
        if let Some(file) = &self.authorization {
            let secret = file.secret().read()?;
            let mut value = HeaderValue::from_str(secret.expose_secret()).context(
                "--remote-write.authorization-file: it is not a valid header; write `Bearer …` or `Basic …`",
            )?;
            value.set_sensitive(true);
            request = request.header(header::AUTHORIZATION, value);
        }
        request.body(body).context("no request can be made")
    }

    fn refused(&self, status: StatusCode, body: &str) -> Result<()> {
        if status.is_success() {
            return Ok(());
        }
        let remedy = match classify(status, body, self.oldest_days) {
            Answer::Never(remedy) => remedy,
            Answer::Later => "try again later".to_owned(),
        };
        bail!("{self} refuses: {}. What to do: {remedy}", quoted(status, body))
    }
}

async fn read(answer: Response<Body>) -> (StatusCode, Option<Duration>, String) {
    let after = answer.headers().get(header::RETRY_AFTER).and_then(|after| after.to_str().ok());
    let after = after.and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs);
    let status = answer.status();
    let body = Limited::new(answer.into_body(), LARGEST_ANSWER).collect().await;
    let body = body.map(|body| body.to_bytes()).unwrap_or_default();
    (status, after, String::from_utf8_lossy(&body).into_owned())
}

fn quoted(status: StatusCode, body: &str) -> String {
    let line: String =
        body.trim().lines().next().unwrap_or_default().chars().take(LONGEST_QUOTE).collect();
    format!("HTTP {} \"{line}\"", status.as_u16())
}

/// Returns the innermost cause, which says what happened; the outermost text names the URL, whose
/// query may contain a key.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let last = std::iter::successors(error.source(), |cause| cause.source()).last();
    last.map_or_else(|| "no answer".to_owned(), ToString::to_string)
}
