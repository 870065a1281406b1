//! The families about polling, written from the status at each scrape.

use std::fmt::Error;

use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use super::labels::Labels;
use crate::status::{ControlSource, FailureReason, PollPart, ScopeStatus};

const REASON: &[&str] = &["reason"];
const SOURCE: &[&str] = &["source"];

type Value = fn(&ScopeStatus) -> Option<f64>;

/// The families with one sample for each scope that already has a value.
const GAUGES: [(&str, &str, Value); 6] = [
    (
        "azure_billing_poll_success",
        "1 if the last poll read the open billing period, else 0.",
        |scope| scope.last_poll.as_ref().map(|poll| if poll.failure.is_none() { 1.0 } else { 0.0 }),
    ),
    (
        "azure_billing_poll_last_success_timestamp_seconds",
        "When the last successful poll ended: the age of every cost of the scope. 0 before the first.",
        |scope| Some(scope.last_success.map_or(0.0, |at| at.as_duration().as_secs_f64())),
    ),
    (
        "azure_billing_poll_last_attempt_timestamp_seconds",
        "When the last poll that ended began.",
        |scope| scope.last_poll.as_ref().map(|poll| poll.began.as_duration().as_secs_f64()),
    ),
    (
        "azure_billing_poll_duration_seconds",
        "How long the last poll took, waits for the quota included.",
        |scope| scope.last_poll.as_ref().map(|poll| poll.took.as_secs_f64()),
    ),
    ("azure_billing_poll_interval_seconds", "How often the scope is polled.", |scope| {
        Some(scope.interval.as_secs_f64())
    }),
    ("azure_billing_poll_rows", "Rows of the last successful poll.", |scope| {
        scope.rows.map(|rows| rows as f64)
    }),
];

pub(super) fn encode(
    scopes: &[ScopeStatus],
    encoder: &mut DescriptorEncoder<'_>,
) -> Result<(), Error> {
    for (name, help, value) in GAUGES {
        let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for scope in scopes {
            if let Some(value) = value(scope) {
                let labels = Labels::scope(&scope.info.label);
                ConstGauge::new(value).encode(family.encode_family(&labels)?)?;
            }
        }
    }
    parts(scopes, encoder)?;
    control(scopes, encoder)?;
    counters(scopes, encoder)
}

fn control(scopes: &[ScopeStatus], encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
    let sources = || {
        scopes.iter().flat_map(|scope| {
            let sources = ControlSource::ALL.into_iter().zip(&scope.control);
            sources.map(move |(source, control)| (&scope.info.label, source, control))
        })
    };
    let help = "1 if Azure gave its own total when it was last asked, 0 if it refused or did not answer; the log and the status page have the reason. Absent before the first answer.";
    let name = "azure_billing_control_available";
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for (scope, source, control) in sources() {
        if let Some(available) = control.is_available() {
            let values = [source.as_str()];
            let labels = Labels::new(scope, SOURCE, &values);
            ConstGauge::new(i64::from(available)).encode(family.encode_family(&labels)?)?;
        }
    }
    let help = "When Azure last gave its own total.";
    let name = "azure_billing_control_last_success_timestamp_seconds";
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for (scope, source, control) in sources() {
        if let Some(at) = control.last_success {
            let values = [source.as_str()];
            let labels = Labels::new(scope, SOURCE, &values);
            ConstGauge::new(at.as_duration().as_secs_f64())
                .encode(family.encode_family(&labels)?)?;
        }
    }
    let help = "Requests for Azure's own totals without an answer, by reason; hidden: Azure answers without prices. They fail no poll and change no cost.";
    let name = "azure_billing_control_failures";
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    for (scope, source, control) in sources().filter(|(.., it)| it.is_available().is_some()) {
        for (reason, count) in control.failures() {
            let values = [source.as_str(), reason.as_str()];
            let labels = Labels::new(scope, &["source", "reason"], &values);
            ConstCounter::new(count).encode(family.encode_family(&labels)?)?;
        }
    }
    Ok(())
}

fn parts(scopes: &[ScopeStatus], encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
    let help = "1 if the last attempt to read the part of the poll succeeded, else 0. Parts: the open billing period, the previous one, the older days of the window, the closed months of budgets. An older part that fails is tried again automatically; the other parts do not fail with it.";
    let name = "azure_billing_poll_part_success";
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for scope in scopes {
        for (part, result) in PollPart::ALL.into_iter().zip(&scope.parts) {
            let Some(result) = result else { continue };
            let part = [part.as_str()];
            let labels = Labels::new(&scope.info.label, &["part"], &part);
            let success = i64::from(result.is_ok());
            ConstGauge::new(success).encode(family.encode_family(&labels)?)?;
        }
    }
    Ok(())
}

fn counters(scopes: &[ScopeStatus], encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
    let mut polls = encoder.encode_descriptor(
        "azure_billing_polls",
        "Polls that ended.",
        None,
        MetricType::Counter,
    )?;
    for scope in scopes {
        let labels = Labels::scope(&scope.info.label);
        ConstCounter::new(scope.polls).encode(polls.encode_family(&labels)?)?;
    }
    let help = "Failed polls and failed older parts of polls, by reason. A failure changes no cost. The reason store also counts polls whose days could not be stored.";
    let mut failures = encoder.encode_descriptor(
        "azure_billing_poll_failures",
        help,
        None,
        MetricType::Counter,
    )?;
    for scope in scopes {
        for (reason, count) in FailureReason::ALL.into_iter().zip(scope.failures) {
            let reason = [reason.as_str()];
            let labels = Labels::new(&scope.info.label, REASON, &reason);
            ConstCounter::new(count).encode(failures.encode_family(&labels)?)?;
        }
    }
    let help = "Rows that Azure sent and that are in no cost: outside_range have other dates than the request, cost_allocation only move costs.";
    let mut ignored =
        encoder.encode_descriptor("azure_billing_rows_ignored", help, None, MetricType::Counter)?;
    for scope in scopes {
        for (reason, rows) in scope.ignored.by_reason() {
            let reason = [reason];
            let labels = Labels::new(&scope.info.label, REASON, &reason);
            ConstCounter::new(rows).encode(ignored.encode_family(&labels)?)?;
        }
    }
    Ok(())
}
