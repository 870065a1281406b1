//! Bodies that break off. None knows its length, so that a `Content-Length` may announce another.

use std::{
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Error,
    body::{Body, Bytes, HttpBody},
};
use http_body_util::combinators::Frame;
use tokio::time::{Interval, interval};

/// `bytes` and an end, which comes too soon if more were announced.
pub(super) fn unmeasured(bytes: Bytes) -> Body {
    Body::new(Broken { bytes, end: End::AfterFlush })
}

/// `bytes`, then silence.
pub(super) fn hanging(bytes: Bytes) -> Body {
    Body::new(Broken { bytes, end: End::Silence })
}

/// An error at once, at which a server cuts the connection.
pub(super) fn reset() -> Body {
    Body::new(Broken { bytes: Bytes::new(), end: End::Reset })
}

/// A blank every second for ever: legal JSON so far.
pub(super) fn trickle() -> Body {
    Body::new(Broken { bytes: Bytes::new(), end: End::Blanks(interval(Duration::from_secs(1))) })
}

struct Broken {
    bytes: Bytes,
    end: End,
}

enum End {
    /// One poll later than the bytes: the server sends them before it notices that some are missing.
    AfterFlush,
    Regular,
    Reset,
    Silence,
    Blanks(Interval),
}

/// What polling a body gives, whose own name is in a crate that is not a dependency.
type Polled = Poll<<Frame<'static, Body> as Future>::Output>;

impl HttpBody for Broken {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Polled {
        if !self.bytes.is_empty() {
            let bytes = std::mem::take(&mut self.bytes);
            return Pin::new(&mut Body::from(bytes)).poll_frame(context);
        }
        match &mut self.end {
            End::AfterFlush => {
                self.end = End::Regular;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            End::Regular => Poll::Ready(None),
            End::Reset => {
                let error = io::Error::from(io::ErrorKind::ConnectionReset);
                Poll::Ready(Some(Err(Error::new(error))))
            }
            End::Silence => Poll::Pending,
            End::Blanks(interval) => match interval.poll_tick(context) {
                Poll::Ready(_) => Pin::new(&mut Body::from(" ")).poll_frame(context),
                Poll::Pending => Poll::Pending,
            },
        }
    }
}
