//! Tokens over HTTP/2, which Azure speaks and whose library writes its own log.

use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;

use crate::site::Authority;

/// The requests: the HTTP version, and the header and body.
pub(crate) type Asked = Arc<Mutex<Vec<(Version, String)>>>;

/// Serves a token to those that sign in, and a page to all others.
pub(crate) async fn serve(
    authority: &Authority,
    token: &'static str,
    page: &'static str,
) -> (String, Asked) {
    let tls = authority.acceptor(&[b"h2"]);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("https://localhost:{}", listener.local_addr().expect("an address").port());
    let asked = Asked::default();
    let record = asked.clone();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let (tls, record) = (tls.clone(), record.clone());
            tokio::spawn(async move {
                let Ok(socket) = tls.accept(socket).await else { return };
                let answer =
                    service_fn(move |request| answer(request, record.clone(), token, page));
                let http2 = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                let _ = http2.serve_connection(TokioIo::new(socket), answer).await;
            });
        }
    });
    (url, asked)
}

async fn answer(
    request: Request<Incoming>,
    record: Asked,
    token: &str,
    page: &str,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let signs_in = request.uri().path().ends_with("/oauth2/v2.0/token");
    let (head, body) = request.into_parts();
    let header = head.headers.get("authorization").and_then(|value| value.to_str().ok());
    let header = header.unwrap_or_default().to_owned();
    let body = String::from_utf8_lossy(&body.collect().await?.to_bytes()).into_owned();
    record.lock().expect("no panic").push((head.version, header + &body));
    let token = format!(r#"{{"token_type":"Bearer","expires_in":3599,"access_token":"{token}"}}"#);
    let text = if signs_in { token } else { page.to_owned() };
    Ok(Response::new(Full::new(text.into())))
}
