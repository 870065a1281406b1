//! Answers scrapes, in the format and coding that the scraper accepts.
//!
//! A client may read an answer as slowly as it likes: `places` limits connections.

use std::convert::Infallible;
use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use http_body::{Frame, SizeHint};
use tokio::sync::Semaphore;
use tracing::error;

use super::format::{Coding, Format};
use super::gzip::ScrapeText;
use super::negotiation::{Negotiated, coding, negotiate};

type Failure = Box<dyn Error + Send + Sync>;
type Write = dyn Fn(Format) -> Result<ScrapeText, Failure> + Send + Sync;

/// The scrapes that got no metrics, by reason, for a metric of the exporter.
#[derive(Debug, Default)]
pub struct RefusedScrapes {
    over_limit: AtomicU64,
    not_ready: AtomicU64,
}

impl RefusedScrapes {
    /// Returns how many were refused because too many expositions were being written.
    pub fn over_limit(&self) -> u64 {
        self.over_limit.load(Ordering::Relaxed)
    }

    /// Returns how many the exporter refused by [`Scrapes::refuse_unready`].
    pub fn not_ready(&self) -> u64 {
        self.not_ready.load(Ordering::Relaxed)
    }
}

/// Answers scrapes with an exposition, and limits how many are written at once: other requests,
/// such as those of probes, are answered meanwhile.
#[derive(Clone)]
pub struct Scrapes {
    write: Arc<Write>,
    refused: Arc<RefusedScrapes>,
    most: usize,
    places: Arc<Semaphore>,
}

impl Scrapes {
    /// Returns a handler that writes at most `most` expositions at once; 0 stands for any number.
    pub fn new<E: Into<Failure>>(
        most: usize,
        write: impl Fn(Format) -> Result<ScrapeText, E> + Send + Sync + 'static,
    ) -> Self {
        let most = most.min(Semaphore::MAX_PERMITS);
        let places = if most == 0 { Semaphore::MAX_PERMITS } else { most };
        Self {
            write: Arc::new(move |format| write(format).map_err(Into::into)),
            refused: Arc::default(),
            most,
            places: Arc::new(Semaphore::new(places)),
        }
    }

    /// Counts refused scrapes in numbers that the exporter has already.
    pub fn counting(self, refused: Arc<RefusedScrapes>) -> Self {
        Self { refused, ..self }
    }

    /// Returns the route of the metrics, for exporters that need nothing before it.
    pub fn route<S: Clone + Send + Sync + 'static>(self) -> MethodRouter<S> {
        get(move |headers: HeaderMap| async move { self.answer(&headers) })
    }

    /// Returns the answer to a scrape with these headers.
    pub fn answer(&self, headers: &HeaderMap) -> Response {
        // Released as soon as the answer is complete, however slowly the client reads it.
        let Ok(_place) = self.places.try_acquire() else {
            let most = self.most;
            self.refused.over_limit.fetch_add(1, Ordering::Relaxed);
            return refusal(format!(
                "limit of concurrent requests reached ({most}), try again later\n"
            ));
        };
        let negotiated = negotiate(&all_of(headers, header::ACCEPT));
        let coding = coding(&all_of(headers, header::ACCEPT_ENCODING));
        let parts = (self.write)(negotiated.format).and_then(|text| Ok(text.coded(coding)?));
        match parts {
            Ok(parts) => answer(&negotiated, coding, parts),
            Err(error) => {
                error!("the exposition cannot be written: {error}; please report this");
                let text = "the exposition cannot be written; see the log\n";
                (StatusCode::INTERNAL_SERVER_ERROR, text).into_response()
            }
        }
    }

    /// Counts a scrape that comes before the exporter can answer one, and answers why.
    pub fn refuse_unready(&self, why: String) -> Response {
        self.refused.not_ready.fetch_add(1, Ordering::Relaxed);
        refusal(why)
    }
}

fn refusal(why: String) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, why).into_response()
}

fn answer(negotiated: &Negotiated, coding: Coding, parts: Vec<Bytes>) -> Response {
    let body = Body::new(Parts(parts.into_iter()));
    let headers = [
        (header::CONTENT_TYPE, negotiated.content_type.as_str()),
        (header::VARY, "Accept, Accept-Encoding"),
    ];
    match coding {
        Coding::Gzip => (headers, [(header::CONTENT_ENCODING, "gzip")], body).into_response(),
        Coding::Identity => (headers, body).into_response(),
    }
}

/// Returns the values of a header, which may be given more than once, as one list.
fn all_of(headers: &HeaderMap, name: HeaderName) -> String {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.collect::<Vec<_>>().join(",")
}

/// The body of an answer: an exposition, part by part.
struct Parts(std::vec::IntoIter<Bytes>);

impl http_body::Body for Parts {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Ready(self.0.next().map(|part| Ok(Frame::data(part))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.as_slice().is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.as_slice().iter().map(|part| part.len() as u64).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_scrape_too_many_is_refused_and_counted() {
        let scrapes = Scrapes::new(2, |_| Ok::<_, Failure>("a 1\n".to_owned().into()));
        let scrape = || scrapes.answer(&HeaderMap::new());
        let slow = scrape();
        assert_eq!(scrapes.places.available_permits(), 2, "whose answer is whole needs no place");
        drop(slow);
        let busy = scrapes.places.acquire_many(2).await.unwrap();
        assert_eq!(scrape().status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!((scrapes.refused.over_limit(), scrapes.refused.not_ready()), (1, 0));
        drop(busy);
        assert_eq!(scrape().status(), StatusCode::OK);
    }
}
