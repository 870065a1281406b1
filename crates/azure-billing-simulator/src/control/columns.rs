//! The columns of daily totals: their names, their order, and what they show.

use super::{
    super::{
        chance::{Chance, mix},
        fault::Fault,
        options::ControlOptions,
    },
    order::{Granularity, Order},
};

/// A column of an answer.
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) value: Value,
}

/// What a column shows.
#[derive(Clone, Copy)]
pub(super) enum Value {
    Cost,
    Date,
    Group(usize),
    Currency,
}

/// Returns the columns of what was asked for, in the order of the answer.
pub(super) fn columns(
    order: &Order,
    options: &ControlOptions,
    seed: u64,
    fault: Option<&Fault>,
) -> Vec<Column> {
    let column = |name: &str, kind, value| Column { name: name.to_owned(), kind, value };
    let cost = if options.query_columns.pretax { "PreTaxCost" } else { order.cost };
    let cost = if fault == Some(&Fault::UnknownColumns) { "Amount" } else { cost };
    let mut columns = vec![column(cost, "Number", Value::Cost)];
    match order.granularity {
        Granularity::None => {}
        Granularity::Daily => columns.push(column("UsageDate", "Number", Value::Date)),
        Granularity::Monthly => columns.push(column("BillingMonth", "Datetime", Value::Date)),
    }
    let groups = order.grouping.iter().enumerate();
    columns.extend(
        groups.map(|(place, dimension)| column(dimension.name(), "String", Value::Group(place))),
    );
    columns.push(column("Currency", "String", Value::Currency));
    if options.query_columns.shuffled {
        let mut chance = Chance::new(mix(seed ^ 0xC015, columns.len() as u64));
        for place in (1..columns.len()).rev() {
            columns.swap(place, chance.below(place as u64 + 1) as usize);
        }
    }
    columns
}
