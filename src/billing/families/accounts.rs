//! The cost of each department and enrollment account: one billing account contains them all.

use super::bound::Bound;
use super::family::{Family, InHistory, Keep, Metric, Previous, Spelled};
use crate::billing::amount::Amount;
use crate::billing::column::Column;
use crate::billing::interner::Symbol;
use crate::billing::limits::Limit;
use crate::billing::names::Named;
use crate::billing::row::{Amounts, ChargeKey};

/// Cost by department and account.
pub(crate) enum AccountCost {}

impl Family for AccountCost {
    type Key = [Symbol; 3];

    type Part = ChargeKey;

    const KEEP: Keep = Keep::Bill;

    const BOUND: Option<Bound> = Some(Bound {
        metric: <Self as Metric>::NAME,
        limit: Limit { key: "accounts", default: 1_000 },
        entity: 2,
        group: 0,
        other: 1,
        stay: 1,
    });

    const SPELLED: &'static [Spelled<Self::Key>] = &[
        (0, |key| Named::Column(Column::Department, key[0])),
        (1, |key| Named::Column(Column::Account, key[1])),
    ];

    fn each(item: &ChargeKey, amounts: Amounts, mut add: impl FnMut(Self::Key, Amount)) {
        add([item[Column::Department], item[Column::Account], item.currency], amounts.cost);
    }
}

impl Metric for AccountCost {
    const NAME: &'static str = "azure_billing_account_pretax_cost";
    const HELP: &'static str = "Cost before tax of the current billing period to date by department and enrollment account, in `currency`. Cached from the last successful poll.";
    const LABELS: &'static [&'static str] = &["department", "account", "currency"];
    const HISTORY: InHistory = InHistory::Yes;
}

impl Previous for AccountCost {
    const NAME: &'static str = "azure_billing_account_previous_period_pretax_cost";
    const HELP: &'static str = "Cost before tax of the previous billing period by department and enrollment account, in `currency`. Late usage and corrections can still change it. Cached from the last successful poll.";
    const LABELS: &'static [&'static str] = &["period", "department", "account", "currency"];
}
