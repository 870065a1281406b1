//! The correct values of families, computed here: rows added up one by one by the labels that they
//! have, without the exporter's sums.

use std::collections::BTreeMap;

use azure_billing_exporter::billing::amount::Amount;
use azure_billing_exporter::billing::charge::Charge;
use azure_billing_exporter::billing::column::Column;
use azure_billing_exporter::billing::metric_families::FAMILIES;

/// Returns the amount of a row that is added up.
pub(crate) type CostOf = fn(&Charge<'_>) -> Amount;

pub(crate) fn cost(charge: &Charge<'_>) -> Amount {
    charge.cost
}

pub(crate) fn quantity(charge: &Charge<'_>) -> Amount {
    charge.quantity
}

/// Returns the labels of a family that a single row decides. A name is the newest one of all rows.
pub(crate) fn labelled(family: &str) -> Vec<&'static str> {
    let family = FAMILIES.iter().find(|known| known.name == family).expect("a family");
    let names = ["instance_name", "subscription_name"];
    family.labels.iter().copied().filter(|label| !names.contains(label)).collect()
}

/// Adds up rows by some labels, without sums that are 0.
pub(crate) fn naive(
    rows: &[(i8, Charge<'static>)],
    labels: &[&str],
    amount: CostOf,
) -> BTreeMap<Vec<String>, Amount> {
    let mut sums = BTreeMap::<Vec<String>, Amount>::new();
    for (_, charge) in rows {
        let key = labels.iter().map(|label| value(charge, label)).collect();
        *sums.entry(key).or_default() += amount(charge);
    }
    sums.retain(|_, amount| !amount.is_zero());
    sums
}

/// Returns a row's value for a label, in the spelling that is published. Ids of these tests name
/// the subscription and the group of their row.
fn value(charge: &Charge<'_>, label: &str) -> String {
    let text = match label {
        "charge_type" => charge.charge_type.as_str(),
        "currency" => return charge.currency.trim().to_uppercase(),
        "unit" => charge.unit.trim(),
        "instance_id" => return charge.instance_id.to_lowercase(),
        "subscription_id" => &charge.subscription_id,
        "resource_group" => &charge.resource_group,
        // A region has no blanks and dashes.
        "location" => return charge.location.replace('-', ""),
        label => {
            let column = Column::ALL.into_iter().find(|column| column.name() == label);
            let column = column.unwrap_or_else(|| panic!("no label of a row: {label}"));
            match (column, charge[column].as_ref()) {
                (Column::PricingModel, "OnDemand" | "On Demand") => "on_demand",
                (Column::PricingModel | Column::PublisherType, text) => return text.to_lowercase(),
                (_, text) => text,
            }
        }
    };
    text.to_owned()
}
