//! One request to Azure: its turn in the quota, its token, its waits and its second tries. What
//! comes out is a whole body or the reason why there is none.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, header};
use tokio::time::{Instant, sleep, timeout_at};
use tower::{Service, ServiceExt};
use tracing::{debug, warn};
use url::Url;

use super::auth::Authority;
use super::error::Error;
use super::quota::Quota;
use super::retry::{Failure, judge};
use super::shown;
use super::transport::{Transport, TransportError, cause, collect};
use crate::billing::scope::ScopeType;
use crate::config;
use crate::metrics::ApiCalls;
use crate::metrics::api::{Api, Code};

/// Pages are 1 to 2 MB and at most 8 by Azure's own word.
const LARGEST_BODY: usize = 64 * 1024 * 1024;
/// Error bodies are a line or a page of HTML.
const LARGEST_ERROR_BODY: usize = 64 * 1024;

/// How long and how often to try. Fields are public for tests that cannot wait.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For one answer, from the request to the end of the body. Azure gives up after a minute.
    pub answer: Duration,
    /// For one page, all tries and throttled waits together. Waits for our own quota do not count.
    pub page: Duration,
    /// Tries of a request that fails in passing, and of a page that does not parse.
    pub tries: u32,
    /// Before the second try; it doubles with each further one.
    pub backoff: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            answer: Duration::from_secs(120),
            page: Duration::from_secs(15 * 60),
            tries: 5,
            backoff: Duration::from_millis(500),
        }
    }
}

/// The client of Azure's billing APIs for one endpoint and one identity.
pub struct Client {
    transport: Transport,
    pub(super) endpoint: Url,
    pub(super) api_version: config::ApiVersion,
    authority: Authority,
    quotas: [Quota; ScopeType::ALL.len()],
    calls: Arc<ApiCalls>,
    pub(super) patience: Patience,
}

/// Time spent on a page that is not there yet.
#[derive(Debug)]
pub(super) struct Effort {
    /// Whether pages of the same reading are there already, which would be lost.
    begun: bool,
    spent: Duration,
}

impl Effort {
    pub(super) fn new(begun: bool) -> Self {
        Self { begun, spent: Duration::ZERO }
    }
}

impl Client {
    /// A client over the given transport, which tests replace.
    pub fn new(
        azure: &config::Azure,
        transport: Transport,
        patience: Patience,
        calls: Arc<ApiCalls>,
    ) -> Self {
        let quota = |kind| Quota::new(azure.requests_per_minute.of(kind), calls.clone());
        Self {
            transport,
            endpoint: azure.endpoint.clone(),
            api_version: azure.api_version.clone(),
            authority: Authority::new(azure),
            quotas: ScopeType::ALL.map(quota),
            calls,
            patience,
        }
    }

    /// The body of an answer; `None` for 204, which is a success without rows.
    pub(super) async fn get(
        &self,
        kind: ScopeType,
        url: &Url,
        effort: &mut Effort,
    ) -> Result<Option<Bytes>, Error> {
        let mut renewed = false;
        let (mut failed, mut throttled) = (0, 0_u32);
        loop {
            let turn = self.quotas[kind as usize].turn(self.patience.page).await;
            let mut turn = turn.map_err(|left| {
                let left = left.as_secs();
                Error::Throttled(format!("Azure asked to be left alone; next call in {left} s"))
            })?;
            let asked = Instant::now();
            let failure = match self.ask(url).await {
                Ok(body) => return Ok(body),
                Err(failure) => failure,
            };
            effort.spent += asked.elapsed();
            match failure {
                Failure::Throttled { wait, what } => {
                    // Twice as long each time at least: a second could be asked for all day.
                    let least = Duration::from_secs(2_u64.saturating_pow(throttled));
                    let wait = wait.unwrap_or(Duration::from_secs(60)).max(least);
                    throttled += 1;
                    turn.hold_back(wait);
                    drop(turn);
                    effort.spent += wait;
                    if effort.spent > self.patience.page {
                        return Err(Error::Throttled(format!(
                            "{what}; next call in {} s",
                            wait.as_secs()
                        )));
                    }
                    warn!(
                        wait_seconds = wait.as_secs(),
                        "Azure throttles {} scopes: {what}",
                        kind.as_str()
                    );
                }
                Failure::Unauthenticated(error) if renewed => return Err(error),
                Failure::Unauthenticated(error) => {
                    drop(turn);
                    debug!("token refused, asking for a new one: {error}");
                    renewed = true;
                    self.authority.renew();
                }
                Failure::NoToken(error) if !effort.begun => return Err(error),
                Failure::Transient(error) | Failure::NoToken(error) => {
                    drop(turn);
                    failed += 1;
                    self.back_off(failed, error, effort).await?;
                }
                Failure::Final(error) => return Err(error),
            }
        }
    }

    /// Waits before a further try, or ends in the error where tries or time are used up.
    pub(super) async fn back_off(
        &self,
        failed: u32,
        error: Error,
        effort: &mut Effort,
    ) -> Result<(), Error> {
        if failed >= self.patience.tries || effort.spent > self.patience.page {
            return Err(error);
        }
        let longest = self.patience.backoff * 2_u32.saturating_pow(failed - 1);
        let wait = longest.mul_f64(0.5 + 0.5 * fastrand::f64());
        debug!(wait_seconds = wait.as_secs_f64(), "trying again: {error}");
        sleep(wait).await;
        effort.spent += wait;
        Ok(())
    }

    /// One request and its whole answer.
    async fn ask(&self, url: &Url) -> Result<Option<Bytes>, Failure> {
        let bearer = self.authority.bearer().await.map_err(Failure::NoToken)?;
        let request = Request::get(url.as_str())
            .header(header::AUTHORIZATION, bearer)
            .header(header::ACCEPT, "application/json")
            .header("ClientType", "azure-billing-exporter")
            .body(Bytes::new())
            .map_err(|error| {
                Failure::Final(Error::BadAnswer(format!(
                    "no request can be made of the link: {error}"
                )))
            })?;
        let asked = Instant::now();
        let deadline = asked + self.patience.answer;
        let answered = timeout_at(deadline, self.answer(request)).await;
        let late = || {
            Error::Timeout(format!("no whole answer within {} s", self.patience.answer.as_secs()))
        };
        let (status, answer) = match answered {
            Err(_) => (Code::None, Err(Failure::Transient(late()))),
            Ok(Err(error)) => (Code::None, Err(Failure::Transient(error))),
            Ok(Ok((status, answer))) => (Code::Status(status.as_u16()), answer),
        };
        self.calls.called(Api::UsageDetails, status);
        debug!(%status, seconds = asked.elapsed().as_secs_f64(), url = shown::url(url), "asked");
        answer
    }

    /// The inner result is what the status means; the outer one is what happened on the way.
    async fn answer(
        &self,
        request: Request<Bytes>,
    ) -> Result<(StatusCode, Result<Option<Bytes>, Failure>), Error> {
        let sent = async { self.transport.clone().ready().await?.call(request).await };
        let (head, body) = sent.await.map_err(|error| broken(&error))?.into_parts();
        let meaning = match head.status {
            StatusCode::NO_CONTENT => Ok(None),
            StatusCode::OK => {
                match collect(body, LARGEST_BODY).await.map_err(|error| broken(&error))? {
                    Some(body) => Ok(Some(body)),
                    None => {
                        let what = format!("a body of more than {} MiB", LARGEST_BODY >> 20);
                        Err(Failure::Final(Error::BadAnswer(what)))
                    }
                }
            }
            status => {
                let body =
                    collect(body, LARGEST_ERROR_BODY).await.ok().flatten().unwrap_or_default();
                Err(judge(status, &head.headers, &body))
            }
        };
        Ok((head.status, meaning))
    }
}

/// What went wrong on the way. A timeout is told apart, as waiting longer may help.
fn broken(error: &TransportError) -> Error {
    let timed_out = error.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_timeout);
    let text = cause(error);
    if timed_out { Error::Timeout(text) } else { Error::Unavailable(text) }
}
