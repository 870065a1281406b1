//! Bodies that break off.

use std::{
    convert::Infallible,
    future::{Future, pending, ready},
    io,
    pin::Pin,
    task::{Context, Poll, ready as ready_or_return},
    time::Duration,
};

use axum::{
    Error,
    body::{Body, Bytes, HttpBody},
};
use http::HeaderMap;
use http_body_util::{BodyExt, Full, combinators::Frame};
use tokio::time::{Interval, interval};

type Trailers = Option<Result<HeaderMap, Infallible>>;

/// `bytes`, without a length of its own: a `Content-Length` may then announce another.
pub(super) fn unmeasured(bytes: Bytes) -> Body {
    Body::new(Full::new(bytes).with_trailers(ready(Trailers::None)))
}

/// `bytes`, then silence.
pub(super) fn hanging(bytes: Bytes) -> Body {
    Body::new(Full::new(bytes).with_trailers(pending::<Trailers>()))
}

/// An error at once, at which a server cuts the connection.
pub(super) fn reset() -> Body {
    let error = || io::Error::from(io::ErrorKind::ConnectionReset);
    let empty = Full::new(Bytes::new()).map_err(move |_| error());
    Body::new(empty.with_trailers(ready(Some(Err(error())))))
}

/// The begin of a page, then a blank every second for ever: legal JSON so far.
pub(super) fn trickle() -> Body {
    Body::new(Trickle(interval(Duration::from_secs(1))))
}

struct Trickle(Interval);

impl HttpBody for Trickle {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<<Frame<'static, Body> as Future>::Output> {
        let _tick = ready_or_return!(self.0.poll_tick(context));
        Pin::new(&mut Body::from(" ")).poll_frame(context)
    }
}
