//! Limits the connections: how many places there are, and which peer gives one up when none is
//! free.
//!
//! A connection is always accepted. If it is one too many, the peer with the most places gives up
//! the one that has been idle for the longest time. So a peer may have nearly all places as long as
//! no other needs them, but cannot keep others out; and a probe or a scrape, which is answered at
//! once, is never the one that ends.

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::AbortHandle;
use tokio::time::Instant;
use tracing::debug;

use super::peers::Peer;

/// The number of places: more than a busy Prometheus, its replica and their users need. An answer
/// on a stream of HTTP/2 takes a place as well.
pub(super) const PLACES: usize = 512;

/// The connections of a listener.
#[derive(Debug, Default)]
pub(super) struct Places {
    taken: Mutex<Vec<Place>>,
}

#[derive(Debug)]
struct Place {
    activity: Arc<Activity>,
    connection: AbortHandle,
}

/// The activity on a connection.
#[derive(Debug)]
pub(super) struct Activity {
    /// The peer at its other end.
    pub(super) peer: Peer,
    since: Instant,
    /// The last time a byte moved in either direction, in microseconds after `since`.
    moved: AtomicU64,
    /// The number of open answers on streams of HTTP/2.
    streams: AtomicUsize,
}

impl Places {
    /// Gives a connection a place, if necessary that of another.
    pub(super) fn take(&self, activity: Arc<Activity>, connection: AbortHandle) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.push(Place { activity, connection });
        make_room(&mut taken);
    }

    /// Begins an answer on a stream of HTTP/2.
    pub(super) fn begin_stream(&self, activity: &Arc<Activity>) -> Stream {
        activity.streams.fetch_add(1, Ordering::Relaxed);
        make_room(&mut self.taken.lock().unwrap_or_else(PoisonError::into_inner));
        Stream(activity.clone())
    }
}

/// Ends connections until the others have room.
fn make_room(taken: &mut Vec<Place>) {
    taken.retain(|place| !place.connection.is_finished());
    while taken.iter().map(|place| place.activity.places()).sum::<usize>() > PLACES {
        let Some(longest_idle) = longest_idle(taken) else { return };
        let Place { activity, connection } = taken.swap_remove(longest_idle);
        debug!(peer = ?activity.peer, "a connection is closed, because there are too many");
        connection.abort();
    }
}

/// Returns which connection of the peer with the most places has been idle for the longest time.
fn longest_idle(taken: &[Place]) -> Option<usize> {
    let mut places = BTreeMap::<Peer, usize>::new();
    for Place { activity, .. } in taken {
        *places.entry(activity.peer).or_default() += activity.places();
    }
    let most = places.values().max()?;
    let greedy = taken
        .iter()
        .enumerate()
        .filter(|(_, place)| places.get(&place.activity.peer) == Some(most));
    greedy.min_by_key(|(_, place)| place.activity.last_moved()).map(|(place, _)| place)
}

impl Activity {
    /// Returns the activity of a connection that was just made.
    pub(super) fn new(address: IpAddr) -> Self {
        Self {
            peer: Peer::of(address),
            since: Instant::now(),
            moved: AtomicU64::new(0),
            streams: AtomicUsize::new(0),
        }
    }

    fn places(&self) -> usize {
        self.streams.load(Ordering::Relaxed).max(1)
    }

    fn last_moved(&self) -> Instant {
        self.since + Duration::from_micros(self.moved.load(Ordering::Relaxed))
    }

    fn note(&self, bytes: usize) {
        if bytes > 0 {
            let moved = u64::try_from(self.since.elapsed().as_micros()).unwrap_or(u64::MAX);
            self.moved.store(moved, Ordering::Relaxed);
        }
    }
}

/// An open answer on a stream of HTTP/2.
#[derive(Debug)]
pub(super) struct Stream(Arc<Activity>);

impl Drop for Stream {
    fn drop(&mut self) {
        self.0.streams.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A body that occupies a place until it is sent.
pub(super) struct Counted {
    pub(super) body: Body,
    pub(super) _stream: Stream,
}

impl HttpBody for Counted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A stream of bytes that records when bytes move.
#[derive(Debug)]
pub(super) struct Watched<S> {
    pub(super) stream: S,
    pub(super) activity: Arc<Activity>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.activity.note(buffer.filled().len() - before);
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.noted(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.noted(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl<S> Watched<S> {
    fn noted(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(bytes)) = &written {
            self.activity.note(*bytes);
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::net::Ipv4Addr;

    use tokio::task::JoinHandle;
    use tokio::time::advance;

    use super::*;

    /// Connects a peer, a second after the last one, and returns the activity and the task that
    /// serves it.
    async fn connect(places: &Places, peer: u8) -> (Arc<Activity>, JoinHandle<()>) {
        advance(Duration::from_secs(1)).await;
        let activity = Arc::new(Activity::new(Ipv4Addr::new(127, 0, 0, peer).into()));
        let served = tokio::spawn(pending());
        places.take(activity.clone(), served.abort_handle());
        (activity, served)
    }

    async fn ended(connections: Vec<(Arc<Activity>, JoinHandle<()>)>) -> Vec<usize> {
        // A task that was told to end does so when it runs next.
        tokio::task::yield_now().await;
        let ended = connections.iter().enumerate().filter(|(_, (_, served))| served.is_finished());
        ended.map(|(place, _)| place).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn the_peer_with_the_most_places_gives_up_the_longest_idle() {
        let places = Places::default();
        let mut connections = vec![connect(&places, 2).await];
        for _ in 1..PLACES {
            connections.push(connect(&places, 1).await);
        }
        // Bytes move on the first two connections, and last on one of them.
        for place in [2, 1] {
            advance(Duration::from_secs(1)).await;
            connections[place].0.note(1);
        }
        connections.push(connect(&places, 1).await);
        connections.push(connect(&places, 3).await);
        assert_eq!(ended(connections).await, [3, 4], "of the greedy peer, not of those two");
    }

    #[tokio::test(start_paused = true)]
    async fn one_place_a_peer_is_a_queue() {
        let places = Places::default();
        let mut connections = Vec::new();
        for peer in 0..PLACES {
            connections.push(connect(&places, 1 + (peer % 2) as u8).await);
        }
        connections.push(connect(&places, 3).await);
        assert_eq!(ended(connections).await, [0]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_on_a_stream_takes_a_place_until_it_is_sent() {
        let places = Places::default();
        let mut connections = Vec::new();
        for _ in 1..PLACES {
            connections.push(connect(&places, 1).await);
        }
        let (activity, streaming) = connect(&places, 2).await;
        let mut streams: Vec<Stream> = (0..16).map(|_| places.begin_stream(&activity)).collect();
        tokio::task::yield_now().await;
        let left = |connections: &[(Arc<Activity>, JoinHandle<()>)]| {
            connections.iter().filter(|(_, served)| !served.is_finished()).count()
        };
        assert_eq!(left(&connections), PLACES - 16, "fifteen more than the connection itself");
        streams.clear();
        for _ in 0..15 {
            connections.push(connect(&places, 1).await);
        }
        tokio::task::yield_now().await;
        assert_eq!(left(&connections), PLACES - 1, "they are free again");
        assert!(!streaming.is_finished());
    }
}
