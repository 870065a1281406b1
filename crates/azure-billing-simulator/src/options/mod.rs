//! Options of a simulated enrollment: its data, and its faults.

mod control;
mod report;

use std::time::Duration;

use super::{anomaly::CostAnomaly, currency::Currency};

pub use self::{
    control::{ControlOptions, QueryColumns, QueryQuota},
    report::{ColumnNames, EmptyReport, HeaderCase, ReportFormat, ReportOptions},
};

/// The fewest rows of a day: every day has its special rows.
const SMALLEST_DAY: u64 = 16;

/// The options of an enrollment. Equal options and an equal first moment make an equal enrollment.
#[derive(Clone, Debug)]
pub struct Options {
    /// Chooses the data and the random faults.
    pub seed: u64,
    /// Days of history up to and including the day the simulator is made. Later days follow.
    pub days: u32,
    /// Azure resources in the enrollment.
    pub resources: usize,
    /// Rows of each day. `None`: two for each resource. At least 16.
    pub rows_per_day: Option<u64>,
    /// Calls a minute that each kind of scope may make before it is throttled. `None`: any number.
    pub requests_per_minute: Option<u32>,
    /// Share of calls, 0 to 1, that fail in a way chosen by the seed and the call's number.
    pub error_rate: f64,
    /// The wait before every answer.
    pub latency: Duration,
    /// The bearer token to insist on. `None`: any that is not empty.
    pub token: Option<String>,
    /// Answers a request by date with the whole current period, as seen in the wild.
    pub ignore_filter: bool,
    /// True if every cost is 0 while quantities and prices are not: the enrollment's "view charges"
    /// policy is off.
    pub hide_charges: bool,
    /// Readings of a whole period also contain third-party usage dated before that period.
    pub late_third_party: bool,
    /// Pages of one reading follow the data as it is refreshed, as Azure's do: rows can then be
    /// missed or repeated. Off: a reading shows the data of its first page's moment.
    pub drift: bool,
    /// Links begin with `https://`, for a simulator behind TLS.
    pub https_base: bool,
    /// The number of newest days without rows, today included: Azure's rating stands still.
    pub outage_days: u32,
    /// Services that cost more or less than usual.
    pub surges: Vec<CostAnomaly>,
    /// The currency of every row, and of the balance. `None`: most accounts pay in US dollars and
    /// one in euros, which no real enrollment mixes; balances are then of the dollars alone.
    pub currency: Option<Currency>,
    /// The way in which the asynchronous report is made.
    pub report: ReportOptions,
    /// The way in which Azure's own totals are made.
    pub control: ControlOptions,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 1,
            days: 60,
            resources: 400,
            rows_per_day: None,
            requests_per_minute: None,
            error_rate: 0.0,
            latency: Duration::ZERO,
            token: None,
            ignore_filter: false,
            hide_charges: false,
            late_third_party: true,
            drift: false,
            https_base: false,
            outage_days: 0,
            surges: Vec::new(),
            currency: None,
            report: ReportOptions::default(),
            control: ControlOptions::default(),
        }
    }
}

impl Options {
    /// Makes the whole history about `rows` rows long.
    #[must_use]
    pub fn total_rows(mut self, rows: u64) -> Self {
        self.rows_per_day = Some(rows.div_ceil(u64::from(self.days.max(1))));
        self
    }

    /// Returns the rows of each day once it has settled.
    pub(super) fn rows_of_a_day(&self) -> u64 {
        self.rows_per_day.unwrap_or(2 * self.resources as u64).max(SMALLEST_DAY)
    }
}
