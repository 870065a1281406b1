//! The counts of a page while it is read. They count with it, or not at all.

use super::question::{Dates, Place, Question};
use crate::billing::amount::Amount;
use crate::billing::charge::{Charge, Degradation, Price};
use crate::billing::daily_sums::DayBucket;
use crate::billing::facts::{BucketFacts, billing_account_id};
use crate::billing::period::Period;
use crate::billing::short_str_eq::short_str_eq;

/// The numbers of rows of an answer.
#[derive(Clone, Copy, Debug, Default)]
pub struct RowCounts {
    /// All rows.
    pub rows: u64,
    /// Rows that count.
    pub counted: u64,
    /// Rows that do not count because they are dated outside the requested days.
    pub outside: u64,
    /// Rows that do not count because they have no date and only some days were requested.
    pub undated: u64,
    /// Rows that only move costs.
    pub allocated: u64,
    /// Rows of usage.
    pub used: u64,
    /// Rows with a cost other than 0.
    pub charged: u64,
    /// Rows of on-demand usage that have a cost, which is 0.
    pub unpaid: u64,
    /// Rows of on-demand usage that cost 0 although they name a price to be paid.
    pub payable: u64,
    /// Rows without a cost.
    pub without_cost: u64,
    /// Rows with a date that cannot be read.
    pub unreadable_dates: u64,
    /// Amounts with more decimals than are kept.
    pub rounded: u64,
    /// Rows of the requested period.
    pub belonging: u64,
}

impl std::ops::AddAssign for RowCounts {
    fn add_assign(&mut self, other: Self) {
        self.rows += other.rows;
        self.counted += other.counted;
        self.outside += other.outside;
        self.undated += other.undated;
        self.allocated += other.allocated;
        self.used += other.used;
        self.charged += other.charged;
        self.unpaid += other.unpaid;
        self.payable += other.payable;
        self.without_cost += other.without_cost;
        self.unreadable_dates += other.unreadable_dates;
        self.rounded += other.rounded;
        self.belonging += other.belonging;
    }
}

/// The counts of the page that is being read.
#[derive(Debug)]
pub(super) struct PageCounts {
    question: Question,
    /// The place of the last row, reused while consecutive rows have the same dates.
    last: Option<(Dates, Place)>,
    /// The billing account that was added last, and the buckets it was added to.
    account: (String, Vec<DayBucket>),
    pub(super) counts: RowCounts,
    pub(super) facts: BucketFacts,
    /// The first period that was not requested although rows of it came.
    pub(super) foreign: Option<Period>,
}

impl PageCounts {
    /// Creates the counts for an answer to a request.
    pub(super) fn new(question: Question) -> Self {
        Self {
            question,
            last: None,
            account: (String::new(), Vec::new()),
            counts: RowCounts::default(),
            facts: BucketFacts::new(),
            foreign: None,
        }
    }

    /// Counts a row. Returns where it counts or would count.
    pub(super) fn count(&mut self, charge: &Charge<'_>) -> DayBucket {
        let place = self.place(charge);
        match (place.counts, charge.date) {
            (true, _) => self.counts.counted += 1,
            (false, Some(_)) => self.counts.outside += 1,
            (false, None) => self.counts.undated += 1,
        }
        self.counts.rows += 1;
        self.counts.belonging += u64::from(place.belongs == Some(true));
        self.counts.used += u64::from(charge.quantity != Amount::ZERO);
        self.counts.charged += u64::from(charge.cost != Amount::ZERO);
        if !charge.degraded.is_empty() || charge.is_unpaid_usage() {
            self.note(charge, place.bucket);
        }
        self.note_account(&charge.billing_account, place.bucket);
        place.bucket
    }

    fn note_account(&mut self, sent: &str, bucket: DayBucket) {
        let (known, buckets) = &mut self.account;
        let is_same_account = short_str_eq(known, sent);
        if sent.is_empty() || is_same_account && buckets.contains(&bucket) {
            return;
        }
        if !is_same_account {
            buckets.clear();
            sent.clone_into(known);
        }
        buckets.push(bucket);
        let account = billing_account_id(sent);
        self.facts.entry(bucket).or_default().billing_accounts.insert(account);
    }

    fn place(&mut self, charge: &Charge<'_>) -> Place {
        let dates = Dates { date: charge.date, billing_period_start: charge.billing_period_start };
        match self.last {
            Some((last, place)) if last == dates => place,
            _ => {
                let place = self.question.place(&dates);
                if place.belongs == Some(false) && self.foreign.is_none() {
                    self.foreign = dates.billing_period_start.or(dates.date).map(Period::of);
                }
                self.last = Some((dates, place));
                place
            }
        }
    }

    /// Adds the facts that only few rows have.
    fn note(&mut self, charge: &Charge<'_>, bucket: DayBucket) {
        self.facts.entry(bucket).or_default().add(charge);
        self.counts.without_cost += u64::from(charge.degraded.contains(Degradation::NoCost));
        if charge.is_unpaid_usage() && charge.is_on_demand() {
            self.counts.unpaid += 1;
            self.counts.payable += u64::from(charge.price == Price::Payable);
        }
    }
}
