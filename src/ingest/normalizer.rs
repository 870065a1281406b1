//! Normalises charges: every text gets one spelling, and its symbol.

use super::column_cache::{ColumnCache, Field};
use crate::billing::amount::Amount;
use crate::billing::arm_id::{ArmId, last_segment};
use crate::billing::caseless::{caseless, same_name};
use crate::billing::charge::{Charge, ChargeType, pricing_model, squeezed};
use crate::billing::daily_sums::TagKeys;
use crate::billing::interner::{Encoding, Ids, Interner, Symbol};
use crate::billing::label_value::{bounded, bounded_name};
use crate::billing::regions::location;
use crate::billing::row::{Amounts, ChargeAmounts, ChargeKey, ResourceKey, Tag};

/// A normalised charge, in symbols.
pub(super) struct Row {
    pub(super) resource: ResourceKey,
    /// The name of the resource.
    pub(super) name: Symbol,
    pub(super) item: ChargeKey,
    pub(super) amounts: ChargeAmounts,
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
        let resource = ResourceKey {
            subscription_id,
            resource_group,
            instance_id,
            location: symbol(Field::Location, &charge.location, region),
            currency: symbol(Field::Currency, &charge.currency, upper),
            unit: symbol(Field::Unit, &charge.unit, trimmed),
        };
        let item = charge_key(charge, &resource, symbol);
        let amounts = ChargeAmounts {
            sums: Amounts { cost: charge.cost, quantity: charge.quantity, rows: 1 },
            effective_cost: charge.effective_cost,
        };
        let name = &bounded(name.into());
        let name = match strings.texts().form(instance_id) {
            Encoding::Path(_, own) if strings.texts().form(own) == Encoding::Whole(name) => own,
            _ => strings.intern(name),
        };
        Row { resource, name, item, amounts }
    }
}

/// Returns the key of a charge, with the symbols of its normalised texts.
fn charge_key(
    charge: &Charge<'_>,
    resource: &ResourceKey,
    mut symbol: impl FnMut(Field, &str, fn(&str) -> Text<'_>) -> Symbol,
) -> ChargeKey {
    let ResourceKey { subscription_id, currency, unit, .. } = *resource;
    let empty = symbol(Field::Product, "", own);
    let is_bought =
        charge.recurring || matches!(charge.charge_type, ChargeType::Purchase | ChargeType::Refund);
    // Otherwise each product and each subscription would have lines of their own.
    let mut bought = |field, text: &str, normal| {
        if is_bought { symbol(field, text, normal) } else { empty }
    };
    let product = bought(Field::Product, &charge.product, trimmed);
    let frequency = bought(Field::Frequency, &charge.frequency, word);
    let term = bought(Field::Term, &charge.term, lower);
    // Most usage has none.
    let (benefit, benefit_name) = match benefit_id(&charge.benefit) {
        "" => (empty, empty),
        id => (
            symbol(Field::Benefit, id, lower),
            symbol(Field::BenefitName, &charge.benefit_name, trimmed),
        ),
    };
    ChargeKey {
        subscription_id,
        subscription_name: symbol(Field::SubscriptionName, &charge.subscription_name, trimmed),
        department: symbol(Field::Department, &charge.department, named),
        account: symbol(Field::Account, &charge.account, named),
        cost_center: symbol(Field::CostCenter, &charge.cost_center, cost_center),
        service_name: symbol(Field::ServiceName, &charge.service_name, named),
        subcategory: symbol(Field::Subcategory, &charge.subcategory, named),
        meter: symbol(Field::Meter, &charge.meter, named),
        meter_id: symbol(Field::MeterId, &charge.meter_id, lower),
        buyer: if is_bought { subscription_id } else { empty },
        product,
        frequency,
        term,
        benefit,
        benefit_name,
        currency,
        unit,
        charge_type: symbol(Field::ChargeType, charge.charge_type.as_str(), trimmed),
        publisher_type: symbol(Field::PublisherType, &charge.publisher_type, lower),
        pricing_model: symbol(Field::PricingModel, &charge.pricing_model, priced),
        list_price: symbol(Field::ListPrice, &charge.list_price, decimal),
        credit_eligible: charge.credit_eligible,
        estimated: charge.estimated,
        recurring: charge.recurring,
    }
}

/// Returns the id of a benefit: the last part of its path, because rows of several versions name
/// the same reservation by its path or by that part alone. Zeros stand for none.
fn benefit_id(sent: &str) -> &str {
    if sent.is_empty() {
        return "";
    }
    let id = last_segment(sent.trim());
    if id.bytes().all(|byte| byte == b'0' || byte == b'-') { "" } else { id }
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

/// Normalises a word that Azure spells in several ways.
fn word(text: &str) -> Text<'_> {
    bounded(squeezed(text.trim()))
}

/// Normalises a price: one price is one text. What is no price is none.
fn decimal(text: &str) -> Text<'_> {
    Amount::parse(text).map_or("".into(), |price| price.amount.to_string().into())
}

fn region(text: &str) -> Text<'_> {
    bounded(location(text))
}

fn priced(text: &str) -> Text<'_> {
    bounded(pricing_model(text))
}
