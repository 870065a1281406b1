//! `/metrics`: the bytes that a publish made and the few that belong to the moment, in the format
//! and coding that are asked for.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body::{Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::error;

use super::Site;
use super::negotiation::{coding, negotiate};
use crate::metrics::{Coding, Exposition};

/// The exposition, and how many may take it at once.
#[derive(Clone)]
pub(super) struct Scrapes {
    exposition: Arc<Exposition>,
    most: usize,
    places: Arc<Semaphore>,
}

impl Scrapes {
    pub(super) fn new(site: &Site) -> Self {
        let most = site.max_requests.min(Semaphore::MAX_PERMITS);
        let places = if most == 0 { Semaphore::MAX_PERMITS } else { most };
        let places = Arc::new(Semaphore::new(places));
        Self { exposition: site.exposition.clone(), most, places }
    }
}

pub(super) async fn metrics(State(scrapes): State<Scrapes>, headers: HeaderMap) -> Response {
    let Ok(place) = scrapes.places.clone().try_acquire_owned() else {
        let most = scrapes.most;
        let text = format!("limit of concurrent requests reached ({most}), try again later\n");
        return (StatusCode::SERVICE_UNAVAILABLE, text).into_response();
    };
    let negotiated = negotiate(&all_of(&headers, header::ACCEPT));
    let coding = coding(&all_of(&headers, header::ACCEPT_ENCODING));
    match scrapes.exposition.body(negotiated.format, coding) {
        Ok(parts) => {
            let body = Body::new(Parts { parts: parts.into_iter(), _place: place });
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

/// The values of a header, which may be given more than once, as one list.
fn all_of(headers: &HeaderMap, name: HeaderName) -> String {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.collect::<Vec<_>>().join(",")
}

/// An exposition, part by part, which keeps its place until the last part is under way.
struct Parts {
    parts: std::vec::IntoIter<Bytes>,
    _place: OwnedSemaphorePermit,
}

impl http_body::Body for Parts {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Ready(self.parts.next().map(|part| Ok(Frame::data(part))))
    }

    fn is_end_stream(&self) -> bool {
        self.parts.as_slice().is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.parts.as_slice().iter().map(|part| part.len() as u64).sum())
    }
}
