//! The header of a report: the columns that are read, and their meaning.

use super::super::fields::{AmountField, TextField};

/// The meaning of a column.
#[derive(Clone, Copy)]
pub(super) enum ReportColumn {
    Text(TextField),
    Amount(AmountField),
    Tags,
    CostAllocationRule,
}

/// Returns the columns that are read, with their meaning.
pub(super) fn columns(names: &[&str]) -> Result<Vec<(usize, ReportColumn)>, String> {
    let names: Vec<String> = names.iter().map(|name| squeezed(english(name))).collect();
    let columns = names.iter().enumerate();
    let columns: Vec<_> =
        columns.filter_map(|(place, name)| Some((place, column(name)?))).collect();
    for (what, is_it) in [
        ("cost", is_cost as fn(ReportColumn) -> bool),
        ("currency", is_currency),
        ("date", |column| matches!(column, ReportColumn::Text(TextField::Date))),
    ] {
        if !columns.iter().any(|(_, column)| is_it(*column)) {
            return Err(format!("no column for the {what}; this is not a cost details report"));
        }
    }
    Ok(columns)
}

fn is_cost(column: ReportColumn) -> bool {
    use AmountField::{Cost, CostInBillingCurrency, PretaxCost};
    matches!(column, ReportColumn::Amount(Cost | CostInBillingCurrency | PretaxCost))
}

fn is_currency(column: ReportColumn) -> bool {
    use TextField::{BillingCurrency, BillingCurrencyCode, Currency};
    matches!(column, ReportColumn::Text(Currency | BillingCurrency | BillingCurrencyCode))
}

/// Returns the English part of a name: `Cost` of `Kosten (Cost)`.
fn english(name: &str) -> &str {
    let inner = name.trim().strip_suffix(')').and_then(|name| name.rsplit_once('('));
    inner.map_or(name, |(_, english)| english)
}

/// Returns only the letters and digits of a name, in lower case.
fn squeezed(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn column(name: &str) -> Option<ReportColumn> {
    match name {
        "tags" => Some(ReportColumn::Tags),
        "costallocationrulename" => Some(ReportColumn::CostAllocationRule),
        name => {
            let amount = AmountField::of_column(name).map(ReportColumn::Amount);
            amount.or_else(|| TextField::of_column(name).map(ReportColumn::Text))
        }
    }
}
