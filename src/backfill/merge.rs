//! Merges the kept months: each series once, over all its months.
//!
//! OpenMetrics requires the samples of a family, and of each of its series, in one piece. Every
//! month has its series in the order of their labels, so that reading all months side by side
//! returns them that way, with only one series of each month in memory.

use std::collections::BTreeSet;

use anyhow::{Context, Result};

use super::job::BackfillJob;
use super::month_file::{KeptFamily, KeptSeries};
use super::series::Series;
use super::state::State;
use crate::billing::metric_families::PublishedFamily;
use crate::billing::period::{Period, end_of};
use crate::config::ExtraLabel;
use crate::metrics::{Described, PERIOD_START, SCOPE_INFO, info_values};
use crate::status::ScopeInfo;

/// The number of series after which other tasks get a turn, so that a signal need not wait for all.
const TURN: usize = 1000;

/// The amount of data to write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) series: u64,
    pub(super) samples: u64,
}

/// A family, as it is written.
pub(super) struct Family {
    pub(super) described: Described,
    source: Source,
}

/// The source of a family's series.
#[derive(Clone, Copy)]
enum Source {
    /// The family with this index in each kept month.
    Kept(usize),
    Info,
    PeriodStart,
}

/// The result of a job, once everything is read.
pub(super) struct History<'a> {
    pub(super) order: &'a BackfillJob,
    pub(super) state: &'a State,
    pub(super) families: Vec<Family>,
}

impl<'a> History<'a> {
    pub(super) fn new(order: &'a BackfillJob, state: &'a State) -> Self {
        let kept = |(index, family): (usize, &'static PublishedFamily)| {
            let PublishedFamily { name, help, labels, .. } = *family;
            Family { described: Described { name, help, labels }, source: Source::Kept(index) }
        };
        let mut families: Vec<_> =
            order.wanted.families().into_iter().enumerate().map(kept).collect();
        families.push(Family { described: SCOPE_INFO, source: Source::Info });
        families.push(Family { described: PERIOD_START, source: Source::PeriodStart });
        Self { order, state, families }
    }

    /// Counts what will be written, by reading it once.
    pub(super) async fn extent(&self) -> Result<Extent> {
        let months: Vec<Period> = self.order.months.iter().collect();
        let mut extent = Extent::default();
        for family in &self.families {
            for scope in 0..self.order.scopes.len() {
                let mut series = self.series(family, scope, &months)?;
                while let Some(series) = series.next().await? {
                    extent.series += 1;
                    extent.samples += series.samples.len() as u64;
                }
            }
        }
        Ok(extent)
    }

    /// Returns whether a scope is nested in another, by the newest month whose rows name a billing
    /// account. All months get the same value.
    fn is_nested(&self, scope: usize) -> Result<bool> {
        let mut billed_to = BTreeSet::new();
        for month in self.order.months.iter() {
            let kept = self.state.read_month(scope, month)?;
            if !kept.billing_accounts().is_empty() {
                billed_to.clone_from(kept.billing_accounts());
            }
        }
        let all = self.order.scopes.iter().map(|subject| &subject.info);
        Ok(self.order.scopes[scope].info.is_nested(&billed_to, all))
    }

    /// Returns the series of a family and scope over some months.
    pub(super) fn series(
        &self,
        family: &Family,
        scope: usize,
        months: &[Period],
    ) -> Result<Merge<'a>> {
        let mut merge = Merge {
            info: &self.order.scopes[scope].info,
            nested: match family.source {
                Source::Info => self.is_nested(scope)?,
                Source::Kept(_) | Source::PeriodStart => false,
            },
            names: family.described.labels,
            extra: &self.order.labels,
            months: Vec::new(),
            given: 0,
        };
        for &month in months {
            let (source, head) = match family.source {
                Source::Kept(index) => {
                    let mut kept = self.state.read_month(scope, month)?.family(index)?;
                    let head = kept.next()?;
                    (Some(kept), head)
                }
                Source::Info => (None, Some(merge.info(month))),
                Source::PeriodStart => (None, Some(period_start(month))),
            };
            merge.months.push(MonthOfMerge { month, source, head });
        }
        Ok(merge)
    }
}

/// Merges months that are read side by side.
pub(super) struct Merge<'a> {
    info: &'a ScopeInfo,
    /// True if the money of the scope is also in another; only set for the family that publishes
    /// it.
    nested: bool,
    names: &'static [&'static str],
    extra: &'a [ExtraLabel],
    months: Vec<MonthOfMerge>,
    given: usize,
}

struct MonthOfMerge {
    month: Period,
    source: Option<KeptFamily>,
    /// The next series of the month.
    head: Option<KeptSeries>,
}

impl<'a> Merge<'a> {
    /// Returns the next series, in the order of the labels.
    pub(super) async fn next(&mut self) -> Result<Option<Series<'a>>> {
        self.given += 1;
        if self.given.is_multiple_of(TURN) {
            tokio::task::yield_now().await;
        }
        let heads = self.months.iter().filter_map(|month| month.head.as_ref());
        let Some(first) = heads.map(|head| &head.labels).min().cloned() else { return Ok(None) };
        let mut samples = Vec::new();
        for month in &mut self.months {
            if month.head.as_ref().is_some_and(|head| head.labels == first) {
                month.take(&mut samples)?;
            }
        }
        let own = self.names.iter().copied().zip(first);
        let extra = self.extra.iter().map(|label| (label.name.as_str(), label.value.clone()));
        let labels = [("scope", self.info.label.clone())].into_iter().chain(own).chain(extra);
        Ok(Some(Series { labels: labels.collect(), samples }))
    }

    fn info(&self, month: Period) -> KeptSeries {
        let labels = info_values(&self.info.id, self.nested);
        every_day(month, labels.map(str::to_owned).to_vec(), 1.0)
    }
}

impl MonthOfMerge {
    /// Appends the samples of the current series, and moves to the next one.
    fn take(&mut self, samples: &mut Vec<(i64, f64)>) -> Result<()> {
        let next = match &mut self.source {
            Some(source) => source.next().with_context(|| format!("month {}", self.month))?,
            None => None,
        };
        if let Some(series) = std::mem::replace(&mut self.head, next) {
            let values = series.values.into_iter();
            samples.extend(values.map(|(day, value)| (last_second(self.month, day), value)));
        }
        Ok(())
    }
}

/// Returns the last second of a day. The first second of the next day could be in another month.
fn last_second(month: Period, day: u8) -> i64 {
    let days = jiff::ToSpan::days(i64::from(day) - 1);
    end_of(month.days().first.saturating_add(days)).as_second() - 1
}

fn period_start(month: Period) -> KeptSeries {
    every_day(month, Vec::new(), month.start().as_second() as f64)
}

fn every_day(month: Period, labels: Vec<String>, value: f64) -> KeptSeries {
    let days = 1..=month.days().last.day().unsigned_abs();
    KeptSeries { labels, values: days.map(|day| (day, value)).collect() }
}
