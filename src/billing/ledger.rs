//! Rows added up by day: the unit in which Azure restates, and in which we replace.
//!
//! A ledger is the scratch of a page, the reading of a range of days, and the known days of a
//! scope: the same sums over other rows, so that merging one into another is one operation. Rows
//! are never kept. Nothing is de-duplicated: two identical rows are two charges.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use super::amount::Amount;
use super::arm_id::{ArmId, last_segment};
use super::charge::{Charge, ChargeType};
use super::families::Tables;
use super::names::{Named, Names};
use super::period::{DayRange, Period, day_of};
use super::row::row;
use super::strings::{Strings, Symbol, Translation};

/// A budget of a year looks back so far.
const MONTHS_KEPT: i32 = 12;

/// The tag keys that are counted, in the spelling of their label.
pub type TagKeys = Arc<[String]>;

/// The sums of one day.
#[derive(Clone, Debug, Default)]
pub(crate) struct Day {
    /// When the last reading of the day began; `None` while it is being read.
    pub(crate) read_at: Option<Timestamp>,
    pub(crate) rows: u64,
    pub(crate) usage_rows: u64,
    pub(crate) tables: Tables,
    pub(crate) names: Names,
}

/// Exact sums by day and series.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    pub(super) strings: Strings,
    pub(super) days: BTreeMap<Date, Day>,
    /// The bills of periods whose days were forgotten.
    months: BTreeMap<Period, Month>,
    /// When the sums of a period that was over last changed.
    changed: BTreeMap<Period, Timestamp>,
    pub(super) past: Past,
    tag_keys: TagKeys,
    /// Buffers of [`Ledger::add`].
    id: ArmId,
    tags: Vec<(Symbol, Symbol)>,
}

/// The bill of a closed period.
#[derive(Clone, Debug, Default)]
struct Month {
    strings: Strings,
    tables: Tables,
}

/// What outlives the days that were forgotten.
#[derive(Clone, Debug, Default)]
pub(super) struct Past {
    pub(super) newest_usage: Option<Date>,
    pub(super) currencies: BTreeSet<String>,
}

impl Ledger {
    /// Without days.
    pub fn new(tag_keys: TagKeys) -> Self {
        Self { tag_keys, ..Self::default() }
    }

    /// Adds a row to a day, which is the caller's choice: a row may count on another day than it is
    /// dated.
    pub fn add(&mut self, charge: &Charge<'_>, day: Date) {
        self.read_tags(charge);
        let Self { strings, days, id, tags, .. } = self;
        let row = row(charge, strings, id, tags);
        let day = days.entry(day).or_default();
        day.rows += 1;
        day.usage_rows += u64::from(charge.charge_type == ChargeType::Usage);
        day.tables.add(&row);
        if !id.as_str().is_empty() {
            let sent = charge.instance_name.trim();
            let name = if sent.is_empty() { last_segment(&charge.instance_id) } else { sent };
            let name = strings.intern(name);
            day.names.add(Named::Instance, row.instance_id, name, |symbol| strings.get(symbol));
        }
        let name = charge.subscription_name.trim();
        if !name.is_empty() {
            let name = strings.intern(name);
            day.names
                .add(Named::Subscription, row.subscription_id, name, |symbol| strings.get(symbol));
        }
    }

    /// The value of each configured key. Azure's tag names have no case.
    fn read_tags(&mut self, charge: &Charge<'_>) {
        let Self { strings, tags, tag_keys, .. } = self;
        tags.clear();
        tags.extend(tag_keys.iter().map(|key| {
            let sent = charge.tags.iter().find(|(sent, _)| sent.trim().eq_ignore_ascii_case(key));
            let value = sent.map_or("", |(_, value)| value.trim());
            (strings.intern(key), strings.intern(value))
        }));
    }

    /// Adds all sums of another ledger.
    pub fn absorb(&mut self, other: &Self) {
        let mut translation = Translation::new(&other.strings, &mut self.strings);
        for (date, theirs) in other.days.iter().filter(|(_, day)| day.rows > 0) {
            let ours = self.days.entry(*date).or_default();
            ours.rows += theirs.rows;
            ours.usage_rows += theirs.usage_rows;
            ours.tables.absorb(&theirs.tables, |symbol| translation.translate(symbol));
            for (what, id, name) in theirs.names.iter() {
                let (id, name) = (translation.translate(id), translation.translate(name));
                ours.names.add(what, id, name, |symbol| translation.text(symbol));
            }
        }
    }

    /// Puts a finished reading, which began at a moment, in the place of its days. A day that has no
    /// row in the reading is nothing, whatever it was before. Days still to come stay unread.
    pub fn replace(&mut self, range: DayRange, reading: &Self, began: Timestamp) {
        let period = Period::of(range.first);
        let before = self.scope_costs(period);
        self.days.retain(|day, _| !range.contains(*day));
        self.absorb(reading);
        let last = range.last.min(day_of(began));
        for day in range.first.series(1.day()).take_while(|day| *day <= last) {
            self.days.entry(day).or_default();
        }
        for (_, day) in self.days.range_mut(range.first..=range.last) {
            day.read_at = Some(began);
        }
        if self.scope_costs(period) != before {
            self.changed.insert(period, began);
        }
    }

    /// Keeps the bill of a closed period without its days.
    pub fn add_month(&mut self, period: Period, reading: &Self) {
        self.months.insert(period, reading.month(period));
    }

    fn month(&self, period: Period) -> Month {
        let mut month = Month::default();
        self.absorb_days(period, &mut month.strings, &mut month.tables);
        month
    }

    /// Adds up who pays for a period. Whether all of it is known.
    pub(crate) fn absorb_bill(
        &self,
        period: Period,
        strings: &mut Strings,
        tables: &mut Tables,
    ) -> bool {
        match self.months.get(&period) {
            Some(month) if !self.knows_all(period) => {
                let mut translation = Translation::new(&month.strings, strings);
                tables.absorb_bill(&month.tables, |symbol| translation.translate(symbol));
                true
            }
            _ => {
                self.absorb_days(period, strings, tables);
                self.knows_all(period)
            }
        }
    }

    fn absorb_days(&self, period: Period, strings: &mut Strings, tables: &mut Tables) {
        let range = period.days();
        let mut translation = Translation::new(&self.strings, strings);
        for (_, day) in self.days.range(range.first..=range.last) {
            tables.absorb_bill(&day.tables, |symbol| translation.translate(symbol));
        }
    }

    /// Whether the bill of a period can be told: from its days or because it was kept.
    pub fn knows(&self, period: Period) -> bool {
        self.months.contains_key(&period) || self.knows_all(period)
    }

    fn knows_all(&self, period: Period) -> bool {
        let range = period.days();
        self.days.range(range.first..=range.last).count() == range.count()
    }

    /// When the sums of a period that is over last changed.
    pub(crate) fn changed(&self, period: Period) -> Option<Timestamp> {
        self.changed.get(&period).copied()
    }

    /// The cost of a period by everything that tells charges apart, to see whether it changed.
    fn scope_costs(&self, period: Period) -> BTreeMap<[String; 4], Amount> {
        let range = period.days();
        let mut costs = BTreeMap::new();
        for (_, day) in self.days.range(range.first..=range.last) {
            for (key, amount) in &day.tables.scope_cost {
                let texts = key.map(|symbol| self.strings.get(symbol).to_owned());
                *costs.entry(texts).or_default() += *amount;
            }
        }
        costs
    }

    /// Frees the resources of the days before one: a closed period is asked who pays, not what ran.
    pub fn thin_before(&mut self, day: Date) {
        for (_, day) in self.days.range_mut(..day) {
            day.tables.thin();
            day.names.thin();
        }
    }

    /// The days that were read.
    pub fn known_days(&self) -> impl Iterator<Item = Date> {
        self.days.keys().copied()
    }

    /// Forgets the days before one, but not the bills of their periods, which currencies occurred
    /// in them and when usage was last seen.
    pub fn forget_before(&mut self, day: Date) {
        let gone: BTreeSet<Period> =
            self.days.range(..day).map(|(day, _)| Period::of(*day)).collect();
        for period in gone {
            if self.knows_all(period) {
                self.months.insert(period, self.month(period));
            }
        }
        let oldest = Period::of(day).months_before(MONTHS_KEPT);
        self.months.retain(|period, _| *period >= oldest);
        self.changed.retain(|period, _| *period >= oldest);
        let kept = self.days.split_off(&day);
        if self.days.is_empty() {
            self.days = kept;
            return;
        }
        let newest_usage = newest_usage(&self.days).or(self.past.newest_usage);
        self.past = Past { newest_usage, currencies: self.currencies() };
        self.days = kept;
        self.drop_unused_strings();
    }

    /// Empty again, with its memory kept for the next page: growing the tables of each page anew
    /// would cost more than adding up its rows.
    pub fn clear(&mut self) {
        for day in self.days.values_mut() {
            (day.rows, day.usage_rows) = (0, 0);
            day.tables.clear();
            day.names.clear();
        }
        self.strings.clear();
    }

    fn currencies(&self) -> BTreeSet<String> {
        self.currencies_in(self.days.values())
    }

    /// Every currency of a period.
    pub fn currencies_of(&self, period: Period) -> BTreeSet<String> {
        let range = period.days();
        self.currencies_in(self.days.range(range.first..=range.last).map(|(_, day)| day))
    }

    fn currencies_in<'a>(&self, days: impl Iterator<Item = &'a Day>) -> BTreeSet<String> {
        let keys = days.flat_map(|day| day.tables.scope_cost.keys());
        keys.map(|[.., currency]| self.strings.get(*currency).to_owned()).collect()
    }

    /// Stores again only the texts that days still need, whenever days were forgotten: resources come
    /// and go, and their ids would pile up.
    fn drop_unused_strings(&mut self) {
        let all = std::mem::take(&mut self.strings);
        let mut translation = Translation::new(&all, &mut self.strings);
        for day in self.days.values_mut() {
            let (mut tables, mut names) = (Tables::default(), Names::default());
            tables.absorb(&day.tables, |symbol| translation.translate(symbol));
            names.supersede(&day.names, |symbol| translation.translate(symbol));
            (day.tables, day.names) = (tables, names);
        }
    }
}

/// A purchase dated today must not hide that usage stopped coming.
pub(super) fn newest_usage(days: &BTreeMap<Date, Day>) -> Option<Date> {
    days.iter().rev().find(|(_, day)| day.usage_rows > 0).map(|(date, _)| *date)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn what_is_forgotten_leaves_no_text_behind() {
        let mut ledger = Ledger::default();
        let now = "2026-11-30T00:00:00Z".parse().unwrap();
        let mut most = 0;
        for day in 1..=28 {
            let mut reading = Ledger::default();
            let today = date(2026, 11, day);
            for number in 0..50 {
                let id = format!("/subscriptions/s/resourceGroups/g/x/pod-{day}-{number}");
                reading.add(&Charge { instance_id: id.into(), ..Charge::default() }, today);
            }
            ledger.replace(DayRange { first: today, last: today }, &reading, now);
            ledger.forget_before(date(2026, 11, (day - 3).max(1)));
            most = most.max(ledger.strings.len());
        }
        assert!(most < 5 * 110, "four days of fifty resources, and their names: {most}");
        assert_eq!(ledger.days.len(), 4);
    }
}
