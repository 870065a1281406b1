//! Rows added up by day: the unit in which Azure restates, and in which we replace.
//!
//! A ledger is the scratch of a page, the reading of a range of days, and the known days of a
//! scope: the same sums over other rows, so that merging one into another is one operation. Rows
//! are never kept. Nothing is de-duplicated: two identical rows are two charges.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use jiff::civil::Date;

use super::amount::Amount;
use super::arm_id::{ArmId, last_segment};
use super::charge::{Charge, ChargeType, pricing_model};
use super::families::{ScopeCost, Tables};
use super::period::{DayRange, Period, end_of};
use super::regions::location;
use super::snapshot::Snapshot;
use super::strings::{Strings, Symbol, Translation};

/// A charge in symbols, normalised: what a family sees of a row.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub(crate) subscription_id: Symbol,
    pub(crate) resource_group: Symbol,
    pub(crate) instance_id: Symbol,
    pub(crate) location: Symbol,
    pub(crate) currency: Symbol,
    pub(crate) unit: Symbol,
    pub(crate) charge_type: ChargeType,
    pub(crate) publisher_type: Symbol,
    pub(crate) pricing_model: Symbol,
    pub(crate) cost: Amount,
    pub(crate) quantity: Amount,
}

/// What resources are called. Part of a day's sums, so that a replaced day takes its names along.
#[derive(Clone, Debug, Default)]
pub struct Names(HashMap<Symbol, Symbol, foldhash::fast::RandomState>);

impl Names {
    /// The name of a resource; empty for rows without one.
    pub fn of<'a>(&self, id: Symbol, strings: &'a Strings) -> &'a str {
        self.0.get(&id).map_or("", |&name| strings.get(name))
    }

    /// Where rows of one day disagree the lesser spelling wins, so that their order means nothing.
    fn add<'a>(&mut self, id: Symbol, name: Symbol, text: impl Fn(Symbol) -> &'a str) {
        let known = self.0.entry(id).or_insert(name);
        if *known != name && text(name) < text(*known) {
            *known = name;
        }
    }

    /// The spelling of a later day wins.
    pub(crate) fn supersede(&mut self, later: &Self, mut symbol: impl FnMut(Symbol) -> Symbol) {
        self.0.extend(later.0.iter().map(|(&id, &name)| (symbol(id), symbol(name))));
    }
}

/// The sums of one day.
#[derive(Clone, Debug, Default)]
struct Day {
    usage_rows: u64,
    tables: Tables,
    names: Names,
}

/// Exact sums by day and series.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    strings: Strings,
    days: BTreeMap<Date, Day>,
    past: Past,
    id: ArmId,
}

/// What outlives the days that were forgotten.
#[derive(Clone, Debug, Default)]
struct Past {
    newest_usage: Option<Date>,
    currencies: BTreeSet<String>,
}

impl Ledger {
    /// Adds a row to a day, which is the caller's choice: a row may count on another day than it is
    /// dated.
    pub fn add(&mut self, charge: &Charge<'_>, day: Date) {
        let row = self.row(charge);
        let day = self.days.entry(day).or_default();
        day.usage_rows += u64::from(row.charge_type == ChargeType::Usage);
        day.tables.add(&row);
        if !self.id.as_str().is_empty() {
            let sent = charge.instance_name.trim();
            let name = if sent.is_empty() { last_segment(&charge.instance_id) } else { sent };
            let name = self.strings.intern(name);
            day.names.add(row.instance_id, name, |symbol| self.strings.get(symbol));
        }
    }

    fn row(&mut self, charge: &Charge<'_>) -> Row {
        let Self { strings, id, .. } = self;
        id.read(&charge.instance_id);
        let lower = |text: &str| text.trim().to_lowercase();
        let subscription_id = match id.subscription() {
            Some(subscription) => strings.intern(subscription),
            None => strings.intern(&lower(&charge.subscription_id)),
        };
        let resource_group = match id.resource_group() {
            Some(group) => strings.intern(group),
            None => strings.intern(&lower(&charge.resource_group)),
        };
        Row {
            subscription_id,
            resource_group,
            instance_id: strings.intern(id.as_str()),
            location: strings.intern(&location(&charge.location)),
            currency: strings.intern(&charge.currency.trim().to_uppercase()),
            unit: strings.intern(charge.unit.trim()),
            charge_type: charge.charge_type,
            publisher_type: strings.intern(&lower(&charge.publisher_type)),
            pricing_model: strings.intern(&pricing_model(&charge.pricing_model)),
            cost: charge.cost,
            quantity: charge.quantity,
        }
    }

    /// Adds all sums of another ledger.
    pub fn absorb(&mut self, other: &Self) {
        let mut translation = Translation::new(&other.strings, &mut self.strings);
        for (date, theirs) in &other.days {
            let ours = self.days.entry(*date).or_default();
            ours.usage_rows += theirs.usage_rows;
            ours.tables.absorb(&theirs.tables, |symbol| translation.translate(symbol));
            for (&id, &name) in &theirs.names.0 {
                let (id, name) = (translation.translate(id), translation.translate(name));
                ours.names.add(id, name, |symbol| translation.text(symbol));
            }
        }
    }

    /// Puts a finished reading in the place of its days. A day of the range that has no row in the
    /// reading is nothing, whatever it was before.
    pub fn replace(&mut self, range: DayRange, reading: &Self) {
        self.days.retain(|day, _| !range.contains(*day));
        self.drop_unused_strings();
        self.absorb(reading);
    }

    /// Forgets the days before one, but not which currencies occurred in them and when usage was
    /// last seen.
    pub fn forget_before(&mut self, day: Date) {
        let kept = self.days.split_off(&day);
        let newest_usage = newest_usage(&self.days).or(self.past.newest_usage);
        if !self.days.is_empty() {
            self.past = Past { newest_usage, currencies: self.currencies() };
        }
        self.days = kept;
        self.drop_unused_strings();
    }

    /// Empty again, with its memory kept for the next page.
    pub fn clear(&mut self) {
        self.days.clear();
        self.strings.clear();
    }

    fn currencies(&self) -> BTreeSet<String> {
        let keys = self.days.values().flat_map(|day| day.tables.scope_cost.keys());
        keys.map(|key| self.strings.get(key.currency()).to_owned()).collect()
    }

    /// The sums of a period as they were read at a moment. A currency of the days before it counts
    /// as zero usage until rows arrive.
    pub fn snapshot(&self, period: Period, read_at: Timestamp) -> Snapshot {
        let mut strings = Strings::default();
        let (mut tables, mut names) = (Tables::default(), Names::default());
        let mut translation = Translation::new(&self.strings, &mut strings);
        let range = period.days();
        for (_, day) in self.days.range(range.first..=range.last) {
            tables.absorb(&day.tables, |symbol| translation.translate(symbol));
            names.supersede(&day.names, |symbol| translation.translate(symbol));
        }
        let none = strings.intern("");
        for currency in &self.past.currencies {
            let usage = ScopeCost::usage_in(strings.intern(currency), none);
            if !tables.scope_cost.keys().any(|key| key.currency() == usage.currency()) {
                tables.scope_cost.insert(usage, Amount::ZERO);
            }
        }
        let newest_usage = newest_usage(&self.days).or(self.past.newest_usage);
        let newest_usage = newest_usage.map(|day| end_of(day).min(read_at));
        Snapshot::new(period, newest_usage, &strings, &tables, &names)
    }

    /// Strings go only with the last day: while any day lives, its keys need them.
    fn drop_unused_strings(&mut self) {
        if self.days.is_empty() {
            self.strings = Strings::default();
        }
    }
}

/// A purchase dated today must not hide that usage stopped coming.
fn newest_usage(days: &BTreeMap<Date, Day>) -> Option<Date> {
    days.iter().rev().find(|(_, day)| day.usage_rows > 0).map(|(date, _)| *date)
}
