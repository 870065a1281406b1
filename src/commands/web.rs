//! The web config: read at the start, and again whenever one of its files changes.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tracing::{error, info};

use super::certificate::CertificateWatch;
use crate::config::{Error, WebConfig, WebFile};
use crate::descriptors;
use crate::poller::Clock;
use crate::server::Access;
use crate::status::Status;

/// The time between two checks of the files. They are polled, because mounted secrets and network
/// file systems do not always notify.
const LOOK: Duration = Duration::from_secs(1);

/// The web config in force, and its file.
pub(super) struct Web {
    access: Arc<Access>,
    file: Option<WebFile>,
    encrypted: bool,
}

impl Web {
    /// Reads the web config. Without a file there are no limits, so that every client may read.
    pub(super) fn read(path: Option<&Path>) -> Result<Self, Error> {
        let mut file = path.map(|path| WebFile::new(path.to_owned()));
        let config = file.as_mut().map(WebFile::read).transpose()?.unwrap_or_default();
        let encrypted = config.tls.is_some();
        Ok(Self { access: Arc::new(Access::new(config)), file, encrypted })
    }

    /// Publishes when the certificate ends, and watches for it.
    pub(super) fn certificate(&self, status: Arc<Status>, clock: Clock) -> CertificateWatch {
        CertificateWatch::new(&self.access.config(), status, clock)
    }

    pub(super) fn access(&self) -> Arc<Access> {
        self.access.clone()
    }

    /// Returns the scheme of the exporter's addresses.
    pub(super) const fn scheme(&self) -> &'static str {
        if self.encrypted { "https" } else { "http" }
    }

    /// Puts what the files say in force whenever they change, until it is dropped. A problem is
    /// logged once, and the web config stays as it was.
    pub(super) async fn follow(self, mut certificate: CertificateWatch) {
        let Some(mut file) = self.file else { return };
        loop {
            sleep(LOOK).await;
            let looked = spawn_blocking(move || {
                let news = file.has_changed().then(|| file.read());
                (file, news)
            });
            // A check that panicked has lost the file.
            let Ok((again, news)) = looked.await else {
                return error!(
                    "changes to the web config are not noticed any more; restart the exporter and report this"
                );
            };
            file = again;
            match news {
                Some(Ok(config)) => {
                    tell(&config);
                    certificate.replace(&config);
                    self.access.replace(config);
                }
                Some(Err(wrong)) => {
                    let why = descriptors::explain(wrong.to_string());
                    error!("the web config stays as it was: {why}");
                }
                None => certificate.look(),
            }
        }
    }
}

fn tell(config: &WebConfig) {
    let (tls, users) = (config.tls.is_some(), config.users.len());
    info!(tls, users, "the web config has changed");
}
