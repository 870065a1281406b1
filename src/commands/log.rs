//! The log: standard error, one line an event.

use std::io::{self, Write, stderr};

use tracing_subscriber::fmt::layer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use crate::cli::{LogArgs, LogFormat, LogLevel};

/// Starts logging, once a process. `bar`: below the lines there is a progress bar on a terminal.
pub(super) fn start(log: LogArgs, bar: bool) {
    let stderr = move || Lines { bar };
    let lines = match log.format {
        LogFormat::Logfmt => {
            // Of a span its fields are enough.
            let lines = tracing_logfmt::builder().with_target(false).with_span_name(false);
            lines.with_span_path(false).layer().with_writer(stderr).boxed()
        }
        LogFormat::Json => {
            layer().json().flatten_event(true).with_span_list(false).with_writer(stderr).boxed()
        }
    };
    tracing_subscriber::registry().with(lines.with_filter(filter(log.level))).init();
}

/// Standard error. Each event is written at once.
#[derive(Clone, Copy)]
struct Lines {
    bar: bool,
}

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.bar {
            // The bar leaves the cursor at its end; it is drawn again below this line.
            stderr().write_all(CLEAR_LINE)?;
        }
        stderr().write(line)
    }

    fn flush(&mut self) -> io::Result<()> {
        stderr().flush()
    }
}

/// As terminals understand it.
const CLEAR_LINE: &[u8] = b"\r\x1b[2K";

/// Libraries speak up from warnings on; below that they describe each request, which is ours to do.
fn filter(level: LogLevel) -> EnvFilter {
    EnvFilter::new(match level {
        LogLevel::Error => "error",
        LogLevel::Warn => "warn",
        LogLevel::Info => "warn,azure_billing_exporter=info",
        LogLevel::Debug => "warn,azure_billing_exporter=debug",
        LogLevel::Trace => "trace",
    })
}
