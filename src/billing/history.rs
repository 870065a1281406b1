//! A closed period as it would have been published day by day, if everything that is known now had
//! been known then.
//!
//! Every sample comes from the published families themselves, by a snapshot of each day, so that
//! names, labels and their order are those of the live series. Bounded families are folded by the
//! totals of the whole period, so that a series exists from the first day to the last.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::charge::ChargeType;
use super::daily_sums::{DailySums, Dated, DayBucket};
use super::families::{Combine, Folded, OTHER, Ranking, Tables};
use super::interner::{Interner, Sorted, Symbol, Translation, sorted};
use super::limits::Limits;
use super::metric_families::{FAMILIES, InHistory, PublishedFamily, limits};
use super::names::{DatedNames, NameList, Names, Spellings};
use super::period::Period;
use super::snapshot::{ServiceDays, Snapshot, expect};

/// The options of a history.
#[derive(Clone, PartialEq, Eq)]
pub struct HistoryOptions {
    /// The maximum number of series of each family.
    pub limits: Limits,
    /// True if resources have series as well.
    pub instances: bool,
}

/// Writes every limit, those that are the default as well: a file that was begun says what it was
/// begun with.
impl fmt::Debug for HistoryOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HistoryOptions { limits: ")?;
        let mut all = f.debug_struct("Limits");
        for limit in limits() {
            all.field(limit.key, &self.limits.of(limit));
        }
        all.finish()?;
        write!(f, ", instances: {} }}", self.instances)
    }
}

impl HistoryOptions {
    /// Returns the families that have a history, in the order of publication: costs of the period
    /// to date, and every family of the previous period.
    pub fn families(&self) -> Vec<&'static PublishedFamily> {
        let is_wanted = |family: &&PublishedFamily| match family.history {
            InHistory::Yes => true,
            InHistory::Resources => self.instances,
            InHistory::No => false,
        };
        FAMILIES.iter().filter(is_wanted).collect()
    }
}

/// The part of a period that the next one needs: its sums, and the names of what they are of.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Bill {
    strings: Interner,
    tables: Tables,
    names: Names,
}

/// The values of one series: the day of the month, and the value that was published on it.
pub type DayValues = Vec<(u8, f64)>;
/// The series of a family by their label values besides `scope`, in order.
pub type FamilySeries = BTreeMap<Vec<String>, DayValues>;

/// A period of a scope, day by day.
pub struct Month {
    /// The series by family, in the order of [`HistoryOptions::families`].
    pub families: Vec<FamilySeries>,
    /// The bill, for the next period.
    pub bill: Bill,
}

/// The error that there are more different texts than fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("more than 2 GB of different texts")]
pub struct TooManyTexts;

/// Computes a closed period from all its rows. `before` is the bill of the previous period, if that
/// is known.
///
/// # Errors
/// Returns [`TooManyTexts`] if both together have too many.
pub fn month(
    reading: &DailySums,
    period: Period,
    before: Option<&Bill>,
    wanted: &HistoryOptions,
) -> Result<Month, TooManyTexts> {
    let mut days = Days::of(reading, period, before)?;
    let ranking = days.rank(wanted);
    let families = wanted.families();
    let mut series = vec![FamilySeries::new(); families.len()];
    for date in first_to_last(period) {
        days.go_on(date, &ranking, wanted);
        let day = date.day().unsigned_abs();
        for (family, series) in families.iter().zip(&mut series) {
            family.each(&days.snapshot, &mut |labels, value| {
                let labels = labels.iter().map(|label| (*label).to_owned()).collect();
                series.entry(labels).or_default().push((day, value.to_f64()));
            });
        }
    }
    Ok(Month { families: series, bill: days.bill })
}

fn first_to_last(period: Period) -> impl Iterator<Item = Date> {
    let days = period.days();
    days.first.series(jiff::ToSpan::days(1)).take_while(move |day| *day <= days.last)
}

/// A period that advances day by day. Symbols are in the order of their texts.
struct Days<'a> {
    reading: &'a DailySums,
    rank: Vec<Symbol>,
    /// The snapshot that is published at the end of a day.
    snapshot: Snapshot,
    spellings: Spellings,
    bill: Bill,
    /// The currencies of the previous period.
    expected: Vec<Symbol>,
}

impl<'a> Days<'a> {
    fn of(
        reading: &'a DailySums,
        period: Period,
        before: Option<&Bill>,
    ) -> Result<Self, TooManyTexts> {
        let mut strings = reading.strings.clone();
        for text in ["", OTHER, ChargeType::Usage.as_str()] {
            strings.intern(text);
        }
        let mut names = DatedNames::default();
        let mut previous = None;
        if let Some(bill) = before {
            let mut translation = Translation::new(bill.strings.texts(), &mut strings);
            let mut symbol = |symbol| translation.translate(symbol);
            let tables = previous.insert(Tables::default());
            tables.combine_bill(Combine::Add, &bill.tables, &mut symbol);
            for (named, name) in bill.names.iter() {
                let (named, name) = (named.translated(&mut symbol), symbol(name));
                // Each has one name, so texts are not compared.
                names.add(named, name, period.before().days().last, |_| "".into());
            }
        }
        for (bucket, day) in own_days(reading, period) {
            for (named, name) in day.names.iter() {
                names.add(named, name, bucket.date, |symbol| strings.get(symbol));
            }
        }
        if strings.overflowed() {
            return Err(TooManyTexts);
        }
        let (ordered, new) = sorted(&strings);
        let rank = strings.texts().symbols().map(&new).collect();
        let (names, spellings) = names.undated(&new);
        let previous = previous.map(|tables| {
            let mut ranked = Tables::default();
            ranked.combine_bill(Combine::Add, &tables, &new);
            ranked.spell(&spellings);
            ranked
        });
        let mut expected: Vec<Symbol> = previous
            .iter()
            .flat_map(|tables: &Tables| tables.scope_cost.keys())
            .map(|[.., currency]| *currency)
            .collect();
        expected.sort_unstable();
        expected.dedup();
        let snapshot = snapshot(period, ordered, names, previous);
        Ok(Self { reading, rank, snapshot, spellings, bill: Bill::default(), expected })
    }

    /// Ranks the totals of the whole period, and keeps them as the bill for the next one.
    fn rank(&mut self, wanted: &HistoryOptions) -> Ranking {
        let mut total = Tables::default();
        for (_, day) in own_days(self.reading, self.snapshot.period) {
            total.combine(Combine::Add, &day.tables, |symbol| self.rank[symbol.index()]);
        }
        let strings = &self.snapshot.strings;
        self.bill = Bill::of(&total, &self.snapshot.names, &self.spellings, strings);
        total.spell(&self.spellings);
        if let Some(previous) = &mut self.snapshot.previous {
            previous.fold(&wanted.limits, strings, &mut Folded::new());
        }
        total.fold(&wanted.limits, strings, &mut Folded::new())
    }

    /// Advances the snapshot by a day.
    fn go_on(&mut self, date: Date, ranking: &Ranking, wanted: &HistoryOptions) {
        let current = &mut self.snapshot.current;
        let strings = &self.snapshot.strings;
        // Removes the zeros of yesterday: they have no rows, because nothing was billed.
        current.scope_cost.retain(|_, sum| sum.rows > 0);
        for dated in Dated::ALL {
            let Some(day) = self.reading.days.get(&DayBucket { date, dated }) else {
                continue;
            };
            let mut added = Tables::default();
            let rank = |symbol: Symbol| self.rank[symbol.index()];
            if wanted.instances {
                added.combine(Combine::Add, &day.tables, rank);
            } else {
                added.combine_bill(Combine::Add, &day.tables, rank);
            }
            added.spell(&self.spellings);
            added.fold_like(ranking, &wanted.limits, strings);
            current.combine(Combine::Add, &added, |symbol| symbol);
        }
        // As in live series, a currency of the previous period is 0 until rows arrive.
        expect(&mut current.scope_cost, self.expected.iter().copied(), strings);
    }
}

impl Bill {
    fn of(total: &Tables, names: &NameList, spellings: &Spellings, strings: &Sorted) -> Self {
        let mut bill = Self::default();
        let mut translation = Translation::new(strings.texts(), &mut bill.strings);
        bill.tables.combine_bill(Combine::Add, total, |symbol| translation.translate(symbol));
        bill.names = spellings.of_bill(names, |symbol| translation.translate(symbol));
        bill
    }
}

/// Returns the days of a reading that count. An answer may contain others, which were not
/// requested.
fn own_days(
    reading: &DailySums,
    period: Period,
) -> impl Iterator<Item = (&DayBucket, &super::daily_sums::Day)> {
    let range = period.days();
    reading.days.iter().filter(move |(bucket, _)| range.contains(bucket.date))
}

/// Returns a snapshot with what a closed period has: no windows of days, no forecast.
fn snapshot(
    period: Period,
    strings: Sorted,
    names: NameList,
    previous: Option<Tables>,
) -> Snapshot {
    Snapshot {
        period,
        strings,
        names,
        current: Tables::default(),
        previous,
        previous_changed: None,
        previous_settled: true,
        newest_usage: None,
        latest_complete: None,
        dates: Default::default(),
        period_controls: Default::default(),
        day_differences: Default::default(),
        verified_cost: Default::default(),
        seal: None,
        statement: Default::default(),
        months: Default::default(),
        degraded_rows: Default::default(),
        charges_visible: true,
        billing_accounts: Default::default(),
        daily: BTreeMap::new(),
        latest_day: BTreeMap::new(),
        usual_day: BTreeMap::new(),
        services: ServiceDays::default(),
        forecast: BTreeMap::new(),
        budgets: Vec::new(),
        folded: Folded::new(),
    }
}
