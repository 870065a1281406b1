//! `backfill --remote-write`: what the receiver gets, whatever it answers.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use azure_billing_simulator::Options;
use exporter_web::{Timeouts, serve};
use tokio::task::JoinHandle;

use crate::backfill::{Azure, months_ago, small};
use crate::process::{Running, program};
use crate::serve::{configuration, until};

/// A body is a month of a scope, or less, because there are few series.
type Bodies = Vec<Bytes>;

/// A receiver that accepts everything except what its script refuses.
struct Receiver {
    url: String,
    bodies: Arc<Mutex<Bodies>>,
    heads: Arc<Mutex<Vec<HeaderMap>>>,
    task: JoinHandle<()>,
}

impl Receiver {
    /// Starts a receiver that refuses each of the first requests with samples as the script says.
    fn start(script: &[(u16, &'static str)]) -> Self {
        let (bodies, heads) = <(Arc<Mutex<Bodies>>, Arc<Mutex<Vec<HeaderMap>>>)>::default();
        let script = Arc::new(Mutex::new(script.iter().rev().copied().collect::<Vec<_>>()));
        let (taken, seen) = (bodies.clone(), heads.clone());
        let answer = move |headers: HeaderMap, body: Bytes| {
            let refusal =
                if body.len() > 1 { script.lock().expect("no panic").pop() } else { None };
            seen.lock().expect("no panic").push(headers);
            if refusal.is_none() && body.len() > 1 {
                taken.lock().expect("no panic").push(body);
            }
            async move {
                match refusal {
                    Some((status, after)) => {
                        let status = StatusCode::from_u16(status).expect("a status");
                        (status, [("retry-after", after)], "not now\nplanted detail")
                            .into_response()
                    }
                    None => {
                        tokio::time::sleep(Duration::from_millis(30)).await;
                        Response::builder().status(204).body(().into()).expect("an answer")
                    }
                }
            }
        };
        let router = Router::new().route("/push", axum::routing::post(answer));
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let task = tokio::spawn(async move {
            let never = std::future::pending();
            let served = serve(listener, router, Arc::default(), Timeouts::default(), never).await;
            served.expect("a server");
        });
        Self { url: format!("http://{address}/push?key=planted-key"), bodies, heads, task }
    }

    /// Returns how often each body was accepted.
    fn taken(&self) -> BTreeMap<Bytes, usize> {
        let mut taken = BTreeMap::new();
        for body in self.bodies.lock().expect("no panic").iter() {
            *taken.entry(body.clone()).or_default() += 1;
        }
        taken
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Send {
    folder: tempfile::TempDir,
    configuration: tempfile::NamedTempFile,
}

impl Send {
    fn new(azure: &Azure) -> Self {
        let scopes = "  - {billing_account: \"100000\", name: contoso}\n  - {department: \"1001\"}";
        let configuration = configuration(azure.endpoint(), scopes);
        Self { folder: tempfile::tempdir().expect("a folder"), configuration }
    }

    fn start(&self, receiver: &Receiver, more: &[&str]) -> Running {
        let mut command = program();
        let path = self.configuration.path().to_str().expect("a path");
        command.current_dir(&self.folder).args(["backfill", "--config.file", path]);
        command.args(["--from", &months_ago(5), "--to", &months_ago(2)]);
        command.args(["--remote-write", &receiver.url]).args(more);
        Running::of(command)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_down_for_a_while_loses_nothing() {
    let azure = Azure::start(small());
    let send = Send::new(&azure);
    let (steady, shaky) =
        (Receiver::start(&[]), Receiver::start(&[(503, "0"), (429, "1"), (500, "soon")]));
    for receiver in [&steady, &shaky] {
        let mut run = send.start(receiver, &[]);
        if std::ptr::eq(receiver, &shaky) {
            let line = run.line_with("HTTP 429");
            assert!(line.contains("not now") && !line.contains("planted"), "{line}");
        }
        run.line_with("history is written");
        assert!(run.end().success());
    }
    assert!(!steady.taken().is_empty());
    assert_eq!(steady.taken().keys().collect::<Vec<_>>(), shaky.taken().keys().collect::<Vec<_>>());
    assert!(shaky.taken().values().all(|times| *times == 1));
    assert_eq!(std::fs::read_dir(&send.folder).expect("a folder").count(), 0, "nothing is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_it_sends_it_goes_on_with_the_month_it_was_at() {
    let azure = Azure::start(Options { resources: 400, rows_per_day: Some(30), ..small() });
    let (whole, killed) = (Receiver::start(&[]), Receiver::start(&[]));
    let first = Send::new(&azure);
    let mut run = first.start(&whole, &["--instances"]);
    run.line_with("history is written");
    assert!(run.end().success());
    let all = whole.taken();
    assert!(all.len() >= 32, "only {} requests", all.len());
    let send = Send::new(&azure);
    let mut run = send.start(&killed, &["--instances"]);
    run.line_with("writing history");
    until("half of it", || killed.taken().len() >= all.len() / 2);
    run.signal("KILL");
    run.end();
    let before = azure.requests();
    let mut run = send.start(&killed, &["--instances"]);
    run.line_with("history is written");
    assert!(run.end().success());
    assert_eq!(azure.requests(), before, "nothing is read again");
    let taken = killed.taken();
    assert_eq!(taken.keys().collect::<Vec<_>>(), all.keys().collect::<Vec<_>>());
    let twice = taken.values().filter(|times| **times > 1).count();
    assert!(twice <= all.len() / 4, "{twice} of {} were sent twice", all.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_receiver_learns_who_we_are_and_the_log_does_not() {
    let azure = Azure::start(small());
    let receiver = Receiver::start(&[]);
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "Bearer planted-secret\n").expect("a file");
    let path = file.path().to_str().expect("a path");
    let flags = [
        "--remote-write.authorization-file",
        path,
        "--remote-write.header",
        "X-Scope-OrgID=finance",
    ];
    let send = Send::new(&azure);
    let mut run = send.start(&receiver, &flags);
    run.line_with("history is written");
    assert!(run.end().success());
    let heads = receiver.heads.lock().expect("no panic");
    assert!(heads.len() > 1);
    for head in heads.iter() {
        for (name, value) in [
            ("authorization", "Bearer planted-secret"),
            ("x-scope-orgid", "finance"),
            ("content-type", "application/x-protobuf"),
            ("content-encoding", "snappy"),
            ("x-prometheus-remote-write-version", "0.1.0"),
        ] {
            assert_eq!(head[name], value);
        }
    }
    assert!(!run.seen.concat().contains("planted"), "{:#?}", run.seen);
}
