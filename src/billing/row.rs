//! A charge in the form that families use: every text is normalised and replaced by its symbol.

use serde::{Deserialize, Serialize};

use super::amount::Amount;
use super::arm_id::{ArmId, last_segment};
use super::caseless::{caseless, same_name};
use super::charge::{Charge, pricing_model};
use super::column_cache::{ColumnCache, Field};
use super::daily_sums::TagKeys;
use super::interner::{Encoding, Ids, Interner, Symbol};
use super::label_value::{bounded, bounded_name};
use super::names::Named;
use super::regions::location;

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
    pub(crate) product: Symbol,
    pub(crate) currency: Symbol,
    pub(crate) unit: Symbol,
    pub(crate) charge_type: Symbol,
    pub(crate) publisher_type: Symbol,
    pub(crate) pricing_model: Symbol,
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
    pub(super) fn translated(self, mut symbol: impl FnMut(Symbol) -> Symbol) -> Self {
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
    pub(super) fn translated(self, mut symbol: impl FnMut(Symbol) -> Symbol) -> Self {
        Self {
            subscription_id: symbol(self.subscription_id),
            subscription_name: symbol(self.subscription_name),
            department: symbol(self.department),
            account: symbol(self.account),
            cost_center: symbol(self.cost_center),
            service_name: symbol(self.service_name),
            subcategory: symbol(self.subcategory),
            meter: symbol(self.meter),
            product: symbol(self.product),
            currency: symbol(self.currency),
            unit: symbol(self.unit),
            charge_type: symbol(self.charge_type),
            publisher_type: symbol(self.publisher_type),
            pricing_model: symbol(self.pricing_model),
            ..self
        }
    }

    /// Returns the key under which it is counted: names are caseless.
    pub(super) fn caseless(self, mut caseless: impl FnMut(Symbol) -> Symbol) -> Self {
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
    pub(super) fn names(&self, sent: &Self) -> [(Named, Symbol); 6] {
        let Self { service_name: service, subcategory, .. } = *self;
        [
            (Named::Subscription(self.subscription_id), sent.subscription_name),
            (Named::Department(self.department), sent.department),
            (Named::Account(self.account), sent.account),
            (Named::Service(service), sent.service_name),
            (Named::Subcategory([service, subcategory]), sent.subcategory),
            (Named::Meter([service, subcategory, self.meter]), sent.meter),
        ]
    }
}

impl Tag {
    /// Returns the key under which it is counted: the value is caseless.
    pub(super) fn caseless(self, mut caseless: impl FnMut(Symbol) -> Symbol) -> Self {
        Self { value: caseless(self.value), ..self }
    }

    /// Returns what is named in this caseless tag, with the value as it was sent.
    pub(super) fn name(&self, sent: &Self) -> (Named, Symbol) {
        (Named::TagValue([self.key, self.value]), sent.value)
    }

    /// Replaces every symbol.
    pub(super) fn translated(self, mut symbol: impl FnMut(Symbol) -> Symbol) -> Self {
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

impl std::ops::AddAssign for Amounts {
    fn add_assign(&mut self, other: Self) {
        self.cost += other.cost;
        self.quantity += other.quantity;
        self.rows = self.rows.saturating_add(other.rows);
    }
}

/// A normalised charge, in symbols.
pub(crate) struct Row {
    pub(crate) resource: ResourceKey,
    /// The name of the resource.
    pub(crate) name: Symbol,
    pub(crate) item: ChargeKey,
    pub(crate) amounts: Amounts,
}

/// Normalises charges, with a cache of earlier ones.
#[derive(Clone, Debug, Default)]
pub(super) struct Normalizer {
    id: ArmId,
    ids: Ids,
    columns: ColumnCache,
}

impl Normalizer {
    /// Returns a charge in symbols. `strings` must always be the same interner, and not be cleared.
    pub(super) fn row(&mut self, charge: &Charge<'_>, strings: &mut Interner) -> Row {
        let Self { id, ids, columns } = self;
        let strings = &mut *strings;
        id.read(&charge.instance_id);
        let instance_id = ids.symbol(&bounded(id.as_str().into()), strings);
        let subscription_id = match id.subscription() {
            Some(id) => columns.symbol(Field::OwnSubscription, id, strings, own),
            None => columns.symbol(Field::SubscriptionId, &charge.subscription_id, strings, lower),
        };
        let resource_group = match id.resource_group() {
            Some(group) => columns.symbol(Field::OwnGroup, group, strings, own),
            None => columns.symbol(Field::ResourceGroup, &charge.resource_group, strings, lower),
        };
        let sent = charge.instance_name.trim();
        let name = match sent {
            _ if id.as_str().is_empty() => "",
            "" => last_segment(&charge.instance_id),
            name => name,
        };
        let mut symbol = |field, text: &str, normal| columns.symbol(field, text, strings, normal);
        let currency = symbol(Field::Currency, &charge.currency, upper);
        let unit = symbol(Field::Unit, &charge.unit, trimmed);
        let resource = ResourceKey {
            subscription_id,
            resource_group,
            instance_id,
            location: symbol(Field::Location, &charge.location, region),
            currency,
            unit,
        };
        let item = ChargeKey {
            subscription_id,
            subscription_name: symbol(Field::SubscriptionName, &charge.subscription_name, trimmed),
            department: symbol(Field::Department, &charge.department, named),
            account: symbol(Field::Account, &charge.account, named),
            cost_center: symbol(Field::CostCenter, &charge.cost_center, cost_center),
            service_name: symbol(Field::ServiceName, &charge.service_name, named),
            subcategory: symbol(Field::Subcategory, &charge.subcategory, named),
            meter: symbol(Field::Meter, &charge.meter, named),
            // Only used for recurring charges; otherwise each product would have a key of its own.
            product: symbol(
                Field::Product,
                if charge.recurring { &charge.product } else { "" },
                trimmed,
            ),
            currency,
            unit,
            charge_type: symbol(Field::ChargeType, charge.charge_type.as_str(), trimmed),
            publisher_type: symbol(Field::PublisherType, &charge.publisher_type, lower),
            pricing_model: symbol(Field::PricingModel, &charge.pricing_model, priced),
            estimated: charge.estimated,
            recurring: charge.recurring,
        };
        let amounts = Amounts { cost: charge.cost, quantity: charge.quantity, rows: 1 };
        let name = &bounded(name.into());
        let name = match strings.texts().form(instance_id) {
            Encoding::Path(_, own) if strings.texts().form(own) == Encoding::Whole(name) => own,
            _ => strings.intern(name),
        };
        Row { resource, name, item, amounts }
    }
}

/// Passes the value of each configured key. Azure's tag names are case-insensitive.
pub(super) fn tags(
    charge: &Charge<'_>,
    currency: Symbol,
    keys: &TagKeys,
    strings: &mut Interner,
    mut each: impl FnMut(Tag),
) {
    for key in keys.iter() {
        let sent = charge.tags.iter().find(|(sent, _)| same_name(sent.trim(), key));
        let value = sent.map_or("", |(_, value)| value.trim());
        each(Tag {
            key: strings.intern(key),
            value: strings.intern(&bounded_name(value)),
            currency,
        });
    }
}

type Text<'a> = std::borrow::Cow<'a, str>;

/// Limits a part of an id, which is normalised already.
fn own(text: &str) -> Text<'_> {
    bounded(text.into())
}

fn trimmed(text: &str) -> Text<'_> {
    bounded(text.trim().into())
}

/// Normalises a name that is compared without regard to case.
fn named(text: &str) -> Text<'_> {
    bounded_name(text.trim())
}

fn lower(text: &str) -> Text<'_> {
    bounded(text.trim().to_lowercase().into())
}

/// Converts to upper case, so that texts which differ in case alone become equal. Folds first,
/// because `ß` becomes two letters.
fn cost_center(text: &str) -> Text<'_> {
    bounded(caseless(text.trim()).to_uppercase().into())
}

fn upper(text: &str) -> Text<'_> {
    bounded(text.trim().to_uppercase().into())
}

fn region(text: &str) -> Text<'_> {
    bounded(location(text))
}

fn priced(text: &str) -> Text<'_> {
    bounded(pricing_model(text))
}
