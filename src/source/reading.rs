//! Adds up a reading, whichever API it comes from, and checks that it answers the request.

use jiff::civil::Date;
use tracing::{debug, warn};

use crate::azure::Error;
use crate::billing::amount::Amount;
use crate::billing::charge::{Charge, Degradation, Price};
use crate::billing::daily_sums::{DayBucket, TagKeys};
use crate::billing::facts::{BucketFacts, billing_account_id};
use crate::billing::period::Period;
use crate::billing::scope::{ScopeId, ScopeType};
use crate::billing::short_str_eq::short_str_eq;
use crate::billing::span::Span;
use crate::ingest::SpillBuffer;

/// The number of rows of usage, all free, from which on their cost is considered hidden.
const HIDDEN_AFTER: u64 = 100;

/// The judgement whether charges can be seen, if no row says that they are hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChargesShown {
    /// Charges can be seen, as far as the rows show.
    Yes,
    /// All of this many rows of usage cost nothing, which are too few to judge by.
    TooFewRows(u64),
    /// All usage costs nothing, and this many rows of it name no price either.
    Unpriced(u64),
}

/// A finished reading.
#[derive(Debug, Default)]
pub struct Reading {
    /// The sums of the rows, also of rows dated outside the requested days.
    pub sums: SpillBuffer,
    /// The facts of the rows beside their sums.
    pub facts: BucketFacts,
    /// The number of rows that count.
    pub rows: u64,
    /// The number of rows that do not count because they are dated outside the requested days.
    pub outside: u64,
    /// The number of rows that do not count: they have no date and only some days were requested.
    pub undated: u64,
    /// The number of rows that do not count because they only move costs (cost allocation).
    pub allocated: u64,
    /// The number of rows of on-demand usage that have a cost, which is 0.
    unpaid: u64,
    /// The number of rows with a cost other than 0.
    charged: u64,
    /// The number of amounts with more decimals than are kept.
    pub rounded: u64,
    /// The number of pages or files in the reading.
    pub pages: u64,
    counts: Counts,
    /// The first period that was not requested although rows of it came.
    foreign: Option<Period>,
    /// True if tags are read.
    pub(crate) tags: bool,
}

/// The requested days, and the way they are requested.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question {
    /// The days that the answer is used for.
    pub(crate) span: Span,
    /// True if the request is by date: then rows of other days do not count. Subscriptions are
    /// always requested by date: they have no billing periods of the enrollment's kind.
    by_date: bool,
}

impl Question {
    pub(crate) fn new(scope: &ScopeId, span: Span) -> Self {
        let by_date = matches!(span, Span::Days(_)) || scope.scope_type == ScopeType::Subscription;
        Self { span, by_date }
    }

    /// Returns the span that is sent in the request.
    pub(crate) fn asked(self) -> Span {
        if self.by_date { Span::Days(self.span.days()) } else { self.span }
    }

    /// Returns where a row counts or would count, and whether it does. A row without a date belongs
    /// to its period: it counts only if the whole period was requested.
    fn place(self, row: &Dates) -> Place {
        let range = self.span.days();
        let (bucket, counts) = match (self.span, row.date) {
            (_, Some(date)) if self.by_date => (DayBucket::own(date), range.contains(date)),
            (Span::Days(_), Some(date)) => (DayBucket::own(date), range.contains(date)),
            (Span::Period(period), Some(date)) => (DayBucket::of_period(date, period), true),
            (Span::Late(period), Some(date)) => {
                (DayBucket::of_period(date, period), !range.contains(date))
            }
            (Span::Period(period), None) => {
                let named = row.billing_period_start.map(Period::of) == Some(period);
                (DayBucket::undated(period), !self.by_date || named)
            }
            (Span::Days(_) | Span::Late(_), None) => {
                let day = row.billing_period_start.unwrap_or(range.first);
                (DayBucket::undated(Period::of(day)), false)
            }
        };
        Place { bucket, counts, belongs: self.belongs(row) }
    }

    /// Returns whether a row belongs to the requested periods; `None` if it does not say.
    fn belongs(self, row: &Dates) -> Option<bool> {
        let range = self.span.days();
        let asked = |day: Date| {
            (Period::of(range.first)..=Period::of(range.last)).contains(&Period::of(day))
        };
        let start = row.billing_period_start;
        match self.span {
            Span::Late(_) => start.map(asked),
            _ if self.by_date => row.date.map(asked),
            Span::Period(_) | Span::Days(_) => start.or(row.date).map(asked),
        }
    }
}

/// The dates of a row that decide where it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Dates {
    date: Option<Date>,
    billing_period_start: Option<Date>,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    bucket: DayBucket,
    counts: bool,
    belongs: Option<bool>,
}

/// The numbers of rows that the answer is judged by.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    /// All rows.
    rows: u64,
    used: u64,
    /// Rows of on-demand usage that cost 0 although they name a price to be paid.
    payable: u64,
    without_cost: u64,
    /// Rows with a date that cannot be read.
    unreadable_dates: u64,
    /// Rows of the requested period.
    belonging: u64,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.rows += other.rows;
        self.used += other.used;
        self.payable += other.payable;
        self.without_cost += other.without_cost;
        self.unreadable_dates += other.unreadable_dates;
        self.belonging += other.belonging;
    }
}

/// The facts of a page or file beside its rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PartRead {
    /// The number of amounts with more decimals than are kept.
    pub(crate) rounded: u64,
    /// The number of rows that have a date, but none that can be read.
    pub(crate) unreadable_dates: u64,
}

/// The counts of a page or file while it is read.
pub(crate) struct PageCounts {
    question: Question,
    /// The place of the last row, reused while consecutive rows have the same dates.
    last: Option<(Dates, Place)>,
    /// The billing account that was added last, and the buckets it was added to.
    account: (String, Vec<DayBucket>),
    counted: u64,
    outside: u64,
    undated: u64,
    charged: u64,
    unpaid: u64,
    counts: Counts,
    facts: BucketFacts,
    foreign: Option<Period>,
}

impl PageCounts {
    /// Creates the counts for an answer to a request.
    pub(crate) fn new(question: Question) -> Self {
        Self {
            question,
            last: None,
            account: (String::new(), Vec::new()),
            counted: 0,
            outside: 0,
            undated: 0,
            charged: 0,
            unpaid: 0,
            counts: Counts::default(),
            facts: BucketFacts::new(),
            foreign: None,
        }
    }

    /// Counts a row. Returns where it counts or would count.
    pub(crate) fn count(&mut self, charge: &Charge<'_>) -> DayBucket {
        let place = self.place(charge);
        match (place.counts, charge.date) {
            (true, _) => self.counted += 1,
            (false, Some(_)) => self.outside += 1,
            (false, None) => self.undated += 1,
        }
        self.counts.rows += 1;
        self.counts.belonging += u64::from(place.belongs == Some(true));
        self.counts.used += u64::from(charge.quantity != Amount::ZERO);
        self.charged += u64::from(charge.cost != Amount::ZERO);
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
            self.unpaid += 1;
            self.counts.payable += u64::from(charge.price == Price::Payable);
        }
    }
}

impl Reading {
    pub(crate) fn new(tag_keys: &TagKeys) -> Self {
        let sums = SpillBuffer::new(tag_keys);
        Self { sums, tags: !tag_keys.is_empty(), ..Self::default() }
    }

    /// Adds the counts of a page or file that was read to its end.
    pub(crate) fn merge(&mut self, tally: &PageCounts, part: PartRead) {
        self.rows += tally.counted;
        self.outside += tally.outside;
        self.undated += tally.undated;
        self.charged += tally.charged;
        self.unpaid += tally.unpaid;
        self.counts += tally.counts;
        for (bucket, facts) in &tally.facts {
            self.facts.entry(*bucket).or_default().absorb(facts);
        }
        self.foreign = self.foreign.or(tally.foreign);
        self.counts.unreadable_dates += part.unreadable_dates;
        self.rounded += part.rounded;
        self.pages += 1;
    }

    /// Refuses a reading that does not answer the request: one of other periods, one without any
    /// cost, and one without any date.
    pub(crate) fn check(mut self, question: Question) -> Result<Self, Error> {
        if self.sums.overflowed() {
            return Err(Error::BadAnswer("more than 2 GB of different texts".to_owned()));
        }
        self.sums.finish();
        let Counts { rows, without_cost, unreadable_dates, belonging, .. } = self.counts;
        if let Some(foreign) = self.foreign.filter(|_| belonging == 0) {
            let asked = question.span;
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
        if self.rounded > 0 {
            warn!(amounts = self.rounded, "amounts with more than 36 decimals were rounded");
        }
        debug!(rows = self.rows, pages = self.pages, days = %question.span.days(), "read usage");
        Ok(self)
    }

    /// Refuses a reading whose costs are hidden: Azure then sends zeros, not an error. Usage
    /// without cost proves nothing, as it can be free or covered by a purchase; usage that also
    /// names a price does.
    ///
    /// # Errors
    /// [`Error::NoCharges`].
    pub fn refuse_hidden(&self) -> Result<(), Error> {
        let Counts { used, payable, .. } = self.counts;
        if self.charged == 0 && used >= HIDDEN_AFTER && payable > 0 {
            return Err(Error::NoCharges(format!(
                "all {used} rows of usage cost 0, although {payable} of them name a price"
            )));
        }
        Ok(())
    }

    /// Returns whether charges can be seen, judged by some of the scope's rows.
    pub(crate) fn charges_shown(&self) -> ChargesShown {
        let unpriced: u64 = self.facts.values().map(|facts| facts.unpriced).sum();
        let is_priced = self.facts.values().any(|facts| facts.priced);
        match self.zeros() {
            None => ChargesShown::Yes,
            Some(_) if self.counts.used < HIDDEN_AFTER => {
                ChargesShown::TooFewRows(self.counts.used)
            }
            Some(_) if unpriced >= HIDDEN_AFTER && !is_priced => ChargesShown::Unpriced(unpriced),
            Some(_) => ChargesShown::Yes,
        }
    }

    /// Returns the number of rows of on-demand usage if no row at all has a cost other than 0.
    pub fn zeros(&self) -> Option<u64> {
        (self.charged == 0 && self.unpaid > 0).then_some(self.unpaid)
    }
}
