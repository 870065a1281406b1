//! A statement for programs. Amounts are numbers with all their decimals.

use serde::Serialize;
use serde_json::value::RawValue;

use super::{IN_NO_ROW, Statement, lines_of_day};
use crate::billing::amount::Amount;
use crate::billing::control::DaysControl;
use crate::billing::period_statement::{CurrencyStatement, Line};

#[derive(Serialize)]
struct Document<'a> {
    scope: &'a str,
    period: String,
    state: &'static str,
    closed_at: Option<String>,
    corrected_until: Option<String>,
    total: Option<&'static str>,
    closes: Option<bool>,
    result: String,
    currencies: Vec<Currency<'a>>,
    days: Option<Days<'a>>,
    gaps: Vec<Gap<'a>>,
    in_no_row: [&'static str; IN_NO_ROW.len()],
}

#[derive(Serialize)]
struct Currency<'a> {
    currency: &'a str,
    parts: Vec<Part>,
    total: Sums,
    rounding: Rounding,
}

#[derive(Serialize)]
struct Part {
    part: &'static str,
    #[serde(flatten)]
    sums: Sums,
}

#[derive(Serialize)]
struct Sums {
    rows: Number,
    azure: Option<Number>,
    difference: Option<Number>,
}

#[derive(Serialize)]
struct Rounding {
    rows: Option<Number>,
    predicted: Number,
    bound_up: Number,
    bound_down: Number,
}

#[derive(Serialize)]
struct Days<'a> {
    complete: u64,
    verified: u64,
    differing: Vec<Day<'a>>,
}

#[derive(Serialize)]
struct Day<'a> {
    date: String,
    currency: &'a str,
    #[serde(flatten)]
    sums: Sums,
}

#[derive(Serialize)]
struct Gap<'a> {
    source: &'static str,
    reason: &'a str,
}

/// An amount with all its digits.
type Number = Box<RawValue>;

fn number(amount: Amount) -> Number {
    // A decimal text is valid JSON.
    RawValue::from_string(amount.to_string()).unwrap_or_default()
}

/// Returns a statement as a JSON object in one line.
pub fn json(statement: &Statement<'_>) -> String {
    let period = statement.period;
    let document = Document {
        scope: statement.scope,
        period: period.period.to_string(),
        state: period.state.as_str(),
        closed_at: period.closed_at.map(|at| at.to_string()),
        corrected_until: statement.corrected_until.map(|at| at.to_string()),
        total: period.total,
        closes: statement.closes(),
        result: statement.result(),
        currencies: period.currencies.iter().map(|(code, sums)| currency(code, sums)).collect(),
        days: period.days.as_ref().map(days),
        gaps: statement.gaps.iter().map(|(source, reason)| Gap { source, reason }).collect(),
        in_no_row: IN_NO_ROW,
    };
    // Nothing in it can fail to be written: no map has other keys than texts.
    serde_json::to_string(&document).unwrap_or_default()
}

fn currency<'a>(code: &'a str, sums: &CurrencyStatement) -> Currency<'a> {
    let (up, down) = sums.bound;
    Currency {
        currency: code,
        parts: sums.parts.iter().map(|line| Part { part: line.name, sums: of(line) }).collect(),
        total: of(&sums.total),
        rounding: Rounding {
            rows: sums.rounding_rows.map(number),
            predicted: number(sums.predicted_rounding),
            bound_up: number(up),
            bound_down: number(down),
        },
    }
}

fn of(line: &Line) -> Sums {
    let (azure, difference) = (line.azure.map(number), line.difference().map(number));
    Sums { rows: number(line.rows), azure, difference }
}

fn days(days: &DaysControl) -> Days<'_> {
    let differing = days.differing.iter().flat_map(|(date, (ours, theirs))| {
        let lines = lines_of_day(ours, theirs).into_iter();
        lines.map(|(currency, line)| Day { date: date.to_string(), currency, sums: of(&line) })
    });
    Days { complete: days.complete, verified: days.verified, differing: differing.collect() }
}
