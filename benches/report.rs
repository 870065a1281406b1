//! Reads a simulated cost details report over loopback, as the poller does: speed and memory.
//!
//! `cargo bench --bench report [-- ROWS RESOURCES]`; a million rows of 30 days by default. The
//! simulator runs in a process of its own, so that the figures are of the reader alone. Nothing here
//! passes or fails.

#![expect(clippy::expect_used, reason = "a bench ends by panicking")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use azure_billing_exporter::azure::{Client, Patience, transport};
use azure_billing_exporter::billing::period::{Period, day_of};
use azure_billing_exporter::billing::span::Span;
use azure_billing_exporter::config::{Config, Environment};
use azure_billing_exporter::metrics::ApiCalls;
use azure_billing_exporter::poller::Clock;
use procfs::process::Process;

/// The simulator, ended by its id.
struct Simulator(Child);

impl Drop for Simulator {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A simulator and its address.
fn simulator(rows: &str, resources: &str) -> (Simulator, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_azure-billing-exporter"))
        .args(["simulate", "--web.listen-address", "127.0.0.1:0", "--days", "30"])
        .args(["--rows", rows, "--resources", resources])
        .stderr(Stdio::piped())
        .spawn()
        .expect("the simulator starts");
    let log = BufReader::new(child.stderr.take().expect("a pipe"));
    let mut lines = log.lines().map_while(Result::ok);
    let address = lines.find_map(|line| {
        let address = line.split("address=").nth(1)?.split(' ').next()?;
        Some(format!("http://{}", address.trim_matches('"')))
    });
    std::thread::spawn(move || lines.for_each(drop));
    (Simulator(child), address.expect("an address"))
}

/// Resident memory now and at its peak, in MiB, and seconds of CPU.
fn usage() -> (f64, f64, f64) {
    let process = Process::myself().expect("/proc");
    let status = process.status().expect("a status");
    let stat = process.stat().expect("a stat");
    let mebibytes = |kibibytes: Option<u64>| kibibytes.unwrap_or_default() as f64 / 1024.0;
    let ticks = procfs::ticks_per_second() as f64;
    (mebibytes(status.vmrss), mebibytes(status.vmhwm), (stat.utime + stat.stime) as f64 / ticks)
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let argument = |place: usize, usual: &str| {
        arguments.get(place).cloned().unwrap_or_else(|| usual.to_owned())
    };
    let (rows, resources) = (argument(0, "1000000"), argument(1, "100000"));
    let (_simulator, endpoint) = simulator(&rows, &resources);
    let file = tempfile::NamedTempFile::new().expect("a file");
    let text = format!(
        "azure: {{endpoint: \"{endpoint}\", auth: {{method: token, token: x}}}}\nscopes: [{{billing_account: \"100000\"}}]\n"
    );
    std::fs::write(file.path(), text).expect("the file can be written");
    let config = Config::from_file(file.path(), &Environment::default()).expect("a configuration");
    let http = transport::client(&config.azure.endpoint, &[]).expect("a client");
    let calls = Arc::<ApiCalls>::default();
    let client = Client::new(&config.azure, transport::over(http), Patience::default(), calls);
    let scope = &config.scopes[0].id;
    let today = day_of(Clock::system().now());
    let (idle, _, _) = usage();
    let mut bytes = 0.0;
    for month in [Period::of(today).before(), Period::of(today)] {
        let (began, before) = (Instant::now(), usage().2);
        let no_tags = Vec::new().into();
        let reading = client.read_report(scope, Span::Period(month), &no_tags, false).await;
        let reading = reading.expect("a reading");
        let (_, peak, cpu) = usage();
        let (seconds, cpu) = (began.elapsed().as_secs_f64(), cpu - before);
        let megabytes = reading.bytes as f64 / 1e6;
        bytes += megabytes;
        println!(
            "{month}: {} rows, {megabytes:.0} MB of CSV; {seconds:.1} s, {cpu:.2} s of CPU, {:.0} MB/s of CPU; {:.1} MiB over the idle {idle:.1} MiB",
            reading.rows,
            megabytes / cpu,
            peak - idle
        );
    }
    println!("{bytes:.0} MB in all");
}
