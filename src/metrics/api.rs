//! The families about calls to Azure, written from their counts at each scrape.

use std::fmt::Error;

use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::status::{ApiCounts, Wait};

pub(super) fn encode(counts: &ApiCounts, encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
    let mut requests = encoder.encode_descriptor(
        "azure_billing_api_requests",
        "Calls to Azure's APIs by HTTP status. The code none: no answer came.",
        None,
        MetricType::Counter,
    )?;
    for ((api, code), calls) in &counts.requests {
        let labels = [("api", api.as_str().to_owned()), ("code", code.to_string())];
        ConstCounter::new(*calls).encode(requests.encode_family(&labels)?)?;
    }
    let mut waits = encoder.encode_descriptor(
        "azure_billing_api_wait_seconds",
        "Time that calls to Azure had to wait: for the exporter's own quota, or because Azure throttled.",
        None,
        MetricType::Counter,
    )?;
    for (reason, waited) in Wait::ALL.into_iter().zip(counts.waits) {
        let labels = [("reason", reason.as_str())];
        ConstCounter::new(waited.as_secs_f64()).encode(waits.encode_family(&labels)?)?;
    }
    if counts.quotas.is_empty() {
        return Ok(());
    }
    let mut quotas = encoder.encode_descriptor(
        "azure_billing_api_quota_remaining",
        "What is left of Azure's own quota, by the last answer that says so: query units of the hour where Azure counts such, otherwise calls.",
        None,
        MetricType::Gauge,
    )?;
    for (api, quota) in &counts.quotas {
        let labels = [("api", api.as_str())];
        ConstGauge::new(quota.left).encode(quotas.encode_family(&labels)?)?;
    }
    Ok(())
}
