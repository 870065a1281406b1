//! `/metrics`: the bytes of the last publish and those that are written at each scrape, in the
//! format and coding that the scraper accepts.
//!
//! A client may read them as slowly as it likes: `places` limits connections.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body::{Frame, SizeHint};
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;
use tracing::error;

use super::AppState;
use super::negotiation::{coding, negotiate};
use crate::metrics::{Coding, Exposition};

/// The time that a scrape waits for stored costs, without which all series would end at the first
/// scrape after a restart. It is less than the 10 seconds that Prometheus waits for a scrape.
const RESTORED_WITHIN: Duration = Duration::from_secs(8);

/// The exposition, and the limit on how many are written at once.
#[derive(Clone)]
pub(super) struct Scrapes {
    exposition: Arc<Exposition>,
    restored: watch::Receiver<bool>,
    most: usize,
    places: Arc<Semaphore>,
}

impl Scrapes {
    pub(super) fn new(site: &AppState) -> Self {
        let most = site.max_requests.min(Semaphore::MAX_PERMITS);
        let places = if most == 0 { Semaphore::MAX_PERMITS } else { most };
        let places = Arc::new(Semaphore::new(places));
        let (exposition, restored) = (site.exposition.clone(), site.restored.clone());
        Self { exposition, restored, most, places }
    }

    /// Counts a scrape that gets no metrics, and answers why.
    fn refuse(&self, why: String) -> Response {
        self.exposition.count_refused();
        (StatusCode::SERVICE_UNAVAILABLE, why).into_response()
    }
}

pub(super) async fn metrics(State(scrapes): State<Scrapes>, headers: HeaderMap) -> Response {
    let mut restored = scrapes.restored.clone();
    // A sender that was dropped means that there is nothing to wait for.
    if timeout(RESTORED_WITHIN, restored.wait_for(|is_over| *is_over)).await.is_err() {
        return scrapes.refuse("the stored costs are still being read, try again later\n".into());
    }
    // Released as soon as the answer is complete, however slowly the client reads it.
    let Ok(_place) = scrapes.places.try_acquire() else {
        let most = scrapes.most;
        let why = format!("limit of concurrent requests reached ({most}), try again later\n");
        return scrapes.refuse(why);
    };
    let negotiated = negotiate(&all_of(&headers, header::ACCEPT));
    let coding = coding(&all_of(&headers, header::ACCEPT_ENCODING));
    match scrapes.exposition.body(negotiated.format, coding) {
        Ok(parts) => {
            let body = Body::new(Parts(parts.into_iter()));
            let headers = [
                (header::CONTENT_TYPE, negotiated.content_type.as_str()),
                (header::VARY, "Accept, Accept-Encoding"),
            ];
            let coding = (coding == Coding::Gzip).then_some([(header::CONTENT_ENCODING, "gzip")]);
            match coding {
                Some(coding) => (headers, coding, body).into_response(),
                None => (headers, body).into_response(),
            }
        }
        Err(error) => {
            error!("the exposition cannot be written: {error}; please report this");
            (StatusCode::INTERNAL_SERVER_ERROR, "the exposition cannot be written; see the log\n")
                .into_response()
        }
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
    type Error = std::convert::Infallible;

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
    use tokio::time::Instant;

    use super::*;
    use crate::metrics::{BuildFlags, Format};
    use crate::status::ApiCalls;
    use crate::status::Status;

    fn scrapes() -> (Scrapes, watch::Sender<bool>) {
        let (over, restored) = watch::channel(false);
        let status = Arc::new(Status::new([], Duration::from_secs(60)));
        let about = BuildFlags { demo: false, process: false };
        let exposition = Exposition::new(status, Arc::<ApiCalls>::default(), about).unwrap();
        let places = Arc::new(Semaphore::new(2));
        (Scrapes { exposition: Arc::new(exposition), restored, most: 2, places }, over)
    }

    fn refused(scrapes: &Scrapes) -> String {
        let text = scrapes.exposition.scrape(Format::Text).unwrap();
        let name = "azure_billing_exporter_scrapes_refused_total ";
        text.lines().find_map(|line| line.strip_prefix(name)).unwrap().to_owned()
    }

    #[tokio::test(start_paused = true)]
    async fn a_scrape_waits_for_what_is_stored_and_not_for_ever() {
        let (scrapes, over) = scrapes();
        let scrape = || metrics(State(scrapes.clone()), HeaderMap::new());
        let began = Instant::now();
        assert_eq!(scrape().await.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(began.elapsed(), RESTORED_WITHIN);
        assert_eq!(refused(&scrapes), "1");
        let restoring = async {
            tokio::time::sleep(Duration::from_millis(400)).await;
            over.send_replace(true);
        };
        let (answer, ()) = tokio::join!(scrape(), restoring);
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(began.elapsed(), RESTORED_WITHIN + Duration::from_millis(400));
        assert_eq!(refused(&scrapes), "1");
    }

    #[tokio::test]
    async fn one_scrape_too_many_is_refused_and_counted() {
        let (scrapes, over) = scrapes();
        over.send_replace(true);
        let scrape = || metrics(State(scrapes.clone()), HeaderMap::new());
        let slow = scrape().await;
        assert_eq!(scrapes.places.available_permits(), 2, "whose answer is whole needs no place");
        drop(slow);
        let busy = scrapes.places.acquire_many(2).await.unwrap();
        let answer = scrape().await;
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(refused(&scrapes), "1");
        drop(busy);
        assert_eq!(scrape().await.status(), StatusCode::OK);
    }
}
