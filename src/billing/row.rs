//! The keys by which charges are added up, in symbols of normalised texts.

use serde::{Deserialize, Serialize};

use super::amount::Amount;
use super::interner::Symbol;
use super::names::Named;

/// The key of a resource: what was billed, and in which subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct ResourceKey {
    pub(crate) subscription_id: Symbol,
    pub(crate) resource_group: Symbol,
    pub(crate) instance_id: Symbol,
    pub(crate) location: Symbol,
    pub(crate) currency: Symbol,
    pub(crate) unit: Symbol,
}

/// The key of a charge: what the cost is for, and who pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct ChargeKey {
    pub(crate) subscription_id: Symbol,
    pub(crate) subscription_name: Symbol,
    pub(crate) department: Symbol,
    pub(crate) account: Symbol,
    pub(crate) cost_center: Symbol,
    pub(crate) service_name: Symbol,
    pub(crate) subcategory: Symbol,
    pub(crate) meter: Symbol,
    pub(crate) meter_id: Symbol,
    /// The subscription of a purchase or refund; empty for other charges, as the next three.
    pub(crate) buyer: Symbol,
    pub(crate) product: Symbol,
    pub(crate) frequency: Symbol,
    pub(crate) term: Symbol,
    /// The reservation or savings plan.
    pub(crate) benefit: Symbol,
    pub(crate) benefit_name: Symbol,
    pub(crate) currency: Symbol,
    pub(crate) unit: Symbol,
    pub(crate) charge_type: Symbol,
    pub(crate) publisher_type: Symbol,
    pub(crate) pricing_model: Symbol,
    /// The pay-as-you-go price as a decimal text; empty if the row does not name it.
    pub(crate) list_price: Symbol,
    pub(crate) credit_eligible: Option<bool>,
    pub(crate) estimated: Option<bool>,
    pub(crate) recurring: bool,
}

/// The value of a configured tag key; empty where the row lacks it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Tag {
    pub(crate) key: Symbol,
    pub(crate) value: Symbol,
    pub(crate) currency: Symbol,
}

impl ResourceKey {
    /// Replaces every symbol.
    pub(crate) fn translated(self, mut symbol: impl FnMut(Symbol) -> Symbol) -> Self {
        Self {
            subscription_id: symbol(self.subscription_id),
            resource_group: symbol(self.resource_group),
            instance_id: symbol(self.instance_id),
            location: symbol(self.location),
            currency: symbol(self.currency),
            unit: symbol(self.unit),
        }
    }
}

impl ChargeKey {
    /// Replaces every symbol.
    pub(crate) fn translated(self, mut symbol: impl FnMut(Symbol) -> Symbol) -> Self {
        Self {
            subscription_id: symbol(self.subscription_id),
            subscription_name: symbol(self.subscription_name),
            department: symbol(self.department),
            account: symbol(self.account),
            cost_center: symbol(self.cost_center),
            service_name: symbol(self.service_name),
            subcategory: symbol(self.subcategory),
            meter: symbol(self.meter),
            meter_id: symbol(self.meter_id),
            buyer: symbol(self.buyer),
            product: symbol(self.product),
            frequency: symbol(self.frequency),
            term: symbol(self.term),
            benefit: symbol(self.benefit),
            benefit_name: symbol(self.benefit_name),
            currency: symbol(self.currency),
            unit: symbol(self.unit),
            charge_type: symbol(self.charge_type),
            publisher_type: symbol(self.publisher_type),
            pricing_model: symbol(self.pricing_model),
            list_price: symbol(self.list_price),
            ..self
        }
    }

    /// Returns the key under which it is counted: names are caseless.
    pub(crate) fn caseless(self, mut caseless: impl FnMut(Symbol) -> Symbol) -> Self {
        Self {
            department: caseless(self.department),
            account: caseless(self.account),
            service_name: caseless(self.service_name),
            subcategory: caseless(self.subcategory),
            meter: caseless(self.meter),
            ..self
        }
    }

    /// Returns what is named in this caseless key, with the names as they were sent.
    pub(crate) fn names(&self, sent: &Self) -> [(Named, Symbol); 8] {
        let Self { service_name: service, subcategory, .. } = *self;
        [
            (Named::Subscription(self.subscription_id), sent.subscription_name),
            (Named::Department(self.department), sent.department),
            (Named::Account(self.account), sent.account),
            (Named::Service(service), sent.service_name),
            (Named::Subcategory([service, subcategory]), sent.subcategory),
            (Named::Meter([service, subcategory, self.meter]), sent.meter),
            (Named::MeterId(self.meter_id), sent.meter),
            (Named::Benefit(self.benefit), sent.benefit_name),
        ]
    }
}

impl Tag {
    /// Returns the key under which it is counted: the value is caseless.
    pub(crate) fn caseless(self, mut caseless: impl FnMut(Symbol) -> Symbol) -> Self {
        Self { value: caseless(self.value), ..self }
    }

    /// Returns what is named in this caseless tag, with the value as it was sent.
    pub(crate) fn name(&self, sent: &Self) -> (Named, Symbol) {
        (Named::TagValue([self.key, self.value]), sent.value)
    }

    /// Replaces every symbol.
    pub(crate) fn translated(self, mut symbol: impl FnMut(Symbol) -> Symbol) -> Self {
        let Self { key, value, currency } = self;
        Self { key: symbol(key), value: symbol(value), currency: symbol(currency) }
    }
}

/// The sums of some rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Amounts {
    pub(crate) cost: Amount,
    pub(crate) quantity: Amount,
    pub(crate) rows: u32,
}

/// The sums of some rows of one charge: those of [`Amounts`], and what only lines of
/// charges have. Sums by resource, which are the largest thing in memory, do without it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ChargeAmounts {
    pub(crate) sums: Amounts,
    /// The cost at the effective price.
    pub(crate) effective_cost: Amount,
}

impl std::ops::AddAssign for ChargeAmounts {
    fn add_assign(&mut self, other: Self) {
        self.sums += other.sums;
        self.effective_cost += other.effective_cost;
    }
}

impl std::ops::AddAssign for Amounts {
    fn add_assign(&mut self, other: Self) {
        self.cost += other.cost;
        self.quantity += other.quantity;
        self.rows = self.rows.saturating_add(other.rows);
    }
}
