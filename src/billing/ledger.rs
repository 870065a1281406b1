//! Rows added up by day: the unit in which Azure restates, and in which we replace.
//!
//! A ledger is a reading or one stored day: the same sums over other rows, so that merging one into
//! another is one operation. Rows are never kept. Nothing is de-duplicated: two identical rows are two
//! charges. What is known of a scope beside its days stands in [`super::books`]; the many rows of a
//! reading are added up in [`super::gathering`] first.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::charge::ChargeType;
use super::families::{Combine, Tables};
use super::gathering::Extract;
use super::names::{Named, Names};
use super::period::Period;
use super::row::Item;
use super::strings::{Strings, Symbol, Translation};

/// The tag keys that are counted, in the spelling of their label.
pub type TagKeys = Arc<[String]>;

/// Where rows count: on a day, as one of two kinds that are read by different questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Slot {
    /// The day.
    pub date: Date,
    /// Which of its rows.
    pub part: Part,
}

/// The two kinds of rows of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Part {
    /// Rows that are dated on the day.
    Own,
    /// Rows of the day's period that are dated outside of it, as late usage of third parties is.
    /// They count on the nearest day. A reading by date never shows them, so it must not replace
    /// them either.
    Guests,
}

impl Slot {
    /// The rows that are dated on a day.
    pub fn own(date: Date) -> Self {
        Self { date, part: Part::Own }
    }

    /// Where a row dated on a day counts in a period that it is billed in.
    pub fn of_period(date: Date, period: Period) -> Self {
        let days = period.days();
        let part = if days.contains(date) { Part::Own } else { Part::Guests };
        Self { date: days.nearest(date), part }
    }
}

/// The sums of a slot.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Day {
    pub(crate) rows: u64,
    pub(crate) usage_rows: u64,
    pub(crate) tables: Tables,
    pub(crate) names: Names,
}

/// Exact sums by slot and series.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Ledger {
    pub(super) strings: Strings,
    pub(super) days: BTreeMap<Slot, Day>,
    #[serde(skip)]
    tag_keys: TagKeys,
}

impl Ledger {
    /// Without days.
    pub fn new(tag_keys: TagKeys) -> Self {
        Self { tag_keys, ..Self::default() }
    }

    /// Adds what a slot of a gathering holds.
    pub(crate) fn enter(&mut self, slot: Slot, extract: &Extract<'_>) {
        let day = self.days.entry(slot).or_default();
        let mut known = Vec::<Symbol>::with_capacity(extract.texts.len());
        for form in &extract.texts {
            known.push(self.strings.form(form.translated(|part| known[part.index()])));
        }
        let symbol = |symbol: Symbol| known[symbol.index()];
        let usage = self.strings.find(ChargeType::Usage.as_str());
        for (resource, amounts, name) in &extract.resources {
            let resource = resource.translated(symbol);
            day.tables.add_resource(&resource, *amounts);
            day.name(Named::Instance, resource.instance_id, symbol(*name), &self.strings);
        }
        for (item, amounts) in &extract.items {
            let item = item.translated(symbol);
            day.tables.add_item(&item, *amounts);
            let Item { subscription_id, subscription_name, .. } = item;
            day.name(Named::Subscription, subscription_id, subscription_name, &self.strings);
            let rows = u64::from(amounts.rows);
            day.rows += rows;
            day.usage_rows += if usage == Some(item.charge_type) { rows } else { 0 };
        }
        for (tag, amounts) in &extract.tags {
            day.tables.add_tag(&tag.translated(symbol), *amounts);
        }
    }

    /// The keys that rows were asked for.
    pub fn tag_keys(&self) -> &TagKeys {
        &self.tag_keys
    }

    /// Adds all sums of another ledger.
    pub fn absorb(&mut self, other: &Self) {
        let mut translation = Translation::new(other.strings.texts(), &mut self.strings);
        for (slot, theirs) in other.days.iter().filter(|(_, day)| day.rows > 0) {
            self.days.entry(*slot).or_default().absorb(theirs, &mut translation);
        }
    }

    /// One slot by itself, which is how it is stored. Empty where nothing is known of it.
    pub fn only(&self, slot: Slot) -> Self {
        let mut only = Self::new(self.tag_keys.clone());
        if let Some(day) = self.days.get(&slot) {
            let mut translation = Translation::new(self.strings.texts(), &mut only.strings);
            only.days.entry(slot).or_default().absorb(day, &mut translation);
        }
        only
    }

    /// The same rows as a reading of a whole billing period: those that are dated elsewhere are its
    /// guests.
    pub fn into_period(mut self, period: Period) -> Self {
        let mut days = BTreeMap::<Slot, Day>::new();
        for (slot, theirs) in std::mem::take(&mut self.days) {
            match days.entry(Slot::of_period(slot.date, period)) {
                std::collections::btree_map::Entry::Vacant(free) => _ = free.insert(theirs),
                std::collections::btree_map::Entry::Occupied(mut day) => {
                    day.get_mut().combine_within(&theirs, &self.strings);
                }
            }
        }
        self.days = days;
        self
    }

    /// Frees the resources: a closed period is asked who pays, not what ran.
    pub(super) fn thin(&mut self) {
        for day in self.days.values_mut() {
            day.tables.thin();
            day.names.thin();
        }
    }

    /// The slots that have rows, and how many.
    pub fn rows_by_slot(&self) -> impl Iterator<Item = (Slot, u64)> {
        let used = self.days.iter().filter(|(_, day)| day.rows > 0);
        used.map(|(slot, day)| (*slot, day.rows))
    }

    /// How many sums by resource there are: what a ledger takes up.
    pub fn sums(&self) -> usize {
        self.days.values().map(|day| day.tables.instance_cost.len()).sum()
    }

    /// How many rows there are.
    pub fn rows(&self) -> u64 {
        self.days.values().map(|day| day.rows).sum()
    }

    /// The newest day with usage.
    pub fn newest_usage(&self) -> Option<Date> {
        let used = self.days.iter().rev().find(|(_, day)| day.usage_rows > 0);
        used.map(|(slot, _)| slot.date)
    }

    /// Every currency.
    pub fn currencies(&self) -> BTreeSet<String> {
        let keys = self.days.values().flat_map(|day| day.tables.scope_cost.keys());
        keys.map(|[.., currency]| self.strings.get(*currency).into_owned()).collect()
    }
}

#[cfg(test)]
impl Ledger {
    /// Every sum and name by its texts.
    pub(crate) fn told(&self) -> BTreeSet<String> {
        let mut told = BTreeSet::new();
        for (slot, day) in &self.days {
            let mut tell = |what: &str, key: &[Symbol], sum: &str| {
                let key: Vec<_> = key.iter().map(|symbol| self.strings.get(*symbol)).collect();
                told.insert(format!("{slot:?} {what} {key:?} {sum}"));
            };
            tell("rows", &[], &format!("{} {}", day.rows, day.usage_rows));
            day.tables.each(&mut |what, key, sum| tell(what, key, &format!("{sum:?}")));
            for (what, id, name) in day.names.iter() {
                tell(&format!("{what:?}"), &[id, name], "");
            }
        }
        told
    }
}

impl Day {
    /// Notes what an id is called, if it has both.
    fn name(&mut self, what: Named, id: Symbol, name: Symbol, strings: &Strings) {
        let blank = |symbol| strings.get(symbol).is_empty();
        // A subscription may have a name and no id; a resource has both or none.
        if !blank(name) {
            self.names.add(what, id, name, |symbol| strings.get(symbol));
        }
    }

    fn absorb(&mut self, other: &Self, translation: &mut Translation<'_>) {
        self.rows += other.rows;
        self.usage_rows += other.usage_rows;
        self.tables.combine(Combine::Add, &other.tables, |symbol| translation.translate(symbol));
        for (what, id, name) in other.names.iter() {
            let (id, name) = (translation.translate(id), translation.translate(name));
            self.names.add(what, id, name, |symbol| translation.text(symbol));
        }
    }

    /// Adds a day of the same ledger.
    fn combine_within(&mut self, other: &Self, strings: &Strings) {
        self.rows += other.rows;
        self.usage_rows += other.usage_rows;
        self.tables.combine(Combine::Add, &other.tables, |symbol| symbol);
        for (what, id, name) in other.names.iter() {
            self.names.add(what, id, name, |symbol| strings.get(symbol));
        }
    }
}
