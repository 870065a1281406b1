//! SIGTERM and SIGINT: the first stops in order, the second at once.

use std::io;
use std::process;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Turns true when the exporter shall stop.
pub(super) type Stop = watch::Receiver<bool>;

/// The listener for signals, for as long as it is kept.
pub(super) struct Signals {
    pub(super) stop: Stop,
    task: JoinHandle<()>,
}

impl Signals {
    /// # Errors
    /// When the system gives no signal handlers.
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
                    // 128 + SIGINT: what a shell reports of a program that was interrupted.
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

/// Ends when the exporter shall stop.
pub(super) async fn stopped(mut stop: Stop) {
    // The sender lives as long as the process; if it went, stopping is right as well.
    let _ = stop.wait_for(|stop| *stop).await;
}
