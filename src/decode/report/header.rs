//! The header of a report: the columns that are read, and their meaning.

use super::super::fields::TextField;

/// The meaning of a column.
#[derive(Clone, Copy)]
pub(super) enum Column {
    Text(TextField),
    Cost,
    PretaxCost,
    CostInBillingCurrency,
    Quantity,
    UsageQuantity,
    EffectivePrice,
    UnitPrice,
    PayGPrice,
    Tags,
    CostAllocationRule,
}

/// Returns the columns that are read, with their meaning.
pub(super) fn columns(names: &[&str]) -> Result<Vec<(usize, Column)>, String> {
    let names: Vec<String> = names.iter().map(|name| squeezed(english(name))).collect();
    let columns = names.iter().enumerate();
    let columns = columns.filter_map(|(place, name)| Some((place, column(name)?))).collect();
    for (what, known) in [
        ("cost", ["costinbillingcurrency", "cost", "pretaxcost"]),
        ("currency", ["billingcurrencycode", "billingcurrency", "currency"]),
        ("date", ["date", "usagedatetime", "usagedate"]),
    ] {
        if !names.iter().any(|name| known.contains(&name.as_str())) {
            return Err(format!("no column for the {what}; this is not a cost details report"));
        }
    }
    Ok(columns)
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

fn column(name: &str) -> Option<Column> {
    Some(match name {
        "cost" => Column::Cost,
        "pretaxcost" => Column::PretaxCost,
        "costinbillingcurrency" => Column::CostInBillingCurrency,
        "quantity" => Column::Quantity,
        "usagequantity" => Column::UsageQuantity,
        "effectiveprice" => Column::EffectivePrice,
        "unitprice" => Column::UnitPrice,
        "paygprice" => Column::PayGPrice,
        "tags" => Column::Tags,
        "costallocationrulename" => Column::CostAllocationRule,
        _ => Column::Text(TextField::of_column(name)?),
    })
}
