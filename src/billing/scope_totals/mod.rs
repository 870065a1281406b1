//! The totals of a scope: what its periods add up to, and what is known of each of its days.
//!
//! Whole days are not here; whoever keeps them hands an old one in when a new one takes its place.
//! A period is then its total less the old day plus the new one, which exact sums make lossless, so
//! that memory grows with what was billed and not with the number of days. Everything that is
//! published follows from the totals and the rules, so totals that come back from the disk publish
//! the same bytes.
//!
//! `entry` replaces days, `closing` lets time go by, `knowledge` answers questions, `evidence` those
//! about how far the sums can be trusted.

mod closing;
mod entry;
mod evidence;
mod knowledge;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::daily_sums::DayBucket;
use super::day_summary::DaySummary;
use super::families::Tables;
use super::interner::{Interner, Symbol};
use super::names::DatedNames;
use super::period::Period;

pub use entry::Orphans;

/// All that is known of a scope beside the rows of its days.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ScopeTotals {
    pub(super) strings: Interner,
    /// The period that is published.
    pub(super) open: Option<Period>,
    /// When the newest reading began.
    pub(super) read_at: Option<Timestamp>,
    pub(super) days: BTreeMap<DayBucket, DaySummary>,
    pub(super) periods: BTreeMap<Period, PeriodTotals>,
    pub(super) names: DatedNames,
    pub(super) past: Past,
    /// Whether Azure was seen to answer a reading by date with the whole period.
    filter_ignored: bool,
    /// Whether it was seen to answer a reading of late rows so.
    late_unfiltered: bool,
    /// When it last gave no report.
    reports_refused_at: Option<Timestamp>,
}

/// What a period adds up to.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct PeriodTotals {
    /// Of a closed period only what is asked of a bill.
    pub(super) tables: Tables,
    /// When its late rows were last asked for.
    late_asked_at: Option<Timestamp>,
    /// When it was last read by a report.
    reported_at: Option<Timestamp>,
    /// When its sums last changed.
    changed: Option<Timestamp>,
    /// What is left of its days.
    left: Retention,
}

/// What is left of the days of a period.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
enum Retention {
    /// All that were read.
    #[default]
    Days,
    /// The sums of all its days, of which some or all were forgotten, and the tag keys by which
    /// they are known.
    Bill(Vec<Symbol>),
    /// The sums of some of its days: worth nothing.
    Rest,
}

/// What outlives the days that were forgotten.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Past {
    pub(super) newest_usage: Option<Date>,
    pub(super) currencies: BTreeSet<String>,
}
