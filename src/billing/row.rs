//! A charge as families see it: every text in its one spelling, and that as a symbol.

use super::amount::Amount;
use super::arm_id::ArmId;
use super::charge::{Charge, pricing_model};
use super::regions::location;
use super::strings::{Strings, Symbol};

/// A charge in symbols, normalised: what a family sees of a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<'a> {
    pub(crate) subscription_id: Symbol,
    pub(crate) resource_group: Symbol,
    pub(crate) instance_id: Symbol,
    pub(crate) location: Symbol,
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
    /// The value of each configured tag key; empty where the row lacks it.
    pub(crate) tags: &'a [(Symbol, Symbol)],
    pub(crate) estimated: Option<bool>,
    pub(crate) recurring: bool,
    pub(crate) cost: Amount,
    pub(crate) quantity: Amount,
}

/// Normalises a charge. `id` is a buffer, which then holds the id of the row.
pub(super) fn row<'a>(
    charge: &Charge<'_>,
    strings: &mut Strings,
    id: &mut ArmId,
    tags: &'a [(Symbol, Symbol)],
) -> Row<'a> {
    id.read(&charge.instance_id);
    let lower = |text: &str| text.trim().to_lowercase();
    let subscription_id = match id.subscription() {
        Some(subscription) => strings.intern(subscription),
        None => strings.intern(&lower(&charge.subscription_id)),
    };
    let resource_group = match id.resource_group() {
        Some(group) => strings.intern(group),
        None => strings.intern(&lower(&charge.resource_group)),
    };
    Row {
        subscription_id,
        resource_group,
        instance_id: strings.intern(id.as_str()),
        location: strings.intern(&location(&charge.location)),
        department: strings.intern(charge.department.trim()),
        account: strings.intern(charge.account.trim()),
        cost_center: strings.intern(&charge.cost_center.trim().to_uppercase()),
        service_name: strings.intern(charge.service_name.trim()),
        subcategory: strings.intern(charge.subcategory.trim()),
        meter: strings.intern(charge.meter.trim()),
        product: strings.intern(charge.product.trim()),
        currency: strings.intern(&charge.currency.trim().to_uppercase()),
        unit: strings.intern(charge.unit.trim()),
        charge_type: strings.intern(charge.charge_type.as_str()),
        publisher_type: strings.intern(&lower(&charge.publisher_type)),
        pricing_model: strings.intern(&pricing_model(&charge.pricing_model)),
        tags,
        estimated: charge.estimated,
        recurring: charge.recurring,
        cost: charge.cost,
        quantity: charge.quantity,
    }
}
