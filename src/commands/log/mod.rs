//! The log: standard error, one line an event, in the keys that Prometheus writes: `time`, `level`,
//! `source`, `msg`. Code that logs never waits for the reader of the log.
//!
//! [`line`] makes the line of an event, [`queue`] writes it.

mod line;
mod queue;

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io;
use std::panic::{self, PanicHookInfo};
use std::sync::Arc;

use tracing::error;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use crate::cli::{LogArgs, LogLevel};
use crate::metrics::LogLines;
use line::Lines;
use queue::Queue;

/// The log of this process. When it is dropped, it waits a moment for the last lines to be written.
pub(super) struct Log {
    queue: Queue,
    lines: Arc<LogLines>,
}

impl Log {
    /// Starts the log, once in a process. `bar`: below the lines there is a progress bar on a
    /// terminal.
    ///
    /// # Errors
    /// Returns an error if the system gives no thread.
    pub(super) fn start(log: LogArgs, bar: bool) -> io::Result<Self> {
        let lines = Arc::<LogLines>::default();
        let queue = Queue::start(bar, lines.clone())?;
        let events = Lines::new(log.format, queue.clone()).with_filter(filter(log.level));
        tracing_subscriber::registry().with(events).init();
        panic::set_hook(Box::new(log_panic));
        Ok(Self { queue, lines })
    }

    /// Returns the counter of dropped lines.
    pub(super) fn lines(&self) -> &Arc<LogLines> {
        &self.lines
    }

    /// Writes a text for people after the lines so far, such as the last message of a command.
    pub(super) fn print(&self, text: &str) {
        self.queue.push(format!("{text}\n").into_bytes());
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.queue.finish();
    }
}

/// Logs a panic. The standard library's own hook writes to standard error, and so waits until that
/// is read.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let backtrace = Backtrace::capture();
    let backtrace = (backtrace.status() == BacktraceStatus::Captured).then_some(backtrace);
    let backtrace = backtrace.as_ref().map(tracing::field::display);
    error!(backtrace, "a bug, please report this line: {panic}");
}

/// Returns the filter of events. Libraries are logged from warnings on; below that they describe
/// each request, which our own lines do.
fn filter(level: LogLevel) -> EnvFilter {
    EnvFilter::new(match level {
        LogLevel::Error => "error",
        LogLevel::Warn => "warn",
        LogLevel::Info => "warn,azure_billing_exporter=info,exporter_web=info",
        LogLevel::Debug => "warn,azure_billing_exporter=debug,exporter_web=debug",
        LogLevel::Trace => "trace",
    })
}

#[cfg(test)]
mod tests {
    use std::panic::{catch_unwind, set_hook, take_hook};
    use std::sync::Mutex;

    use tracing::subscriber::with_default;
    use tracing::{Event, Level, Subscriber};
    use tracing_subscriber::layer::Context;

    use super::line::Fields;
    use super::*;

    /// The messages of errors.
    struct Errors(Arc<Mutex<Vec<String>>>);

    impl<S: Subscriber> Layer<S> for Errors {
        fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
            let mut fields = Fields::default();
            event.record(&mut fields);
            assert_eq!(*event.metadata().level(), Level::ERROR);
            self.0.lock().unwrap().push(fields.take("message").unwrap().to_string());
        }
    }

    #[test]
    fn a_panic_goes_the_way_of_the_log() {
        let errors = Arc::<Mutex<Vec<String>>>::default();
        let log = tracing_subscriber::registry().with(Errors(errors.clone()));
        let usual = take_hook();
        set_hook(Box::new(log_panic));
        let ended = with_default(log, || catch_unwind(|| panic!("a planted mistake")));
        set_hook(usual);
        assert!(ended.is_err());
        let errors = errors.lock().unwrap();
        assert_eq!(errors.len(), 1);
        assert!(errors[0].contains("please report") && errors[0].contains("a planted mistake"));
        assert!(errors[0].contains("log/mod.rs:"), "{}", errors[0]);
    }
}
