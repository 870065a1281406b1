//! The families that say whether the configuration of the file is in force, as Prometheus has them
//! for its own.

use std::fmt::Error;

use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::status::LastReload;

pub(super) fn encode(reload: LastReload, encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
    let successful = encoder.encode_descriptor(
        "azure_billing_exporter_config_last_reload_successful",
        "1 if the last read of the configuration succeeded, else 0: the previous configuration then stays in force.",
        None,
        MetricType::Gauge,
    )?;
    ConstGauge::new(i64::from(reload.successful)).encode(successful)?;
    let at = encoder.encode_descriptor(
        "azure_billing_exporter_config_last_reload_success_timestamp_seconds",
        "When the configuration in force was read.",
        None,
        MetricType::Gauge,
    )?;
    ConstGauge::new(reload.success_at.as_duration().as_secs_f64()).encode(at)
}
