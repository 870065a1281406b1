//! A cost details report: CSV, in parts of any size as they arrive, folded row by row.
//!
//! Columns are found by their names, in any order and case. Names differ between generations, and
//! old files have German ones with the English name in parentheses.

mod splitter;

use std::ops::Range;

use splitter::{Split, Splitter};
use thiserror::Error;

use super::dates::Days;
use super::fields::TextField;
use super::properties::Properties;
use super::tags;
use crate::billing::charge::Charge;

/// No row of a report is longer; what is has lost a quote.
const LONGEST_RECORD: usize = 1024 * 1024;
/// No report has more columns.
const MOST_COLUMNS: usize = 1024;
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Why a report is none: what, and in which row.
#[derive(Debug, Error)]
#[error("{0}")]
pub(crate) struct ReportError(String);

/// What is wanted of a report.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    /// Whether tags are looked at. Reading them costs as much as half a row.
    pub(crate) tags: bool,
    /// Whether rows count that only move costs from one place to another. The list has none.
    pub(crate) cost_allocation: bool,
}

/// What a report says besides its rows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Report {
    /// How many rows count.
    pub(crate) rows: u64,
    /// Rows of cost allocation that do not.
    pub(crate) allocated: u64,
    /// Amounts with more decimals than are kept.
    pub(crate) rounded: u64,
    /// Rows that have a date, but none that can be read.
    pub(crate) unreadable_dates: u64,
    /// How long it is.
    pub(crate) bytes: u64,
}

/// Reads one file. After an error the rows given so far must be thrown away.
pub(crate) struct ReportReader {
    splitter: Splitter,
    wanted: Wanted,
    /// The bytes of the file's start that may be its mark.
    start: Vec<u8>,
    /// How many columns there are, and which are looked at.
    width: usize,
    columns: Vec<(usize, Column)>,
    days: Days,
    report: Report,
}

#[derive(Clone, Copy)]
enum Column {
    Text(TextField),
    Cost,
    PretaxCost,
    CostInBillingCurrency,
    Quantity,
    UsageQuantity,
    Tags,
    CostAllocationRule,
}

impl ReportReader {
    pub(crate) fn new(wanted: Wanted) -> Self {
        Self {
            splitter: Splitter::default(),
            wanted,
            start: Vec::new(),
            width: 0,
            columns: Vec::new(),
            days: Days::default(),
            report: Report::default(),
        }
    }

    /// Gives every row that ends in the next part of the file to `fold`.
    pub(crate) fn feed(
        &mut self,
        part: &[u8],
        fold: &mut impl FnMut(&Charge<'_>),
    ) -> Result<(), ReportError> {
        self.report.bytes += part.len() as u64;
        if self.start.len() >= BYTE_ORDER_MARK.len() {
            return self.records(part, fold);
        }
        let missing = (BYTE_ORDER_MARK.len() - self.start.len()).min(part.len());
        let (start, rest) = part.split_at(missing);
        self.start.extend_from_slice(start);
        if self.start.len() < BYTE_ORDER_MARK.len() {
            return Ok(());
        }
        let start = std::mem::take(&mut self.start);
        if start != BYTE_ORDER_MARK {
            self.records(&start, fold)?;
        }
        self.start = start;
        self.records(rest, fold)
    }

    /// How much of the file was read.
    pub(crate) fn bytes(&self) -> u64 {
        self.report.bytes
    }

    /// The file is over.
    pub(crate) fn finish(
        mut self,
        fold: &mut impl FnMut(&Charge<'_>),
    ) -> Result<Report, ReportError> {
        if self.start.len() < BYTE_ORDER_MARK.len() {
            let start = std::mem::take(&mut self.start);
            self.records(&start, fold)?;
        }
        if self.splitter.is_begun() {
            // A last line may lack its end, but not the end of a quoted field.
            self.records(b"\n", fold)?;
        }
        if self.splitter.is_begun() {
            return Err(self.wrong("the report ends inside a quoted field"));
        }
        if self.columns.is_empty() {
            return Err(self.wrong("the report has no header"));
        }
        Ok(self.report)
    }

    fn records(
        &mut self,
        mut part: &[u8],
        fold: &mut impl FnMut(&Charge<'_>),
    ) -> Result<(), ReportError> {
        loop {
            let split = self.splitter.split(&mut part);
            let (length, fields) = self.splitter.size();
            if length > LONGEST_RECORD || fields > MOST_COLUMNS {
                return Err(self.wrong("a row without an end; a quote is missing"));
            }
            match split {
                Split::Record(line) => self.record(line, fold)?,
                Split::More => return Ok(()),
            }
        }
    }

    fn record(
        &mut self,
        line: Option<&[u8]>,
        fold: &mut impl FnMut(&Charge<'_>),
    ) -> Result<(), ReportError> {
        let (bytes, fields) = self.splitter.record(line);
        // What is wrong in a column that nobody looks at does not matter.
        let text = std::str::from_utf8(bytes).ok();
        let field = |place: &Range<usize>| match text {
            Some(text) => text.get(place.clone()),
            None => bytes.get(place.clone()).and_then(|field| std::str::from_utf8(field).ok()),
        };
        if self.columns.is_empty() {
            let names: Option<Vec<&str>> = fields.iter().map(field).collect();
            let names = names.ok_or_else(|| self.wrong("not UTF-8"))?;
            let columns = columns(&names).map_err(|what| self.wrong(&what))?;
            self.width = fields.len();
            self.columns = columns;
            let tags = self.wanted.tags;
            self.columns.retain(|(_, column)| tags || !matches!(column, Column::Tags));
            self.splitter.want(self.columns.iter().map(|(place, _)| *place));
            return Ok(());
        }
        if fields.len() != self.width {
            let (has, columns) = (fields.len(), self.width);
            return Err(self.wrong(&format!("{has} fields where the header has {columns}")));
        }
        let mut row = Properties::default();
        let (mut tags, mut rule) = ("", "");
        for &(place, column) in &self.columns {
            let Some(field) = field(&fields[place]) else {
                return Err(self.wrong("not UTF-8"));
            };
            match column {
                Column::Text(place) => *row.text(place) = field.into(),
                Column::Cost => row.cost = amount(field),
                Column::PretaxCost => row.pretax_cost = amount(field),
                Column::CostInBillingCurrency => row.cost_in_billing_currency = amount(field),
                Column::Quantity => row.quantity = amount(field),
                Column::UsageQuantity => row.usage_quantity = amount(field),
                Column::Tags => tags = field,
                Column::CostAllocationRule => rule = field,
            }
        }
        if !rule.trim().is_empty() && !self.wanted.cost_allocation {
            self.report.allocated += 1;
            return Ok(());
        }
        let read = tags::from_text(tags)
            .and_then(|tags| row.charge(tags, &mut self.days))
            .map_err(|what| self.wrong(&what))?;
        self.report.rows += 1;
        self.report.rounded += read.rounded;
        fold(&read.charge);
        Ok(())
    }

    fn wrong(&self, what: &str) -> ReportError {
        let row = self.report.rows + self.report.allocated + 1;
        ReportError(if self.columns.is_empty() {
            format!("header: {what}")
        } else {
            format!("row {row} of the report: {what}")
        })
    }
}

fn amount(field: &str) -> Option<&str> {
    let field = field.trim();
    (!field.is_empty()).then_some(field)
}

/// What the columns hold that are looked at, by the header.
fn columns(names: &[&str]) -> Result<Vec<(usize, Column)>, String> {
    let names: Vec<String> = names.iter().map(|name| squeezed(english(name))).collect();
    let columns = names.iter().enumerate();
    let columns = columns.filter_map(|(place, name)| Some((place, column(name)?))).collect();
    for (what, known) in [
        ("cost", ["costinbillingcurrency", "cost", "pretaxcost"]),
        ("currency", ["billingcurrencycode", "billingcurrency", "currency"]),
        ("date", ["date", "usagedatetime", "usagedate"]),
    ] {
        if !names.iter().any(|name| known.contains(&name.as_str())) {
            return Err(format!("no column for the {what}; this is no cost details report"));
        }
    }
    Ok(columns)
}

/// `Kosten (Cost)` is `Cost`.
fn english(name: &str) -> &str {
    let inner = name.trim().strip_suffix(')').and_then(|name| name.rsplit_once('('));
    inner.map_or(name, |(_, english)| english)
}

/// Only what tells names apart.
fn squeezed(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn column(name: &str) -> Option<Column> {
    Some(match name {
        "cost" => Column::Cost,
        "pretaxcost" => Column::PretaxCost,
        "costinbillingcurrency" => Column::CostInBillingCurrency,
        "quantity" => Column::Quantity,
        "usagequantity" => Column::UsageQuantity,
        "tags" => Column::Tags,
        "costallocationrulename" => Column::CostAllocationRule,
        _ => Column::Text(TextField::of_column(name)?),
    })
}

#[cfg(test)]
mod tests;
