//! Clients at two addresses of this machine: many that try to keep the exporter busy, and one that
//! only needs an answer.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// The address of the clients that do harm.
pub(crate) const CROWD: Ipv4Addr = Ipv4Addr::LOCALHOST;
/// The address of Prometheus.
pub(crate) const SCRAPER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// The time in which an answer is good.
pub(crate) const SOON: Duration = Duration::from_secs(2);

/// Connects from an address; the harmful clients have a small receive buffer.
pub(crate) async fn connect(from: Ipv4Addr, to: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    if from == CROWD {
        socket.set_recv_buffer_size(4096)?;
    }
    socket.bind(SocketAddr::new(IpAddr::V4(from), 0))?;
    socket.connect(to).await
}

/// Returns the head of a request.
pub(crate) fn head(path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{headers}connection: close\r\n\r\n")
}

/// Sends a request, and returns the status and the length of its answer if that is complete.
pub(crate) async fn ask(from: Ipv4Addr, to: SocketAddr, head: &str) -> Option<(u16, usize)> {
    let mut socket = connect(from, to).await.ok()?;
    socket.write_all(head.as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await.ok()?;
    let text = String::from_utf8_lossy(&answer);
    let status = text.split(' ').nth(1)?.parse().ok()?;
    let head = text.find("\r\n\r\n")? + 4;
    let length = text[..head].lines().find_map(|line| line.strip_prefix("content-length: "))?;
    (length.parse() == Ok(answer.len() - head)).then_some((status, answer.len()))
}

/// The results of a client that repeats a request: the number of requests, of answers that were
/// good and in time, and the duration of the slowest good one.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Score {
    pub(crate) asked: usize,
    pub(crate) good: usize,
    pub(crate) slowest: Duration,
}

/// Requests scrapes and probes, by turns.
pub(crate) async fn scores(from: Ipv4Addr, to: SocketAddr, times: usize) -> [Score; 3] {
    let paths = ["/metrics", "/-/healthy", "/-/ready"];
    let mut scores = [Score::default(); 3];
    for _ in 0..times {
        for (path, score) in paths.into_iter().zip(&mut scores) {
            let began = tokio::time::Instant::now();
            let answer = timeout(SOON, ask(from, to, &head(path, ""))).await;
            score.asked += 1;
            if answer.is_ok_and(|answer| answer.is_some_and(|(status, _)| status == 200)) {
                score.good += 1;
                score.slowest = score.slowest.max(began.elapsed());
            }
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    scores
}

/// Prints the scores, and asserts that so many of a hundred answers were good.
pub(crate) fn assert_good(what: &str, scores: [Score; 3], percent: usize) {
    for (kind, Score { asked, good, slowest }) in
        ["scrapes", "health", "readiness"].iter().zip(scores)
    {
        println!("{what}: {kind}: {good} of {asked} good, the slowest after {slowest:.1?}");
        assert!(good * 100 >= asked * percent, "{what}: {kind}: {good} of {asked}");
    }
}

/// Starts so many clients, each of which connects again whenever its connection ends, until they
/// are dropped. `harm` is what each does with a connection, and returns when it is done.
pub(crate) fn crowd<F>(
    size: usize,
    to: SocketAddr,
    harm: impl Fn(TcpStream) -> F + Copy + Send + 'static,
) -> JoinSet<()>
where
    F: Future<Output = ()> + Send,
{
    let mut crowd = JoinSet::new();
    for _ in 0..size {
        crowd.spawn(async move {
            loop {
                if let Ok(socket) = connect(CROWD, to).await {
                    harm(socket).await;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
    }
    crowd
}

/// The time for which a client keeps what it has.
const HELD: Duration = Duration::from_secs(5);

/// Requests something large and reads almost nothing of it.
pub(crate) async fn read_nothing(mut socket: TcpStream) {
    let _ = socket.write_all(head("/metrics", "").as_bytes()).await;
    let _ = socket.read_exact(&mut [0; 16]).await;
    tokio::time::sleep(HELD).await;
}

/// Sends nothing.
pub(crate) async fn idle(mut socket: TcpStream) {
    let _ = timeout(HELD, socket.read(&mut [0; 16])).await;
}

/// Sends a head, a byte at a time.
pub(crate) async fn drip(mut socket: TcpStream) {
    for byte in head("/metrics", "x: ").bytes() {
        if socket.write_all(&[byte]).await.is_err() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}
