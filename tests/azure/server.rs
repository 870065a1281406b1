//! A server on loopback that answers from a script, byte by byte, so that every fault comes through
//! a real socket.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// The answer to one request.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// A whole answer. `{{endpoint}}` in the body stands for the server itself, `{{today}}` for the
    /// day of the answer in UTC: programs with their own clock refuse rows of another month.
    Http { status: u16, headers: Vec<(&'static str, String)>, body: String },
    /// A head that announces more bytes than are sent.
    Cut(String),
    /// The connection is reset before a byte is sent.
    Reset,
    /// A whole page, after a while.
    Slow(String, Duration),
    /// Nothing, for longer than any timeout.
    Stall,
    /// A body that never ends, sent a byte at a time.
    Trickle,
}

impl Answer {
    pub(crate) fn page(body: impl Into<String>) -> Self {
        Self::Http {
            status: 200,
            headers: vec![("content-type", "application/json".into())],
            body: body.into(),
        }
    }

    pub(crate) fn status(status: u16, body: &str) -> Self {
        Self::Http { status, headers: Vec::new(), body: body.into() }
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        if let Self::Http { headers, .. } = &mut self {
            headers.push((name, value.into()));
        }
        self
    }
}

/// The server. It ends when dropped.
pub(crate) struct Server {
    pub(crate) endpoint: String,
    requests: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Server {
    /// Answers with the script in order, and with its last answer from then on. Only the billing
    /// period that is requested first has a script and a record: the previous one is empty.
    pub(crate) async fn start(script: Vec<Answer>) -> Self {
        Self::with_history(script, Answer::page(r#"{"value":[]}"#)).await
    }

    /// Starts a server that also has an answer for other billing periods.
    pub(crate) async fn with_history(script: Vec<Answer>, history: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let requests = Arc::<Mutex<Vec<String>>>::default();
        let seen = requests.clone();
        let own = endpoint.clone();
        let task = tokio::spawn(async move {
            let mut open = None;
            // In order, one connection after the other: the client sends one request at a time.
            while let Ok((mut socket, _)) = listener.accept().await {
                let Some(request) = request(&mut socket).await else { continue };
                if of_another_period(&request, &mut open) {
                    let (history, own) = (history.clone(), own.clone());
                    tokio::spawn(async move { reply(socket, history, &own).await });
                    continue;
                }
                let number = {
                    let mut seen = seen.lock().expect("no panic");
                    seen.push(request);
                    seen.len() - 1
                };
                let answer = script.get(number).or(script.last()).cloned().expect("a script");
                let own = own.clone();
                tokio::spawn(async move { reply(socket, answer, &own).await });
            }
        });
        Self { endpoint, requests, task }
    }

    /// Returns the requests so far, each with its head and its body.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("no panic").clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Returns whether a request is for another billing period than the first one, or for days of
/// another month: in the first days of a month the window of days reaches back to the one before the
/// last.
fn of_another_period(request: &str, open: &mut Option<String>) -> bool {
    if let Some(period) = after(request, "/billingPeriods/", 6) {
        return open.get_or_insert_with(|| period.to_owned()) != period;
    }
    let month = after(request, "usageStart%20ge%20%27", 7).map(|month| month.replace('-', ""));
    open.as_ref().zip(month).is_some_and(|(open, month)| *open != month)
}

/// Returns so many characters of a request after a text.
fn after<'r>(request: &'r str, text: &str, length: usize) -> Option<&'r str> {
    request.split(text).nth(1).and_then(|rest| rest.get(..length))
}

async fn request(socket: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?;
    // Unread bytes of a request reset its answer.
    let mut body = vec![0; content_length(&head)];
    socket.read_exact(&mut body).await.ok()?;
    Some(head + &String::from_utf8(body).ok()?)
}

fn content_length(head: &str) -> usize {
    let mut headers = head.lines().filter_map(|line| line.split_once(':'));
    let length = headers.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    length.and_then(|(_, value)| value.trim().parse().ok()).unwrap_or(0)
}

/// Sends an answer. It does not matter here whether the client has closed meanwhile.
async fn reply(mut socket: TcpStream, answer: Answer, endpoint: &str) {
    let answer = match answer {
        Answer::Slow(body, wait) => {
            tokio::time::sleep(wait).await;
            Answer::page(body)
        }
        answer => answer,
    };
    let head = |length: usize| {
        format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n")
    };
    match answer {
        Answer::Http { status, headers, body } => {
            let body = body.replace("{{endpoint}}", endpoint).replace("{{today}}", &today());
            let mut text = format!("HTTP/1.1 {status} X\r\nconnection: close\r\n");
            for (name, value) in headers {
                text.push_str(&format!("{name}: {}\r\n", value.replace("{{endpoint}}", endpoint)));
            }
            if status != 204 {
                text.push_str(&format!("content-length: {}\r\n", body.len()));
            }
            let _ = socket.write_all(format!("{text}\r\n{body}").as_bytes()).await;
        }
        Answer::Cut(body) => {
            let _ =
                socket.write_all(format!("{}{body}", head(body.len() * 2 + 1)).as_bytes()).await;
        }
        Answer::Reset => {
            // Closing without lingering sends RST.
            let _ = socket.set_zero_linger();
        }
        Answer::Slow(..) | Answer::Stall => tokio::time::sleep(Duration::from_secs(60)).await,
        Answer::Trickle => {
            let _ = socket.write_all(format!("{}{{\"value\":[", head(1 << 30)).as_bytes()).await;
            while socket.write_all(b" ").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the program under test goes by the real time")]
fn today() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%d").to_string()
}
