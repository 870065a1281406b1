//! OUT: snapshots and status as the bytes of an exposition.
//!
//! Every name, help and label that is written is defined here or, for the families that sum rows,
//! in `billing::families`. Nothing is updated in place: a family is made anew from what is known,
//! so that a scrape never sees half of a change. HTTP is `server`'s.

pub mod api;
mod billing;
mod format;
mod labels;
mod polling;
mod process;

use std::fmt::Error;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use crate::billing::snapshot::Snapshot;
use crate::status::{ScopeInfo, ScopeStatus, Status};

pub use api::ApiCalls;
pub use billing::{Described, PERIOD_START, SCOPE_INFO, info_values};
pub use format::Format;

/// What is published, and the parts that are written at each scrape.
#[derive(Debug)]
pub struct Exposition {
    snapshots: Mutex<Vec<billing::Published>>,
    /// The billing families in OpenMetrics text without its end, which is text 0.0.4 as well.
    billing: RwLock<Arc<str>>,
    status: Arc<Status>,
    calls: Arc<ApiCalls>,
    about: About,
}

/// What the process is.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// Whether the data is simulated, which nobody may take for real.
    pub demo: bool,
    /// Whether to write `process_*`. They would collide with node_exporter's own in its textfile
    /// collector.
    pub process: bool,
}

impl Exposition {
    /// Of scopes that have not been read yet.
    ///
    /// # Errors
    /// When the text cannot be written, which is a bug.
    pub fn new(status: Arc<Status>, calls: Arc<ApiCalls>, about: About) -> Result<Self, Error> {
        let scopes: Vec<ScopeInfo> =
            status.scopes().iter().map(|scope| scope.info.clone()).collect();
        let snapshots: Vec<billing::Published> =
            scopes.into_iter().map(|scope| (scope, None)).collect();
        let billing = billing::render(snapshots.clone())?;
        Ok(Self {
            snapshots: Mutex::new(snapshots),
            billing: RwLock::new(billing.into()),
            status,
            calls,
            about,
        })
    }

    /// Puts a snapshot in the place of the scope's last one. Scrapes see the old text until the new
    /// one is whole.
    ///
    /// # Errors
    /// When the text cannot be written, which is a bug; the old text stays.
    pub fn publish(&self, scope: usize, snapshot: Snapshot) -> Result<(), Error> {
        let mut snapshots = self.snapshots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, published)) = snapshots.get_mut(scope) {
            *published = Some(Arc::new(snapshot));
        }
        let text = billing::render(snapshots.clone())?;
        *self.billing.write().unwrap_or_else(PoisonError::into_inner) = text.into();
        Ok(())
    }

    /// The whole exposition as it is now.
    ///
    /// # Errors
    /// When the text cannot be written, which is a bug.
    pub fn scrape(&self, format: Format) -> Result<String, Error> {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(Live {
            scopes: self.status.scopes().clone(),
            calls: self.calls.clone(),
            about: self.about,
        }));
        let mut live = String::new();
        encode(&mut live, &registry)?;
        let billing = self.billing.read().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(match format {
            Format::OpenMetrics => [&billing, live.as_str()].concat(),
            Format::Text => [&billing, format::to_text(&live).as_str()].concat(),
        })
    }
}

/// The families that change between publishes.
#[derive(Debug)]
struct Live {
    scopes: Vec<ScopeStatus>,
    calls: Arc<ApiCalls>,
    about: About,
}

#[derive(Debug, EncodeLabelSet)]
struct BuildLabels {
    version: &'static str,
    revision: &'static str,
    rustversion: &'static str,
}

impl Collector for Live {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), Error> {
        polling::encode(&self.scopes, &mut encoder)?;
        self.calls.encode(&mut encoder)?;
        let mut build = encoder.encode_descriptor(
            "azure_billing_exporter_build_info",
            "The build of the exporter.",
            None,
            MetricType::Gauge,
        )?;
        let labels = BuildLabels {
            version: env!("CARGO_PKG_VERSION"),
            revision: env!("BUILD_REVISION"),
            rustversion: env!("BUILD_RUSTVERSION"),
        };
        ConstGauge::new(1_i64).encode(build.encode_family(&labels)?)?;
        if self.about.demo {
            let help = "The data is simulated: no cost here is real.";
            let demo = encoder.encode_descriptor(
                "azure_billing_exporter_demo",
                help,
                None,
                MetricType::Gauge,
            )?;
            ConstGauge::new(1_i64).encode(demo)?;
        }
        if self.about.process {
            process::encode(&mut encoder)?;
        }
        Ok(())
    }
}
