//! Connections: taken, encrypted where the web config says so, served, and ended. Nobody can hold
//! one for ever: each wait for a client has an end, and so has each connection.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;
use tracing::{debug, warn};

use super::access::Access;

/// How long open answers may take once the exporter stops.
const DRAIN: Duration = Duration::from_secs(3);
/// More than a busy Prometheus, its replica and their humans need. Others wait to be taken.
const MOST_CONNECTIONS: usize = 512;
/// A handshake is two round trips.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// For the whole head of a request, and so also for the next request on an open connection.
const HEAD: Duration = Duration::from_secs(30);
/// A client that takes nothing for this long will not come back for the rest.
const STALLED: Duration = Duration::from_secs(30);
/// Then a connection takes no further request. Scrapers open another and do not notice.
const LIFETIME: Duration = Duration::from_secs(300);
/// For the answer that is open when a lifetime ends: slow readers end here.
const LAST_ANSWER: Duration = Duration::from_secs(60);
/// All headers of a request and its address.
const HEAD_BYTES: usize = 32 * 1024;
const MOST_HEADERS: usize = 64;
/// Requests at once on one HTTP/2 connection.
const MOST_STREAMS: u32 = 16;

/// Serves a listener until `stop` ends, then lets open answers finish.
///
/// # Errors
/// When the listener cannot be used.
pub async fn serve(
    listener: std::net::TcpListener,
    router: Router,
    access: Arc<Access>,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let (stopping, stopped) = watch::channel(false);
    let mut connections = JoinSet::new();
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            Some(ended) = connections.join_next() => tell(ended),
            accepted = listener.accept(), if connections.len() < MOST_CONNECTIONS => match accepted {
                Ok((stream, _)) => {
                    let (router, access) = (router.clone(), access.clone());
                    connections.spawn(connection(stream, router, access, stopped.clone()));
                }
                Err(error) => {
                    // The client went away, or there are no file descriptors: others may end soon.
                    warn!("a connection could not be taken: {error}");
                    sleep(Duration::from_millis(100)).await;
                }
            },
        }
    }
    drop(listener);
    stopping.send_replace(true);
    let all = async { while connections.join_next().await.is_some() {} };
    // What is still open then ends with the set.
    let _ = timeout(DRAIN, all).await;
    Ok(())
}

/// A panic in a handler ends its connection and nothing else.
fn tell(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        warn!("a connection ended by a bug, please report this: {error}");
    }
}

async fn connection(
    stream: TcpStream,
    router: Router,
    access: Arc<Access>,
    stopped: watch::Receiver<bool>,
) {
    let _ = stream.set_nodelay(true);
    let Some(tls) = access.config().tls.clone() else {
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(STALLED));
        return http1(Box::pin(stream), router, stopped).await;
    };
    let handshake = async {
        if speaks_plain_http(&stream).await? {
            return refuse_plain_http(stream).await.map(|()| None);
        }
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(STALLED));
        TlsAcceptor::from(tls).accept(Box::pin(stream)).await.map(Some)
    };
    match timeout(HANDSHAKE, handshake).await {
        Ok(Ok(Some(stream))) if stream.get_ref().1.alpn_protocol() == Some(b"h2") => {
            http2(stream, router, stopped).await;
        }
        Ok(Ok(Some(stream))) => http1(stream, router, stopped).await,
        Ok(Ok(None)) => {}
        Ok(Err(error)) => debug!("a TLS handshake failed: {error}"),
        Err(_) => debug!("a TLS handshake took longer than {HANDSHAKE:?}"),
    }
}

/// Whether a client begins with a letter, as a request does, and not with a TLS record.
async fn speaks_plain_http(stream: &TcpStream) -> io::Result<bool> {
    let mut first = [0];
    let read = stream.peek(&mut first).await?;
    Ok(read == 1 && first[0].is_ascii_uppercase())
}

/// In words, because the client's own would be that the answer is no HTTP.
async fn refuse_plain_http(mut stream: TcpStream) -> io::Result<()> {
    let text = "this port speaks TLS; use https\n";
    let length = text.len();
    let answer = format!(
        "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{text}"
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}

async fn http1(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
    stopped: watch::Receiver<bool>,
) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_headers(MOST_HEADERS)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => Ok(ended),
        () = told_to_end(stopped) => {
            connection.as_mut().graceful_shutdown();
            timeout(LAST_ANSWER, connection).await
        }
    };
    debug!("an HTTP/1.1 connection ended: {ended:?}");
}

async fn http2(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
    stopped: watch::Receiver<bool>,
) {
    let connection = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .keep_alive_interval(HEAD)
        .keep_alive_timeout(HANDSHAKE)
        .max_concurrent_streams(MOST_STREAMS)
        .max_header_list_size(HEAD_BYTES as u32)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => Ok(ended),
        () = told_to_end(stopped) => {
            connection.as_mut().graceful_shutdown();
            timeout(LAST_ANSWER, connection).await
        }
    };
    debug!("an HTTP/2 connection ended: {ended:?}");
}

/// When the exporter stops, or the connection has lived long enough.
async fn told_to_end(mut stopped: watch::Receiver<bool>) {
    // A sender that went away means stop as well.
    let _ = timeout(LIFETIME, stopped.wait_for(|stop| *stop)).await;
}
