//! Where a source puts what it reads: charges, page by page.
//!
//! A page counts once it was read to its end. One that broke off is rolled back, and leaves
//! nothing: so a source may read a page again as often as it likes.

use tracing::{debug, warn};

use super::page_counts::{PageCounts, RowCounts};
use super::question::Question;
use super::reading::Reading;
use crate::azure::Error;
use crate::billing::charge::Charge;
use crate::billing::daily_sums::TagKeys;
use crate::billing::facts::BucketFacts;
use crate::billing::period::Period;
use crate::ingest::SpillBuffer;

/// The rows of a reading while it is made.
pub(super) struct Sink {
    question: Question,
    sums: SpillBuffer,
    page: PageCounts,
    /// The number of committed pages.
    pages: u64,
    counts: RowCounts,
    facts: BucketFacts,
    /// The first period that was not requested although rows of it came.
    foreign: Option<Period>,
}

/// What a page or file shows beside its rows.
#[derive(Clone, Copy, Debug)]
pub(super) struct PageEnd {
    /// The number of amounts with more decimals than are kept.
    pub(super) rounded: u64,
    /// The number of rows that have a date, but none that can be read.
    pub(super) unreadable_dates: u64,
    /// The number of rows that were left out because they only move costs.
    pub(super) allocated: u64,
}

impl Sink {
    pub(super) fn new(question: Question, tag_keys: &TagKeys) -> Self {
        Self {
            question,
            sums: SpillBuffer::new(tag_keys),
            page: PageCounts::new(question),
            pages: 0,
            counts: RowCounts::default(),
            facts: BucketFacts::new(),
            foreign: None,
        }
    }

    /// Adds a charge of the open page.
    pub(super) fn push(&mut self, charge: &Charge<'_>) {
        self.sums.push(charge, self.page.count(charge));
    }

    /// Ends the open page: its charges count.
    pub(super) fn commit_page(&mut self, end: PageEnd) {
        self.sums.commit_page();
        let page = std::mem::replace(&mut self.page, PageCounts::new(self.question));
        self.counts += page.counts;
        self.counts.rounded += end.rounded;
        self.counts.unreadable_dates += end.unreadable_dates;
        self.counts.allocated += end.allocated;
        for (bucket, facts) in &page.facts {
            self.facts.entry(*bucket).or_default().absorb(facts);
        }
        self.foreign = self.foreign.or(page.foreign);
        self.pages += 1;
    }

    /// Drops the charges of the open page.
    pub(super) fn rollback_page(&mut self) {
        self.sums.rollback_page();
        self.page = PageCounts::new(self.question);
    }

    /// Returns the number of committed pages.
    pub(super) fn pages(&self) -> u64 {
        self.pages
    }

    /// Returns the number of committed rows that are dated outside the requested days.
    pub(super) fn outside(&self) -> u64 {
        self.counts.outside
    }

    /// Ends the reading. Refuses one that does not answer the request: one of other periods, one
    /// without any cost, and one without any date.
    pub(super) fn finish(mut self) -> Result<Reading, Error> {
        if self.sums.overflowed() {
            return Err(Error::BadAnswer("more than 2 GB of different texts".to_owned()));
        }
        self.sums.finish();
        let RowCounts { rows, without_cost, unreadable_dates, belonging, rounded, .. } =
            self.counts;
        if let Some(foreign) = self.foreign.filter(|_| belonging == 0) {
            let asked = self.question.span;
            return Err(Error::BadAnswer(format!(
                "none of {rows} rows belongs to {asked}, which was requested; they belong to {foreign}"
            )));
        }
        if rows > 0 && without_cost == rows {
            return Err(Error::BadAnswer(format!("none of {rows} rows has a cost")));
        }
        if rows > 0 && unreadable_dates == rows {
            return Err(Error::BadAnswer(format!(
                "none of {rows} rows has a date that can be read"
            )));
        }
        if rounded > 0 {
            warn!(amounts = rounded, "amounts with more than 36 decimals were rounded");
        }
        let Self { sums, facts, counts, pages, question, .. } = self;
        debug!(rows = counts.counted, pages, days = %question.span.days(), "read usage");
        Ok(Reading { sums, facts, counts, pages })
    }
}
