//! A web server that answers what a test makes of each request, with and without TLS.

use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// Returns the text of the answer to a request, given its number, counted from 1, and its text.
type Answers = Arc<dyn Fn(usize, &str) -> String + Send + Sync>;

/// A running server. It ends when dropped.
pub(crate) struct Site {
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Drop for Site {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Site {
    pub(crate) async fn plain(
        answers: impl Fn(usize, &str) -> String + Send + Sync + 'static,
    ) -> Self {
        Self::start(None, Arc::new(answers)).await
    }

    /// Starts under the name `localhost`, with a certificate of the authority.
    pub(crate) async fn with_tls(
        authority: &Authority,
        answers: impl Fn(usize, &str) -> String + Send + Sync + 'static,
    ) -> Self {
        Self::start(Some(authority.acceptor(&[])), Arc::new(answers)).await
    }

    async fn start(tls: Option<TlsAcceptor>, answers: Answers) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let requests = Arc::<Mutex<Vec<String>>>::default();
        let seen = requests.clone();
        let task = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (tls, seen, answers) = (tls.clone(), seen.clone(), answers.clone());
                tokio::spawn(async move {
                    match tls {
                        Some(tls) => {
                            let Ok(socket) = tls.accept(socket).await else { return };
                            converse(socket, &seen, &answers).await;
                        }
                        None => converse(socket, &seen, &answers).await,
                    }
                });
            }
        });
        Self { url: format!("{scheme}://localhost:{port}"), requests, task }
    }

    /// Returns the requests so far: heads and bodies.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("no panic").clone()
    }
}

async fn converse(
    mut socket: impl AsyncRead + AsyncWrite + Unpin,
    seen: &Mutex<Vec<String>>,
    answers: &Answers,
) {
    let Some(request) = request(&mut socket).await else { return };
    let number = {
        let mut seen = seen.lock().expect("no panic");
        seen.push(request.clone());
        seen.len()
    };
    let _ = socket.write_all(answers(number, &request).as_bytes()).await;
    let _ = socket.shutdown().await;
}

/// Reads a head, and a body of the length that it announces.
async fn request(socket: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.push(socket.read_u8().await.ok()?);
    }
    let head = String::from_utf8(bytes).ok()?;
    let length =
        header(&head, "content-length").map_or(0, |length| length.parse().expect("a length"));
    let mut body = vec![0; length];
    socket.read_exact(&mut body).await.ok()?;
    Some(head + &String::from_utf8(body).ok()?)
}

pub(crate) fn header<'a>(request: &'a str, name: &str) -> Option<&'a str> {
    let named = |line: &'a str| {
        let (found, value) = line.split_once(": ")?;
        found.eq_ignore_ascii_case(name).then_some(value)
    };
    request.lines().find_map(named)
}

/// Returns a field of the form that requests a token, decoded.
pub(crate) fn field(request: &str, name: &str) -> Option<String> {
    let (_, body) = request.split_once("\r\n\r\n")?;
    let mut fields = url::form_urlencoded::parse(body.as_bytes());
    fields.find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
}

pub(crate) fn answer(status: u16, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} X\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n{body}"
    )
}

/// Returns a good answer. `{{today}}` stands for the day in UTC: rows of another month are refused.
#[expect(clippy::disallowed_methods, reason = "the program under test goes by the real time")]
pub(crate) fn ok(body: &str) -> String {
    let today = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
    answer(200, "content-type: application/json\r\n", &body.replace("{{today}}", &today))
}

/// Returns a token that is valid for some seconds, as Entra sends it.
pub(crate) fn token(token: &str, seconds: u32) -> String {
    ok(&format!(r#"{{"token_type":"Bearer","expires_in":{seconds},"access_token":"{token}"}}"#))
}

/// A throw-away certificate authority.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    /// The certificate to trust.
    pub(crate) file: tempfile::NamedTempFile,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut ca = CertificateParams::default();
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(ca, KeyPair::generate().expect("a key"));
        let issuer = issuer.expect("an authority");
        let file = crate::file(&issuer.pem());
        Self { issuer, file }
    }

    pub(crate) fn path(&self) -> &str {
        crate::path(&self.file)
    }

    /// Returns an acceptor for a server that offers some protocols; none means HTTP/1.1.
    pub(crate) fn acceptor(&self, protocols: &[&[u8]]) -> TlsAcceptor {
        let key = KeyPair::generate().expect("a key");
        let names = vec!["localhost".into(), "127.0.0.1".into()];
        let leaf = CertificateParams::new(names).expect("names");
        let leaf = leaf.signed_by(&key, &self.issuer).expect("a certificate");
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        let mut tls = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .expect("protocols")
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], key)
            .expect("a configuration");
        tls.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        TlsAcceptor::from(Arc::new(tls))
    }
}
