//! Rows added up by day: the unit in which Azure restates, and in which we replace.
//!
//! A [`DailySums`] is a reading or one stored day: the same sums over other rows, so that merging one into
//! another is one operation. Rows are never kept. Nothing is de-duplicated: two identical rows are two
//! charges. What is known of a scope beside its days stands in [`super::scope_totals`]; the many rows of a
//! reading are added up in [`super::row_accumulator`] first.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::caseless::Caseless;
use super::charge::ChargeType;
use super::families::{Combine, Tables};
use super::interner::{Interner, Symbol, Translation};
use super::names::{Named, Names};
use super::period::Period;
use super::row::{Amounts, ChargeKey, Tag};
use super::row_accumulator::BucketExport;

/// The tag keys that are counted, in the spelling of their label.
pub type TagKeys = Arc<[String]>;

/// Where rows count: on a day, as one of two kinds that are read by different questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DayBucket {
    /// The day.
    pub date: Date,
    /// Which of its rows.
    pub dated: Dated,
}

/// The kinds of rows of a day, each read by other questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Dated {
    /// Rows that are dated on the day.
    InDay,
    /// Rows of the day's period that are dated outside of it, as late usage of third parties is.
    /// They count on the nearest day. A reading by date never shows them, so it must not replace
    /// them either.
    Late,
    /// Rows of a period without a date that can be read. They count on its first day. Readings by date
    /// never know whether to show them, so only readings of the whole period replace them.
    Undated,
}

impl Dated {
    /// Every kind, in the order of [`DayBucket`].
    pub const ALL: [Self; 3] = [Self::InDay, Self::Late, Self::Undated];
}

impl DayBucket {
    /// The rows that are dated on a day.
    pub fn own(date: Date) -> Self {
        Self { date, dated: Dated::InDay }
    }

    /// Where the rows of a period without a date count.
    pub fn undated(period: Period) -> Self {
        Self { date: period.days().first, dated: Dated::Undated }
    }

    /// Where the rows of this bucket count in a period that they turned out to be billed in.
    pub fn in_period(self, period: Period) -> Self {
        match self.dated {
            Dated::Undated => Self::undated(period),
            Dated::InDay | Dated::Late => Self::of_period(self.date, period),
        }
    }

    /// Where a row dated on a day counts in a period that it is billed in.
    pub fn of_period(date: Date, period: Period) -> Self {
        let days = period.days();
        let dated = if days.contains(date) { Dated::InDay } else { Dated::Late };
        Self { date: days.nearest(date), dated }
    }
}

/// The sums of a bucket.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Day {
    pub(crate) rows: u64,
    pub(crate) usage_rows: u64,
    pub(crate) tables: Tables,
    pub(crate) names: Names,
}

/// Exact sums by bucket and series.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct DailySums {
    pub(super) strings: Interner,
    pub(super) days: BTreeMap<DayBucket, Day>,
    #[serde(skip)]
    tag_keys: TagKeys,
    #[serde(skip)]
    caseless: Caseless,
}

impl DailySums {
    /// Without days.
    pub fn new(tag_keys: TagKeys) -> Self {
        Self { tag_keys, ..Self::default() }
    }

    /// Adds what a bucket of an accumulator holds.
    pub(crate) fn enter(&mut self, bucket: DayBucket, extract: &BucketExport<'_>) {
        let Self { strings, days, caseless, .. } = self;
        let day = days.entry(bucket).or_default();
        let mut known = Vec::<Symbol>::with_capacity(extract.texts.len());
        for form in &extract.texts {
            known.push(strings.form(form.translated(|part| known[part.index()])));
        }
        let symbol = |symbol: Symbol| known[symbol.index()];
        let usage = strings.find(ChargeType::Usage.as_str());
        for (resource, amounts, name) in &extract.resources {
            let resource = resource.translated(symbol);
            day.tables.add_resource(&resource, *amounts);
            day.name(Named::Instance(resource.instance_id), symbol(*name), strings);
        }
        for (item, amounts) in &extract.items {
            let item = item.translated(symbol);
            day.add_item(&item, *amounts, caseless, strings);
            let rows = u64::from(amounts.rows);
            day.rows += rows;
            day.usage_rows += if usage == Some(item.charge_type) { rows } else { 0 };
        }
        for (tag, amounts) in &extract.tags {
            day.add_tag(&tag.translated(symbol), *amounts, caseless, strings);
        }
    }

    /// Returns whether it has more texts than there is room for, so that its sums are worth nothing.
    pub fn overflowed(&self) -> bool {
        self.strings.overflowed()
    }

    /// The keys that rows were asked for.
    pub fn tag_keys(&self) -> &TagKeys {
        &self.tag_keys
    }

    /// Adds all sums of others.
    pub fn absorb(&mut self, other: &Self) {
        let mut translation = Translation::new(other.strings.texts(), &mut self.strings);
        for (bucket, theirs) in other.days.iter().filter(|(_, day)| day.rows > 0) {
            self.days.entry(*bucket).or_default().absorb(theirs, &mut translation);
        }
    }

    /// One bucket by itself, which is how it is stored. Empty where nothing is known of it.
    pub fn only(&self, bucket: DayBucket) -> Self {
        let mut only = Self::new(self.tag_keys.clone());
        if let Some(day) = self.days.get(&bucket) {
            let mut translation = Translation::new(self.strings.texts(), &mut only.strings);
            only.days.entry(bucket).or_default().absorb(day, &mut translation);
        }
        only
    }

    /// The same rows as a reading of a whole billing period: those that are dated elsewhere are its
    /// late rows.
    pub fn into_period(mut self, period: Period) -> Self {
        let mut days = BTreeMap::<DayBucket, Day>::new();
        for (bucket, theirs) in std::mem::take(&mut self.days) {
            match days.entry(bucket.in_period(period)) {
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
    pub(super) fn drop_open_only(&mut self) {
        for day in self.days.values_mut() {
            day.tables.drop_open_only();
            day.names.drop_open_only();
        }
    }

    /// The buckets that have rows, and how many.
    pub fn rows_by_bucket(&self) -> impl Iterator<Item = (DayBucket, u64)> {
        let used = self.days.iter().filter(|(_, day)| day.rows > 0);
        used.map(|(bucket, day)| (*bucket, day.rows))
    }

    /// How many rows there are.
    pub fn rows(&self) -> u64 {
        self.days.values().map(|day| day.rows).sum()
    }

    /// The newest day up to today with usage.
    pub fn newest_usage(&self, today: Date) -> Option<Date> {
        let until_today = self.days.iter().filter(|(bucket, _)| bucket.date <= today);
        let used = until_today.rev().find(|(_, day)| day.usage_rows > 0);
        used.map(|(bucket, _)| bucket.date)
    }

    /// Every currency.
    pub fn currencies(&self) -> BTreeSet<String> {
        let keys = self.days.values().flat_map(|day| day.tables.scope_cost.keys());
        keys.map(|[.., currency]| self.strings.get(*currency).into_owned()).collect()
    }
}

#[cfg(test)]
impl DailySums {
    /// How many sums by resource there are: what daily sums takes up.
    pub(crate) fn sums(&self) -> usize {
        self.days.values().map(|day| day.tables.instance_cost.len()).sum()
    }

    /// Every sum and name by its texts.
    pub(crate) fn told(&self) -> BTreeSet<String> {
        let mut told = BTreeSet::new();
        for (bucket, day) in &self.days {
            let mut tell = |what: &str, key: &[Symbol], sum: &str| {
                let key: Vec<_> = key.iter().map(|symbol| self.strings.get(*symbol)).collect();
                told.insert(format!("{bucket:?} {what} {key:?} {sum}"));
            };
            tell("rows", &[], &format!("{} {}", day.rows, day.usage_rows));
            day.tables.each(&mut |what, key, sum| tell(what, key, &format!("{sum:?}")));
            for (named, name) in day.names.iter() {
                let kind = format!("{:?}", std::mem::discriminant(&named));
                tell(&kind, &[named.symbols(), &[name]].concat(), "");
            }
        }
        told
    }
}

impl Day {
    /// Adds rows to what they were billed for, and notes how that is spelled.
    fn add_item(
        &mut self,
        sent: &ChargeKey,
        amounts: Amounts,
        caseless: &mut Caseless,
        strings: &mut Interner,
    ) {
        let item = sent.caseless(|name| caseless.symbol(name, strings));
        self.tables.add_item(&item, amounts);
        for (named, name) in item.names(sent) {
            self.name(named, name, strings);
        }
    }

    /// Adds rows to a value of a tag, and notes how that is spelled.
    fn add_tag(
        &mut self,
        sent: &Tag,
        amounts: Amounts,
        caseless: &mut Caseless,
        strings: &mut Interner,
    ) {
        let tag = sent.caseless(|name| caseless.symbol(name, strings));
        self.tables.add_tag(&tag, amounts);
        let (named, name) = tag.name(sent);
        self.name(named, name, strings);
    }

    /// Notes what something is called. A subscription may have a name and no id; all others have
    /// both or none.
    fn name(&mut self, named: Named, name: Symbol, strings: &Interner) {
        if !strings.get(name).is_empty() {
            self.names.add(named, name, |symbol| strings.get(symbol));
        }
    }

    fn absorb(&mut self, other: &Self, translation: &mut Translation<'_>) {
        self.rows += other.rows;
        self.usage_rows += other.usage_rows;
        self.tables.combine(Combine::Add, &other.tables, |symbol| translation.translate(symbol));
        for (named, name) in other.names.iter() {
            let named = named.translated(|symbol| translation.translate(symbol));
            let name = translation.translate(name);
            self.names.add(named, name, |symbol| translation.text(symbol));
        }
    }

    /// Adds a day of the same sums.
    fn combine_within(&mut self, other: &Self, strings: &Interner) {
        self.rows += other.rows;
        self.usage_rows += other.usage_rows;
        self.tables.combine(Combine::Add, &other.tables, |symbol| symbol);
        for (named, name) in other.names.iter() {
            self.names.add(named, name, |symbol| strings.get(symbol));
        }
    }
}
