//! One request to Azure: its turn in the quota, its token, its waits and its retries. The result is
//! a whole body or the reason why there is none.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tower::{Service, ServiceExt};
use tracing::{debug, warn};
use url::Url;

use super::auth::{Audience, TokenSource};
use super::call::{Call, Content, no_request, text};
use super::error::Error;
use super::quota;
use super::rate_limit::{Bucket, Permit, Priority, RateLimit};
use super::redact;
use super::retry::{Failure, classify, classify_file, retry_after};
use super::timeouts::{RetryBudget, Timeouts};
use super::transport::{Body, Transport, TransportError, cause, collect};
use crate::billing::scope::{ScopeId, ScopeType};
use crate::config;
use crate::status::{Api, ApiCalls, Code, Quota};

/// The largest body. Pages are 1 to 2 MB, and at most 8 MB according to Azure.
const LARGEST_BODY: usize = 64 * 1024 * 1024;
/// The largest body of an error, which is a line or a page of HTML.
const LARGEST_ERROR_BODY: usize = 64 * 1024;

/// The client of Azure's billing APIs for one endpoint and one identity.
pub struct Client {
    transport: Transport,
    pub(crate) endpoint: Url,
    pub(crate) api_version: config::ApiVersion,
    /// The cloud whose region names the rows use.
    pub(crate) cloud: config::Cloud,
    tokens: TokenSource,
    /// The audience of the endpoint.
    audience: Audience,
    rate_limit: Arc<RateLimit>,
    calls: Arc<ApiCalls>,
    /// The scopes whose last reading failed.
    failing: Arc<Mutex<HashSet<ScopeId>>>,
    pub(crate) timeouts: Timeouts,
}

impl Client {
    /// Returns a client over the given transport, which tests replace.
    pub fn new(
        azure: &config::Azure,
        transport: Transport,
        timeouts: Timeouts,
        calls: Arc<ApiCalls>,
    ) -> Self {
        let client = Self {
            transport,
            endpoint: azure.endpoint.clone(),
            api_version: azure.api_version.clone(),
            cloud: azure.cloud,
            tokens: TokenSource::new(azure),
            audience: Audience::of(&azure.endpoint),
            rate_limit: Arc::new(RateLimit::new(calls.clone())),
            calls,
            failing: Arc::default(),
            timeouts,
        };
        client.take_over(azure);
        client
    }

    /// Returns the client of a new configuration. It keeps the queues and the counts, because the
    /// quota is the tenant's and readings of the old client may still run. Until
    /// [`Client::take_over`] the old quotas apply to both.
    pub fn successor(&self, azure: &config::Azure, transport: Transport) -> Self {
        Self {
            rate_limit: self.rate_limit.clone(),
            failing: self.failing.clone(),
            ..Self::new(azure, transport, self.timeouts, self.calls.clone())
        }
    }

    /// Applies the quotas of the new configuration, also to readings of the previous client.
    pub fn take_over(&self, azure: &config::Azure) {
        for scope_type in ScopeType::ALL {
            let per_minute = azure.requests_per_minute.of(scope_type);
            self.allow(Bucket::of(scope_type), per_minute);
        }
    }

    /// Sets the number of calls a minute of a bucket, from the next call on.
    pub(crate) fn allow(&self, bucket: Bucket, per_minute: u32) {
        self.rate_limit.allow(bucket, per_minute);
    }

    /// Returns what is left of Azure's quota for an API, by its last answer that says so.
    pub(crate) fn quota(&self, api: Api) -> Option<Quota> {
        self.calls.quota(api)
    }

    /// Returns whether the last reading of a scope failed.
    pub(crate) fn is_failing(&self, scope: &ScopeId) -> bool {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner).contains(scope)
    }

    /// Records how a reading ended. Throttling is no failure of the scope; a list that is too long,
    /// or an unsupported request, is not repeated.
    pub(crate) fn ended<T>(&self, scope: &ScopeId, reading: &Result<T, Error>) {
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        match reading {
            Err(Error::Throttled(_) | Error::TooLong(_) | Error::Unsupported(_)) => {}
            Err(_) => _ = failing.insert(scope.clone()),
            Ok(_) => _ = failing.remove(scope),
        }
    }

    /// Marks a scope as failing whose reading succeeded here but was refused by the caller.
    pub fn refused(&self, scope: &ScopeId) {
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        failing.insert(scope.clone());
    }

    /// Sends a request until it has a good answer, with all waits and retries.
    pub(crate) async fn get(
        &self,
        bucket: Bucket,
        call: &Call<'_>,
        retry_budget: &mut RetryBudget,
    ) -> Result<Content, Error> {
        let (queue, most) = (self.rate_limit.queue(bucket), retry_budget.most(&self.timeouts));
        let mut renewed = false;
        let (mut failed, mut throttled) = (0, 0_u32);
        loop {
            let priority = if failed > 0 || renewed || retry_budget.again {
                Priority::Again
            } else {
                Priority::Fresh
            };
            let turn = queue.turn(priority, call.service, most).await.map_err(|left| {
                let left = left.as_secs();
                Error::Throttled(format!("Azure asked to wait; next call in {left} s"))
            })?;
            let asked = Instant::now();
            let (answer, turn) = self.ask_in(turn, call).await;
            let failure = match answer {
                Ok(content) => return Ok(content),
                Err(failure) => failure,
            };
            retry_budget.spent += asked.elapsed();
            match failure {
                Failure::Throttled { wait, what } => {
                    // The minimum doubles each time: Azure could ask for one second all day.
                    let least = Duration::from_secs(2_u64.saturating_pow(throttled));
                    let wait = wait.unwrap_or(Duration::from_secs(60)).max(least);
                    throttled += 1;
                    queue.pause_for(call.service, wait);
                    drop(turn);
                    retry_budget.spent += wait;
                    if retry_budget.spent > most {
                        return Err(Error::Throttled(format!(
                            "{what}; next call in {} s",
                            wait.as_secs()
                        )));
                    }
                    warn!(
                        wait_seconds = wait.as_secs(),
                        "Azure throttles calls for {}: {what}",
                        bucket.name()
                    );
                }
                Failure::Unauthenticated(error) if renewed => return Err(error),
                Failure::Unauthenticated(error) => {
                    drop(turn);
                    debug!("Azure refused the token, requesting a new one: {error}");
                    renewed = true;
                    self.tokens.renew();
                }
                Failure::NoToken(error) if !retry_budget.begun => return Err(error),
                Failure::Transient(error) | Failure::NoToken(error) => {
                    drop(turn);
                    failed += 1;
                    self.back_off(failed, error, retry_budget).await?;
                }
                Failure::Final(error) => return Err(error),
            }
        }
    }

    /// Waits before the next try, or returns the error if tries or time are used up.
    pub(crate) async fn back_off(
        &self,
        failed: u32,
        error: Error,
        retry_budget: &mut RetryBudget,
    ) -> Result<(), Error> {
        if failed >= self.timeouts.tries || retry_budget.is_used_up(&self.timeouts) {
            return Err(error);
        }
        let longest = self.timeouts.backoff * 2_u32.saturating_pow(failed - 1);
        let wait = longest.mul_f64(0.5 + 0.5 * fastrand::f64());
        debug!(wait_seconds = wait.as_secs_f64(), "trying again: {error}");
        sleep(wait).await;
        retry_budget.spent += wait;
        Ok(())
    }

    /// Sends one request, and gives its turn back if the answer takes long.
    async fn ask_in<'a>(
        &self,
        turn: Permit<'a>,
        call: &Call<'_>,
    ) -> (Result<Content, Failure>, Option<Permit<'a>>) {
        let answer = self.ask(call);
        tokio::pin!(answer);
        match timeout(self.timeouts.turn, &mut answer).await {
            Ok(answer) => (answer, Some(turn)),
            Err(_) => {
                drop(turn);
                (answer.await, None)
            }
        }
    }

    /// Sends one request and reads its whole answer.
    async fn ask(&self, call: &Call<'_>) -> Result<Content, Failure> {
        let bearer = self.tokens.bearer(&self.audience).await;
        let bearer = bearer.map_err(|error| Failure::NoToken(error.or_no_descriptors()))?;
        let request = call.request().header(header::AUTHORIZATION, bearer);
        let request = request.body(call.body.clone().unwrap_or_default()).map_err(no_request)?;
        let asked = Instant::now();
        let deadline = asked + self.timeouts.answer;
        let answered = timeout_at(deadline, self.answer(call.api, request)).await;
        let (status, answer) = match answered {
            Err(_) => (Code::None, Err(Failure::Transient(self.late()))),
            Ok(Err(error)) => (Code::None, Err(Failure::Transient(error))),
            Ok(Ok((status, answer))) => (Code::Status(status.as_u16()), answer),
        };
        self.calls.called(call.api, status);
        let url = redact::url(call.url);
        debug!(%status, seconds = asked.elapsed().as_secs_f64(), url, "asked");
        answer
    }

    /// Sends a request without a token and returns the body, which is read as it arrives. For
    /// addresses outside Azure's API, where the link itself grants access.
    pub(crate) async fn open(&self, api: Api, url: &Url) -> Result<Body, Failure> {
        // Files count against no quota.
        let call = Call::get(api, "", url);
        // Uncompressed, because the length is compared with the announced one.
        let request = call.request().header(header::ACCEPT_ENCODING, "identity");
        let request = request.body(Bytes::new()).map_err(no_request)?;
        let sent = async { self.transport.clone().ready().await?.call(request).await };
        let (code, body) = match timeout(self.timeouts.answer, sent).await {
            Err(_) => (Code::None, Err(Failure::Transient(self.late()))),
            Ok(Err(error)) => (Code::None, Err(Failure::Transient(broken(&error)))),
            Ok(Ok(answer)) => {
                let (head, body) = answer.into_parts();
                let code = Code::Status(head.status.as_u16());
                if head.status == StatusCode::OK {
                    (code, Ok(body))
                } else {
                    let body = collect(body, LARGEST_ERROR_BODY).await.ok().flatten();
                    let body = body.unwrap_or_default();
                    (code, Err(classify_file(head.status, &head.headers, &body)))
                }
            }
        };
        self.calls.called(api, code);
        debug!(status = %code, host = url.host_str(), "requested a part of a report");
        body
    }

    /// Returns the next part of a body; `None` at its end.
    pub(crate) async fn next_part(&self, body: &mut Body) -> Result<Option<Bytes>, Error> {
        loop {
            let frame =
                timeout(self.timeouts.answer, body.frame()).await.map_err(|_| self.late())?;
            match frame {
                None => return Ok(None),
                Some(Err(error)) => return Err(broken(&error)),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
            }
        }
    }

    fn late(&self) -> Error {
        let seconds = self.timeouts.answer.as_secs();
        Error::Timeout(format!("no complete answer within {seconds} s"))
    }

    /// Sends a request. The inner result is by the status; the outer one is a failed transfer.
    async fn answer(
        &self,
        api: Api,
        request: Request<Bytes>,
    ) -> Result<(StatusCode, Result<Content, Failure>), Error> {
        let sent = async { self.transport.clone().ready().await?.call(request).await };
        let (head, body) = sent.await.map_err(|error| broken(&error))?.into_parts();
        if let Some(left) = quota::left(&head.headers) {
            self.calls.left(api, left);
        }
        let meaning = match head.status {
            StatusCode::NO_CONTENT => Ok(Content::Nothing),
            StatusCode::ACCEPTED => Ok(Content::Later {
                location: text(&head.headers, header::LOCATION),
                wait: retry_after(&head.headers),
            }),
            StatusCode::OK => {
                match collect(body, LARGEST_BODY).await.map_err(|error| broken(&error))? {
                    Some(body) => Ok(Content::Body(body)),
                    None => {
                        let what = format!("the answer is larger than {} MiB", LARGEST_BODY >> 20);
                        Err(Failure::Final(Error::BadAnswer(what)))
                    }
                }
            }
            status => {
                let body =
                    collect(body, LARGEST_ERROR_BODY).await.ok().flatten().unwrap_or_default();
                Err(classify(status, &head.headers, &body))
            }
        };
        Ok((head.status, meaning))
    }
}

/// Returns the error for a failed transfer. Timeouts are separate, as waiting longer may help.
fn broken(error: &TransportError) -> Error {
    let timed_out = error.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_timeout);
    let text = cause(error);
    if timed_out { Error::Timeout(text) } else { Error::Unavailable(text).or_no_descriptors() }
}
