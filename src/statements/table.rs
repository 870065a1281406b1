//! A statement for people, as plain text.

use std::fmt::Write;

use super::{IN_NO_ROW, Statement, lines_of_day, shown};
use crate::billing::amount::Amount;
use crate::billing::control::DaysControl;
use crate::billing::period_statement::{CurrencyStatement, Line};

const NAME: usize = 20;
const NUMBER: usize = 22;

/// Returns a statement in lines.
pub fn table(statement: &Statement<'_>) -> String {
    let period = statement.period;
    let mut text = format!("{}, {} ({})\n", statement.scope, period.period, period.state.as_str());
    for (currency, sums) in &period.currencies {
        add_currency(&mut text, currency, sums);
    }
    if period.currencies.is_empty() {
        text.push_str("\n  The month has no rows.\n");
    }
    text.push('\n');
    if let Some(days) = &period.days {
        add_days(&mut text, days);
    }
    for (source, why) in &statement.gaps {
        add(&mut text, format_args!("  Azure's {source} cannot be had: {why}"));
    }
    for line in [Some(statement.result()), statement.reservation()].into_iter().flatten() {
        add(&mut text, format_args!("  {line}"));
    }
    add(&mut text, format_args!("  In no row, and so in neither sum: {}.", IN_NO_ROW.join(", ")));
    text
}

fn add(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a text cannot fail.
    let _ = writeln!(text, "{line}");
}

fn add_currency(text: &mut String, currency: &str, sums: &CurrencyStatement) {
    add(text, format_args!(""));
    let (rows, azure) = ("rows", "Azure");
    add(
        text,
        format_args!("  {currency:NAME$}{rows:>NUMBER$}{azure:>NUMBER$}{:>NUMBER$}", "difference"),
    );
    for line in sums.parts.iter().chain([&sums.total]) {
        add_line(text, &line.name.replace('_', " "), line);
    }
    let (up, down) = sums.bound;
    let predicted = shown(sums.predicted_rounding);
    match sums.rounding_rows {
        Some(rows) => add(
            text,
            format_args!("  Rounding rows are there: {}, predicted {predicted}.", shown(rows)),
        ),
        None => add(
            text,
            format_args!(
                "  No rounding rows; predicted {predicted}, so the rows may be up to {} above Azure's total and {} below.",
                shown(up),
                shown(down)
            ),
        ),
    }
}

fn add_line(text: &mut String, name: &str, line: &Line) {
    let amount = |amount: Option<Amount>| amount.map_or_else(|| "-".to_owned(), shown);
    let (rows, azure) = (shown(line.rows), amount(line.azure));
    let difference = amount(line.difference());
    add(text, format_args!("  {name:NAME$}{rows:>NUMBER$}{azure:>NUMBER$}{difference:>NUMBER$}"));
}

fn add_days(text: &mut String, days: &DaysControl) {
    let DaysControl { complete, verified, differing } = days;
    add(
        text,
        format_args!("  {verified} of {complete} complete days equal Azure's total of the day."),
    );
    for (date, (ours, theirs)) in differing {
        for (currency, line) in lines_of_day(ours, theirs) {
            add_line(text, &format!("{date} {currency}"), &line);
        }
    }
}
