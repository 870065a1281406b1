//! The cost of a publish: a snapshot of the totals, folded, sorted, written and compressed. Beside
//! it `prometheus-client` encodes the same series and gzip compresses them at its usual level, as
//! others do at each scrape. Asserts nothing about time.
//!
//! `cargo bench --bench publish [-- SERIES…]`; 1,000 to 1,000,000 without. `make bench-publish`.

#![expect(clippy::expect_used, reason = "a bench fails by panicking")]

mod measure;
mod series;

use std::io::Write;

use azure_billing_exporter::metrics::Format;
use flate2::Compression;
use flate2::write::GzEncoder;
use measure::{grown, median, timed};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::sync::atomic::AtomicU64;

const TURNS: usize = 5;

fn main() {
    let arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with('-'));
    let mut sizes: Vec<usize> =
        arguments.map(|argument| argument.parse().expect("a number")).collect();
    if sizes.is_empty() {
        sizes = vec![1_000, 10_000, 100_000, 1_000_000];
    }
    for size in sizes {
        measure(size / 2);
    }
}

fn measure(resources: usize) {
    let scope_totals = series::read(resources);
    let exposition = series::exposition();
    let publish = || {
        exposition
            .publish(&series::scope(), series::snapshot(&scope_totals))
            .expect("an exposition")
    };
    let (memory, ()) = grown(publish);
    let text = exposition.scrape(Format::Text).expect("an exposition");
    let registry = registry(&text);
    let (mut ours, mut others) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        ours.push(timed(publish).0);
        others.push(timed(|| encoded(&registry)).0);
    }
    let series = text.lines().filter(|line| !line.starts_with('#')).count();
    let times = median(ours.iter().zip(&others).map(|(ours, others)| ours / others).collect());
    let megabytes = text.len() as f64 / 1e6;
    println!(
        "{series:>8} series, {megabytes:>6.1} MB: published in {:>7.1} ms, {memory:>6.0} MB ({:.1} times the text); prometheus-client with gzip 6 {:>7.1} ms: {times:.2} times",
        median(ours) * 1e3,
        memory / megabytes,
        median(others) * 1e3,
    );
}

type Labels = Vec<(String, String)>;

/// Returns the same series in a registry, as other exporters keep them.
fn registry(text: &str) -> Registry {
    let mut registry = Registry::default();
    let mut families =
        std::collections::BTreeMap::<&str, Family<Labels, Gauge<f64, AtomicU64>>>::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (series, value) = line.rsplit_once(' ').expect("a value");
        let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
        let labels = labels.trim_end_matches('}').trim_end_matches('"').split("\",");
        let labels = labels.filter_map(|label| label.split_once("=\""));
        let labels: Labels =
            labels.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let family = families.entry(name).or_insert_with(|| {
            let family = Family::default();
            registry.register(name, "What it is.", family.clone());
            family
        });
        family.get_or_create(&labels).set(value.parse().expect("a number"));
    }
    registry
}

fn encoded(registry: &Registry) -> usize {
    let mut text = String::new();
    encode(&mut text, registry).expect("room");
    let mut packed = GzEncoder::new(Vec::new(), Compression::new(6));
    packed.write_all(text.as_bytes()).expect("room");
    packed.finish().expect("room").len()
}
