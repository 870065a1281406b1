//! The commands of the documents, run by a shell as they are written: against a simulated Azure,
//! and the servers that they name. Only addresses, folders and months are replaced.

use std::fs;
use std::path::Path;
use std::process::Command;

use azure_billing_exporter::billing::period::{Period, day_of};
use azure_billing_exporter::poller::Clock;
use tempfile::TempDir;

use crate::alertmanager::{Alertmanager, wait_for};
use crate::pages::{Page, pages};
use crate::process::{Running, get};
use crate::prometheus::Prometheus;
use crate::victoria_metrics::VictoriaMetrics;

const PROGRAM: &str = env!("CARGO_BIN_EXE_azure-billing-exporter");

/// Commands that are not run here, by their beginning or a flag, and the reason.
const NOT_RUN: &[(&str, &str)] = &[
    ("cargo ", "builds or tests this project"),
    ("make ", "builds or tests this project"),
    ("docker ", "needs Docker's daemon; tests/packaging checks the files it reads"),
    ("helm ", "needs a cluster; tests/packaging renders the chart"),
    ("kubectl ", "needs a cluster; tests/packaging checks the manifests"),
    ("perf ", "profiles a build of this project"),
    ("sudo ", "changes the machine"),
    ("--scope ", "without a file nothing but Azure itself is asked"),
    ("export AZURE_TENANT_ID", "belongs to what needs Azure"),
];

struct Line {
    place: String,
    text: String,
}

/// Returns every command of a page, its continuation lines joined. A snippet that calls `az`
/// requires a whole Azure directory, and is left out.
fn lines(page: &Page) -> Vec<Line> {
    let shell = page.snippets().into_iter().filter(|snippet| {
        snippet.language == "sh" && !snippet.text.lines().any(|line| line.trim().starts_with("az "))
    });
    let lines = shell.flat_map(|snippet| {
        let text = snippet.text.replace("\\\n", " ").replace("&&\n", "&& ");
        let lines = text
            .lines()
            .map(|line| Line { place: snippet.place.clone(), text: line.trim().to_owned() });
        lines.collect::<Vec<_>>()
    });
    lines.filter(|line| !line.text.is_empty() && !line.text.starts_with('#')).collect()
}

fn is_run(line: &Line) -> bool {
    let skipped = |(what, _): &(&str, &str)| {
        line.text.starts_with(what) || what.starts_with("--") && line.text.contains(what)
    };
    !NOT_RUN.iter().any(skipped)
}

/// The places that the documents call by other names.
struct Walk {
    folder: TempDir,
    /// The text in the documents, and the text that replaces it here.
    names: Vec<(&'static str, String)>,
}

impl Walk {
    fn here(&self, text: &str) -> String {
        self.names.iter().fold(text.to_owned(), |text, (name, here)| text.replace(name, here))
    }

    fn run(&self, line: &Line) -> String {
        let programs = Path::new(PROGRAM).parent().expect("a folder").display();
        let output = Command::new("bash")
            .args(["-euo", "pipefail", "-c", &self.here(&line.text)])
            .current_dir(&self.folder)
            .env_clear()
            .env("PATH", format!("{programs}:/usr/local/bin:/usr/bin:/bin"))
            .env("HOME", self.folder.path())
            .output()
            .expect("bash");
        let told =
            [output.stdout, output.stderr].map(|it| String::from_utf8_lossy(&it).into_owned());
        let told = told.concat();
        assert!(output.status.success(), "{}: {}\n{told}", line.place, line.text);
        told
    }
}

#[test]
fn every_command_that_needs_no_azure_and_no_cluster_does_what_it_says() {
    let mut azure = Running::start(&["simulate", "--days=70", "--web.listen-address=127.0.0.1:0"]);
    let folder = TempDir::new().expect("a folder");
    let config = format!(
        "azure:\n  endpoint: http://{}\n  requests_per_minute: {{department: 100000}}\n  auth: {{method: token, token: x}}\nscopes:\n  - {{department: \"1003\", name: shop}}\n",
        azure.address()
    );
    fs::write(folder.path().join("config.yaml"), config).expect("a file");
    let alertmanager =
        Alertmanager::start("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n");
    let victoria_metrics = VictoriaMetrics::start("5y");
    let flags = ["--web.enable-remote-write-receiver", "--storage.tsdb.retention.time=5y"];
    let past = "storage: {tsdb: {out_of_order_time_window: 1200d}}\n";
    let prometheus = Prometheus::of(TempDir::new().expect("a folder"), past, &flags);
    fs::create_dir(folder.path().join("metrics2")).expect("a folder");
    let month = |ago| Period::of(day_of(Clock::system().now())).months_before(ago).to_string();
    let at = |path: &str| folder.path().join(path).display().to_string();
    let names = vec![
        ("amtool ", format!("amtool --alertmanager.url=http://{} ", alertmanager.address)),
        ("/etc/azure-billing-exporter/config.yaml", at("config.yaml")),
        ("/var/lib/prometheus/metrics2/", at("metrics2/")),
        ("2023-11", month(2)),
        ("2026-10", month(1)),
        ("http://localhost:8428", format!("http://{}", victoria_metrics.address)),
        (
            "https://mimir.example.com/api/v1/push",
            format!("http://{}/api/v1/write", prometheus.address()),
        ),
    ];
    let mut walk = Walk { folder, names };

    let pages = pages();
    let all = pages.iter().flat_map(lines);
    let (serve, others): (Vec<Line>, Vec<Line>) =
        all.filter(is_run).partition(|line| line.text.starts_with("azure-billing-exporter serve"));
    assert_eq!(serve.len(), 1, "the way to start it stands in one place");
    let serving = walk.here(&serve[0].text);
    let mut words: Vec<&str> = serving.split_whitespace().skip(1).collect();
    words.push("--web.listen-address=127.0.0.1:0");
    let mut exporter = Running::start(&words);
    let address = exporter.address();
    wait_for("the first poll", || {
        let (_, metrics) = get(&address, "/metrics");
        metrics.contains("azure_billing_poll_success{scope=\"shop\"} 1").then_some(())
    });
    walk.names.push(("localhost:10540", address));

    let told: Vec<String> = others.iter().map(|line| walk.run(line)).collect();
    for says in ["the configuration was read again", "azure_billing_poll_success{scope=\"shop\"} 1"]
    {
        assert!(told.iter().any(|told| told.contains(says)), "{says:?} in none of {told:#?}");
    }
    assert!(others.len() >= 12, "{} commands are too few to believe it", others.len());
    let blocks = fs::read_dir(walk.folder.path().join("metrics2")).expect("a folder").count();
    assert!(blocks > 0, "history became blocks");
    assert!(
        !prometheus.query("count(last_over_time(azure_billing_scope_pretax_cost[70d]))").is_empty()
    );
}
