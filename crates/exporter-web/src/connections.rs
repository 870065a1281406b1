//! Accepts connections, encrypts them if the web config says so, serves them and ends them. No
//! client can occupy one for ever: each wait for a client has a limit, and so has each connection.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::error::Elapsed;
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;
use tracing::{debug, warn};

use super::access::Access;
use super::descriptors;
use super::hosts;
use super::log_limit::LogLimit;
use super::peers::Peer;
use super::places::{Activity, Counted, PLACES, Places, Watched};

/// The connections that the system queues until they are accepted. Clients that find the queue full
/// try again after a second.
const WAITING: i32 = 4096;
/// The connections that were told to end and have not yet. Beyond this number, no further
/// connection is accepted until one has ended.
const ENDING: usize = 64;
/// The most bytes of a request's headers and address. HTTP/2 counts 32 more for each header.
const HEAD_BYTES: usize = 32 * 1024;
/// The most headers in HTTP/1.1; in HTTP/2 only their bytes are limited.
const MOST_HEADERS: usize = 64;
/// The most requests at once on one HTTP/2 connection.
const MOST_STREAMS: u32 = 16;

/// The limits on waiting for a client.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// The limit for a TLS handshake, which is two round trips.
    pub handshake: Duration,
    /// The limit for the whole head of a request, and so also for the next request on an open
    /// connection.
    pub head: Duration,
    /// The limit for the client to take a part of its answer. A client that takes nothing for this
    /// long is probably gone.
    pub stalled: Duration,
    /// The time after which a connection takes no further request. Scrapers open another and do not
    /// notice.
    pub lifetime: Duration,
    /// The limit for the answer that is open when a lifetime ends: it ends clients that read too
    /// slowly.
    pub last_answer: Duration,
    /// The limit for open answers once the exporter stops.
    pub drain: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(10),
            head: Duration::from_secs(30),
            stalled: Duration::from_secs(30),
            lifetime: Duration::from_secs(300),
            last_answer: Duration::from_secs(60),
            drain: Duration::from_secs(3),
        }
    }
}

/// Serves a listener until `stop` ends, then lets open answers finish.
///
/// # Errors
/// Returns an error if the listener cannot be used.
pub async fn serve(
    listener: std::net::TcpListener,
    router: Router,
    access: Arc<Access>,
    timeouts: Timeouts,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let router = hosts::of_listener(router, &listener);
    listener.set_nonblocking(true)?;
    rustix::net::listen(&listener, WAITING)?;
    let listener = TcpListener::from_std(listener)?;
    let (stopping, stopped) = watch::channel(false);
    let (mut connections, places) = (JoinSet::new(), Arc::new(Places::default()));
    let mut untaken = LogLimit::default();
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            Some(ended) = connections.join_next() => tell(ended),
            accepted = listener.accept(), if connections.len() < PLACES + ENDING => match accepted {
                Ok((stream, address)) => {
                    let activity = Arc::new(Activity::new(address.ip()));
                    let client = Client {
                        timeouts,
                        stopped: stopped.clone(),
                        router: router.clone(),
                        places: places.clone(),
                        activity: activity.clone(),
                    };
                    let connection = connections.spawn(client.serve(stream, access.clone()));
                    places.take(activity, connection);
                }
                Err(error) => {
                    // The client went away, or there are no file descriptors: other connections may
                    // end soon.
                    tell_untaken(&error, &mut untaken);
                    sleep(Duration::from_millis(100)).await;
                }
            },
        }
    }
    drop(listener);
    stopping.send_replace(true);
    let all = async { while connections.join_next().await.is_some() {} };
    // Connections that are still open then end when the set is dropped.
    let _ = timeout(timeouts.drain, all).await;
    Ok(())
}

fn tell_untaken(error: &io::Error, limit: &mut LogLimit) {
    let remedy = descriptors::remedy_or("others are still served");
    if let Some(left_out) = limit.pass(remedy) {
        warn!(left_out, "cannot accept a connection: {error}; {remedy}");
    }
}

/// Logs a connection that ended by a panic in a handler. A panic ends only its own connection.
fn tell(ended: Result<(), JoinError>) {
    if let Err(error) =
        ended.or_else(|error| if error.is_cancelled() { Ok(()) } else { Err(error) })
    {
        warn!("a connection ended because of a bug, please report this: {error}");
    }
}

/// The parts that serve one connection.
struct Client {
    timeouts: Timeouts,
    stopped: watch::Receiver<bool>,
    router: Router,
    places: Arc<Places>,
    activity: Arc<Activity>,
}

impl Client {
    async fn serve(self, stream: TcpStream, access: Arc<Access>) {
        let _ = stream.set_nodelay(true);
        let Some(tls) = access.config().tls.clone() else {
            let stream = self.hurried(stream);
            return self.http1(stream).await;
        };
        let handshake = async {
            if speaks_plain_http(&stream).await? {
                return refuse_plain_http(stream).await.map(|()| None);
            }
            TlsAcceptor::from(tls).accept(self.hurried(stream)).await.map(Some)
        };
        match timeout(self.timeouts.handshake, handshake).await {
            Ok(Ok(Some(stream))) if stream.get_ref().1.alpn_protocol() == Some(b"h2") => {
                self.http2(stream).await;
            }
            Ok(Ok(Some(stream))) => self.http1(stream).await,
            Ok(Ok(None)) => {}
            Ok(Err(error)) => debug!("a TLS handshake failed: {error}"),
            Err(_) => debug!("a TLS handshake took too long"),
        }
    }

    fn hurried(&self, stream: TcpStream) -> Pin<Box<TimeoutStream<Watched<TcpStream>>>> {
        let mut stream = TimeoutStream::new(Watched { stream, activity: self.activity.clone() });
        stream.set_write_timeout(Some(self.timeouts.stalled));
        Box::pin(stream)
    }

    async fn http1(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let peer = self.activity.peer;
        let router = self.router.clone().map_request(move |request| from(peer, request));
        let router = TowerToHyperService::new(router);
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.timeouts.head)
            .max_headers(MOST_HEADERS)
            .max_header_size(HEAD_BYTES)
            .max_buf_size(HEAD_BYTES)
            .serve_connection(TokioIo::new(stream), router);
        let ended = self.to_its_end(connection, |connection| connection.graceful_shutdown()).await;
        debug!("an HTTP/1.1 connection ended: {ended:?}");
    }

    async fn http2(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let (peer, places, activity) =
            (self.activity.peer, self.places.clone(), self.activity.clone());
        let router = self.router.clone().map_request(move |request| from(peer, request));
        let router = router.map_response(move |answer: Response| {
            answer.map(|body| Counted { body, _stream: places.begin_stream(&activity) })
        });
        let router = TowerToHyperService::new(router);
        let connection = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .keep_alive_interval(self.timeouts.head)
            .keep_alive_timeout(self.timeouts.handshake)
            .max_concurrent_streams(MOST_STREAMS)
            .max_header_list_size(HEAD_BYTES as u32)
            .serve_connection(TokioIo::new(stream), router);
        let ended = self.to_its_end(connection, |connection| connection.graceful_shutdown()).await;
        debug!("an HTTP/2 connection ended: {ended:?}");
    }

    /// Serves a connection to its end. Once it is told to end, only the open answer is finished.
    async fn to_its_end<C: Future>(
        &self,
        connection: C,
        take_no_more: impl FnOnce(Pin<&mut C>),
    ) -> Result<C::Output, Elapsed> {
        tokio::pin!(connection);
        tokio::select! {
            ended = connection.as_mut() => Ok(ended),
            () = self.told_to_end() => {
                take_no_more(connection.as_mut());
                timeout(self.timeouts.last_answer, connection).await
            }
        }
    }

    /// Returns when the exporter stops, or the connection has reached its lifetime.
    async fn told_to_end(&self) {
        let mut stopped = self.stopped.clone();
        // A sender that was dropped means stop as well.
        let _ = timeout(self.timeouts.lifetime, stopped.wait_for(|stop| *stop)).await;
    }
}

/// Adds the peer to a request.
fn from(peer: Peer, mut request: Request<Incoming>) -> Request<Incoming> {
    request.extensions_mut().insert(peer);
    request
}

/// Returns whether a client begins with a letter, as a request does, and not with a TLS record.
async fn speaks_plain_http(stream: &TcpStream) -> io::Result<bool> {
    let mut first = [0];
    let read = stream.peek(&mut first).await?;
    Ok(read == 1 && first[0].is_ascii_uppercase())
}

/// Answers that the port speaks TLS, because the client itself would only report that the answer is
/// not HTTP.
async fn refuse_plain_http(mut stream: TcpStream) -> io::Result<()> {
    let text = "this port speaks TLS; use https\n";
    let length = text.len();
    let answer = format!(
        "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\nx-content-type-options: nosniff\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{text}"
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}
