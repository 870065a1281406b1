//! The reader of the log may stop, and a client may request thousands of reloads: the exporter
//! serves, polls and ends as usual.

use std::io::{BufRead, BufReader, PipeReader, PipeWriter, Read, Write, pipe};
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::{Map, Value};
use tempfile::NamedTempFile;

use crate::process::{Running, get, program, run};
use crate::{MACHINE, serve};

/// Longer than anything here takes.
const LIMIT: Duration = Duration::from_secs(60);
const DROPPED: &str = "azure_billing_exporter_log_lines_dropped_total ";

/// Returns a configuration that reads some departments from an Azure which has no rows.
fn configuration(endpoint: &str, departments: &[&str]) -> String {
    let scopes: String = departments
        .iter()
        .map(|id| format!("  - {{department: \"{id}\", name: d{id}}}\n"))
        .collect();
    format!(
        "azure:\n  endpoint: {endpoint}\n  requests_per_minute: {{department: 6000}}\n  auth: {{method: token, token: a-token}}\nscopes:\n{scopes}"
    )
}

fn file(text: &str) -> NamedTempFile {
    let file = NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), text).expect("the file can be written");
    file
}

fn path(file: &NamedTempFile) -> &str {
    file.path().to_str().expect("a path")
}

fn without_rows() -> String {
    serve("200 OK", Arc::new(|to| to.write_all(b"{\"value\":[]}")))
}

/// Keeps a pipe full until it is ended.
struct Filler {
    goes_on: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Filler {
    fn start(mut pipe: PipeWriter) -> Self {
        let goes_on = Arc::new(AtomicBool::new(true));
        let going_on = goes_on.clone();
        let thread = thread::spawn(move || {
            while going_on.load(Ordering::Relaxed) && pipe.write_all(&[b'\n'; 1024]).is_ok() {}
        });
        // It fills a pipe at once, and waits from then on.
        thread::sleep(Duration::from_millis(500));
        Self { goes_on, thread }
    }

    /// Ends once something reads the pipe.
    fn end(self) {
        self.goes_on.store(false, Ordering::Relaxed);
        self.thread.join().expect("it ends");
    }
}

/// A program whose standard output and error are one pipe that nothing reads any more.
struct Unread {
    child: Started,
    address: String,
    reader: BufReader<PipeReader>,
    filler: Filler,
}

impl Unread {
    fn start(arguments: &[&str]) -> Self {
        let (reader, writer) = pipe().expect("a pipe");
        let own = || writer.try_clone().expect("the same pipe");
        let child = Started::of(program().args(arguments).stdout(own()).stderr(own()));
        let mut reader = BufReader::new(reader);
        let mut line = String::new();
        while !line.contains(" page=http") {
            line.clear();
            assert!(reader.read_line(&mut line).expect("text") > 0, "it ended");
        }
        let address = line.split("address=").nth(1).and_then(|rest| rest.split(' ').next());
        let address = address.expect("an address").to_owned();
        Self { child, address, reader, filler: Filler::start(writer) }
    }

    fn reload(&self) -> (u16, String) {
        let (status, _, body) = crate::process::request(&self.address, "POST", "/-/reload", "*/*");
        (status, body)
    }

    fn dropped(&self) -> u64 {
        let (status, metrics) = get(&self.address, "/metrics");
        assert_eq!(status, 200);
        let value = metrics.lines().find_map(|line| line.strip_prefix(DROPPED));
        value.unwrap_or_else(|| panic!("{metrics}")).parse().expect("a number")
    }

    /// Sends requests until the log drops lines, and returns how many.
    fn lose_lines(&self) -> u64 {
        for _ in 0..1000 {
            for _ in 0..100 {
                get(&self.address, "/-/healthy");
            }
            let dropped = self.dropped();
            if dropped > 0 {
                return dropped;
            }
        }
        panic!("the log has no bound");
    }

    /// Terminates it, and returns how long that took.
    fn terminate(&mut self) -> Duration {
        let started = Instant::now();
        self.child.terminate();
        assert_eq!(self.child.end(), Some(0));
        started.elapsed()
    }
}

/// A program that ends with its test.
pub(crate) struct Started(pub(crate) Child);

impl Started {
    pub(crate) fn of(command: &mut Command) -> Self {
        Self(command.spawn().expect("the program starts"))
    }

    fn terminate(&self) {
        let id = self.0.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status();
        assert!(sent.expect("kill").success());
    }

    /// Waits for the end, and returns the exit code.
    fn end(&mut self) -> Option<i32> {
        let started = Instant::now();
        while started.elapsed() < LIMIT {
            if let Some(status) = self.0.try_wait().expect("a child") {
                return status.code();
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("still running after {LIMIT:?}");
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_log_that_nobody_reads_holds_up_neither_reloads_nor_polls_nor_the_end() {
    let _shared = MACHINE.blocking_read();
    let azure = without_rows();
    let config = file(&configuration(&azure, &["1"]));
    let flags = ["--web.listen-address", "127.0.0.1:0", "--log.level", "trace"];
    let arguments = [&["serve", "--config.file", path(&config)][..], &flags].concat();
    let mut exporter = Unread::start(&arguments);
    let mut slowest = Duration::ZERO;
    for _ in 0..200 {
        let asked = Instant::now();
        assert_eq!(exporter.reload().0, 200);
        slowest = slowest.max(asked.elapsed());
    }
    let dropped = exporter.lose_lines();
    std::fs::write(config.path(), configuration(&azure, &["1", "2"])).expect("the file");
    assert!(exporter.reload().1.contains("scope d2 added"));
    let polled = (0..1000).any(|_| {
        thread::sleep(Duration::from_millis(20));
        get(&exporter.address, "/metrics").1.contains("azure_billing_poll_success{scope=\"d2\"} 1")
    });
    assert!(polled, "the added scope");
    assert!(exporter.dropped() >= dropped);
    let end = exporter.terminate();
    println!(
        "200 of 200 reloads answered, the slowest in {slowest:?}; {dropped} lines dropped; ended in {end:?}"
    );
}

#[test]
fn a_reader_that_comes_back_finds_whole_lines_and_is_told_how_many_are_missing() {
    let _shared = MACHINE.blocking_read();
    let config = file(&configuration(&without_rows(), &["1"]));
    let flags = ["--web.listen-address", "127.0.0.1:0", "--log.level", "trace"];
    let arguments = [&["serve", "--config.file", path(&config)][..], &flags].concat();
    let mut exporter = Unread::start(&arguments);
    let dropped = exporter.lose_lines();
    exporter.filler.goes_on.store(false, Ordering::Relaxed);
    let (mut lines, mut line) = (0, String::new());
    while !line.contains("log lines were dropped") {
        line.clear();
        assert!(exporter.reader.read_line(&mut line).expect("text") > 0, "it ended");
        if line != "\n" {
            assert!(line.starts_with("time=") && line.contains(" level="), "{line}");
            lines += 1;
        }
    }
    assert!(line.contains("level=WARN"), "{line}");
    let told = line.rsplit("lines=").next().map(str::trim_end).and_then(|n| n.parse::<u64>().ok());
    let now = exporter.dropped();
    assert!(told.is_some_and(|told| (dropped..=now).contains(&told)), "{line}: {dropped} to {now}");
    println!("{lines} whole lines, {told:?} dropped");
}

/// Returns what `once` writes for a scope that cannot be read, in one of the forms.
fn failing_once(endpoint: &str, format: &str) -> Vec<String> {
    let config = file(&configuration(endpoint, &["1"]));
    let arguments = ["once", "--log.level", "debug", "--log.format", format, "--config.file"];
    let (code, _, log) = run(&[&arguments[..], &[path(&config)]].concat(), &[]);
    assert_eq!(code, 1, "{log}");
    log.lines().map(str::to_owned).collect()
}

/// Returns keys and values of a line of logfmt, the values as texts.
fn logfmt(mut line: &str) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    while let Some((key, rest)) = line.split_once('=') {
        let (value, rest) = if rest.starts_with('"') {
            let mut strings = serde_json::Deserializer::from_str(rest).into_iter::<String>();
            let value = strings.next().expect("a value").expect("a string");
            (value, &rest[strings.byte_offset()..])
        } else {
            let end = rest.find(' ').unwrap_or(rest.len());
            (rest[..end].to_owned(), &rest[end..])
        };
        fields.push((key.trim_start().to_owned(), value));
        line = rest;
    }
    assert!(line.is_empty(), "{line}");
    fields
}

#[test]
fn both_forms_of_the_log_have_the_same_keys_and_values_whatever_azure_says() {
    let _shared = MACHINE.blocking_read();
    let says = r#"{"error":{"code":"a=b","message":"he said \"no\" \\ \u001b[31m\u202e\u0085 = x\tétat"}}"#;
    let endpoint = serve("400 Bad Request", Arc::new(|to| to.write_all(says.as_bytes())));
    let (pairs, objects) = (failing_once(&endpoint, "logfmt"), failing_once(&endpoint, "json"));
    assert!(pairs.len() >= 3, "{pairs:#?}");
    assert_eq!(pairs.len(), objects.len(), "{pairs:#?} {objects:#?}");
    for (pairs, object) in pairs.iter().zip(&objects) {
        let controls = |line: &str| line.chars().filter(|sign| sign.is_control()).count();
        assert_eq!((controls(pairs), controls(object)), (0, 0), "{pairs}\n{object}");
        let read: Map<String, Value> = serde_json::from_str(object).expect("an object");
        let pairs = logfmt(pairs);
        let first: Vec<&str> = pairs[..4].iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(first, ["time", "level", "source", "msg"]);
        assert!(object.starts_with("{\"time\":\"20"), "{object}");
        assert_eq!(pairs.len(), read.len(), "{pairs:?}\n{object}");
        for (key, value) in pairs {
            let other = match &read[&key] {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            // These values differ between runs.
            if key == "time" || key == "seconds" {
                assert_eq!(value.len() > 4, other.len() > 4);
            } else {
                assert_eq!(value, other, "{key}");
            }
        }
    }
    let failed = objects.iter().find(|line| line.contains("poll failed")).expect("a failed poll");
    assert!(failed.contains("\"level\":\"WARN\",\"source\":\"poller/run/mod.rs:"), "{failed}");
    assert!(failed.contains("[31m\\u202e = x"), "{failed}");
}

/// Requests a reload on an open connection.
fn reload_on(socket: &mut BufReader<TcpStream>) -> String {
    let request = "POST /-/reload HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n";
    socket.get_mut().write_all(request.as_bytes()).expect("it reads");
    let (mut head, mut length) = (String::new(), 0);
    while !head.ends_with("\r\n\r\n") {
        let start = head.len();
        assert!(socket.read_line(&mut head).expect("an answer") > 0, "{head}");
        if let Some(value) = head[start..].strip_prefix("content-length: ") {
            length = value.trim_end().parse().expect("a number");
        }
    }
    let mut body = vec![0; length];
    socket.read_exact(&mut body).expect("a body");
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    String::from_utf8(body).expect("text")
}

#[test]
fn ten_thousand_reloads_are_answered_and_fill_no_disk() {
    let _shared = MACHINE.blocking_read();
    const RELOADS: u64 = 10_000;
    let azure = without_rows();
    let config = file(&configuration(&azure, &["1"]));
    let arguments =
        ["serve", "--config.file", path(&config), "--web.listen-address", "127.0.0.1:0"];
    // A service manager that never reads; each reload sends it two messages.
    let folder = tempfile::tempdir().expect("a folder");
    let manager = folder.path().join("notify");
    let _deaf = UnixDatagram::bind(&manager).expect("a socket");
    let manager = manager.to_str().expect("a path");
    let mut exporter = Running::start_in(&arguments, &[("NOTIFY_SOCKET", manager)]);
    let socket = TcpStream::connect(exporter.address()).expect("it listens");
    socket.set_read_timeout(Some(LIMIT)).expect("a timeout");
    let mut socket = BufReader::new(socket);
    let started = Instant::now();
    for _ in 0..RELOADS {
        assert!(reload_on(&mut socket).contains("nothing changed"));
    }
    let took = started.elapsed();
    std::fs::write(config.path(), configuration(&azure, &["2"])).expect("the file");
    assert!(reload_on(&mut socket).contains("scope d2 added"));
    exporter.line_with("scope d2 added");
    let lines =
        exporter.seen.iter().filter(|line| line.contains("the configuration was read again"));
    let lines: Vec<&String> = lines.collect();
    let left_out = lines
        .iter()
        .filter_map(|line| line.split("left_out=").nth(1)?.split(' ').next()?.parse::<u64>().ok());
    assert_eq!(lines.len() as u64 + left_out.sum::<u64>(), RELOADS + 1, "{lines:#?}");
    let bytes: usize = exporter.seen.iter().map(|line| line.len() + 1).sum();
    let most = 10 * (took.as_secs() / 60 + 1) + 1;
    assert!(lines.len() as u64 <= most, "{} lines", lines.len());
    let unheard = exporter.seen.iter().filter(|line| line.contains("cannot notify systemd"));
    assert!((1..=most).contains(&(unheard.count() as u64)), "{:#?}", exporter.seen);
    println!("{RELOADS} reloads in {took:?}: {} lines of them, {bytes} bytes of log", lines.len());
}

#[test]
fn a_command_that_fails_ends_although_nobody_reads_why() {
    let _shared = MACHINE.blocking_read();
    let (reader, writer) = pipe().expect("a pipe");
    let own = || writer.try_clone().expect("the same pipe");
    let filler = Filler::start(own());
    let config = file("scopes: [");
    let arguments = ["check", "--config.file", path(&config)];
    let mut check = Started::of(program().args(arguments).stdout(own()).stderr(own()));
    assert_eq!(check.end(), Some(2));
    drop((reader, writer));
    filler.end();
}

#[test]
fn a_demo_whose_greeting_nobody_reads_serves_and_ends() {
    let _shared = MACHINE.blocking_read();
    let (reader, writer) = pipe().expect("a pipe");
    let filler = Filler::start(writer.try_clone().expect("the same pipe"));
    let arguments = ["demo", "--web.listen-address", "127.0.0.1:0", "--resources", "10"];
    let mut demo = Started::of(program().args(arguments).stdout(writer).stderr(Stdio::piped()));
    let log = BufReader::new(demo.0.stderr.take().expect("a pipe"));
    let mut lines = log.lines().map_while(Result::ok);
    let listening = lines.find(|line| line.contains("msg=listening")).expect("it listens");
    let address = listening.rsplit("address=").next().expect("an address").to_owned();
    let (status, _) = get(&address, "/-/healthy");
    demo.terminate();
    assert_eq!((status, demo.end()), (200, Some(0)));
    drop(reader);
    filler.end();
}

/// Writes a configuration with so many errors that no pipe has room for the messages.
fn wrong(problems: usize) -> NamedTempFile {
    let key = |number| format!("unknown_{number}: 1\n");
    file(&format!(
        "scopes: [{{department: \"1\"}}]\n{}",
        (0..problems).map(key).collect::<String>()
    ))
}

#[test]
fn the_last_words_reach_whoever_reads_whole_whatever_the_pipe_was_set_to() {
    let _shared = MACHINE.blocking_read();
    const PROBLEMS: usize = 5_000;
    let (ours, theirs) = UnixStream::pair().expect("sockets");
    theirs.set_nonblocking(true).expect("it can be set");
    let config = wrong(PROBLEMS);
    let mut command = program();
    command.args(["check", "--config.file", path(&config)]).stderr(OwnedFd::from(theirs));
    let mut check = Started::of(&mut command);
    // From here on only the program's end is open.
    drop(command);
    let lines = BufReader::new(ours).lines().map(|line| line.expect("text"));
    let told = lines.filter(|line| line.contains(": unknown_")).count();
    assert_eq!((check.end(), told), (Some(2), PROBLEMS));
}
