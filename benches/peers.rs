//! Compares the exporter with others in one call: a scrape with gzip of 100,000 series by Go's
//! client_golang and Python's prometheus_client, and pages of usage read with Python's `json`. CPU
//! time without a network; theirs is the best of three turns, ours the median of all. Never part of
//! CI.
//!
//! `make bench-peers`. It needs Debian's `golang-go`, `golang-github-prometheus-client-golang-dev` and
//! `python3-prometheus-client`.

#![expect(clippy::expect_used, reason = "a bench fails by panicking")]

mod measure;
mod replay;
mod series;

use std::path::Path;
use std::process::Command;

use azure_billing_exporter::azure::Client;

use azure_billing_exporter::billing::period::Period;
use azure_billing_exporter::billing::scope::ScopeId;
use azure_billing_exporter::billing::span::Span;
use azure_billing_exporter::metrics::Format;
use azure_billing_exporter::source::{self, Access, ReadRequest, Reading, Source};
use azure_billing_simulator::Options;
use exporter_web::Coding;
use jiff::civil::date;
use measure::{grown, median, timed};
use replay::{Answers, client, run, simulated};

const RESOURCES: usize = 50_000;
const ROWS: u64 = 100_000;
const VERSION: &str = "2021-10-01";

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    scrapes(folder.path());
    pages(folder.path());
}

fn scrapes(folder: &Path) {
    let scope_totals = series::read(RESOURCES);
    let exposition = series::exposition();
    let (memory, ()) = grown(|| {
        exposition
            .publish(&series::scope(), series::snapshot(&scope_totals))
            .expect("an exposition")
    });
    let text = exposition.scrape(Format::Text).expect("an exposition");
    let path = folder.join("series.prom");
    std::fs::write(&path, &text).expect("room");
    let scrape = || {
        let body = exposition.for_scrape(Format::Text).expect("an exposition");
        let body = body.coded(Coding::Gzip).expect("an exposition");
        // The bytes that are passed to a socket.
        body.concat().len()
    };
    // A single one is too short for the clock.
    let turns = 200;
    let ours = timed(|| (0..turns).map(|_| scrape()).sum::<usize>()).0 / f64::from(turns);
    let count = text.lines().filter(|line| !line.starts_with('#')).count();
    println!("a scrape of {count} series with gzip (published in {memory:.0} MB)");
    println!("  ours                {:>9.2} ms", ours * 1e3);
    let go = folder.join("client_golang");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/client_golang.go");
    let built = Command::new("go")
        .arg("build")
        .arg("-o")
        .args([&go, &source])
        .env("GO111MODULE", "off")
        .env("GOPATH", "/usr/share/gocode")
        .env("GOCACHE", folder.join("cache"))
        .status();
    assert!(built.expect("golang-go is installed").success(), "client_golang is installed");
    let theirs = best(Command::new(go).arg(&path));
    println!("  client_golang       {:>9.2} ms, {:.0} times ours", theirs * 1e3, theirs / ours);
    let theirs = best(python("series.py").arg(&path));
    println!("  prometheus_client   {:>9.2} ms, {:.0} times ours", theirs * 1e3, theirs / ours);
}

fn pages(folder: &Path) {
    let now = "2026-12-01T00:30:00Z".parse().expect("a time");
    let resources = ROWS as usize / 10;
    let options = Options { resources, days: 30, ..Options::default() }.total_rows(ROWS);
    let answers = Answers::of(simulated(options, now), VERSION, list, |body| body);
    let pages = folder.join("pages");
    std::fs::create_dir(&pages).expect("room");
    for (place, body) in answers.bodies().iter().enumerate() {
        std::fs::write(pages.join(format!("{place:06}")), body).expect("room");
    }
    let mut rows = 0;
    let ours = (0..3).map(|_| {
        let (client, scope) = client(answers.replayed(), VERSION);
        let (seconds, reading) = timed(|| run(list(&client, &scope)));
        rows = reading.counts.counted;
        seconds
    });
    let ours = median(ours.collect());
    println!("{rows} rows, read and added up");
    println!("  ours, all families  {:>9.0} ms", ours * 1e3);
    let theirs = best(python("pages.py").arg(&pages));
    println!("  Python, one family  {:>9.0} ms, {:.1} times ours", theirs * 1e3, theirs / ours);
}

async fn list(client: &Client, scope: &ScopeId) -> Reading {
    let november = Span::Period(Period::of(date(2026, 11, 1)));
    source::read(
        &Access::new(client, scope, &Vec::new().into()),
        &ReadRequest::new(Source::UsageDetails, november),
    )
    .await
    .expect("a reading")
}

fn python(script: &str) -> Command {
    // Debian's Python, because it finds Debian's packages.
    let mut command = Command::new("/usr/bin/python3");
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers").join(script));
    command
}

/// Returns the least of the numbers that a program prints.
fn best(command: &mut Command) -> f64 {
    let output = command.output().expect("it is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout);
    let numbers = text.lines().filter_map(|line| line.trim().parse::<f64>().ok());
    numbers.min_by(f64::total_cmp).expect("a number")
}
