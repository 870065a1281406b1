//! The billing families of every scope, made anew from the snapshots at each publish: what has
//! vanished from the bill vanishes here. Gauges only, without timestamps, so that the same bytes
//! serve both text formats.

use std::fmt::Error;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode_registry;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use super::labels::Labels;
use crate::billing::families::{Family, Table};
use crate::billing::period::Period;
use crate::billing::snapshot::{FamilyVisitor, Snapshot, visit_families};
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
        let mut writer = Writer { scopes: &self.scopes, encoder: &mut encoder, result: Ok(()) };
        visit_families(&mut writer);
        writer.result?;
        self.info(&mut encoder)?;
        for (name, help, moment) in PERIOD_FAMILIES {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            for (scope, snapshot) in
                self.scopes.iter().filter_map(|(scope, s)| Some((scope, s.as_ref()?)))
            {
                if let Some(moment) = moment(snapshot) {
                    let labels = Labels::scope(&scope.label);
                    ConstGauge::new(moment.as_second()).encode(family.encode_family(&labels)?)?;
                }
            }
        }
        Ok(())
    }
}

type Moment = fn(&Snapshot) -> Option<jiff::Timestamp>;

/// The clock of the data, one sample a scope.
const PERIOD_FAMILIES: [(&str, &str, Moment); 3] = [
    (
        "azure_billing_period_start_timestamp_seconds",
        "First moment of the billing period that the costs are of.",
        |snapshot| Some(Period::start(snapshot.period())),
    ),
    (
        "azure_billing_period_end_timestamp_seconds",
        "First moment after the billing period that the costs are of.",
        |snapshot| Some(Period::end(snapshot.period())),
    ),
    (
        "azure_billing_newest_usage_timestamp_seconds",
        "End of the newest day that has usage; never in the future. Azure rates usage 8 to 24 hours late.",
        Snapshot::newest_usage,
    ),
];

const INFO_LABELS: &[&str] = &["scope_type", "scope_id", "cost_type", "nested"];

impl Billing {
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
}

struct Writer<'a, 'e> {
    scopes: &'a [Published],
    encoder: &'a mut DescriptorEncoder<'e>,
    result: Result<(), Error>,
}

impl FamilyVisitor for Writer<'_, '_> {
    fn family<F: Family>(&mut self, table: impl Fn(&Snapshot) -> &Table<F>) {
        if self.result.is_ok() {
            self.result = self.write(table);
        }
    }
}

impl Writer<'_, '_> {
    fn write<F: Family>(&mut self, table: impl Fn(&Snapshot) -> &Table<F>) -> Result<(), Error> {
        let mut family =
            self.encoder.encode_descriptor(F::NAME, F::HELP, None, MetricType::Gauge)?;
        for (scope, snapshot) in self.scopes {
            let Some(snapshot) = snapshot else { continue };
            for (key, amount) in Snapshot::sorted(table(snapshot)) {
                let mut values = Vec::with_capacity(F::LABELS.len());
                snapshot.values(&key, &mut values);
                let labels = Labels::new(&scope.label, F::LABELS, &values);
                ConstGauge::new(amount.to_f64()).encode(family.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}
