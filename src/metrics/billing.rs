//! The billing families of every scope, made anew from the snapshots at each publish: what has
//! vanished from the bill vanishes here. Gauges only, without timestamps, so that the same bytes
//! serve both text formats.

use std::fmt::Error;
use std::sync::Arc;

use jiff::Timestamp;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode_registry;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use super::labels::{Labels, OneLabel};
use crate::billing::period::Period;
use crate::billing::published::{FAMILIES, PublishedFamily};
use crate::billing::snapshot::Snapshot;
use crate::status::ScopeInfo;

/// A scope and what was last read of it.
pub(super) type Published = (ScopeInfo, Option<Arc<Snapshot>>);

/// The text of all billing families.
pub(super) fn render(scopes: Vec<Published>) -> Result<String, Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Billing { scopes }));
    let mut text = String::new();
    encode_registry(&mut text, &registry)?;
    Ok(text)
}

#[derive(Debug)]
struct Billing {
    scopes: Vec<Published>,
}

impl Collector for Billing {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), Error> {
        let mut series = Vec::with_capacity(FAMILIES.len());
        for family in FAMILIES {
            series.push((family.name, self.family(family, &mut encoder)?));
        }
        self.info(&mut encoder)?;
        for (name, help, value) in FACTS {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            for (scope, snapshot) in self.read() {
                if let Some(value) = value(snapshot) {
                    ConstGauge::new(value).encode(family.encode_family(&Labels::scope(scope))?)?;
                }
            }
        }
        self.folded(&mut encoder)?;
        let help = "Series of each family of costs and usage, all scopes together.";
        let mut family =
            encoder.encode_descriptor("azure_billing_series", help, None, MetricType::Gauge)?;
        for (name, count) in series {
            ConstGauge::new(count).encode(family.encode_family(&OneLabel("family", name))?)?;
        }
        Ok(())
    }
}

type Fact = fn(&Snapshot) -> Option<i64>;

/// What is known about the data, one sample a scope.
const FACTS: [(&str, &str, Fact); 7] = [
    (
        "azure_billing_period_start_timestamp_seconds",
        "First moment of the billing period that the costs are of.",
        |snapshot| Some(Period::start(snapshot.period()).as_second()),
    ),
    (
        "azure_billing_period_end_timestamp_seconds",
        "First moment after the billing period that the costs are of.",
        |snapshot| Some(Period::end(snapshot.period()).as_second()),
    ),
    (
        "azure_billing_newest_usage_timestamp_seconds",
        "End of the newest day that has usage; never in the future. Azure rates usage 8 to 24 hours late.",
        |snapshot| snapshot.newest_usage().map(Timestamp::as_second),
    ),
    (
        "azure_billing_latest_complete_day_timestamp_seconds",
        "End of the newest day that was read late enough to be believed.",
        |snapshot| snapshot.latest_complete_day().map(Timestamp::as_second),
    ),
    (
        "azure_billing_previous_period_last_change_timestamp_seconds",
        "When a reading last found the costs of the billing period before changed.",
        |snapshot| snapshot.previous_changed().map(Timestamp::as_second),
    ),
    (
        "azure_billing_previous_period_settled",
        "Whether the billing period before is not read again.",
        |snapshot| snapshot.previous_settled().map(i64::from),
    ),
    (
        "azure_billing_suspect_days",
        "Days whose newest answer held so much less than the one before that a second one must agree before it counts. Their old costs stay.",
        |snapshot| i64::try_from(snapshot.suspect_days()).ok(),
    ),
];

const INFO_LABELS: &[&str] = &["scope_type", "scope_id", "cost_type", "nested"];

impl Billing {
    /// The scopes that have been read.
    fn read(&self) -> impl Iterator<Item = (&str, &Snapshot)> {
        self.scopes
            .iter()
            .filter_map(|(scope, snapshot)| Some((scope.label.as_str(), snapshot.as_deref()?)))
    }

    /// Writes one family and counts its series.
    fn family(
        &self,
        family: &PublishedFamily,
        encoder: &mut DescriptorEncoder<'_>,
    ) -> Result<u64, Error> {
        let mut written =
            encoder.encode_descriptor(family.name, family.help, None, MetricType::Gauge)?;
        let mut result = Ok(());
        let mut count = 0;
        for (scope, snapshot) in self.read() {
            (family.each)(snapshot, &mut |values, value| {
                let labels = Labels::new(scope, family.labels, values);
                let sample = ConstGauge::new(value.to_f64());
                count += 1;
                let write = |()| sample.encode(written.encode_family(&labels)?);
                result = result.and_then(write);
            });
        }
        result.map(|()| count)
    }

    fn info(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
        let mut family = encoder.encode_descriptor(
            "azure_billing_scope_info",
            "A configured scope. nested is true where its money is also in a configured billing account: do not add both.",
            None,
            MetricType::Gauge,
        )?;
        for (scope, _) in &self.scopes {
            let nested = if scope.nested { "true" } else { "false" };
            let values =
                [scope.id.scope_type.as_str(), &scope.id.id, scope.id.cost.as_str(), nested];
            let labels = Labels::new(&scope.label, INFO_LABELS, &values);
            ConstGauge::new(1_i64).encode(family.encode_family(&labels)?)?;
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
        for (scope, snapshot) in self.read() {
            for (metric, count) in snapshot.folded() {
                let values = [metric];
                let labels = Labels::new(scope, &["family"], &values);
                ConstGauge::new(count as u64).encode(family.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}
