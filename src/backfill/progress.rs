//! The progress: a bar if somebody watches, lines of the log otherwise.

use std::cell::Cell;
use std::time::Duration;

use indicatif::{HumanDuration, ProgressBar, ProgressStyle};
use tokio::time::Instant;
use tracing::info;

use crate::billing::period::Period;

/// The refresh time of the bar, so that it moves while a month of many pages is read.
const TICK: Duration = Duration::from_millis(200);

/// The place where progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// A bar on standard error.
    Bar,
    /// Only the log.
    Log,
}

impl Progress {
    /// Returns the progress of reading `months`, of which `kept` with their `rows` were read
    /// before.
    pub(super) fn reading(self, months: usize, kept: usize, rows: u64) -> Reading {
        let bar = self.bar("{bar:30} {pos}/{len} months, {msg}", months as u64);
        bar.set_position(kept as u64);
        Reading {
            bar,
            rows: Cell::new(rows),
            left: Cell::new(months - kept),
            read: Cell::new(0),
            began: Instant::now(),
        }
    }

    /// Returns the progress of writing `samples`.
    pub(super) fn writing(self, samples: u64) -> Writing {
        Writing(self.bar("{bar:30} {human_pos}/{human_len} samples, {eta} left", samples))
    }

    fn bar(self, template: &str, length: u64) -> ProgressBar {
        let bar = match self {
            Self::Bar => ProgressBar::new(length),
            Self::Log => ProgressBar::hidden(),
        };
        if self == Self::Bar {
            bar.set_style(
                ProgressStyle::with_template(template).unwrap_or(ProgressStyle::default_bar()),
            );
            bar.enable_steady_tick(TICK);
        }
        bar
    }
}

/// The progress of reading.
pub(super) struct Reading {
    bar: ProgressBar,
    rows: Cell<u64>,
    /// The months that are still to be read, and (`read`) those that this run has read.
    left: Cell<usize>,
    read: Cell<u32>,
    began: Instant,
}

impl Reading {
    pub(super) fn begins(&self, scope: &str, month: Period) {
        let (rows, left) = (self.rows.get(), self.time_left());
        self.bar.set_message(format!("{rows} rows, {left}; reading {month} of {scope}"));
    }

    pub(super) fn ended(&self, scope: &str, month: Period, rows: u64, pages: u64) {
        self.rows.set(self.rows.get() + rows);
        self.left.set(self.left.get().saturating_sub(1));
        self.read.set(self.read.get() + 1);
        self.bar.inc(1);
        let (months_left, left) = (self.left.get(), self.time_left());
        if self.bar.is_hidden() {
            info!(%month, rows, pages, months_left, "read; {left}");
        } else {
            self.bar
                .set_message(format!("{} rows, {left}; read {month} of {scope}", self.rows.get()));
        }
    }

    /// Returns the time left, by the months of this run: how long earlier ones took is not known.
    fn time_left(&self) -> String {
        match self.read.get() {
            0 => "time left not known yet".to_owned(),
            read => {
                let left = u32::try_from(self.left.get()).unwrap_or(u32::MAX);
                let time = (self.began.elapsed() / read).saturating_mul(left);
                format!("{} left", HumanDuration(time))
            }
        }
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// The progress of writing.
pub(super) struct Writing(ProgressBar);

impl Writing {
    pub(super) fn done(&self, samples: u64) {
        self.0.inc(samples);
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
