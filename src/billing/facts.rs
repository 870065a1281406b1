//! Facts about the rows of a day besides their sums: what could not be read, whether costs are
//! visible, and who is billed. They are counted while rows are read, kept with the day, and
//! replaced with it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::amount::Amount;
use super::charge::{Charge, Degradation, Price};
use super::column::Column;
use super::daily_sums::DayBucket;
use super::label_value::bounded;
use super::period::Period;
use super::squeezed::squeezed;

/// The facts of a reading by bucket. A bucket without facts is absent.
pub type BucketFacts = BTreeMap<DayBucket, DayFacts>;

/// The facts of one bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayFacts {
    /// The number of rows that count although a part could not be read, by [`Degradation`].
    pub degraded: [u64; Degradation::ALL.len()],
    /// The number of rows of on-demand usage whose cost is present and 0 and which have no price:
    /// the usage is free, or its cost is hidden.
    pub unpriced: u64,
    /// True if a row of usage without cost has a price above zero: then prices are visible.
    pub priced: bool,
    /// The billing accounts that rows name.
    pub billing_accounts: BTreeSet<String>,
}

/// Counts all facts in one billing period, once it is known that the rows are billed in it.
pub fn into_period(facts: BucketFacts, period: Period) -> BucketFacts {
    let mut of_period = BucketFacts::new();
    for (bucket, facts_of_bucket) in facts {
        of_period.entry(bucket.in_period(period)).or_default().absorb(&facts_of_bucket);
    }
    of_period
}

impl DayFacts {
    /// Adds the facts of another part of the same day.
    pub fn absorb(&mut self, other: &Self) {
        for (ours, theirs) in self.degraded.iter_mut().zip(other.degraded) {
            *ours += theirs;
        }
        self.unpriced += other.unpriced;
        self.priced |= other.priced;
        self.billing_accounts.extend(other.billing_accounts.iter().cloned());
    }

    /// Counts what could not be read of a row, and its price.
    pub fn add(&mut self, charge: &Charge<'_>) {
        for degradation in Degradation::ALL {
            self.degraded[degradation as usize] += u64::from(charge.degraded.contains(degradation));
        }
        if charge.is_unpaid_usage() {
            self.priced |= charge.price != Price::Unnamed;
            let unpriced = charge.price == Price::Unnamed && charge.is_on_demand();
            self.unpriced += u64::from(unpriced);
        }
    }
}

impl Charge<'_> {
    /// Returns whether the row has usage, and a cost that is 0.
    pub fn is_unpaid_usage(&self) -> bool {
        self.cost == Amount::ZERO
            && self.quantity != Amount::ZERO
            && !self.degraded.contains(Degradation::NoCost)
    }

    /// Returns whether the usage may be on demand, so that no earlier purchase covers it. Some API
    /// versions send no pricing model, and their usage may be on demand.
    pub fn is_on_demand(&self) -> bool {
        matches!(squeezed(self[Column::PricingModel].trim()).as_ref(), "" | "ondemand")
    }
}

/// Returns the id of a billing account in one spelling, without the path with which it may be sent.
pub fn billing_account_id(sent: &str) -> String {
    let id = sent.trim().trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    bounded(id.trim().to_lowercase().into()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(text: &str) -> Amount {
        Amount::parse(text).unwrap().amount
    }

    fn used(cost: &str, model: &'static str, price: Price) -> Charge<'static> {
        Charge { cost: amount(cost), quantity: Amount::ONE, price, ..Charge::default() }
            .with(Column::PricingModel, model)
    }

    #[test]
    fn only_on_demand_usage_without_cost_and_price_is_unpriced() {
        for (charge, unpriced, priced) in [
            (used("0", "OnDemand", Price::Unnamed), 1, false),
            (used("0", "On Demand", Price::Unnamed), 1, false),
            (used("0", "", Price::Unnamed), 1, false),
            (used("0", "Reservation", Price::Unnamed), 0, false),
            (used("0", "SavingsPlan", Price::Payable), 0, true),
            (used("0", "OnDemand", Price::Listed), 0, true),
            (used("0", "OnDemand", Price::Payable), 0, true),
            (used("1", "OnDemand", Price::Unnamed), 0, false),
            (Charge::default(), 0, false),
        ] {
            let mut facts = DayFacts::default();
            facts.add(&charge);
            assert_eq!((facts.unpriced, facts.priced), (unpriced, priced), "{charge:?}");
        }
    }

    #[test]
    fn a_billing_account_has_one_spelling() {
        for sent in
            ["8611537", " 8611537 ", "/providers/Microsoft.Billing/billingAccounts/8611537/"]
        {
            assert_eq!(billing_account_id(sent), "8611537");
        }
        assert_eq!(billing_account_id("ABC:DEF_2019-05-31"), "abc:def_2019-05-31");
    }
}
