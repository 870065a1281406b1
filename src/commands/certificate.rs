//! Publishes when the server's certificate ends, and logs that it has ended. Scrapers that check
//! certificates fail from then on, so that the log may be the only source left.

use std::sync::Arc;

use exporter_web::WebConfig;
use jiff::Timestamp;
use tracing::warn;

use crate::poller::Clock;
use crate::status::Status;

/// The certificate in force, and its end.
pub(super) struct CertificateWatch {
    status: Arc<Status>,
    clock: Clock,
    /// The end of the certificate, until it is logged.
    ends: Option<Timestamp>,
}

impl CertificateWatch {
    pub(super) fn new(config: &WebConfig, status: Arc<Status>, clock: Clock) -> Self {
        let mut watch = Self { status, clock, ends: None };
        watch.replace(config);
        watch
    }

    /// Watches the certificate of a new web config from now on.
    pub(super) fn replace(&mut self, config: &WebConfig) {
        self.status.serves_certificate_until(config.certificate_expiry);
        self.ends = config.certificate_expiry;
        if config.tls.is_some() && self.ends.is_none() {
            warn!(
                "cannot read when the certificate of --web.config.file expires: no metric and no log line will warn of it"
            );
        }
        self.look();
    }

    /// Logs once that the certificate has ended.
    pub(super) fn look(&mut self) {
        if let Some(ended) = self.ends.take_if(|end| *end <= self.clock.now()) {
            warn!(
                %ended,
                "the certificate of --web.config.file has expired: clients that check it do not connect; put a new one into its file, which is read at once"
            );
        }
    }
}
