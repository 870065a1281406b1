//! What a publish of a hundred thousand series takes: sorted, written, compressed. Beside it what the
//! same text takes with gzip's usual level, which is what others do at each scrape. Asserts nothing
//! about time. `make bench-publish`.

#![expect(clippy::expect_used, reason = "a bench fails by panicking")]

use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use azure_billing_exporter::azure::{Client, Patience, Span, transport};
use azure_billing_exporter::billing::limits::Limits;
use azure_billing_exporter::billing::period::{Period, day_of};
use azure_billing_exporter::billing::rules::Rules;
use azure_billing_exporter::billing::scope::{CostType, ScopeId, ScopeType};
use azure_billing_exporter::billing::snapshot::Snapshot;
use azure_billing_exporter::config::{Config, Environment};
use azure_billing_exporter::metrics::{About, ApiCalls, Exposition, Format};
use azure_billing_exporter::poller::Clock;
use azure_billing_exporter::server::serve;
use azure_billing_exporter::simulator::{Options, Simulator};
use azure_billing_exporter::status::{ScopeInfo, Status};
use flate2::Compression;
use flate2::write::GzEncoder;

#[tokio::main]
async fn main() {
    let snapshot = snapshot().await;
    let info = ScopeInfo {
        label: "contoso".to_owned(),
        id: ScopeId {
            scope_type: ScopeType::BillingAccount,
            id: "1".to_owned(),
            cost: CostType::Actual,
        },
        nested: false,
    };
    let status = Arc::new(Status::new([info], Duration::from_secs(3600)));
    let about = About { demo: false, process: false };
    let exposition =
        Exposition::new(status, Arc::<ApiCalls>::default(), about).expect("an exposition");
    let mut took = Vec::new();
    for _ in 0..3 {
        let snapshot = snapshot.clone();
        let start = Instant::now();
        exposition.publish(0, snapshot).expect("an exposition");
        took.push(start.elapsed());
    }
    let text = exposition.scrape(Format::Text).expect("an exposition");
    let series = text.lines().filter(|line| !line.starts_with('#')).count();
    println!("{series} series, {} bytes: published in {took:?}", text.len());
    for level in [3, 6] {
        let start = Instant::now();
        let mut encoder = GzEncoder::new(Vec::new(), Compression::new(level));
        encoder.write_all(text.as_bytes()).expect("room");
        let length = encoder.finish().expect("room").len();
        println!("gzip {level} of it alone: {:?}, {length} bytes", start.elapsed());
    }
}

/// Fifty thousand resources of the simulated enrollment, two series each.
async fn snapshot() -> Snapshot {
    let now = Clock::system().now();
    let options = Options { resources: 50_000, days: 31, ..Options::default() }.total_rows(200_000);
    let simulator = Simulator::new(options, Arc::new(move || now));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    let never = std::future::pending();
    let azure = tokio::spawn(serve(
        listener,
        simulator.router(),
        Arc::default(),
        Default::default(),
        never,
    ));
    let account = &simulator.scopes()[0].id;
    let file = tempfile::NamedTempFile::new().expect("a file");
    let config = format!(
        "azure:\n  endpoint: {endpoint}\n  auth: {{method: token, token: a-token}}\n  requests_per_minute: {{billing_account: 100000, department: 1, enrollment_account: 1, subscription: 1}}\nscopes: [{{billing_account: \"{account}\"}}]\n"
    );
    std::fs::write(file.path(), config).expect("room for a file");
    let config = Config::from_file(file.path(), &Environment::default()).expect("a configuration");
    let http = transport::client(&config.azure.endpoint).expect("an HTTP client");
    let client =
        Client::new(&config.azure, transport::over(http), Patience::default(), Arc::default());
    let period = Period::of(day_of(now));
    let (scope, span) = (&config.scopes[0].id, Span::Period(period));
    let reading = client.read_usage(scope, span, &Vec::new().into()).await.expect("a reading");
    azure.abort();
    let limits = Limits { instances: 1_000_000, ..Limits::default() };
    reading.ledger.snapshot(period, now, &Rules { limits, ..Rules::default() }, false)
}
