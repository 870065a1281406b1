//! Counts calls to Azure and waits for its quota, where they happen; the families are written at
//! each scrape.

use std::collections::BTreeMap;
use std::fmt::{self, Error, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::encoding::{
    DescriptorEncoder, EncodeLabelSet, EncodeLabelValue, EncodeMetric, LabelValueEncoder,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;

/// The calls to Azure and the waits for its quota, since the start.
#[derive(Debug, Default)]
pub struct ApiCalls {
    counts: Mutex<Counts>,
}

#[derive(Clone, Debug, Default)]
struct Counts {
    requests: BTreeMap<RequestLabels, u64>,
    waits: [Duration; Wait::ALL.len()],
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, EncodeLabelSet)]
struct RequestLabels {
    api: Api,
    code: Code,
}

#[derive(Debug, EncodeLabelSet)]
struct WaitLabels {
    reason: Wait,
}

/// An API of Azure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Api {
    /// The synchronous list of `Microsoft.Consumption`.
    UsageDetails,
    /// The asynchronous report of `Microsoft.CostManagement`: the request for it, and the calls
    /// that wait for it.
    CostDetails,
    /// The files of a report. They count against no quota.
    CostDetailsBlob,
}

/// The result of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    /// An HTTP status.
    Status(u16),
    /// No HTTP status: the connection was refused, reset or timed out.
    None,
}

/// The reason for a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Our own limit of calls a minute.
    Quota,
    /// The end of a wait that Azure has requested.
    Throttled,
}

impl Wait {
    const ALL: [Self; 2] = [Self::Quota, Self::Throttled];
}

impl ApiCalls {
    /// Counts a call.
    pub fn called(&self, api: Api, code: Code) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.requests.entry(RequestLabels { api, code }).or_default() += 1;
    }

    /// Counts a wait.
    pub fn waited(&self, reason: Wait, waited: Duration) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.waits[reason as usize] += waited;
    }

    pub(super) fn encode(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut requests = encoder.encode_descriptor(
            "azure_billing_api_requests",
            "Calls to Azure's APIs by HTTP status; none where no answer came.",
            None,
            MetricType::Counter,
        )?;
        for (labels, calls) in &counts.requests {
            ConstCounter::new(*calls).encode(requests.encode_family(labels)?)?;
        }
        let mut waits = encoder.encode_descriptor(
            "azure_billing_api_wait_seconds",
            "Time spent waiting to be allowed to call Azure: for our own quota, or because Azure throttled.",
            None,
            MetricType::Counter,
        )?;
        for (reason, waited) in Wait::ALL.into_iter().zip(counts.waits) {
            ConstCounter::new(waited.as_secs_f64())
                .encode(waits.encode_family(&WaitLabels { reason })?)?;
        }
        Ok(())
    }
}

impl EncodeLabelValue for Api {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), Error> {
        encoder.write_str(match self {
            Self::UsageDetails => "usage_details",
            Self::CostDetails => "cost_details",
            Self::CostDetailsBlob => "cost_details_blob",
        })
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "{status}"),
            Self::None => f.write_str("none"),
        }
    }
}

impl EncodeLabelValue for Code {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), Error> {
        write!(encoder, "{self}")
    }
}

impl EncodeLabelValue for Wait {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), Error> {
        encoder.write_str(match self {
            Self::Quota => "quota",
            Self::Throttled => "throttled",
        })
    }
}
