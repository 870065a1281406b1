//! The cost of each value of the configured tag keys.

use super::bound::Bound;
use super::family::{Family, Keep, Metric, Previous, Spelled};
use crate::billing::amount::Amount;
use crate::billing::interner::Symbol;
use crate::billing::limits::Limit;
use crate::billing::names::Named;
use crate::billing::row::{Amounts, Tag};

/// Cost by tag key and value. A row counts once for each key; if it lacks the tag, under the empty
/// value.
pub(crate) enum TagCost {}

impl Family for TagCost {
    type Key = [Symbol; 3];

    type Part = Tag;

    const KEEP: Keep = Keep::Bill;

    const BOUND: Option<Bound> = Some(Bound {
        metric: <Self as Metric>::NAME,
        limit: Limit { key: "tags", default: 1_000 },
        entity: 2,
        group: 1,
        other: 1,
        stay: 1,
    });

    const SPELLED: &'static [Spelled<Self::Key>] = &[(1, |key| Named::TagValue([key[0], key[1]]))];

    fn each(tag: &Tag, amounts: Amounts, mut add: impl FnMut(Self::Key, Amount)) {
        add([tag.key, tag.value, tag.currency], amounts.cost);
    }
}

impl Metric for TagCost {
    const NAME: &'static str = "azure_billing_tag_pretax_cost";
    const HELP: &'static str = "Cost before tax of the current billing period to date by the value of a configured tag key, in `currency`; rows without the tag have the empty value. Add values up only within one `tag`. Cached from the last successful poll.";
    const LABELS: &'static [&'static str] = &["tag", "value", "currency"];
}

impl Previous for TagCost {
    const NAME: &'static str = "azure_billing_tag_previous_period_pretax_cost";
    const HELP: &'static str = "Cost before tax of the previous billing period by the value of a configured tag key, in `currency`. Add values up only within one `tag`. Late usage and corrections can still change it. Cached from the last successful poll.";
    const LABELS: &'static [&'static str] = &["period", "tag", "value", "currency"];
}
