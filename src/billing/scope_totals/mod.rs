//! The totals of a scope: the sums of its periods, and a summary of each of its days.
//!
//! Whole days are not here: the caller passes the old day when a new one replaces it. A period is
//! then its total less the old day plus the new one, which is lossless because sums are exact, so
//! that memory grows with what was billed and not with the number of days. Everything that is
//! published is computed from the totals and the rules, so totals that are read from the disk
//! publish the same bytes.
//!
//! `entry` replaces days, `control` compares them with Azure's own totals, `closing` opens and closes
//! periods, `months` records them whole, `knowledge` has the queries, and `evidence` those of how far
//! the sums can be trusted.

mod closing;
mod control;
mod entry;
mod evidence;
mod knowledge;
mod months;
mod seal;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::control::DayControl;
use super::daily_sums::DayBucket;
use super::day_summary::DaySummary;
use super::families::Tables;
use super::interner::{Interner, Symbol};
use super::names::DatedNames;
use super::period::Period;
use super::reconciliation::MonthRecord;
use super::statement::Statement;

pub use entry::Orphans;

/// All that is known of a scope besides the rows of its days.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ScopeTotals {
    pub(super) strings: Interner,
    /// The open period, which is published.
    pub(super) open: Option<Period>,
    /// The time at which the newest reading began.
    pub(super) read_at: Option<Timestamp>,
    pub(super) days: BTreeMap<DayBucket, DaySummary>,
    pub(super) periods: BTreeMap<Period, PeriodTotals>,
    pub(super) names: DatedNames,
    pub(super) past: Past,
    /// Azure's own totals of kept days.
    control: BTreeMap<Date, DayControl>,
    /// The time at which Azure was last asked for totals.
    control_asked_at: Option<Timestamp>,
    /// What Azure has stated beside rows.
    pub(super) statement: Statement,
    /// The newest months, whose sums stay when their days are forgotten.
    months: BTreeMap<Period, MonthRecord>,
}

/// The totals of a period.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct PeriodTotals {
    /// The sums; of a closed period only those that a bill needs.
    pub(super) tables: Tables,
    /// The time at which its late rows were last requested.
    late_asked_at: Option<Timestamp>,
    /// The time at which its sums last changed.
    changed: Option<Timestamp>,
    /// The part of its days that is left.
    retention: Retention,
}

/// The part of a period's days that is left.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
enum Retention {
    /// All days that were read.
    #[default]
    Days,
    /// The sums of all its days, of which some or all were forgotten, and the tag keys by which
    /// they are known.
    Bill(Vec<Symbol>),
    /// The sums of some of its days, which are unusable.
    Rest,
}

/// The facts that are kept of forgotten days.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Past {
    pub(super) newest_usage: Option<Date>,
    pub(super) currencies: BTreeSet<String>,
}
