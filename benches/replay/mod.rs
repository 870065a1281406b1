//! Answers of the simulated Azure that are recorded and replayed without a network, so that only
//! the reader is measured, by the call that the poller makes.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex};

use azure_billing_exporter::azure::transport::{Body, Transport, TransportError};
use azure_billing_exporter::azure::{Client, Timeouts};
use azure_billing_exporter::billing::scope::ScopeId;
use azure_billing_exporter::config::{Config, Environment};
use azure_billing_exporter::source::Reading;
use azure_billing_exporter::status::ApiCalls;
use azure_billing_simulator::{Options, Simulator};
use bytes::Bytes;
use futures_util::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use jiff::Timestamp;
use tower::ServiceExt;
use tower::util::BoxCloneSyncService;

const ENDPOINT: &str = "http://127.0.0.1:9";
/// The part of a body that a socket returns at once.
const PART: usize = 64 * 1024;

/// Runs some work while time is paused: it waits for no quota and no report.
pub(crate) fn run<T>(work: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().expect("a runtime");
    runtime.block_on(work)
}

/// Returns a client that gets its answers from a transport, and the billing account that it reads.
pub(crate) fn client(transport: Transport, api_version: &str) -> (Client, ScopeId) {
    let text = format!(
        "azure:\n  endpoint: {ENDPOINT}\n  usage_details_api_version: \"{api_version}\"\n  requests_per_minute: {{billing_account: 1000000}}\n  auth: {{method: token, token: x}}\nscopes: [{{billing_account: \"100000\"}}]\n"
    );
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), text).expect("the file can be written");
    let config = Config::from_file(file.path(), &Environment::default()).expect("a configuration");
    let calls = Arc::<ApiCalls>::default();
    let client = Client::new(&config.azure, transport, Timeouts::default(), calls);
    (client, config.scopes[0].id.clone())
}

/// Returns the transport of a simulated enrollment, in process.
pub(crate) fn simulated(options: Options, now: Timestamp) -> Transport {
    let router = Simulator::new(options, Arc::new(move || now)).router();
    let send = move |request: http::Request<Bytes>| {
        let router = router.clone();
        async move {
            let request = request.map(axum::body::Body::from);
            let answer = router.oneshot(request).await.map_err(TransportError::from)?;
            Ok(answer.map(|body| UnsyncBoxBody::new(body.map_err(TransportError::from))))
        }
    };
    BoxCloneSyncService::new(tower::service_fn(send))
}

type CompletedRead = (http::response::Parts, Bytes);

/// Answers by request, those to the same request in the order in which they came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answers(Arc<Mutex<HashMap<String, Vec<CompletedRead>>>>);

impl Answers {
    /// Records what a transport answers to one reading, with each body changed by a function.
    pub(crate) fn of(
        transport: Transport,
        api_version: &str,
        read: impl AsyncFn(&Client, &ScopeId) -> Reading,
        change: fn(Bytes) -> Bytes,
    ) -> Self {
        let answers = Self::default();
        let (client, scope) = client(answers.clone().recording(transport, change), api_version);
        run(read(&client, &scope));
        answers
    }

    /// Returns every body that is larger than a manifest.
    pub(crate) fn bodies(&self) -> Vec<Bytes> {
        let answers = self.0.lock().expect("no panic");
        let bodies = answers.values().flatten().map(|(_, body)| body);
        bodies.filter(|body| body.len() > PART).cloned().collect()
    }

    fn recording(self, transport: Transport, change: fn(Bytes) -> Bytes) -> Transport {
        let send = move |request: http::Request<Bytes>| {
            let (answers, transport) = (self.clone(), transport.clone());
            async move {
                let asked = asked(&request);
                let (head, body) = transport.oneshot(request).await?.into_parts();
                let body = change(body.collect().await?.to_bytes());
                let kept = (head.clone(), body.clone());
                answers.0.lock().expect("no panic").entry(asked).or_default().push(kept);
                Ok(http::Response::from_parts(head, parts(body)))
            }
        };
        BoxCloneSyncService::new(tower::service_fn(send))
    }

    /// Returns a transport that replays the answers once.
    pub(crate) fn replayed(&self) -> Transport {
        let mut left = self.0.lock().expect("no panic").clone();
        left.values_mut().for_each(|answers| answers.reverse());
        let left = Arc::new(Mutex::new(left));
        let send = move |request: http::Request<Bytes>| {
            let answer =
                left.lock().expect("no panic").get_mut(&asked(&request)).and_then(Vec::pop);
            let (head, body) = answer.expect("the same was asked before");
            std::future::ready(Ok(http::Response::from_parts(head, parts(body))))
        };
        BoxCloneSyncService::new(tower::service_fn(send))
    }
}

fn asked(request: &http::Request<Bytes>) -> String {
    format!("{} {}", request.method(), request.uri())
}

fn parts(mut body: Bytes) -> Body {
    let mut parts = Vec::new();
    while !body.is_empty() {
        let part = body.split_to(body.len().min(PART));
        parts.push(Ok(Frame::data(part)));
    }
    UnsyncBoxBody::new(StreamBody::new(stream::iter(parts)))
}
