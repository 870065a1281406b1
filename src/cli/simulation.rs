//! Flags of the simulation: the simulated Azure and its enrollment.

use std::time::Duration;

use clap::{Args, value_parser};
use exporter_web::ListenAddress;

use super::{ADDRESS, LISTEN};
use crate::config::parse_duration;
use azure_billing_simulator::{CostAnomaly, Currency};

/// Flags of `simulate`.
#[derive(Args, Clone, Debug)]
#[command(
    after_help = "Example:\n  azure-billing-exporter simulate --rows 1000000 --error-rate 0.05"
)]
pub struct SimulateArgs {
    /// Address to listen on, repeatable
    #[arg(long = LISTEN, value_name = ADDRESS, default_value = "127.0.0.1:10541")]
    pub listen_address: Vec<ListenAddress>,
    /// The enrollment that is made up.
    #[command(flatten)]
    pub enrollment: EnrollmentArgs,
    /// Requests a minute for each type of scope before 429; without it there is no limit
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    pub requests_per_minute: Option<u32>,
    /// Share of requests answered with an error
    #[arg(long, value_name = "0..1", default_value_t = 0.0, value_parser = share)]
    pub error_rate: f64,
    /// Time each answer takes, for example 200ms
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = latency)]
    pub latency: Duration,
    /// Refreshes, of four hours each, by which Azure's own totals are ahead of the rows; -1 is behind
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true)]
    #[arg(value_parser = value_parser!(i32).range(-6..=6))]
    pub totals_ahead: i32,
}

/// The enrollment that is made up: the same flags, the same rows.
#[derive(Args, Clone, Debug)]
pub struct EnrollmentArgs {
    /// Number the data is made from: the same seed gives the same rows
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Days of usage up to today
    #[arg(long, value_name = "N", default_value_t = 60)]
    #[arg(value_parser = value_parser!(u32).range(1..=1100))]
    pub days: u32,
    /// Resources of the enrollment
    #[arg(long, value_name = "N", default_value_t = 400)]
    #[arg(value_parser = value_parser!(u32).range(1..))]
    pub resources: u32,
    /// Rows of all days together; without it, two for each resource and day
    #[arg(long, value_name = "N", value_parser = value_parser!(u64).range(1..))]
    pub rows: Option<u64>,
    /// Set the usage of a service to PERCENT of what it was, from a day on; repeatable
    ///
    /// Example: --surge 'Log Analytics=200@2026-11-20'
    #[arg(long, value_name = "SERVICE=PERCENT@YYYY-MM-DD")]
    pub surge: Vec<CostAnomaly>,
    /// Newest days without any usage, as if Azure had not rated them yet
    #[arg(long = "outage-days", value_name = "N", default_value_t = 0)]
    pub outage_days: u32,
    /// Currency of every row: USD, EUR, JPY or KWD; without it, one account of six pays in EUR
    #[arg(long, value_name = "CODE")]
    pub currency: Option<Currency>,
    /// Days after the end of a month until rows take the rounding of its invoice away
    #[arg(long, value_name = "DAYS", value_parser = value_parser!(u8).range(1..=25))]
    pub rounding_after: Option<u8>,
}

fn share(text: &str) -> Result<f64, &'static str> {
    let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or("use a number from 0 to 1, for example 0.05")
}

fn latency(text: &str) -> Result<Duration, String> {
    if text == "0s" { Ok(Duration::ZERO) } else { parse_duration(text) }
}
