//! The keys by which charges are added up, in symbols of normalised texts.

use serde::{Deserialize, Serialize};

use super::amount::Amount;
use super::column::{Column, Columns};
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
    pub(crate) columns: Columns<Symbol>,
    pub(crate) subscription_id: Symbol,
    pub(crate) charge_type: Symbol,
    pub(crate) currency: Symbol,
    pub(crate) unit: Symbol,
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
            columns: Columns::from_fn(|column| symbol(self[column])),
            subscription_id: symbol(self.subscription_id),
            charge_type: symbol(self.charge_type),
            currency: symbol(self.currency),
            unit: symbol(self.unit),
            ..self
        }
    }

    /// Returns the key under which it is counted: names are caseless.
    pub(crate) fn caseless(self, mut caseless: impl FnMut(Symbol) -> Symbol) -> Self {
        let counted = |column: Column| {
            if column.is_caseless() { caseless(self[column]) } else { self[column] }
        };
        Self { columns: Columns::from_fn(counted), ..self }
    }

    /// Returns what is named in this caseless key, with the names as they were sent.
    pub(crate) fn names(&self, sent: &Self) -> impl Iterator<Item = (Named, Symbol)> {
        use Column as C;
        let (service, subcategory) = (self[C::ServiceName], self[C::Subcategory]);
        let alone = C::ALL.into_iter().filter(|column| column.is_named_alone());
        let alone = alone.map(|column| (Named::Column(column, self[column]), sent[column]));
        let others = [
            (Named::Subscription(self.subscription_id), sent[C::SubscriptionName]),
            (Named::Subcategory([service, subcategory]), sent[C::Subcategory]),
            (Named::Meter([service, subcategory, self[C::Meter]]), sent[C::Meter]),
            (Named::MeterId(self[C::MeterId]), sent[C::Meter]),
            (Named::Benefit(self[C::Benefit]), sent[C::BenefitName]),
        ];
        others.into_iter().chain(alone)
    }
}

impl std::ops::Index<Column> for ChargeKey {
    type Output = Symbol;

    fn index(&self, column: Column) -> &Symbol {
        &self.columns[column]
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
