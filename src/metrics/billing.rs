//! The billing families of every scope, made anew from the snapshots at each publish: what is no
//! longer on the bill is no longer here. They are gauges without timestamps, so that the same bytes
//! serve both text formats.

use std::collections::BTreeSet;
use std::fmt::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use jiff::Timestamp;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode_registry;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use super::labels::{Labels, OneLabel};
use crate::billing::metric_families::{FAMILIES, PublishedFamily};
use crate::billing::period::Period;
use crate::billing::scope::ScopeId;
use crate::billing::snapshot::Snapshot;
use crate::status::ScopeInfo;
use exporter_web::parallel_map;

/// A scope and the snapshot of its last reading.
pub(super) type Published = (ScopeInfo, Option<Arc<Snapshot>>);

/// The size up to which texts are joined into one part.
const SHORT: usize = 64 * 1024;

/// Returns the text of all billing families, in parts: to join them would need the memory twice for
/// a moment.
pub(super) fn render(scopes: Vec<Published>) -> Result<Vec<Bytes>, Error> {
    let scopes: Arc<[Published]> = scopes.into();
    let written = parallel_map(FAMILIES.len(), |number| {
        let (family, count) = (&FAMILIES[number], Arc::<AtomicU64>::default());
        let billed = Billed { family, scopes: Scopes(scopes.clone()), count: count.clone() };
        Ok((text_of(billed)?, count.load(Ordering::Relaxed)))
    });
    let written = written.into_iter().collect::<Result<Vec<_>, Error>>()?;
    let counts = written.iter().map(|(_, count)| *count).collect();
    let facts = text_of(Facts { scopes: Scopes(scopes), counts })?;
    let mut parts = Vec::<String>::new();
    for text in written.into_iter().map(|(text, _)| text).chain([facts]) {
        match parts.last_mut() {
            Some(last) if last.len() + text.len() <= SHORT => last.push_str(&text),
            _ => parts.push(text),
        }
    }
    Ok(parts.into_iter().map(Bytes::from).collect())
}

fn text_of(collector: impl Collector) -> Result<String, Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(collector));
    let mut text = String::new();
    encode_registry(&mut text, &registry)?;
    text.shrink_to_fit();
    Ok(text)
}

#[derive(Debug)]
struct Scopes(Arc<[Published]>);

impl Scopes {
    /// Returns the labels and snapshots of the scopes that have been read.
    fn read(&self) -> impl Iterator<Item = (&str, &Snapshot)> {
        self.0
            .iter()
            .filter_map(|(scope, snapshot)| Some((scope.label.as_str(), snapshot.as_deref()?)))
    }
}

/// One family, which counts its series while it is written.
#[derive(Debug)]
struct Billed {
    family: &'static PublishedFamily,
    scopes: Scopes,
    count: Arc<AtomicU64>,
}

impl Collector for Billed {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), Error> {
        let family = self.family;
        let PublishedFamily { name, help, labels, .. } = *family;
        let mut written = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        let mut result = Ok(());
        let mut count = 0;
        for (scope, snapshot) in self.scopes.read() {
            family.each(snapshot, &mut |values, value| {
                let labels = Labels::new(scope, labels, values);
                let sample = ConstGauge::new(value.to_f64());
                count += 1;
                let write = |()| sample.encode(written.encode_family(&labels)?);
                result = result.and_then(write);
            });
        }
        self.count.store(count, Ordering::Relaxed);
        result
    }
}

/// The families about the scopes and about the number of series.
#[derive(Debug)]
struct Facts {
    scopes: Scopes,
    /// The number of series of each family, in the order of [`FAMILIES`].
    counts: Vec<u64>,
}

impl Collector for Facts {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), Error> {
        self.info(&mut encoder)?;
        for (name, help, value) in FACTS {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            for (scope, snapshot) in self.scopes.read() {
                if let Some(value) = value(snapshot) {
                    ConstGauge::new(value).encode(family.encode_family(&Labels::scope(scope))?)?;
                }
            }
        }
        self.dates(&mut encoder)?;
        self.folded(&mut encoder)?;
        self.degraded(&mut encoder)?;
        let help = "Series of each family of costs and usage, all scopes together.";
        let mut family =
            encoder.encode_descriptor("azure_billing_series", help, None, MetricType::Gauge)?;
        for (PublishedFamily { name, .. }, count) in FAMILIES.iter().zip(&self.counts) {
            ConstGauge::new(*count).encode(family.encode_family(&OneLabel("family", name))?)?;
        }
        Ok(())
    }
}

type Fact = fn(&Snapshot) -> Option<i64>;

/// The families about the data, with one sample a scope.
const FACTS: [(&str, &str, Fact); 7] = [
    (PERIOD_START.name, PERIOD_START.help, |snapshot| {
        Some(Period::start(snapshot.period()).as_second())
    }),
    (
        "azure_billing_period_end_timestamp_seconds",
        "End of the billing period that the costs belong to: the first moment after it.",
        |snapshot| Some(Period::end(snapshot.period()).as_second()),
    ),
    (
        "azure_billing_newest_usage_timestamp_seconds",
        "End of the newest day that has usage; never in the future. Azure rates usage 8 to 24 hours late.",
        |snapshot| snapshot.newest_usage().map(Timestamp::as_second),
    ),
    (
        "azure_billing_latest_complete_day_timestamp_seconds",
        "End of the newest complete day: a day that was read at least poll.day_complete_after after its end.",
        |snapshot| snapshot.latest_complete_day().map(Timestamp::as_second),
    ),
    (
        "azure_billing_previous_period_last_change_timestamp_seconds",
        "When a poll last found that the costs of the previous billing period had changed.",
        |snapshot| snapshot.previous_changed().map(Timestamp::as_second),
    ),
    (
        "azure_billing_previous_period_settled",
        "1 if the previous billing period is no longer read, 0 while polls still read it.",
        |snapshot| snapshot.previous_settled().map(i64::from),
    ),
    (
        "azure_billing_scope_charges_visible",
        "0 if charges may be hidden: 100 or more rows of on-demand usage cost 0 and name no price, so the scope is free or its charges are hidden. 1 otherwise.",
        |snapshot| Some(i64::from(snapshot.charges_visible())),
    ),
];

/// A family that history has too, in addition to those of [`FAMILIES`].
#[derive(Clone, Copy, Debug)]
pub struct Described {
    /// The metric's name.
    pub name: &'static str,
    /// The metric's help text.
    pub help: &'static str,
    /// The metric's labels besides `scope`.
    pub labels: &'static [&'static str],
}

/// The family that says when the billing period of the costs begins.
pub const PERIOD_START: Described = Described {
    name: "azure_billing_period_start_timestamp_seconds",
    help: "Start of the billing period that the costs belong to.",
    labels: &[],
};

/// The family that lists the scopes.
pub const SCOPE_INFO: Described = Described {
    name: "azure_billing_scope_info",
    help: "A configured scope. nested is true if its costs are also part of a configured billing account, the one that its rows name: do not add both.",
    labels: &["scope_type", "scope_id", "cost_type", "nested"],
};

/// Returns the values of the labels of [`SCOPE_INFO`].
pub fn info_values(id: &ScopeId, nested: bool) -> [&str; 4] {
    let nested = if nested { "true" } else { "false" };
    [id.scope_type.as_str(), &id.id, id.cost.as_str(), nested]
}

impl Facts {
    fn info(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
        let Described { name, help, labels } = SCOPE_INFO;
        let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        let nothing = BTreeSet::new();
        for (scope, snapshot) in self.scopes.0.iter() {
            let billed_to = snapshot.as_ref().map_or(&nothing, |known| known.billing_accounts());
            let all = self.scopes.0.iter().map(|(scope, _)| scope);
            let values = info_values(&scope.id, scope.is_nested(billed_to, all));
            let labels = Labels::new(&scope.label, labels, &values);
            ConstGauge::new(1_i64).encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }

    fn dates(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
        let help = "Kept days by state: incomplete (read too early to contain all of the day), unverified (complete, not compared with Azure's own total), verified (equal to it), suspect (the last answer is much less than the one before or, for a complete day, much more; the old costs stay until a second answer agrees), differs (complete, not equal to Azure's total).";
        let name = "azure_billing_dates";
        let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (scope, snapshot) in self.scopes.read() {
            for (state, days) in snapshot.dates() {
                let values = [state.as_str()];
                let labels = Labels::new(scope, &["state"], &values);
                ConstGauge::new(days).encode(family.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }

    fn degraded(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
        let help = "Rows of the kept days that count although a field of them could not be read: tags (the rest of them counts), text (shown with U+FFFD), no_cost (counts as 0), no_date (counts in the period, on its first day).";
        let name = "azure_billing_degraded_rows";
        let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (scope, snapshot) in self.scopes.read() {
            for (reason, rows) in snapshot.degraded_rows() {
                let values = [reason.as_str()];
                let labels = Labels::new(scope, &["reason"], &values);
                ConstGauge::new(rows).encode(family.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }

    fn folded(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
        let help = "Entities of a bounded family that are folded into __other__, because there are more of them than max_series allows.";
        let mut family = encoder.encode_descriptor(
            "azure_billing_folded_entities",
            help,
            None,
            MetricType::Gauge,
        )?;
        for (scope, snapshot) in self.scopes.read() {
            for (metric, count) in snapshot.folded() {
                let values = [metric];
                let labels = Labels::new(scope, &["family"], &values);
                ConstGauge::new(count as u64).encode(family.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}
