//! `backfill`: what it refuses, and what it does not read twice.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use azure_billing_exporter::billing::period::{Period, day_of};
use azure_billing_exporter::poller::Clock;
use azure_billing_simulator::{Fault, Options, ReportOptions, Simulator, Step};
use exporter_web::{Timeouts, serve};
use tempfile::{NamedTempFile, TempDir};
use tokio::task::JoinHandle;

use crate::process::{Running, program, run};
use crate::serve::configuration;

/// A simulated Azure on loopback, for as long as the value lives.
pub(crate) struct Azure {
    simulator: Simulator,
    endpoint: String,
    task: JoinHandle<()>,
}

impl Azure {
    pub(crate) fn start(options: Options) -> Self {
        let clock = Clock::system();
        let simulator = Simulator::new(options, Arc::new(move || clock.now()));
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let router = simulator.router();
        let task = tokio::spawn(async move {
            let never = std::future::pending();
            let served = serve(listener, router, Arc::default(), Timeouts::default(), never).await;
            served.expect("a server");
        });
        Self { simulator, endpoint, task }
    }

    pub(crate) fn simulator(&self) -> &Simulator {
        &self.simulator
    }

    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Returns the number of requests so far.
    pub(crate) fn requests(&self) -> u64 {
        self.simulator.request_count()
    }

    /// Returns the billing periods of the requests from some number on.
    fn asked_since(&self, number: u64) -> Vec<String> {
        let requests = self.simulator.requests().into_iter();
        let requests = requests.filter(|request| request.number > number);
        let period = |path: &str| {
            path.split("billingPeriods/").nth(1).expect("a period").chars().take(6).collect()
        };
        requests.map(|request| period(&request.path)).collect()
    }
}

impl Drop for Azure {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Returns the month before the open one, or an earlier one. The simulated source corrects a month
/// for five days after its end, so that older ones are the same whenever they are read.
pub(crate) fn months_ago(months: i32) -> String {
    Period::of(day_of(Clock::system().now())).months_before(months).to_string()
}

pub(crate) fn small() -> Options {
    Options { resources: 10, days: 500, ..Options::default() }
}

/// A run of six months into a file of a folder, for several scopes.
struct Backfill {
    folder: TempDir,
    configuration: NamedTempFile,
    from: String,
    to: String,
}

impl Backfill {
    fn new(endpoint: &str) -> Self {
        let scopes = "  - {billing_account: \"100000\", name: contoso}\n  - {department: \"1001\"}";
        Self {
            folder: tempfile::tempdir().expect("a folder"),
            configuration: configuration(endpoint, scopes),
            from: months_ago(7),
            to: months_ago(2),
        }
    }

    fn arguments(&self) -> Vec<String> {
        let path = |path: &Path| path.to_str().expect("a path").to_owned();
        let words = ["backfill", "--from", &self.from, "--to", &self.to];
        let mut words = words.map(str::to_owned).to_vec();
        words.extend(["--config.file".to_owned(), path(self.configuration.path())]);
        words.extend(["--output".to_owned(), path(&self.folder.path().join("history.om"))]);
        words
    }

    fn start(&self) -> Running {
        let mut command = program();
        command.args(self.arguments());
        Running::of(command)
    }

    fn run(&self, more: &[&str]) -> (i32, String) {
        let arguments = self.arguments();
        let arguments = arguments.iter().map(String::as_str).chain(more.iter().copied());
        let (code, output, error) = run(&arguments.collect::<Vec<_>>(), &[]);
        assert_eq!(output, "", "the log is on standard error");
        (code, error)
    }

    fn written(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("history.om")).expect("the file")
    }

    fn files(&self) -> BTreeSet<String> {
        let entries = std::fs::read_dir(self.folder.path()).expect("a folder");
        entries.map(|entry| entry.expect("an entry").file_name().display().to_string()).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_wherever_it_is_it_goes_on_and_writes_the_same_bytes() {
    let azure = Azure::start(Options { latency: Duration::from_millis(20), ..small() });
    let whole = Backfill::new(&azure.endpoint);
    let (code, error) = whole.run(&[]);
    assert_eq!(code, 0, "{error}");
    assert!(whole.written().ends_with("# EOF\n"));
    assert_eq!(whole.files(), BTreeSet::from(["history.om".to_owned()]), "nothing else is left");
    assert_eq!(azure.asked_since(0).len(), 12, "one page a month and scope");

    let killed = Backfill::new(&azure.endpoint);
    let start = azure.simulator.request_count();
    let mut finished = BTreeSet::new();
    // Once while it reads the first scope, once the second, and once while it writes.
    for line in ["months_left=8", "months_left=3", "writing history"] {
        let mut process = killed.start();
        process.line_with(line);
        process.signal("KILL");
        process.end();
        let field = |line: &str, name: &str| {
            let value = line.split(&format!("{name}=")).nth(1).expect("a field");
            value.split(' ').next().expect("a value").to_owned()
        };
        for line in process.seen.iter().filter(|line| line.contains("months_left=")) {
            let month = (field(line, "scope"), field(line, "month"));
            assert!(finished.insert(month.clone()), "{month:?} was read twice");
        }
    }
    let asked = azure.asked_since(start).len();
    assert!(asked <= 12 + 2, "{asked} pages for 12 months, of which two were killed half read");
    let before = azure.simulator.request_count();
    let (code, error) = killed.run(&[]);
    assert_eq!(code, 0, "{error}");
    assert_eq!(azure.asked_since(before), [""; 0], "all was read before it was killed");
    assert!(error.contains("read_before=12"), "{error}");
    assert!(killed.written() == whole.written(), "the bytes differ");
    // A kill while the file is written leaves an unfinished file, which no later run can
    // distinguish from that of a parallel run.
    let mut left = killed.files();
    left.retain(|name| !name.starts_with(".azure-billing-exporter."));
    assert_eq!(left, BTreeSet::from(["history.om".to_owned()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn before_it_writes_it_says_how_much() {
    let azure = Azure::start(small());
    let backfill = Backfill::new(&azure.endpoint);
    let (code, error) = backfill.run(&["--label", "job=azure-billing", "--instances"]);
    assert_eq!(code, 0, "{error}");
    let text = backfill.written();
    let samples: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let series = |line: &&str| line.split("} ").next().expect("labels").to_owned();
    let series: BTreeSet<String> = samples.iter().map(series).collect();
    let told = format!("series={} samples={}", series.len(), samples.len());
    let line = error.lines().find(|line| line.contains("writing history")).expect("a line");
    assert!(line.contains(&told), "{told}: {line}");
    assert!(series.iter().all(|series| series.ends_with(",job=\"azure-billing\"")));
    assert!(text.contains("azure_billing_instance_usage_quantity{scope=\"contoso\","));
    assert!(text.contains(",nested=\"true\",job="), "the department lies in the enrollment");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_that_fails_leaves_the_others_what_was_read_of_them() {
    let azure = Azure::start(small());
    let forbidden = || Fault::Forbidden;
    azure.simulator.set_fault("billing_account", "100000", Some(forbidden()));
    let backfill = Backfill::new(&azure.endpoint);
    let (code, error) = backfill.run(&[]);
    assert_eq!(code, 1, "{error}");
    assert!(error.contains("What to do: assign EnrollmentReader"), "{error}");
    assert!(error.contains("1 of 2 scopes could not be read, so nothing was written"), "{error}");
    assert_eq!(backfill.files(), BTreeSet::from(["history.om.backfill-state".to_owned()]));
    azure.simulator.set_fault("billing_account", "100000", None);
    let before = azure.simulator.request_count();
    let (code, error) = backfill.run(&[]);
    assert_eq!(code, 0, "{error}");
    assert_eq!(azure.asked_since(before).len(), 6, "the department was read before");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_is_for_the_same_flags_only() {
    let azure = Azure::start(small());
    azure.simulator.set_fault("department", "1001", Some(Fault::Forbidden));
    let backfill = Backfill::new(&azure.endpoint);
    assert_eq!(backfill.run(&[]).0, 1);
    let (code, error) = backfill.run(&["--instances"]);
    assert_eq!(code, 1, "{error}");
    assert!(
        error.contains("instances: false") && error.contains("instances: true"),
        "it says what differs: {error}"
    );
    assert!(error.contains("remove the folder to start over"), "{error}");
    let other = backfill.folder.path().join("mine");
    std::fs::create_dir(&other).expect("a folder");
    std::fs::write(other.join("settings.tmp.bak"), "mine").expect("a file");
    let (code, error) = backfill.run(&["--state", other.to_str().expect("a path")]);
    assert_eq!(code, 1, "{error}");
    assert!(error.contains("holds other files; give a folder of its own"), "{error}");
}

#[test]
fn wrong_months_labels_and_receivers_end_with_2_before_anything_is_asked() {
    let file = configuration("http://127.0.0.1:9", "  - {department: \"1\"}");
    let file = file.path().to_str().expect("a path");
    let (this, last, old) = (months_ago(0), months_ago(1), months_ago(36));
    let folder = tempfile::tempdir().expect("a folder");
    let output = folder.path().join("x.om");
    let output = output.to_str().expect("a path");
    let open = format!("Use --to {last} or earlier");
    let too_long = format!("use --from {}", months_ago(36));
    for (flags, why) in [
        (vec!["--from", &last, "--to", &this, "--output", output], open.as_str()),
        (vec!["--from", &months_ago(37), "--to", &last, "--output", output], &too_long),
        (vec!["--from", &last, "--to", &old, "--output", output], "exchange them"),
        (
            vec!["--from", &last, "--to", &last, "--output", output, "--label", "scope=x"],
            "have a label of this name",
        ),
        (
            vec!["--from", &last, "--to", &last, "--remote-write", "http://example.com/x"],
            "use https",
        ),
        (
            vec![
                "--from",
                &last,
                "--to",
                &last,
                "--remote-write",
                "https://u:planted-secret@example.com/x",
            ],
            "--remote-write.authorization-file",
        ),
        (vec!["--from", &last, "--to", &last], "--output <FILE>"),
    ] {
        let arguments = [vec!["backfill", "--config.file", file], flags].concat();
        let (code, _, error) = run(&arguments, &[]);
        assert_eq!(code, 2, "{arguments:?}: {error}");
        assert!(error.contains(why), "{arguments:?}: {error}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_tells_before_it_asks_azure_that_its_file_cannot_be_written() {
    let azure = Azure::start(small());
    let backfill = Backfill::new(&azure.endpoint);
    let mut arguments = backfill.arguments();
    *arguments.last_mut().expect("the file") = "/nowhere/history.om".to_owned();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (code, _, error) = run(&arguments, &[]);
    assert_eq!(code, 1);
    assert!(error.contains("cannot write /nowhere/history.om"), "{error}");
    assert_eq!(azure.simulator.request_count(), 0, "hours of quota for nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_warns_of_months_that_may_have_been_scraped() {
    let azure = Azure::start(small());
    let mut backfill = Backfill::new(&azure.endpoint);
    let (code, error) = backfill.run(&[]);
    assert_eq!(code, 0, "{error}");
    assert!(!error.contains("level=WARN"), "{error}");
    backfill.to = months_ago(1);
    backfill.from = months_ago(1);
    let (code, error) = backfill.run(&[]);
    assert_eq!(code, 0, "{error}");
    let warning = error.lines().find(|line| line.contains("level=WARN")).expect("a warning");
    assert!(
        warning.contains("two values a day")
            && warning.contains(&format!("months={}", backfill.to)),
        "{warning}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn long_months_come_from_reports_as_far_as_they_reach_and_the_bytes_are_the_same() {
    let report = ReportOptions { immediate: true, ..ReportOptions::default() };
    let azure = Azure::start(Options { resources: 40, days: 600, report, ..Options::default() });
    let by = |read: &str| {
        let scopes = format!("  - {{billing_account: \"100000\", read: {read}}}");
        let backfill = Backfill {
            configuration: configuration(&azure.endpoint, &scopes),
            from: months_ago(15),
            ..Backfill::new(&azure.endpoint)
        };
        let path = backfill.configuration.path();
        let text = std::fs::read_to_string(path).expect("the file");
        let text = text.replace("{interval: 1h}", "{interval: 1h, report_after_pages: 2}");
        std::fs::write(path, text).expect("the file can be written");
        let before = azure.requests();
        let (code, error) = backfill.run(&[]);
        assert_eq!(code, 0, "{read}: {error}");
        let requests = azure.simulator.requests().into_iter();
        let steps = requests.filter(|request| request.number > before).map(|r| r.step);
        let steps: Vec<_> = steps.collect();
        let count = |step| steps.iter().filter(|asked| **asked == Some(step)).count();
        (backfill.written(), [Step::List, Step::ReportRequest, Step::ReportBlob].map(count))
    };
    let (listed, steps) = by("usage_details");
    assert_eq!(steps[1..], [0, 0]);
    // Fourteen months, of which reports reach the last eleven; the list is tried once.
    let (reported, [pages, reports, files]) = by("auto");
    assert!(reported == listed, "the bytes differ");
    assert_eq!((reports, files), (11, 11));
    assert_eq!(pages, steps[0] * 3 / 14 + 2, "{steps:?}");
    let (reported, [pages, reports, _]) = by("cost_details");
    assert!(reported == listed, "the bytes differ");
    assert_eq!((reports, pages), (11, steps[0] * 3 / 14), "{steps:?}");
    azure.simulator.set_fault_at(
        Step::ReportRequest,
        "billing_account",
        "100000",
        Some(Fault::UnsupportedOffer),
    );
    let (refused, [_, reports, _]) = by("auto");
    assert!(refused == listed, "the bytes differ");
    assert_eq!(reports, 1, "asked once");
}
