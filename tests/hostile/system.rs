//! What the system refuses: files beyond a size, further file descriptors. And what the program
//! must not reveal: the memory of a process with secrets.

use std::fs::{self, File, Permissions};
use std::net::TcpStream;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use azure_billing_exporter::billing::period::{Period, day_of};
use azure_billing_exporter::poller::Clock;
use tempfile::{NamedTempFile, TempDir};

use crate::log::Started;
use crate::process::{Running, get, program};
use crate::{MACHINE, serve};

/// `nobody` on every system.
const NOBODY: u32 = 65534;

/// Returns the program under limits that a shell sets.
fn limited(limits: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{limits}; exec \"$0\" \"$@\"")]).arg(program().get_program());
    command.args(arguments).env_clear().stdin(Stdio::null());
    command
}

/// A simulated Azure, and the configuration that reads it.
struct Simulated {
    azure: Running,
    folder: TempDir,
}

impl Simulated {
    /// Starts one with more resources than a reading keeps in memory.
    fn large() -> Self {
        Self::start(&["--resources", "9000", "--days", "2"])
    }

    fn start(flags: &[&str]) -> Self {
        let listen = ["simulate", "--web.listen-address", "127.0.0.1:0"];
        let azure = Running::start(&[&listen[..], flags].concat());
        Self { azure, folder: tempfile::tempdir().expect("a folder") }
    }

    /// Returns a configuration file for the enrollment, which the simulator logs first.
    fn configuration(&mut self) -> String {
        let line = self.azure.line_with("kind=billing_account");
        let id = line.split(" id=").nth(1).and_then(|rest| rest.split(' ').next()).expect("an id");
        let endpoint = self.azure.address();
        let text = format!(
            "azure:\n  endpoint: http://{endpoint}\n  requests_per_minute: {{billing_account: 6000}}\n  auth: {{method: token, token: a-token}}\nscopes: [{{billing_account: \"{id}\"}}]\nstate: {{path: {}}}\n",
            self.path("state.redb")
        );
        fs::write(self.path("config.yaml"), text).expect("the file can be written");
        self.path("config.yaml")
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().expect("a path").to_owned()
    }
}

/// Returns the costs, without the time of their reading.
fn costs(exposition: &str) -> Vec<&str> {
    let costs = exposition.lines().filter(|line| line.contains("_pretax_cost{"));
    costs.collect()
}

#[test]
fn a_limit_of_the_size_of_files_is_as_a_full_disk_and_changes_no_sum() {
    let _shared = MACHINE.blocking_read();
    let mut simulated = Simulated::large();
    let config = simulated.configuration();
    let arguments = ["once", "--config.file", &config];
    let whole = program().args(arguments).output().expect("the program starts");
    let whole = String::from_utf8(whole.stdout).expect("text");
    // On the first of a month there are no resources yet, and so few costs that they fit.
    let today = day_of(Clock::system().now());
    if today.day() <= 2 && costs(&whole).len() <= 9000 {
        return;
    }
    assert!(costs(&whole).len() > 9000, "{}", costs(&whole).len());

    // Blocks of 512 or of 1,024 bytes, which differs from shell to shell: too few for a new file of
    // days, and too few for all of them.
    for (blocks, says) in [(64, "cannot store days"), (4_096, "days cannot be stored")] {
        let (metrics, log) = served_within(blocks, says, &config);
        assert!(costs(&metrics) == costs(&whole), "the same costs to the byte");
        let spool = log.iter().find(|line| line.contains("long readings stay in memory"));
        assert!(spool.is_some_and(|line| line.contains("File too large")), "{log:#?}");
        // The file is there only if it was begun.
        let _ = fs::remove_file(simulated.path("state.redb"));
        println!("{blocks} blocks: {} costs as without a limit", costs(&metrics).len());
    }
}

/// Returns what is served and logged of a first poll by a process whose files may have so many
/// blocks, and which logs a message about it.
fn served_within(blocks: u32, says: &str, config: &str) -> (String, Vec<String>) {
    let listen = ["serve", "--web.listen-address", "127.0.0.1:0", "--config.file", config];
    let mut exporter = Running::of(limited(&format!("ulimit -f {blocks}"), &listen));
    // In the first case the message comes before it listens.
    let line = exporter.line_with(says);
    assert!(line.contains("polling goes on in memory"), "{line}");
    assert!(line.contains("File too large (os error 27); check state.path"), "{line}");
    let told = exporter.seen.iter().find(|line| line.contains(" page=http")).cloned();
    let listening = told.unwrap_or_else(|| exporter.line_with(" page=http"));
    let address = listening.split("address=").nth(1).and_then(|rest| rest.split(' ').next());
    let address = address.expect("an address");
    let ready = (0..3000).any(|_| {
        thread::sleep(Duration::from_millis(20));
        get(address, "/-/ready").0 == 200
    });
    assert!(ready, "{:#?}", exporter.seen);
    let (status, metrics) = get(address, "/metrics");
    assert_eq!(status, 200);
    let failed = metrics.lines().find(|line| {
        line.starts_with("azure_billing_poll_failures_total") && line.contains("reason=\"store\"}")
    });
    assert!(failed.is_some_and(|line| !line.ends_with(" 0")), "{failed:?}");
    exporter.signal("TERM");
    assert!(exporter.end().success());
    (metrics, exporter.lines_to_the_end().to_vec())
}

#[test]
fn a_command_that_may_not_write_so_much_says_so_and_leaves_nothing() {
    let _shared = MACHINE.blocking_read();
    let mut simulated = Simulated::start(&["--resources", "300"]);
    let config = simulated.configuration();
    let (prom, history) = (simulated.path("costs.prom"), simulated.path("history.om"));
    let month = Period::of(day_of(Clock::system().now())).months_before(1).to_string();
    let month = ["--from", &month, "--to", &month];
    let once = ["once", "--config.file", &config, "--output", &prom];
    let backfill = ["backfill", "--config.file", &config, "--instances", "--output", &history];
    for arguments in [&once[..], &[&backfill[..], &month].concat()] {
        let ended = limited("ulimit -f 8", arguments).output().expect("the program starts");
        let log = String::from_utf8(ended.stderr).expect("text");
        assert_eq!(ended.status.code(), Some(1), "{:?}: {log}", ended.status);
        assert!(log.contains("cannot write ") && log.contains("File too large"), "{log}");
    }
    assert!(!Path::new(&prom).exists());
    let left: Vec<_> = fs::read_dir(simulated.folder.path()).expect("a folder").flatten().collect();
    assert!(left.iter().all(|entry| !entry.path().to_string_lossy().ends_with(".tmp")), "{left:?}");
}

#[test]
fn a_log_file_that_may_not_grow_ends_nothing_and_its_lines_are_counted() {
    let _shared = MACHINE.blocking_read();
    let endpoint = serve("200 OK", Arc::new(|to| to.write_all(b"{\"value\":[]}")));
    let config = small(&endpoint, "token: a-token");
    let log = NamedTempFile::new().expect("a file");
    let path = config.path().to_str().expect("a path");
    let flags = ["--web.listen-address", "127.0.0.1:0", "--log.level", "trace"];
    let mut command =
        limited("ulimit -f 16", &[&["serve", "--config.file", path][..], &flags].concat());
    command
        .stdout(Stdio::null())
        .stderr(File::options().append(true).open(log.path()).expect("a file"));
    let mut exporter = Started::of(&mut command);
    let address = (0..3000).find_map(|_| {
        thread::sleep(Duration::from_millis(10));
        let text = fs::read_to_string(log.path()).expect("text");
        let line = text.lines().find(|line| line.contains(" page=http"))?.to_owned();
        Some(line.split("address=").nth(1)?.split(' ').next()?.to_owned())
    });
    let address = address.expect("it listens");
    let dropped = || {
        let (status, metrics) = get(&address, "/metrics");
        assert_eq!(status, 200);
        let value = metrics
            .lines()
            .find_map(|line| line.strip_prefix("azure_billing_exporter_log_lines_dropped_total "));
        value.expect("always there").parse::<u64>().expect("a number")
    };
    let lost = (0..2000).map(|_| dropped()).find(|dropped| *dropped > 100).expect("lost lines");
    let full = log.path().metadata().expect("a file").len();
    // Like a tool that rotates logs.
    log.as_file().set_len(0).expect("our file");
    let told = (0..2000).find_map(|_| {
        dropped();
        let text = fs::read_to_string(log.path()).expect("text");
        text.contains("log lines were dropped").then_some(text)
    });
    let ended = exporter.0.try_wait().expect("a child");
    let (text, ended) = (told.expect("the lines that are missing"), ended.is_some());
    assert!(!ended && text.starts_with("\ntime="), "whole lines from the first on: {text}");
    println!("{lost} lines dropped where the log may have {full} bytes");
}

/// Returns a configuration of one scope that is polled as often as possible.
fn small(endpoint: &str, token: &str) -> NamedTempFile {
    let file = NamedTempFile::new().expect("a file");
    let text = format!(
        "azure:\n  endpoint: {endpoint}\n  requests_per_minute: {{department: 6000}}\n  auth: {{method: token, {token}}}\nscopes: [{{department: \"1\", name: shop}}]\npoll: {{interval: 10s}}\n"
    );
    fs::write(file.path(), text).expect("the file can be written");
    file
}

/// Checks that a server without free file descriptors says so, whatever the poll needs one for.
fn without_descriptors(token: &str, says: &str) {
    // Each answer ends its connection, so that the next poll needs another.
    let endpoint = serve("200 OK", Arc::new(|to| to.write_all(b"{\"value\":[]}")));
    let config = small(&endpoint, token);
    let path = config.path().to_str().expect("a path");
    let arguments = ["serve", "--config.file", path, "--web.listen-address", "127.0.0.1:0"];
    let mut exporter = Running::of(limited("ulimit -n 64", &arguments));
    let address = exporter.address();
    let ready = (0..1000).any(|_| {
        thread::sleep(Duration::from_millis(20));
        get(&address, "/metrics").1.contains("azure_billing_poll_success{scope=\"shop\"} 1")
    });
    assert!(ready, "{:#?}", exporter.seen);
    let idle: Vec<TcpStream> =
        (0..64).map(|_| TcpStream::connect(&address).expect("it listens")).collect();
    let failed = exporter.line_with("poll failed");
    for said in ["reason=unavailable", "no file descriptors are left: ", says, "LimitNOFILE="] {
        assert!(failed.contains(said), "{said}: {failed}");
    }
    exporter.signal("HUP");
    let refused = exporter.line_with("the configuration stays as it was");
    for said in ["no file descriptors are left: ", "Too many open files", "LimitNOFILE="] {
        assert!(refused.contains(said), "{said}: {refused}");
    }
    drop(idle);
    let mended = (0..2000).any(|_| {
        thread::sleep(Duration::from_millis(20));
        get(&address, "/metrics").1.contains("azure_billing_poll_success{scope=\"shop\"} 1")
    });
    assert!(mended, "{:#?}", exporter.seen);
    let metrics = get(&address, "/metrics").1;
    assert!(metrics.contains("reason=\"auth\"} 0\n"), "{metrics}");
    exporter.signal("TERM");
    assert!(exporter.end().success());
    let untaken = exporter.lines_to_the_end().iter();
    let untaken = untaken.filter(|line| line.contains("cannot accept a connection"));
    let untaken: Vec<&String> = untaken.collect();
    assert!((1..=20).contains(&untaken.len()), "{untaken:#?}");
    for line in &untaken {
        assert!(line.contains("Too many open files") && line.contains("LimitNOFILE="), "{line}");
    }
    println!("{says}: {} lines of connections that could not be taken", untaken.len());
}

#[test]
fn no_file_descriptors_are_told_as_such_with_the_remedy_and_not_as_a_wrong_identity() {
    let _shared = MACHINE.blocking_read();
    let token = NamedTempFile::new().expect("a file");
    fs::write(token.path(), "a-token").expect("the file can be written");
    let by_file = format!("token_file: {}", token.path().display());
    thread::scope(|scope| {
        scope.spawn(|| without_descriptors(&by_file, "azure.auth.token_file: "));
        scope.spawn(|| without_descriptors("token: a-token", "left: unavailable: "));
    });
}

/// Runs the program as a user other than root, from where that user may read it, with the systemd
/// unit's view of `/proc`; where the tests have no such rights, as their own user.
fn as_nobody(folder: &Path, arguments: &[&str]) -> Command {
    const HIDE: &str = "unshare -m true 2>/dev/null || exec \"$0\" \"$@\"; exec unshare -m sh -c 'mount -t proc -o subset=pid,hidepid=2 proc /proc 2>/dev/null; exec \"$0\" \"$@\"' \"$0\" \"$@\"";
    if fs::metadata("/proc/self").expect("a process").uid() != 0 {
        return limited("ulimit -c unlimited 2>/dev/null", arguments);
    }
    fs::set_permissions(folder, Permissions::from_mode(0o755)).expect("our folder");
    let copy = folder.join("exporter");
    fs::copy(program().get_program(), &copy).expect("a copy");
    let user = NOBODY.to_string();
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit -c unlimited 2>/dev/null; {HIDE}")]);
    command.args(["setpriv", "--reuid", &user, "--regid", &user, "--clear-groups"]).arg(copy);
    command.args(arguments).env_clear().stdin(Stdio::null()).current_dir(folder);
    command
}

#[test]
fn nobody_of_the_same_user_may_look_into_its_memory_and_it_still_measures_itself() {
    let _shared = MACHINE.blocking_read();
    let folder = tempfile::tempdir().expect("a folder");
    let endpoint = serve("200 OK", Arc::new(|to| to.write_all(b"{\"value\":[]}")));
    let config = small(&endpoint, "token: a-token");
    fs::set_permissions(config.path(), Permissions::from_mode(0o644)).expect("our file");
    let path = config.path().to_str().expect("a path");
    let arguments = ["serve", "--config.file", path, "--web.listen-address", "127.0.0.1:0"];
    let before = Clock::system().now().as_second();
    let mut exporter = Running::of(as_nobody(folder.path(), &arguments));
    let address = exporter.address();
    let process = format!("/proc/{}", exporter.id());
    let status = fs::read_to_string(format!("{process}/status")).expect("a process");
    assert!(!status.contains("\nUid:\t0\t"), "{status}");
    let owner = fs::metadata(format!("{process}/mem")).expect("a process").uid();
    assert_eq!(owner, 0, "what may be dumped belongs to its user");
    let (_, metrics) = get(&address, "/metrics");
    let value = |family| -> f64 {
        let value = metrics.lines().find_map(|line| line.strip_prefix(family)?.strip_prefix(' '));
        value.unwrap_or_else(|| panic!("{family} in {metrics}")).parse().expect("a number")
    };
    assert!(value("process_cpu_seconds_total") >= 0.0, "it may have taken next to none");
    for family in [
        "process_resident_memory_bytes",
        "process_virtual_memory_bytes",
        "process_open_fds",
        "process_max_fds",
        "process_threads",
    ] {
        assert!(value(family) > 0.0, "{metrics}");
    }
    let (now, started) = (Clock::system().now().as_second(), value("process_start_time_seconds"));
    assert!(
        (before as f64 - 2.0..=now as f64 + 1.0).contains(&started),
        "{before} {started} {now}"
    );
    exporter.signal("ABRT");
    let status = exporter.end();
    assert!(status.signal().is_some() && !status.core_dumped(), "{status}");
}

#[test]
fn a_file_that_never_answers_holds_up_neither_scrapes_nor_the_end() {
    let _shared = MACHINE.blocking_read();
    let endpoint = serve("200 OK", Arc::new(|to| to.write_all(b"{\"value\":[]}")));
    let config = small(&endpoint, "token: a-token");
    let path = config.path().to_str().expect("a path");
    let arguments = ["serve", "--config.file", path, "--web.listen-address", "127.0.0.1:0"];
    let mut exporter = Running::start(&arguments);
    let address = exporter.address();
    fs::remove_file(path).expect("our file");
    // Like a network file system that is gone: an open waits for ever.
    assert!(Command::new("mkfifo").arg(path).status().expect("mkfifo").success());
    exporter.signal("HUP");
    thread::sleep(Duration::from_millis(200));
    assert_eq!(get(&address, "/metrics").0, 200);
    let started = Instant::now();
    exporter.signal("TERM");
    assert!(exporter.end().success());
    println!("ended in {:?}", started.elapsed());
}
