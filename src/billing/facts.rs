//! What the rows of a day tell beside their sums: what of them could not be read, whether their
//! costs can be seen, and who is billed. Counted while rows are read, kept with the day, and replaced
//! with it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::amount::Amount;
use super::charge::{Charge, Degradation, Price, squeezed};
use super::daily_sums::DayBucket;
use super::label_value::bounded;
use super::period::Period;

/// The facts of a reading by bucket. A bucket whose rows tell nothing has none.
pub type BucketFacts = BTreeMap<DayBucket, DayFacts>;

/// The facts of one bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayFacts {
    /// Rows that count although something of them could not be read, by [`Degradation`].
    pub degraded: [u64; Degradation::ALL.len()],
    /// Rows of on-demand usage whose cost is there and 0 and which name no price: free, or hidden.
    pub unpriced: u64,
    /// Whether usage without cost names a price above zero: then prices can be seen.
    pub priced: bool,
    /// The billing accounts that rows name.
    pub billing_accounts: BTreeSet<String>,
}

/// Takes the facts of rows for those of a period that the rows turned out to be billed in.
pub fn into_period(facts: BucketFacts, period: Period) -> BucketFacts {
    let mut of_period = BucketFacts::new();
    for (bucket, told) in facts {
        of_period.entry(bucket.in_period(period)).or_default().absorb(&told);
    }
    of_period
}

impl DayFacts {
    /// Adds what another part of the same day tells.
    pub fn absorb(&mut self, other: &Self) {
        for (ours, theirs) in self.degraded.iter_mut().zip(other.degraded) {
            *ours += theirs;
        }
        self.unpriced += other.unpriced;
        self.priced |= other.priced;
        self.billing_accounts.extend(other.billing_accounts.iter().cloned());
    }

    /// Adds what a row tells of its readability and of its price.
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
    /// Returns whether something was used and its cost is there, and is 0.
    pub fn is_unpaid_usage(&self) -> bool {
        self.cost == Amount::ZERO
            && self.quantity != Amount::ZERO
            && !self.degraded.contains(Degradation::NoCost)
    }

    /// Returns whether nothing that was bought before covers the usage. Some versions of the API do
    /// not tell how usage is priced, and what they send may be on demand.
    pub fn is_on_demand(&self) -> bool {
        matches!(squeezed(self.pricing_model.trim()).as_ref(), "" | "ondemand")
    }
}

/// The id of a billing account in one spelling, however long the path is that it is sent with.
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
        Charge {
            cost: amount(cost),
            quantity: Amount::ONE,
            pricing_model: model.into(),
            price,
            ..Charge::default()
        }
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
