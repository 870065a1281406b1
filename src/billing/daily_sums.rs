//! Sums of rows by day: Azure restates whole days, so whole days are replaced.
//!
//! A [`DailySums`] contains a reading or one stored day. Both have the same form, so that merging
//! one into another is one operation. Rows are never kept. Nothing is de-duplicated: two identical
//! rows are two charges. What is known of a scope besides its days is in [`super::scope_totals`];
//! the many rows of a reading are first added up in [`crate::ingest`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::bucket_export::BucketExport;
use super::caseless::Caseless;
use super::charge::ChargeType;
use super::families::{Combine, Tables};
use super::interner::{Interner, Symbol, Translation};
use super::names::{Named, Names};
use super::period::Period;
use super::row::{Amounts, ChargeAmounts, ChargeKey, Tag};

/// The tag keys that are counted, in the spelling of their label.
pub type TagKeys = Arc<[String]>;

/// A day bucket: a day, and one kind of its rows. Different kinds are read by different requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DayBucket {
    /// The day.
    pub date: Date,
    /// The kind of rows.
    pub dated: Dated,
}

/// The kinds of rows of a day, which are read by different requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Dated {
    /// Rows that are dated on the day.
    InDay,
    /// Rows of the day's period that are dated outside of it, as late usage of third parties is.
    /// They count on the nearest day. A reading by date never contains them, so it must not replace
    /// them.
    Late,
    /// Rows of a period that have no readable date. They count on its first day. A reading by date
    /// may or may not contain them, so only readings of the whole period replace them.
    Undated,
}

impl Dated {
    /// Every kind, in the order of [`DayBucket`].
    pub const ALL: [Self; 3] = [Self::InDay, Self::Late, Self::Undated];
}

impl DayBucket {
    /// Returns the bucket of the rows that are dated on a day.
    pub fn own(date: Date) -> Self {
        Self { date, dated: Dated::InDay }
    }

    /// Returns the bucket of the rows of a period that have no date.
    pub fn undated(period: Period) -> Self {
        Self { date: period.days().first, dated: Dated::Undated }
    }

    /// Returns the bucket of the same rows in the period in which they turned out to be billed.
    pub fn in_period(self, period: Period) -> Self {
        match self.dated {
            Dated::Undated => Self::undated(period),
            Dated::InDay | Dated::Late => Self::of_period(self.date, period),
        }
    }

    /// Returns the bucket of a row with a date, in the period in which it is billed.
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
    pub(crate) strings: Interner,
    pub(crate) days: BTreeMap<DayBucket, Day>,
    #[serde(skip)]
    tag_keys: TagKeys,
    #[serde(skip)]
    caseless: Caseless,
}

impl DailySums {
    /// Creates sums without any day.
    pub fn new(tag_keys: TagKeys) -> Self {
        Self { tag_keys, ..Self::default() }
    }

    /// Adds the sums of an accumulator's bucket.
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
            day.tables.add(&resource, *amounts);
            day.name(Named::Instance(resource.instance_id), symbol(*name), strings);
        }
        for (item, amounts) in &extract.items {
            let item = item.translated(symbol);
            day.add_item(&item, *amounts, caseless, strings);
            let rows = u64::from(amounts.sums.rows);
            day.rows += rows;
            day.usage_rows += if usage == Some(item.charge_type) { rows } else { 0 };
        }
        for (tag, amounts) in &extract.tags {
            day.add_tag(&tag.translated(symbol), *amounts, caseless, strings);
        }
    }

    /// Returns whether there were more texts than fit, which makes the sums unusable.
    pub fn overflowed(&self) -> bool {
        self.strings.overflowed()
    }

    /// Returns the tag keys that are counted.
    pub fn tag_keys(&self) -> &TagKeys {
        &self.tag_keys
    }

    /// Returns one bucket by itself, which is how it is stored. Empty if nothing is known of it.
    pub fn only(&self, bucket: DayBucket) -> Self {
        let mut only = Self::new(self.tag_keys.clone());
        if let Some(day) = self.days.get(&bucket) {
            let mut translation = Translation::new(self.strings.texts(), &mut only.strings);
            only.days.entry(bucket).or_default().absorb(day, &mut translation);
        }
        only
    }

    /// Frees the sums that are used for the open period only, such as those by resource.
    pub(super) fn drop_open_only(&mut self) {
        for day in self.days.values_mut() {
            day.tables.drop_open_only();
            day.names.drop_open_only();
        }
    }

    /// Returns the buckets that have rows, and the number of rows.
    pub fn rows_by_bucket(&self) -> impl Iterator<Item = (DayBucket, u64)> {
        let used = self.days.iter().filter(|(_, day)| day.rows > 0);
        used.map(|(bucket, day)| (*bucket, day.rows))
    }

    /// Returns the number of rows.
    pub fn rows(&self) -> u64 {
        self.days.values().map(|day| day.rows).sum()
    }

    /// Returns the newest day up to today that has usage.
    pub fn newest_usage(&self, today: Date) -> Option<Date> {
        let until_today = self.days.iter().filter(|(bucket, _)| bucket.date <= today);
        let used = until_today.rev().find(|(_, day)| day.usage_rows > 0);
        used.map(|(bucket, _)| bucket.date)
    }

    /// Returns all currencies.
    pub fn currencies(&self) -> BTreeSet<String> {
        let keys = self.days.values().flat_map(|day| day.tables.scope_cost.keys());
        keys.map(|[.., currency]| self.strings.get(*currency).into_owned()).collect()
    }
}

#[cfg(test)]
impl DailySums {
    /// Adds the sums of another reading or day.
    pub(crate) fn absorb(&mut self, other: &Self) {
        let mut translation = Translation::new(other.strings.texts(), &mut self.strings);
        for (bucket, theirs) in other.days.iter().filter(|(_, day)| day.rows > 0) {
            self.days.entry(*bucket).or_default().absorb(theirs, &mut translation);
        }
    }

    /// Returns the number of sums by resource, as a measure of the memory they take up.
    pub(crate) fn sums(&self) -> usize {
        self.days.values().map(|day| day.tables.instance_cost.len()).sum()
    }

    /// Returns every sum and name as a text.
    pub(crate) fn listed(&self) -> BTreeSet<String> {
        let mut listed = BTreeSet::new();
        for (bucket, day) in &self.days {
            let mut add = |what: &str, key: &[Symbol], sum: &str| {
                let key: Vec<_> = key.iter().map(|symbol| self.strings.get(*symbol)).collect();
                listed.insert(format!("{bucket:?} {what} {key:?} {sum}"));
            };
            add("rows", &[], &format!("{} {}", day.rows, day.usage_rows));
            day.tables.each(&mut |what, key, sum| add(what, key, &format!("{sum:?}")));
            for (key, sum) in day.tables.charge_lines.iter() {
                add("charge_lines", key, &format!("{sum:?}"));
            }
            for (named, name) in day.names.iter() {
                let kind = match named {
                    Named::Column(column, _) => column.name().to_owned(),
                    _ => format!("{:?}", std::mem::discriminant(&named)),
                };
                add(&kind, &[named.symbols(), &[name]].concat(), "");
            }
        }
        listed
    }
}

impl Day {
    /// Adds the rows of a charge key, and records how its names are spelled.
    fn add_item(
        &mut self,
        sent: &ChargeKey,
        amounts: ChargeAmounts,
        caseless: &mut Caseless,
        strings: &mut Interner,
    ) {
        let item = sent.caseless(|name| caseless.symbol(name, strings));
        self.tables.add(&item, amounts.sums);
        self.tables.add_line(&item, amounts, strings);
        for (named, name) in item.names(sent) {
            self.name(named, name, strings);
        }
    }

    /// Adds the rows of a tag value, and records how it is spelled.
    fn add_tag(
        &mut self,
        sent: &Tag,
        amounts: Amounts,
        caseless: &mut Caseless,
        strings: &mut Interner,
    ) {
        let tag = sent.caseless(|name| caseless.symbol(name, strings));
        self.tables.add(&tag, amounts);
        let (named, name) = tag.name(sent);
        self.name(named, name, strings);
    }

    /// Records a name unless it is empty. A subscription may have a name without an id; others have
    /// both or neither.
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
}
