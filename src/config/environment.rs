//! The environment, captured once as a value. No other module reads it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use strict_config::{BYTE_ORDER_MARK, Problems};

/// The variables that are read. All others are ignored.
const VARIABLES: [&str; 11] = [
    TENANT_ID,
    CLIENT_ID,
    CLIENT_SECRET,
    CERTIFICATE_PATH,
    FEDERATED_TOKEN_FILE,
    AUTHORITY_HOST,
    HTTP_PROXY[0],
    HTTP_PROXY[1],
    NOTIFY_SOCKET,
    WATCHDOG_USEC,
    WATCHDOG_PID,
];

/// Names the directory of the application.
pub(super) const TENANT_ID: &str = "AZURE_TENANT_ID";
/// Names the application, or the user-assigned managed identity.
pub(super) const CLIENT_ID: &str = "AZURE_CLIENT_ID";
/// Contains the application's secret.
pub(super) const CLIENT_SECRET: &str = "AZURE_CLIENT_SECRET";
/// Names the file of a certificate, in place of the secret.
pub(super) const CERTIFICATE_PATH: &str = "AZURE_CLIENT_CERTIFICATE_PATH";
/// Names the file of a token; set by the workload-identity webhook of Kubernetes.
pub(super) const FEDERATED_TOKEN_FILE: &str = "AZURE_FEDERATED_TOKEN_FILE";
/// Names the address that tokens come from; also set by that webhook.
pub(super) const AUTHORITY_HOST: &str = "AZURE_AUTHORITY_HOST";

/// Name the proxy for requests without TLS. The HTTP library reads these variables, and the similar
/// ones, by itself; they are read here for the requests of a machine's identity, which must not
/// leave the machine.
pub(super) const HTTP_PROXY: [&str; 2] = ["HTTP_PROXY", "http_proxy"];

/// Names the socket on which systemd expects the state of a service.
const NOTIFY_SOCKET: &str = "NOTIFY_SOCKET";
/// Says how long systemd waits for a sign of life, in microseconds.
const WATCHDOG_USEC: &str = "WATCHDOG_USEC";
/// Names the process that sends that sign of life, because child processes inherit the variables.
const WATCHDOG_PID: &str = "WATCHDOG_PID";

/// A service manager that expects the process to report its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Supervisor {
    /// The path of its socket; one that begins with `@` is a name outside the file system.
    pub socket: PathBuf,
    /// The time without a sign of life after which it ends the process.
    pub watchdog: Option<Duration>,
}

/// The variables of Azure's own tools, under their usual names. They are captured and not read when
/// needed, so that a reload sees what the start saw and tests need no `set_var`.
#[derive(Clone, Default)]
pub struct Environment {
    values: BTreeMap<String, OsString>,
}

impl Environment {
    /// Captures the environment that the process was started with.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn read() -> Self {
        VARIABLES.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?))).collect()
    }

    /// Returns the service manager, if systemd started this process with `Type=notify`.
    pub fn supervisor(&self, process: u32) -> Option<Supervisor> {
        let socket = self.values.get(NOTIFY_SOCKET).filter(|socket| !socket.is_empty())?;
        let number = |name| self.values.get(name)?.to_str()?.parse::<u64>().ok();
        let ours = number(WATCHDOG_PID).is_none_or(|id| id == u64::from(process));
        let watchdog = number(WATCHDOG_USEC).filter(|micros| ours && *micros > 0);
        Some(Supervisor { socket: socket.into(), watchdog: watchdog.map(Duration::from_micros) })
    }

    /// Returns a variable, without the byte order mark that the file it came from may have begun
    /// with. One that is set but empty counts as absent, as in Azure's own tools.
    pub(super) fn get(&self, name: &str, problems: &mut Problems) -> Option<&str> {
        let value = self.values.get(name)?;
        if value.is_empty() {
            return None;
        }
        let text = value.to_str();
        if text.is_none() {
            problems.outside(name, "is not valid UTF-8; set it anew or unset it");
        }
        // A value of nothing but the mark is wrong and not absent: otherwise another identity would
        // be used.
        text.map(|text| text.trim_start_matches(BYTE_ORDER_MARK))
    }
}

/// Makes an environment of pairs, for embedding and for tests.
impl<N: Into<String>, V: Into<OsString>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let own = |(name, value): (N, V)| (name.into(), value.into());
        Self { values: pairs.into_iter().map(own).collect() }
    }
}

/// Shows names only: one of the values is a secret.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}
