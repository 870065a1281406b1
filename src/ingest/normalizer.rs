//! Normalises charges: every text gets one spelling, and its symbol.

use super::column_cache::{ColumnCache, Field};
use crate::billing::arm_id::{ArmId, last_segment};
use crate::billing::caseless::same_name;
use crate::billing::charge::{Charge, ChargeType};
use crate::billing::column::{Column, Columns};
use crate::billing::daily_sums::TagKeys;
use crate::billing::interner::{Encoding, Ids, Interner, Symbol};
use crate::billing::label_value::{bounded, bounded_name};
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
            Some(id) => columns.symbol(Field::OwnSubscription, id, strings),
            None => columns.symbol(Field::SubscriptionId, &charge.subscription_id, strings),
        };
        let resource_group = match id.resource_group() {
            Some(group) => columns.symbol(Field::OwnGroup, group, strings),
            None => columns.symbol(Field::ResourceGroup, &charge.resource_group, strings),
        };
        let sent = charge.instance_name.trim();
        let name = match sent {
            _ if id.as_str().is_empty() => "",
            "" => last_segment(&charge.instance_id),
            name => name,
        };
        let mut symbol = |field, text: &str| columns.symbol(field, text, strings);
        let resource = ResourceKey {
            subscription_id,
            resource_group,
            instance_id,
            location: symbol(Field::Location, &charge.location),
            currency: symbol(Field::Currency, &charge.currency),
            unit: symbol(Field::Unit, &charge.unit),
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
    mut symbol: impl FnMut(Field, &str) -> Symbol,
) -> ChargeKey {
    let ResourceKey { subscription_id, currency, unit, .. } = *resource;
    let empty = symbol(Field::Column(Column::Product), "");
    // Otherwise each product would have lines of its own.
    let is_bought =
        charge.recurring || matches!(charge.charge_type, ChargeType::Purchase | ChargeType::Refund);
    let benefit_id = benefit_id(&charge[Column::Benefit]);
    let columns = Columns::from_fn(|column| match column {
        Column::Product | Column::Frequency | Column::Term if !is_bought => empty,
        // Most usage has none.
        Column::Benefit | Column::BenefitName if benefit_id.is_empty() => empty,
        Column::Benefit => symbol(Field::Column(column), benefit_id),
        _ => symbol(Field::Column(column), &charge[column]),
    });
    ChargeKey {
        columns,
        subscription_id,
        charge_type: symbol(Field::ChargeType, charge.charge_type.as_str()),
        currency,
        unit,
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
