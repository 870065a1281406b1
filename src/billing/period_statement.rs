//! The statement of a billing period: what the rows add up to, beside what Azure states.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::amount::Amount;
use super::control::DaysControl;
use super::month_sums::{MonthSums, Rounding};
use super::period::Period;
use super::reconciliation::{ALL_PARTS, Compared, Month, PeriodState, Verdict};
use super::statement::{BALANCES, MonthTotal};

/// The statement of a billing period.
#[derive(Clone, Debug)]
pub struct PeriodStatement {
    /// The period.
    pub period: Period,
    /// Its state.
    pub state: PeriodState,
    /// When it was first known to be over and not read again.
    pub closed_at: Option<Timestamp>,
    /// What Azure calls its total; `None` if it gives none.
    pub total: Option<&'static str>,
    /// The result of the comparison with it; `None` if there is none, or charges may be hidden.
    pub verdict: Option<Verdict>,
    /// The sums by currency.
    pub currencies: BTreeMap<String, CurrencyStatement>,
    /// Its days beside Azure's totals of days; `None` if Azure was not asked for them.
    pub days: Option<DaysControl>,
}

/// The sums of a period in one currency.
#[derive(Clone, Debug)]
pub struct CurrencyStatement {
    /// The parts that rows tell apart, or all of them together.
    pub parts: Vec<Line>,
    /// The sum of all parts.
    pub total: Line,
    /// The sum of the rounding rows; `None` if there are none.
    pub rounding_rows: Option<Amount>,
    /// What they will be, or should have been, by the other rows.
    pub predicted_rounding: Amount,
    /// The most by which the rows may be above Azure's total, and below it.
    pub bound: (Amount, Amount),
}

/// What the rows add up to, beside Azure's amount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The part.
    pub name: &'static str,
    /// The sum of the rows.
    pub rows: Amount,
    /// Azure's amount, if it states one.
    pub azure: Option<Amount>,
}

impl Line {
    /// Returns the rows less Azure's amount.
    pub fn difference(&self) -> Option<Amount> {
        self.azure.map(|azure| self.rows - azure)
    }
}

impl PeriodStatement {
    /// Returns the statement of a month, with its days if Azure was asked for them.
    pub(crate) fn of(period: Period, month: &Month, days: Option<DaysControl>) -> Self {
        let comparison = month.comparison.as_ref();
        let total = comparison.map_or(&BALANCES, |it| it.total);
        let mut currencies: BTreeMap<String, CurrencyStatement> = month
            .sums
            .iter()
            .map(|(code, sums)| (code.clone(), CurrencyStatement::of(sums, None, total)))
            .collect();
        for (code, Compared { ours, theirs }) in comparison.iter().flat_map(|it| &it.currencies) {
            let compared = CurrencyStatement::of(ours, Some(*theirs), total);
            currencies.insert(code.clone(), compared);
        }
        Self {
            period,
            state: month.state,
            closed_at: month.closed_at,
            total: comparison.map(|it| it.total.name),
            verdict: month.verdict,
            currencies,
            days,
        }
    }
}

impl PeriodStatement {
    /// Returns the statement of a month of which nothing is known.
    pub fn none(period: Period) -> Self {
        Self::of(period, &Month::default(), None)
    }
}

impl CurrencyStatement {
    fn of(sums: &MonthSums, theirs: Option<[Amount; 3]>, total: &MonthTotal) -> Self {
        let line = |name, rows, azure| Line { name, rows, azure };
        let add = |amounts: [Amount; 3]| amounts.into_iter().sum::<Amount>();
        let parts = total.parts.iter().enumerate();
        let parts = parts.map(|(place, part)| {
            line(*part, sums.parts[place], theirs.map(|amounts| amounts[place]))
        });
        let Rounding { predicted, up, down } = sums.rounding;
        Self {
            parts: if sums.is_mixed { Vec::new() } else { parts.collect() },
            total: line(ALL_PARTS, add(sums.parts), theirs.map(add)),
            rounding_rows: sums.rounding_rows,
            predicted_rounding: predicted,
            bound: (up, down),
        }
    }
}
