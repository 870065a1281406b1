//! SIGTERM and SIGINT: the first stops the process in order, the second at once.

use std::io;
use std::process;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Turns true when the exporter must stop.
pub(super) type Stop = watch::Receiver<bool>;

/// The listener for signals. It listens until it is dropped.
pub(super) struct Signals {
    pub(super) stop: Stop,
    task: JoinHandle<()>,
}

impl Signals {
    /// Starts to listen.
    ///
    /// # Errors
    /// Returns an error if the system gives no signal handlers.
    pub(super) fn listen() -> io::Result<Self> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let (sender, stop) = watch::channel(false);
        let task = tokio::spawn(async move {
            loop {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                if sender.send_replace(true) {
                    // 128 + SIGINT, which shells report for a program that was interrupted.
                    process::exit(130);
                }
            }
        });
        Ok(Self { stop, task })
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Ends when the exporter must stop.
pub(super) async fn stopped(mut stop: Stop) {
    // The sender lives as long as the process; without it, to stop is right as well.
    let _ = stop.wait_for(|stop| *stop).await;
}
