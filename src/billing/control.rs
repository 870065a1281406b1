//! Azure's own totals of days, and whether ours agree with them.
//!
//! Equality says that no row was lost or repeated on the way. Azure's number is never published in
//! the place of ours: a day that differs is read again, and shows both if it still does.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::amount::Amount;
use super::charge::ChargeType;
use super::families::{ScopeCost, Table};
use super::interner::Interner;
use super::period::DayRange;

/// Amounts by currency.
pub type ByCurrency = BTreeMap<String, Amount>;

/// The largest difference that is none, whatever a day costs: a hundredth of the currency.
const SMALLEST: Amount = Amount::HUNDREDTH;
/// The time from one refresh of Azure to the next: its totals may show one that its rows do not show
/// yet.
const REFRESH: SignedDuration = SignedDuration::from_hours(4);
/// The least time between two readings of a day that differs.
const AGAIN: SignedDuration = SignedDuration::from_hours(1);
/// Azure's totals have eight decimals, so each row may differ by as much.
const DECIMALS_OF_A_ROW: i128 = 100_000_000;
/// Azure adds up in floating point, so large sums differ by a billionth.
const SHARE_OF_SUM: i128 = 1_000_000_000;

/// Azure's totals of some days, from one request.
#[derive(Clone, Debug)]
pub struct DailyTotals {
    /// The days that were asked for. A day of these without any total cost nothing.
    pub range: DayRange,
    /// The time of the request.
    pub asked_at: Timestamp,
    /// The totals by day and currency.
    pub days: BTreeMap<Date, ByCurrency>,
}

/// What is known of a day from Azure's totals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DayControl {
    /// Azure's totals of the day.
    pub(crate) totals: ByCurrency,
    /// The time at which these were asked for.
    pub(crate) asked_at: Timestamp,
    /// The time at which these were first the answer.
    pub(crate) changed_at: Timestamp,
    pub(crate) state: Agreement,
    /// True if the sums are equal to the last decimal, so that nothing of the day has changed.
    pub(crate) is_exact: bool,
    /// True if it has ever differed: its difference is published as long as the day is kept.
    pub(crate) has_differed: bool,
}

impl DayControl {
    /// Returns whether a day is to be read again because it differs: once, and hourly until its last
    /// reading began a refresh after the total has changed, because rows may be a refresh behind.
    /// `asked_at` is when that reading began.
    pub(crate) fn is_due(&self, asked_at: Timestamp, now: Timestamp) -> bool {
        match self.state {
            Agreement::Differs { read_again: None } => true,
            Agreement::Differs { read_again: Some(_) } => {
                now.duration_since(asked_at) >= AGAIN
                    && asked_at.duration_since(self.changed_at) < REFRESH
            }
            Agreement::Unverified | Agreement::Verified => false,
        }
    }
}

/// Whether a day agrees with Azure's total.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Agreement {
    /// Nothing can be said: the day is not complete, or was read after Azure was asked.
    Unverified,
    /// The sums are equal.
    Verified,
    /// The sums differ.
    Differs {
        /// Our sums, when it was read once more for that reason; `None` before that.
        read_again: Option<ByCurrency>,
    },
}

/// The states of kept days, each of which is in exactly one. The variants are all values of the
/// `state` label of `azure_billing_dates`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DateState {
    /// Not read late enough to contain all of the day.
    Incomplete,
    /// Complete, and not compared with Azure's total.
    Unverified,
    /// Equal to Azure's total.
    Verified,
    /// The last answer is suspect, and the old costs stay.
    Suspect,
    /// Complete, and not equal to Azure's total.
    Differs,
}

impl DateState {
    /// All states, in the order of publication.
    pub const ALL: [Self; 5] =
        [Self::Incomplete, Self::Unverified, Self::Verified, Self::Suspect, Self::Differs];

    /// Returns the label value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Incomplete => "incomplete",
            Self::Unverified => "unverified",
            Self::Verified => "verified",
            Self::Suspect => "suspect",
            Self::Differs => "differs",
        }
    }
}

/// A total of Azure beside ours.
#[derive(Clone, Debug, Default)]
pub(crate) struct PeriodControl {
    /// Azure's total of the days that were asked for.
    pub(crate) totals: ByCurrency,
    /// Ours less Azure's over complete days; `None` if none can be compared.
    pub(crate) difference: Option<ByCurrency>,
    /// The days one by one.
    pub(crate) days: DaysControl,
}

/// The complete days of a period beside Azure's totals.
#[derive(Clone, Debug, Default)]
pub struct DaysControl {
    /// The number of complete days.
    pub complete: u64,
    /// The number of these that equal Azure's total.
    pub verified: u64,
    /// Our sums and Azure's of the days that differ.
    pub differing: BTreeMap<Date, (ByCurrency, ByCurrency)>,
}

/// The sums of a day that are compared: those of the rows that are dated on it.
#[derive(Clone, Debug, Default)]
pub(crate) struct DaySums {
    /// The sums by currency.
    pub(crate) costs: ByCurrency,
    /// The part of them that is rounding rows, which Azure's totals may lack.
    rounding: ByCurrency,
    /// The sums of the absolute amounts.
    absolute: ByCurrency,
    rows: u64,
}

impl DaySums {
    pub(crate) fn of(costs: &Table<ScopeCost>, rows: u64, strings: &Interner) -> Self {
        let mut sums = Self { rows, ..Self::default() };
        for ([charge_type, .., currency], sum) in costs.iter() {
            let currency = strings.get(*currency).into_owned();
            if ChargeType::parse(&strings.get(*charge_type)) == ChargeType::RoundingAdjustment {
                *sums.rounding.entry(currency.clone()).or_default() += sum.amount;
            }
            *sums.absolute.entry(currency.clone()).or_default() += sum.amount.abs();
            *sums.costs.entry(currency).or_default() += sum.amount;
        }
        sums
    }

    /// Returns whether the sums equal Azure's, as far as both are exact.
    pub(crate) fn equals(&self, totals: &ByCurrency) -> bool {
        self.agrees(totals, SMALLEST)
    }

    /// Returns whether the sums equal Azure's to the last decimal of its totals. A day that was
    /// restated by less than a hundredth does not.
    pub(crate) fn equals_exactly(&self, totals: &ByCurrency) -> bool {
        self.agrees(totals, Amount::ZERO)
    }

    /// Returns whether the sums in one currency equal Azure's, as far as both are exact.
    pub(crate) fn equals_in(&self, currency: &str, totals: &ByCurrency) -> bool {
        self.agrees_in(currency, totals, SMALLEST)
    }

    fn agrees(&self, totals: &ByCurrency, smallest: Amount) -> bool {
        let mut currencies = self.costs.keys().chain(totals.keys());
        currencies.all(|currency| self.agrees_in(currency, totals, smallest))
    }

    fn agrees_in(&self, currency: &str, totals: &ByCurrency, smallest: Amount) -> bool {
        let by_rows = Amount::ONE.times(self.rows.into()).divided_by(DECIMALS_OF_A_ROW);
        let of = |amounts: &ByCurrency| amounts.get(currency).copied().unwrap_or_default();
        let difference = of(&self.costs) - of(totals);
        let is_small = |difference: Amount| {
            let difference = difference.abs();
            difference <= smallest
                || difference <= by_rows
                || difference <= of(&self.absolute).divided_by(SHARE_OF_SUM)
        };
        is_small(difference) || is_small(difference - of(&self.rounding))
    }

    /// Returns whether there is no cost on either side, which proves nothing if charges are hidden.
    pub(crate) fn is_nothing(&self, totals: &ByCurrency) -> bool {
        self.costs.values().chain(totals.values()).all(|amount| amount.is_zero())
    }
}

/// Returns ours less theirs by currency.
pub(crate) fn difference(ours: &ByCurrency, theirs: &ByCurrency) -> ByCurrency {
    let mut difference = ours.clone();
    for (currency, amount) in theirs {
        *difference.entry(currency.clone()).or_default() += -*amount;
    }
    difference
}

/// Adds amounts to others.
pub(crate) fn add(sums: &mut ByCurrency, amounts: &ByCurrency) {
    for (currency, amount) in amounts {
        *sums.entry(currency.clone()).or_default() += *amount;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amounts(texts: &[(&str, &str)]) -> ByCurrency {
        let amount = |text: &str| Amount::parse(text).unwrap().amount;
        texts.iter().map(|(currency, text)| ((*currency).to_owned(), amount(text))).collect()
    }

    fn sums(costs: &[(&str, &str)], rounding: &[(&str, &str)], rows: u64) -> DaySums {
        let costs = amounts(costs);
        let absolute = costs.iter().map(|(currency, cost)| (currency.clone(), cost.abs()));
        DaySums { absolute: absolute.collect(), costs, rounding: amounts(rounding), rows }
    }

    #[test]
    fn a_difference_above_a_hundredth_is_one_unless_rows_or_sums_explain_it() {
        for (ours, rounding, rows, theirs, equal) in [
            ("12.00", "0", 10, "12.01", true),
            ("12.00", "0", 10, "12.010001", false),
            ("12.00", "0", 10, "11.98", false),
            // 1e-8 for each of two million rows.
            ("12.00", "0", 2_000_000, "12.02", true),
            ("12.00", "0", 1_999_999, "12.02", false),
            // A billionth of the sum.
            ("30000000", "0", 10, "30000000.03", true),
            ("30000000", "0", 10, "30000000.04", false),
            // Rounding rows may be missing in Azure's total, and nothing else.
            ("11.50", "-0.50", 10, "12.00", true),
            ("11.50", "-0.50", 10, "11.50", true),
            ("11.50", "-0.50", 10, "11.75", false),
        ] {
            let ours = sums(&[("EUR", ours)], &[("EUR", rounding)], rows);
            let is = ours.equals(&amounts(&[("EUR", theirs)]));
            assert_eq!(is, equal, "{ours:?} and {theirs}");
        }
    }

    #[test]
    fn currencies_are_compared_one_by_one_and_nothing_is_zero() {
        let ours = sums(&[("EUR", "1"), ("USD", "2")], &[], 2);
        assert!(ours.equals(&amounts(&[("EUR", "1"), ("USD", "2")])));
        assert!(!ours.equals(&amounts(&[("EUR", "2"), ("USD", "1")])));
        assert!(!ours.equals(&amounts(&[("EUR", "1")])));
        assert!(!sums(&[], &[], 0).equals(&amounts(&[("EUR", "1")])));
        assert!(sums(&[], &[], 0).equals(&amounts(&[])));
        assert!(sums(&[("EUR", "0")], &[], 1).is_nothing(&amounts(&[("EUR", "0")])));
        assert!(!sums(&[("EUR", "0")], &[], 1).is_nothing(&amounts(&[("EUR", "1")])));
    }
}
