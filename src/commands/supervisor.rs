//! Reports to systemd that the exporter is ready, alive or stopping. The protocol is a few words to
//! a socket; the crates for it read the environment themselves, which only `config` may do.

use std::io;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use tokio::time::sleep;
use tracing::warn;

use crate::config::{Environment, Supervisor};
use crate::log_limit::LogLimit;
use crate::status::Status;

/// The service manager, if there is one.
#[derive(Clone)]
pub(super) struct Systemd {
    socket: Option<Arc<UnixDatagram>>,
    /// Limits the log, because each reload and each sign of life sends a message.
    limit: Arc<Mutex<LogLimit>>,
    watchdog: Option<Duration>,
}

impl Systemd {
    /// Returns the service manager that started this process.
    pub(super) fn from_environment() -> Self {
        let none = Self { socket: None, limit: Arc::default(), watchdog: None };
        let Some(supervisor) = Environment::read().supervisor(std::process::id()) else {
            return none;
        };
        Self::of(&supervisor).unwrap_or_else(|error| {
            let socket = supervisor.socket.display();
            warn!("cannot notify systemd that the exporter runs: {socket}: {error}; is NOTIFY_SOCKET reachable?");
            none
        })
    }

    fn of(supervisor: &Supervisor) -> io::Result<Self> {
        let socket = UnixDatagram::unbound()?;
        // A full socket must not delay the exporter.
        socket.set_nonblocking(true)?;
        socket.connect_addr(&address(&supervisor.socket)?)?;
        let socket = Some(Arc::new(socket));
        Ok(Self { socket, limit: Arc::default(), watchdog: supervisor.watchdog })
    }

    /// Sends a state, and goes on if it cannot be sent.
    pub(super) fn tell(&self, state: &str) {
        if let Some(Err(error)) = self.socket.as_ref().map(|socket| socket.send(state.as_bytes())) {
            let mut limit = self.limit.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(left_out) = limit.pass(&error.to_string()) {
                warn!(left_out, "cannot notify systemd of {state}: {error}");
            }
        }
    }

    /// Reports that the configuration is read again, until `READY=1`. `Type=notify-reload` wants
    /// the time, which distinguishes this reload from an earlier one.
    pub(super) fn tell_reloading(&self) {
        let now = clock_gettime(ClockId::Monotonic);
        let micros = i128::from(now.tv_sec) * 1_000_000 + i128::from(now.tv_nsec) / 1_000;
        self.tell(&format!("RELOADING=1\nMONOTONIC_USEC={micros}"));
    }

    /// Sends two signs of life in the time in which one is expected, as long as every scope is
    /// polled. After that it sends none, and systemd restarts the exporter.
    pub(super) async fn attend(self, status: Arc<Status>) {
        let Some(watchdog) = self.watchdog else { return };
        loop {
            let alive = !status.scopes().iter().any(|scope| scope.dead);
            if alive {
                self.tell("WATCHDOG=1");
            }
            sleep(watchdog / 2).await;
        }
    }
}

fn address(path: &Path) -> io::Result<SocketAddr> {
    #[cfg(target_os = "linux")]
    {
        use std::os::linux::net::SocketAddrExt;
        use std::os::unix::ffi::OsStrExt;
        if let [b'@', name @ ..] = path.as_os_str().as_bytes() {
            return SocketAddr::from_abstract_name(name);
        }
    }
    SocketAddr::from_pathname(path)
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;
    use crate::billing::scope::{CostType, ScopeId, ScopeType};
    use crate::status::ScopeInfo;

    #[tokio::test]
    async fn a_scope_that_nobody_polls_any_more_ends_the_signs_of_life() {
        let id =
            ScopeId { scope_type: ScopeType::Department, id: "1".into(), cost: CostType::Actual };
        let shop = ScopeInfo { label: "shop".into(), id: id.clone(), enrollment: None };
        let status = Arc::new(Status::new([shop], Duration::from_secs(60)));
        let folder = tempfile::tempdir().unwrap();
        let supervisor = Supervisor {
            socket: folder.path().join("notify"),
            watchdog: Some(Duration::from_millis(10)),
        };
        let listener = UnixDatagram::bind(&supervisor.socket).unwrap();
        listener.set_nonblocking(true).unwrap();
        let systemd = Systemd::of(&supervisor).unwrap();
        let signs = async || {
            let attend = systemd.clone().attend(status.clone());
            assert!(timeout(Duration::from_millis(100), attend).await.is_err(), "it goes on");
            std::iter::repeat_with(|| listener.recv(&mut [0; 64])).take_while(Result::is_ok).count()
        };
        assert!(signs().await > 0);
        status.died(&id);
        assert_eq!(signs().await, 0);
    }
}
