//! The family that says when the server's certificate ends.

use std::fmt::Error;

use jiff::Timestamp;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;

pub(super) fn encode(expiry: Timestamp, encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
    let descriptor = encoder.encode_descriptor(
        "azure_billing_exporter_web_certificate_expiry_timestamp_seconds",
        "When the certificate of --web.config.file expires.",
        None,
        MetricType::Gauge,
    )?;
    ConstGauge::new(expiry.as_duration().as_secs_f64()).encode(descriptor)
}
