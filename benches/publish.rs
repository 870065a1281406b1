//! What a publish of a hundred thousand series takes: sorted, written, compressed. Beside it what the
//! same text takes with gzip's usual level, which is what others do at each scrape. Asserts nothing
//! about time. `make bench-publish`.

#![expect(clippy::expect_used, reason = "a bench fails by panicking")]

#[path = "../tests/azure/exporter.rs"]
#[expect(dead_code, reason = "tests use the rest")]
mod exporter;

use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use azure_billing_exporter::billing::limits::Limits;
use azure_billing_exporter::billing::rules::Rules;
use azure_billing_exporter::billing::scope::{CostType, ScopeId, ScopeType};
use azure_billing_exporter::billing::snapshot::Snapshot;
use azure_billing_exporter::metrics::{About, ApiCalls, Exposition, Format};
use azure_billing_exporter::server::{Patience, serve};
use azure_billing_exporter::simulator::{Options, Simulator};
use azure_billing_exporter::status::{ScopeInfo, Status};
use flate2::Compression;
use flate2::write::GzEncoder;

#[tokio::main]
async fn main() {
    let snapshot = simulated().await;
    let info = ScopeInfo {
        label: "contoso".to_owned(),
        id: ScopeId {
            scope_type: ScopeType::BillingAccount,
            id: "1".to_owned(),
            cost: CostType::Actual,
        },
        nested: false,
    };
    let id = info.id.clone();
    let status = Arc::new(Status::new([info], Duration::from_secs(3600)));
    let about = About { demo: false, process: false };
    let exposition =
        Exposition::new(status, Arc::<ApiCalls>::default(), about).expect("an exposition");
    let mut took = Vec::new();
    for _ in 0..3 {
        let snapshot = snapshot.clone();
        let start = Instant::now();
        exposition.publish(&id, snapshot).expect("an exposition");
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
async fn simulated() -> Snapshot {
    let now = exporter::NOW.parse().expect("a time");
    let options = Options { resources: 50_000, days: 31, ..Options::default() }.total_rows(200_000);
    let simulator = Simulator::new(options, Arc::new(move || now));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    let never = std::future::pending();
    let served = serve(listener, simulator.router(), Arc::default(), Patience::default(), never);
    let azure = tokio::spawn(served);
    let scope = format!("billing_account: \"{}\"", simulator.scopes()[0].id);
    let limits = Limits { instances: 1_000_000, ..Limits::default() };
    let rules = Rules { limits, ..Rules::default() };
    let (_, snapshot) = exporter::snapshot(&endpoint, &scope, &rules).await;
    azure.abort();
    snapshot
}
