//! Tells systemd how the exporter does: ready, alive, stopping. The protocol is a few words to a
//! socket; the crates for it read the environment themselves, which is `config`'s.

use std::io;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use tracing::warn;

use crate::config::{Environment, Supervisor};
use crate::status::Status;

/// A service manager that listens, or none.
#[derive(Clone)]
pub(super) struct Systemd {
    socket: Option<Arc<UnixDatagram>>,
    watchdog: Option<Duration>,
}

impl Systemd {
    /// Who started this process.
    pub(super) fn from_environment() -> Self {
        let none = Self { socket: None, watchdog: None };
        let Some(supervisor) = Environment::read().supervisor(std::process::id()) else {
            return none;
        };
        match connect(&supervisor) {
            Ok(socket) => Self { socket: Some(Arc::new(socket)), watchdog: supervisor.watchdog },
            Err(error) => {
                let socket = supervisor.socket.display();
                warn!(
                    "systemd cannot be told that the exporter runs: {socket}: {error}; is NOTIFY_SOCKET reachable?"
                );
                none
            }
        }
    }

    /// Says something, and goes on if nobody takes it.
    pub(super) fn tell(&self, state: &str) {
        if let Some(Err(error)) = self.socket.as_ref().map(|socket| socket.send(state.as_bytes())) {
            warn!("systemd cannot be told {state}: {error}");
        }
    }

    /// Gives a sign of life twice as often as it is waited for, while every scope is polled. Then it
    /// stops, and systemd restarts the exporter.
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

fn connect(supervisor: &Supervisor) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    // It must never hold up the exporter.
    socket.set_nonblocking(true)?;
    socket.connect_addr(&address(&supervisor.socket)?)?;
    Ok(socket)
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
