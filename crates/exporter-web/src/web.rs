//! The web config in force: read at the start, and again whenever one of its files changes.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use strict_config::Error;
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tracing::{error, info};

use super::access::Access;
use super::descriptors;
use super::web_file::{WebConfig, WebFile};

/// The time between two checks of the files. They are polled, because mounted secrets and network
/// file systems do not always notify.
const LOOK: Duration = Duration::from_secs(1);

/// The web config in force, and its file.
#[derive(Debug)]
pub struct Web {
    access: Arc<Access>,
    file: Option<WebFile>,
}

impl Web {
    /// Reads the file of `--web.config.file`. Without one there are no limits, so that every client
    /// may read. `realm` is the name that browsers show when they ask for a password: that of the
    /// exporter. Blocks while it reads.
    ///
    /// # Errors
    /// Returns every problem if the file, or one that it names, cannot be used; never a secret.
    pub fn read(path: Option<&Path>, realm: &'static str) -> Result<Self, Error> {
        let mut file = path.map(|path| WebFile::new(path.to_owned()));
        let config = file.as_mut().map(WebFile::read).transpose()?.unwrap_or_default();
        Ok(Self { access: Arc::new(Access::new(config).with_realm(realm)), file })
    }

    /// Returns the rules for requests and connections, for [`guard`](crate::guard) and
    /// [`serve`](crate::serve).
    pub fn access(&self) -> Arc<Access> {
        self.access.clone()
    }

    /// Returns the scheme of the exporter's addresses.
    pub fn scheme(&self) -> &'static str {
        if self.access.config().tls.is_some() { "https" } else { "http" }
    }

    /// Puts what the files say in force whenever they change, until it is dropped. A problem is
    /// logged once, and the web config stays as it was.
    ///
    /// `looked` is called after each look, once a second, unless there was a problem: with the web
    /// config that is about to count, if it has changed.
    pub async fn follow(self, mut looked: impl FnMut(Option<&WebConfig>)) {
        let Some(mut file) = self.file else { return };
        loop {
            sleep(LOOK).await;
            let read = spawn_blocking(move || {
                let news = file.has_changed().then(|| file.read());
                (file, news)
            });
            // A check that panicked has lost the file.
            let Ok((again, news)) = read.await else {
                return error!(
                    "changes to the web config are not noticed any more; restart the exporter and report this"
                );
            };
            file = again;
            match news {
                Some(Ok(config)) => {
                    let (tls, users) = (config.tls.is_some(), config.users.len());
                    info!(tls, users, "the web config has changed");
                    looked(Some(&config));
                    self.access.replace(config);
                }
                Some(Err(wrong)) => {
                    let why = descriptors::explain(wrong.to_string());
                    error!("the web config stays as it was: {why}");
                }
                None => looked(None),
            }
        }
    }
}
