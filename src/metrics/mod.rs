//! Writes snapshots and status as the bytes of an exposition.
//!
//! Every name, help and label that is written is defined here or, for the families that sum rows,
//! in `billing::families`. Nothing is updated in place: a family is made anew from what is known,
//! so that a scrape never sees half of a change. HTTP is the task of `server`.

mod api;
mod billing;
mod certificate;
mod labels;
mod log;
mod polling;
mod process;
mod reloads;
mod rendered;

use std::fmt::Error;
use std::sync::Arc;
use std::time::Duration;

pub use exporter_web::Format;
use exporter_web::{RefusedScrapes, ScrapeText, to_text};
use jiff::Timestamp;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use crate::billing::overview::Overview;
use crate::billing::scope::ScopeId;
use crate::billing::snapshot::Snapshot;
use crate::status::{ApiCalls, LastReload, ScopeInfo, ScopeStatus, Status};
use rendered::{Publisher, Rendered};

pub use billing::{Described, PERIOD_START, SCOPE_INFO, info_values};
pub use log::LogLines;

/// The exposition: what was last published, and the parts that are written at each scrape.
#[derive(Debug)]
pub struct Exposition {
    publisher: Publisher,
    status: Arc<Status>,
    calls: Arc<ApiCalls>,
    refused: Arc<RefusedScrapes>,
    log: Arc<LogLines>,
    build_flags: BuildFlags,
}

/// A scope as it is after a reload.
#[derive(Debug)]
pub struct Renewed {
    /// The labels and the id that it is published with.
    pub info: ScopeInfo,
    /// The time between two polls.
    pub interval: Duration,
    /// The snapshot by the new rules, if there is data.
    pub snapshot: Option<Snapshot>,
}

/// The properties of the process that decide which families it writes.
#[derive(Clone, Copy, Debug)]
pub struct BuildFlags {
    /// True if the data is simulated. A family says so, to prevent that it is taken for real.
    pub demo: bool,
    /// True if `process_*` is written. In the textfile collector of node_exporter it would collide
    /// with node_exporter's own families.
    pub process: bool,
}

impl Exposition {
    /// Returns an exposition of scopes that have not been read yet.
    ///
    /// # Errors
    /// Returns an error if the text cannot be written, which is a bug.
    pub fn new(
        status: Arc<Status>,
        calls: Arc<ApiCalls>,
        build_flags: BuildFlags,
    ) -> Result<Self, Error> {
        let scopes = status.scopes().iter().map(|scope| scope.info.clone()).collect();
        let publisher = Publisher::new(scopes)?;
        let (log, refused) = (Arc::default(), Arc::default());
        Ok(Self { publisher, status, calls, log, refused, build_flags })
    }

    /// Adds the counters of a log.
    pub fn with_log(self, log: Arc<LogLines>) -> Self {
        Self { log, ..self }
    }

    /// Replaces the last snapshot of a scope. Takes a fifth of a second for a hundred thousand
    /// series; until then scrapes get the old text, and do not wait.
    ///
    /// # Errors
    /// Returns an error if the text cannot be written, which is a bug; the old text stays.
    pub fn publish(&self, scope: &ScopeId, snapshot: Snapshot) -> Result<(), Error> {
        self.publisher.publish(scope, snapshot)
    }

    /// Replaces all scopes, and their status at the same moment: no scrape sees half of the change.
    ///
    /// # Errors
    /// Returns an error if the text cannot be written, which is a bug; everything stays as it was.
    pub fn renew(&self, scopes: Vec<Renewed>) -> Result<(), Error> {
        let infos: Vec<_> = scopes.iter().map(|new| (new.info.clone(), new.interval)).collect();
        let scopes = scopes.into_iter().map(|new| (new.info, new.snapshot)).collect();
        self.publisher.renew(scopes, |swap| self.status.renew(infos, swap))
    }

    /// Returns the whole exposition as it is now, in one piece.
    ///
    /// # Errors
    /// Returns an error if the text cannot be written, which is a bug.
    pub fn scrape(&self, format: Format) -> Result<String, Error> {
        let (published, scopes) = self.both();
        let text = String::from_utf8(published.text.parts().concat()).map_err(|_| Error)?;
        Ok(text + &self.live(format, scopes)?)
    }

    /// Returns the exposition as it is now, for one scrape. Its end is written for each scrape; the
    /// rest is shared by all scrapes until the next publish, so that it is never copied.
    ///
    /// # Errors
    /// Returns an error if the text cannot be written, which is a bug.
    pub fn for_scrape(&self, format: Format) -> Result<ScrapeText, Error> {
        let (published, scopes) = self.both();
        let live = self.live(format, scopes)?;
        Ok(ScrapeText::new(published.text.clone(), live))
    }

    /// Returns the counts of scrapes that got no exposition; the server counts them.
    pub fn refused(&self) -> &Arc<RefusedScrapes> {
        &self.refused
    }

    /// Returns the state of polling and an overview of what was last published of each scope, in
    /// the order of the configuration.
    pub fn overviews(&self) -> (Vec<ScopeStatus>, Vec<Option<Arc<Overview>>>) {
        let (published, scopes) = self.both();
        (scopes, published.overviews.clone())
    }

    /// Returns what is published and the state of polling, of the same scopes: a reload swaps both
    /// while the status is locked.
    fn both(&self) -> (Arc<Rendered>, Vec<ScopeStatus>) {
        let scopes = self.status.scopes();
        (self.publisher.rendered(), scopes.clone())
    }

    fn live(&self, format: Format, scopes: Vec<ScopeStatus>) -> Result<String, Error> {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(Live {
            scopes,
            reload: self.status.last_reload(),
            certificate_expiry: self.status.certificate_expiry(),
            calls: self.calls.clone(),
            refused: self.refused.over_limit() + self.refused.not_ready(),
            log: self.log.clone(),
            build_flags: self.build_flags,
        }));
        let mut live = String::new();
        encode(&mut live, &registry)?;
        Ok(match format {
            Format::OpenMetrics => live,
            Format::Text => to_text(&live),
        })
    }
}

/// The families that change between publishes.
#[derive(Debug)]
struct Live {
    scopes: Vec<ScopeStatus>,
    reload: Option<LastReload>,
    certificate_expiry: Option<Timestamp>,
    calls: Arc<ApiCalls>,
    refused: u64,
    log: Arc<LogLines>,
    build_flags: BuildFlags,
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
        api::encode(&self.calls.counts(), &mut encoder)?;
        let help = "Scrapes that were refused: more at once than --web.max-requests allows, or stored costs that were not read in time after a restart.";
        let refused = encoder.encode_descriptor(
            "azure_billing_exporter_scrapes_refused",
            help,
            None,
            MetricType::Counter,
        )?;
        ConstCounter::new(self.refused).encode(refused)?;
        self.log.encode(&mut encoder)?;
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
        if let Some(reload) = self.reload {
            reloads::encode(reload, &mut encoder)?;
        }
        if let Some(expiry) = self.certificate_expiry {
            certificate::encode(expiry, &mut encoder)?;
        }
        if self.build_flags.demo {
            let help = "The data is simulated: no cost here is real.";
            let demo = encoder.encode_descriptor(
                "azure_billing_exporter_demo",
                help,
                None,
                MetricType::Gauge,
            )?;
            ConstGauge::new(1_i64).encode(demo)?;
        }
        if self.build_flags.process {
            process::encode(&mut encoder)?;
        }
        Ok(())
    }
}
