//! Whether a month agrees with Azure's balances or charges, which are a second book: the invoice is
//! made from them.
//!
//! A difference is never forgiven in per cent. It is what the invoice cuts off, which is bounded by
//! the number of groups that are cut, or the month differs.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::amount::Amount;
use super::minor_unit::minor_unit;
use super::month_sums::{MonthSums, Rounding};
use super::period::Period;
use super::statement::{MonthTotal, Statement};

/// The part label of a difference where rows do not tell parts apart.
pub(crate) const ALL_PARTS: &str = "total";

/// The states of a period, of which it is in exactly one. The variants are all values of the `state`
/// label of `azure_billing_period_state`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PeriodState {
    /// Not over, or still corrected by Azure.
    #[default]
    Open,
    /// Over and not read again; Azure's total says nothing against it, or there is none.
    Closed,
    /// Closed, and equal to Azure's balance.
    Reconciled,
    /// Closed, and further from Azure's total than rounding can explain.
    Differs,
}

impl PeriodState {
    /// Every state, in the order of publication.
    pub const ALL: [Self; 4] = [Self::Open, Self::Closed, Self::Reconciled, Self::Differs];

    /// Returns the label value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Reconciled => "reconciled",
            Self::Differs => "differs",
        }
    }
}

/// What is known of a month, as it is published.
#[derive(Clone, Debug, Default)]
pub(crate) struct Month {
    pub(crate) state: PeriodState,
    pub(crate) closed_at: Option<Timestamp>,
    /// Our sums by currency.
    pub(crate) sums: BTreeMap<String, MonthSums>,
    /// The comparison with Azure's total; `None` if Azure gives none.
    pub(crate) comparison: Option<Comparison>,
    /// The result of the comparison; `None` if charges may be hidden, too.
    pub(crate) verdict: Option<Verdict>,
}

/// Our sums of a month beside a total of Azure.
#[derive(Clone, Debug)]
pub(crate) struct Comparison {
    pub(crate) total: &'static MonthTotal,
    pub(crate) currencies: BTreeMap<String, Compared>,
    /// True if rows have costs in a currency of which Azure has stated nothing.
    is_partial: bool,
}

/// Our sums in one currency beside those of Azure.
#[derive(Clone, Debug)]
pub(crate) struct Compared {
    /// Azure's amounts by part.
    pub(crate) theirs: [Amount; 3],
    pub(crate) ours: MonthSums,
}

/// The result of a comparison, from the best to the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Equal to the invoice.
    Reconciled,
    /// The difference can be rounding.
    WithinBound,
    /// More than rounding can explain.
    Differs,
}

/// A record of a month that stays when its days are forgotten.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MonthRecord {
    /// The time at which it was first known to be over and not read again.
    pub(crate) closed_at: Option<Timestamp>,
    /// The time at which its sums were last added up.
    pub(crate) summed_at: Option<Timestamp>,
    /// Its sums by currency.
    pub(crate) sums: BTreeMap<String, MonthSums>,
}

impl MonthRecord {
    /// Returns what is known of the month, with what Azure has stated of it. Hidden charges never
    /// agree with anything.
    pub(crate) fn month(&self, period: Period, statement: &Statement, is_visible: bool) -> Month {
        let comparison = Comparison::of(&self.sums, statement, period);
        let verdict = comparison.as_ref().filter(|_| is_visible).map(Comparison::verdict);
        let state = match (self.closed_at, verdict) {
            (None, _) => PeriodState::Open,
            (Some(_), Some(Verdict::Reconciled)) => PeriodState::Reconciled,
            (Some(_), Some(Verdict::Differs)) => PeriodState::Differs,
            (Some(_), _) => PeriodState::Closed,
        };
        Month { state, closed_at: self.closed_at, sums: self.sums.clone(), comparison, verdict }
    }
}

impl Comparison {
    /// Compares a month with the total that Azure has stated of it, if it has.
    pub(crate) fn of(
        sums: &BTreeMap<String, MonthSums>,
        statement: &Statement,
        period: Period,
    ) -> Option<Self> {
        let (total, stated) = MonthTotal::all()
            .into_iter()
            .map(|total| (total, statement.parts(total, period)))
            .find(|(_, stated)| !stated.is_empty())?;
        let is_unstated = |(currency, sums): (&String, &MonthSums)| {
            !stated.contains_key(currency.as_str()) && sums.parts.iter().any(|part| !part.is_zero())
        };
        let is_partial = sums.iter().any(is_unstated);
        let compared = stated.into_iter().map(|(currency, theirs)| {
            let ours = sums.get(currency).cloned().unwrap_or_default();
            (currency.to_owned(), Compared { theirs, ours })
        });
        Some(Self { total, currencies: compared.collect(), is_partial })
    }

    /// Returns the worst verdict of all currencies.
    pub(crate) fn verdict(&self) -> Verdict {
        let verdicts = self.currencies.iter().map(|(code, it)| it.verdict(code, self.total));
        let worst = verdicts.max().unwrap_or(Verdict::WithinBound);
        if self.is_partial { worst.max(Verdict::WithinBound) } else { worst }
    }

    /// Returns our sums less Azure's, by part and currency.
    pub(crate) fn differences(&self) -> BTreeMap<(&'static str, &str), Amount> {
        let compared = self.currencies.iter().flat_map(|(currency, compared)| {
            let parts = compared.differences(self.total).into_iter();
            parts.map(move |(part, amount)| ((part, currency.as_str()), amount))
        });
        compared.collect()
    }
}

impl Compared {
    /// Returns ours less Azure's by part; of all parts together, if rows do not tell them apart.
    pub(crate) fn differences(&self, total: &MonthTotal) -> Vec<(&'static str, Amount)> {
        if self.ours.is_mixed {
            return vec![(ALL_PARTS, self.difference())];
        }
        let amounts = self.ours.parts.into_iter().zip(self.theirs);
        total.parts.into_iter().zip(amounts.map(|(ours, theirs)| ours - theirs)).collect()
    }

    /// Returns ours less Azure's, all parts together.
    fn difference(&self) -> Amount {
        let sum = |amounts: [Amount; 3]| amounts.into_iter().sum::<Amount>();
        sum(self.ours.parts) - sum(self.theirs)
    }

    /// Returns whether the sums agree with a total.
    fn verdict(&self, currency: &str, total: &MonthTotal) -> Verdict {
        let Rounding { up, down, .. } = self.ours.rounding;
        let unit = minor_unit(currency);
        let difference = self.difference();
        let is_bounded = -down <= difference && difference <= up;
        let is_small = |(_, part): &(&str, Amount)| part.abs().times(2) <= unit;
        let is_equal = self.differences(total).iter().all(is_small);
        // Rounding rows leave nothing that rounding could explain.
        let agrees = is_equal || is_bounded && self.ours.rounding_rows.is_none();
        if agrees && total.has_rounding_rows {
            Verdict::Reconciled
        } else if agrees || is_bounded {
            Verdict::WithinBound
        } else {
            Verdict::Differs
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::statement::{BALANCES, CHARGES};
    use super::*;

    fn amount(text: &str) -> Amount {
        Amount::parse(text).unwrap().amount
    }

    /// Returns sums of the usage alone, of three groups above zero and two below.
    fn sums(usage: &str, has_rounding_rows: bool) -> MonthSums {
        MonthSums {
            parts: [amount(usage), Amount::ONE, Amount::ZERO],
            rounding_rows: has_rounding_rows.then_some(Amount::ZERO),
            rounding: Rounding { up: amount("0.03"), down: amount("0.02"), ..Rounding::default() },
            ..MonthSums::default()
        }
    }

    fn verdict(ours: MonthSums, total: &MonthTotal) -> Verdict {
        let theirs = [amount("10"), Amount::ONE, Amount::ZERO];
        Compared { theirs, ours }.verdict("EUR", total)
    }

    #[test]
    fn rounding_explains_as_much_as_is_cut_off_and_nothing_once_its_rows_are_there() {
        for (usage, open, rounded) in [
            ("10", Verdict::Reconciled, Verdict::Reconciled),
            ("10.005", Verdict::Reconciled, Verdict::Reconciled),
            ("10.006", Verdict::Reconciled, Verdict::WithinBound),
            ("10.03", Verdict::Reconciled, Verdict::WithinBound),
            ("10.0301", Verdict::Differs, Verdict::Differs),
            ("9.98", Verdict::Reconciled, Verdict::WithinBound),
            ("9.9799", Verdict::Differs, Verdict::Differs),
        ] {
            assert_eq!(verdict(sums(usage, false), &BALANCES), open, "{usage}");
            assert_eq!(verdict(sums(usage, true), &BALANCES), rounded, "{usage} with its rows");
            // A nested scope has no rounding rows, so nothing can be equal.
            let nested = verdict(sums(usage, false), &CHARGES);
            assert_eq!(nested, open.max(Verdict::WithinBound), "{usage} of a department");
        }
    }

    #[test]
    fn parts_are_compared_one_by_one_where_rows_tell_them_apart() {
        let moved = |is_mixed| {
            let parts = [amount("9.5"), amount("1.5"), Amount::ZERO];
            MonthSums { parts, is_mixed, ..sums("0", true) }
        };
        assert_eq!(verdict(moved(false), &BALANCES), Verdict::WithinBound);
        assert_eq!(verdict(moved(true), &BALANCES), Verdict::Reconciled);
        let theirs = [amount("10"), Amount::ONE, Amount::ZERO];
        let listed = |is_mixed| {
            let compared = Compared { theirs, ours: moved(is_mixed) };
            let parts = compared.differences(&BALANCES).into_iter();
            parts.map(|(part, amount)| format!("{part} {amount}")).collect::<Vec<_>>()
        };
        assert_eq!(listed(false), ["usage -0.5", "charged_separately 0.5", "marketplace 0"]);
        assert_eq!(listed(true), ["total 0"]);
    }

    #[test]
    fn a_month_is_open_until_it_is_closed_and_hidden_charges_agree_with_nothing() {
        let october: Period = "2026-10".parse().unwrap();
        let mut statement = Statement::default();
        let theirs = [amount("10"), Amount::ONE, Amount::ZERO];
        let mut record = MonthRecord::default();
        record.sums.insert("EUR".to_owned(), sums("10", true));
        let state = |record: &MonthRecord, statement: &Statement, is_visible| {
            record.month(october, statement, is_visible).state
        };
        record.closed_at = Some(Timestamp::UNIX_EPOCH);
        assert_eq!(state(&record, &statement, true), PeriodState::Closed);
        statement.put("balances", october, BALANCES.facts(october, "EUR", theirs));
        assert_eq!(state(&record, &statement, true), PeriodState::Reconciled);
        assert_eq!(state(&record, &statement, false), PeriodState::Closed);
        // Azure states nothing of a currency in which there are costs.
        record.sums.insert("USD".to_owned(), sums("1", true));
        assert_eq!(state(&record, &statement, true), PeriodState::Closed);
        record.sums.remove("USD");
        record.sums.insert("EUR".to_owned(), sums("11", true));
        assert_eq!(state(&record, &statement, true), PeriodState::Differs);
        // A currency in which Azure has charged and no row has a cost.
        record.sums.clear();
        assert_eq!(state(&record, &statement, true), PeriodState::Differs);
        record.closed_at = None;
        assert_eq!(state(&record, &statement, true), PeriodState::Open);
    }
}
