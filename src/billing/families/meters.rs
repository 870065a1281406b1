//! The usage of each meter.

use super::bound::Bound;
use super::family::{Family, Keep, Metric, Spelled};
use crate::billing::amount::Amount;
use crate::billing::column::Column;
use crate::billing::interner::Symbol;
use crate::billing::limits::Limit;
use crate::billing::names::Named;
use crate::billing::row::{Amounts, ChargeKey};

/// Usage by meter and unit.
pub(crate) enum MeterUsage {}

/// Cost by meter. It ranks the meters and is not published.
pub(crate) enum MeterCost {}

/// Cost ranks; usage has the same entities.
const BOUND: Bound = Bound {
    metric: MeterUsage::NAME,
    limit: Limit { key: "meters", default: 1_000 },
    entity: 3,
    group: 0,
    other: 2,
    stay: 1,
};

/// The names in the keys. A meter is identified by its service and subcategory as well.
const SPELLED: &[Spelled<[Symbol; 4]>] = &[
    (0, |key| Named::Column(Column::ServiceName, key[0])),
    (1, |key| Named::Subcategory([key[0], key[1]])),
    (2, |key| Named::Meter([key[0], key[1], key[2]])),
];

impl Family for MeterUsage {
    type Key = [Symbol; 4];

    type Part = ChargeKey;

    const KEEP: Keep = Keep::Open;

    const BOUND: Option<Bound> = Some(BOUND);

    const SPELLED: &'static [Spelled<Self::Key>] = SPELLED;

    fn each(item: &ChargeKey, amounts: Amounts, mut add: impl FnMut(Self::Key, Amount)) {
        add(
            [item[Column::ServiceName], item[Column::Subcategory], item[Column::Meter], item.unit],
            amounts.quantity,
        );
    }
}

impl Metric for MeterUsage {
    const NAME: &'static str = "azure_billing_meter_usage_quantity";
    const HELP: &'static str = "Usage of the current billing period to date by meter, in `unit` as Azure sends it. Quantities add up only within one meter. Cached from the last successful poll.";
    const LABELS: &'static [&'static str] = &["service_name", "subcategory", "meter", "unit"];
}

impl Family for MeterCost {
    type Key = [Symbol; 4];

    type Part = ChargeKey;

    const KEEP: Keep = Keep::Open;

    const BOUND: Option<Bound> = Some(BOUND);

    const SPELLED: &'static [Spelled<Self::Key>] = SPELLED;

    fn each(item: &ChargeKey, amounts: Amounts, mut add: impl FnMut(Self::Key, Amount)) {
        add(
            [
                item[Column::ServiceName],
                item[Column::Subcategory],
                item[Column::Meter],
                item.currency,
            ],
            amounts.cost,
        );
    }
}
