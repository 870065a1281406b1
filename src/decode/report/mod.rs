//! A cost details report: CSV, in parts of any size as they arrive, read row by row.
//!
//! Columns are found by their names, in any order and case. Names differ between generations, and
//! old files have German names with the English name in parentheses.

mod header;
mod splitter;

use std::borrow::Cow;
use std::ops::Range;

use header::{ReportColumn, columns};
use splitter::{Split, Splitter};
use thiserror::Error;

use super::options::RowOptions;
use super::properties::Properties;
use super::row::Dates;
use super::tags::{self, Tags};
use crate::billing::charge::Charge;

/// The longest row. Reports have none that is longer; a longer one lacks a quote.
const LONGEST_RECORD: usize = 1024 * 1024;
/// The most columns. No report has more.
const MOST_COLUMNS: usize = 1024;
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The reason why a file is no report, with the row.
#[derive(Debug, Error)]
#[error("{0}")]
pub(crate) struct ReportError(String);

/// The facts of a report beside its rows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Report {
    /// The number of rows that count.
    pub(crate) rows: u64,
    /// The number of rows of cost allocation, which do not count.
    pub(crate) allocated: u64,
    /// The number of amounts with more decimals than are kept.
    pub(crate) rounded: u64,
    /// The number of rows that have a date, but none that can be read.
    pub(crate) unreadable_dates: u64,
    /// The length of the file.
    pub(crate) bytes: u64,
}

/// Reads one file. After an error the rows passed so far must be dropped.
pub(crate) struct ReportReader {
    splitter: Splitter,
    wanted: RowOptions,
    /// The first bytes of the file, which may be its byte order mark.
    start: Vec<u8>,
    /// The number of columns.
    width: usize,
    columns: Vec<(usize, ReportColumn)>,
    dates: Dates,
    report: Report,
}

impl ReportReader {
    pub(crate) fn new(wanted: RowOptions) -> Self {
        Self {
            splitter: Splitter::default(),
            wanted,
            start: Vec::new(),
            width: 0,
            columns: Vec::new(),
            dates: Dates::default(),
            report: Report::default(),
        }
    }

    /// Passes every row that ends in the next part of the file to `fold`.
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

    /// Returns how many bytes of the file were read.
    pub(crate) fn bytes(&self) -> u64 {
        self.report.bytes
    }

    /// Ends the file, and passes its last row to `fold` if that lacks its line end.
    pub(crate) fn finish(
        mut self,
        fold: &mut impl FnMut(&Charge<'_>),
    ) -> Result<Report, ReportError> {
        if self.start.len() < BYTE_ORDER_MARK.len() {
            let start = std::mem::take(&mut self.start);
            self.records(&start, fold)?;
        }
        if self.splitter.is_begun() {
            // The last line may lack its line end, but not its closing quote.
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
        let record = Record::new(self.splitter.record(line));
        if self.columns.is_empty() {
            let names: Vec<&str> = (0..record.width()).map(|place| record.field(place).0).collect();
            let columns = columns(&names).map_err(|what| self.wrong(&what))?;
            self.width = names.len();
            self.columns = columns;
            let tags = self.wanted.tags;
            self.columns.retain(|(_, column)| tags || !matches!(column, ReportColumn::Tags));
            self.splitter.want(self.columns.iter().map(|(place, _)| *place));
            return Ok(());
        }
        if record.width() != self.width {
            let (has, columns) = (record.width(), self.width);
            return Err(self.wrong(&format!("{has} fields where the header has {columns}")));
        }
        // Filled in place: moving its many texts costs as much as reading them.
        let mut row = Properties::default();
        let (tags, rule) = self.properties(&record, &mut row);
        if !rule.trim().is_empty() && !self.wanted.cost_allocation {
            self.report.allocated += 1;
            return Ok(());
        }
        let read = row
            .charge(tags, &mut self.dates, self.wanted.cloud)
            .map_err(|what| self.wrong(&what))?;
        self.report.rows += 1;
        self.report.rounded += read.rounded;
        self.report.unreadable_dates += u64::from(read.unreadable_date);
        fold(&read.charge);
        Ok(())
    }

    /// Reads the fields of a record. Returns its tags and the rule that moves its cost.
    fn properties<'r>(
        &self,
        record: &'r Record<'_>,
        row: &mut Properties<'r>,
    ) -> (Tags<'r>, &'r str) {
        let (mut tags, mut rule) = (Tags::default(), "");
        for &(place, column) in &self.columns {
            let (field, is_replaced) = record.field(place);
            match column {
                ReportColumn::Text(place) => {
                    *row.text(place) = field.into();
                    if is_replaced {
                        row.mark_unreadable(place);
                    }
                }
                ReportColumn::Amount(place) => row.set_amount(place, field),
                ReportColumn::Tags => {
                    tags = tags::from_text(field);
                    tags.unreadable |= is_replaced;
                }
                ReportColumn::CostAllocationRule => rule = field,
            }
        }
        (tags, rule)
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

/// A record as texts. Invalid UTF-8 is replaced in each field separately, so that an error in a
/// column that is not read does not matter.
struct Record<'r> {
    fields: &'r [Range<usize>],
    text: Option<&'r str>,
    /// The fields with replacements; empty if the whole record is valid UTF-8.
    replaced: Vec<Cow<'r, str>>,
}

impl<'r> Record<'r> {
    fn new((bytes, fields): (&'r [u8], &'r [Range<usize>])) -> Self {
        let text = std::str::from_utf8(bytes).ok();
        let lossy =
            |place: &Range<usize>| String::from_utf8_lossy(bytes.get(place.clone()).unwrap_or(b""));
        let replaced = if text.is_none() { fields.iter().map(lossy).collect() } else { Vec::new() };
        Self { fields, text, replaced }
    }

    fn width(&self) -> usize {
        self.fields.len()
    }

    /// Returns a field, and whether something in it was replaced.
    #[inline]
    fn field(&self, place: usize) -> (&str, bool) {
        match self.text {
            Some(text) => (text.get(self.fields[place].clone()).unwrap_or_default(), false),
            None => (&self.replaced[place], matches!(self.replaced[place], Cow::Owned(_))),
        }
    }
}

#[cfg(test)]
mod tests;
