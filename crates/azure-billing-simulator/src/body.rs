//! Bodies made as they are sent, and bodies that break off. None knows its length, so that a
//! `Content-Length` may announce another.

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

/// What a body is made of.
pub(super) trait Chunks: Iterator<Item = Bytes> + Send + 'static {}

impl<C: Iterator<Item = Bytes> + Send + 'static> Chunks for C {}

/// All of `chunks`, each asked for when the one before it is sent.
pub(super) fn stream(chunks: impl Chunks) -> Body {
    broken(chunks, End::Regular)
}

/// `chunks` and an end, which comes too soon if more were announced.
pub(super) fn unmeasured(chunks: impl Chunks) -> Body {
    broken(chunks, End::AfterFlush)
}

/// `chunks`, then silence.
pub(super) fn hanging(chunks: impl Chunks) -> Body {
    broken(chunks, End::Silence)
}

/// An error at once, at which a server cuts the connection.
pub(super) fn reset() -> Body {
    broken(std::iter::empty(), End::Reset)
}

/// A blank every second for ever: legal JSON so far.
pub(super) fn trickle() -> Body {
    broken(std::iter::empty(), End::Blanks(interval(Duration::from_secs(1))))
}

fn broken(chunks: impl Chunks, end: End) -> Body {
    Body::new(Broken { chunks: Box::new(chunks), end })
}

struct Broken {
    chunks: Box<dyn Chunks<Item = Bytes>>,
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
        if let Some(bytes) = self.chunks.find(|chunk| !chunk.is_empty()) {
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
