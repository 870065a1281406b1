//! OUT: the statement of a billing period, for people as a table and for programs as JSON.
//!
//! `reconcile` prints it and the server shows it, so both always say the same. What is compared,
//! and by which rule, is decided in [`crate::billing::reconciliation`].

mod json;
mod table;

use jiff::Timestamp;

pub use json::json;
pub use table::table;

use crate::billing::amount::Amount;
use crate::billing::control::ByCurrency;
use crate::billing::period_statement::{Line, PeriodStatement};
use crate::billing::reconciliation::{PeriodState, Verdict};

/// The decimals that are shown: Azure's own totals have no more.
const DECIMALS: u32 = 8;

/// What is in no row, and therefore in neither of the sums.
pub const IN_NO_ROW: [&str; 4] = [
    "support plans",
    "taxes",
    "credits",
    "refunds of an Enterprise Agreement, which come as prepayment or as a credit note",
];

/// The statement of a scope's period, with what is known beside it.
pub struct Statement<'a> {
    /// The label of the scope.
    pub scope: &'a str,
    /// The sums.
    pub period: &'a PeriodStatement,
    /// When Azure's corrections end, if that is still to come.
    pub corrected_until: Option<Timestamp>,
    /// The totals that are not to be had: which, and why not.
    pub gaps: Vec<(&'static str, String)>,
}

impl Statement<'_> {
    /// Returns whether the month closes: the rows agree with Azure's total, or differ by no more
    /// than rounding. `None` if nothing can be compared.
    pub fn closes(&self) -> Option<bool> {
        self.period.verdict.map(|verdict| verdict != Verdict::Differs)
    }

    /// Returns the result in words.
    pub fn result(&self) -> String {
        let Some(total) = self.period.total else {
            return "It cannot be compared: Azure gives no total of this month.".to_owned();
        };
        match self.period.verdict {
            None => "It cannot be compared: charges may be hidden.".to_owned(),
            Some(Verdict::Reconciled) => format!("It closes: the rows agree with Azure's {total}."),
            Some(Verdict::WithinBound) => format!(
                "It closes: the difference from Azure's {total} lies within what rounding explains."
            ),
            Some(Verdict::Differs) => format!(
                "It does not close: the difference from Azure's {total} is more than rounding explains."
            ),
        }
    }

    /// Says that the period is not final, if it is not.
    pub fn reservation(&self) -> Option<String> {
        if let Some(until) = self.corrected_until {
            return Some(format!("Azure may still correct this month until {until}."));
        }
        (self.period.state == PeriodState::Open).then(|| "This month is still read.".to_owned())
    }
}

/// Returns the sums of a day by currency, ours beside Azure's.
pub fn lines_of_day<'a>(ours: &'a ByCurrency, theirs: &'a ByCurrency) -> Vec<(&'a str, Line)> {
    let mut currencies: Vec<&str> = ours.keys().chain(theirs.keys()).map(String::as_str).collect();
    currencies.sort_unstable();
    currencies.dedup();
    let of = |amounts: &ByCurrency, currency: &str| -> Amount {
        amounts.get(currency).copied().unwrap_or_default()
    };
    let line = |currency| {
        let (rows, azure) = (of(ours, currency), Some(of(theirs, currency)));
        (currency, Line { name: "", rows, azure })
    };
    currencies.into_iter().map(line).collect()
}

/// Returns an amount as it is shown: at least two decimals, so that columns of money line up.
pub fn shown(amount: Amount) -> String {
    let text = amount.truncated(DECIMALS).to_string();
    let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    match decimals {
        0 => text + ".00",
        1 => text + "0",
        _ => text,
    }
}

#[cfg(test)]
mod tests;
