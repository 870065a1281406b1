//! Bodies that are generated while they are sent, and bodies that break off. None reports its
//! length, so that `Content-Length` may announce another one.

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

/// The parts that a body is made of.
pub(super) trait Chunks: Iterator<Item = Bytes> + Send + 'static {}

impl<C: Iterator<Item = Bytes> + Send + 'static> Chunks for C {}

/// Sends all of `chunks`, each generated when the one before it has been sent.
pub(super) fn stream(chunks: impl Chunks) -> Body {
    broken(chunks, End::Regular)
}

/// Sends `chunks` and ends, which is too early if more bytes were announced.
pub(super) fn unmeasured(chunks: impl Chunks) -> Body {
    broken(chunks, End::AfterFlush)
}

/// Sends `chunks`, then nothing more.
pub(super) fn hanging(chunks: impl Chunks) -> Body {
    broken(chunks, End::Silence)
}

/// Fails at once, so that the server cuts the connection.
pub(super) fn reset() -> Body {
    broken(std::iter::empty(), End::Reset)
}

/// Sends a blank every second for ever, which is legal JSON so far.
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
    /// Ends one poll after the bytes: the server sends them before it notices that some are
    /// missing.
    AfterFlush,
    Regular,
    Reset,
    Silence,
    Blanks(Interval),
}

/// The result of polling a body. Its own name is in a crate that is not a dependency.
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
