//! One row, before it is written in either shape.

use super::{
    appearance::Origin,
    calendar::{date_of, weekday_percent},
    catalog::{self, Meter},
    chance::{Chance, guid, mix},
    charges::Charge,
    currency::Currency,
    enrollment::{self, Resource},
    ledger::Ledger,
    money::Money,
    selection::View,
};

/// A row of the enrollment as one refresh shows it.
pub(super) struct Row {
    /// The day it is billed on; its place in the order of rows.
    pub(super) day: i64,
    /// The day it was used on; in another month only for late third-party usage.
    pub(super) dated: i64,
    pub(super) charge: Charge,
    pub(super) resource: Option<Resource>,
    pub(super) subscription: Option<u8>,
    pub(super) meter: &'static Meter,
    /// The quantity in 10^-6 of the meter's unit.
    pub(super) quantity: i64,
    /// The price of one unit in 10^-9 of the currency.
    pub(super) price: i64,
    /// True if "view charges" is off: the row then shows no cost.
    pub(super) is_hidden: bool,
    /// The cost where it is not the quantity times the price.
    exact: Option<Money>,
    /// True if a reservation pays for it: then it is free in the actual view.
    pub(super) reserved: bool,
    pub(super) currency: &'static str,
    /// The region in one of its spellings; purchases and a few others have none.
    pub(super) location: Option<&'static str>,
    /// Decides the spelling where rows differ in it. Equal for identical rows.
    pub(super) spelling: u64,
    /// The number that its name is made from.
    name: u64,
}

/// The meter, quantity and price of a charge.
struct Priced {
    meter: &'static Meter,
    quantity: i64,
    price: i64,
    reserved: bool,
}

impl Row {
    /// Makes the row at a place of a day, as restated until `as_of` (hours since 1970). A rounding
    /// row costs nothing yet.
    pub(super) fn new(ledger: &Ledger, day: i64, index: u64, as_of: i64) -> Self {
        let Origin { charge, source, twin } = ledger.origin(day, index);
        let (number, slot) = ledger.resource_number(day, source);
        let key = mix(mix(ledger.seed ^ 0x0C05, day.unsigned_abs()), source);
        let mut chance = Chance::new(key);
        let named = enrollment::resource(ledger.seed, number);
        let priced = match charge {
            Charge::Usage => usage(&named, day, slot, twin, &mut chance),
            _ => charged(charge, &mut chance),
        };
        let quantity = match charge.charge_type() {
            "Usage" => surged(ledger, &priced, day) * ledger.amendments.percent(day, as_of) / 100,
            _ => priced.quantity,
        };
        let restated = restatement(day, as_of, &mut chance);
        let subscription = charge.has_subscription().then_some(named.subscription);
        let location = (subscription.is_some() && charge != Charge::NoResource)
            .then(|| named.region.spellings[chance.below(4) as usize])
            .filter(|_| !chance.percent(1));
        let dated = if charge == Charge::LateThirdParty { day - 5 } else { day };
        Self {
            day,
            dated,
            charge,
            subscription,
            meter: priced.meter,
            quantity,
            price: priced.price * restated / 100,
            exact: None,
            is_hidden: ledger.hide_charges,
            reserved: priced.reserved,
            currency: currency(ledger, subscription),
            location,
            spelling: key,
            name: mix(mix(ledger.seed ^ number, day.unsigned_abs()), priced.price as u64),
            resource: (subscription.is_some() && charge != Charge::NoResource).then_some(named),
        }
    }

    /// Returns the row with another cost, which is that of one unit.
    pub(super) fn costing(self, cost: Money) -> Self {
        Self { price: cost.price(), exact: Some(cost), ..self }
    }

    /// Returns the price of one unit in a view, in 10^-9 of the currency.
    pub(super) fn effective_price(&self, view: View) -> i64 {
        if self.reserved && view == View::Actual { 0 } else { self.price }
    }

    /// Returns its exact cost before tax.
    pub(super) fn cost(&self, view: View) -> Money {
        if let Some(exact) = self.exact.filter(|_| !self.is_hidden) {
            return exact;
        }
        let price = if self.is_hidden { 0 } else { self.effective_price(view) };
        Money::from_units(i128::from(self.quantity) * i128::from(price))
    }

    /// Returns the first and the last day of the month that bills it.
    pub(super) fn period(&self) -> (i64, i64) {
        super::calendar::month_of(date_of(self.day))
    }

    /// Returns its name, which is not unique: all rows of one resource, meter and day share it.
    pub(super) fn name(&self) -> String {
        guid(self.name)
    }

    /// Returns the resource's id as this row spells it.
    pub(super) fn resource_id(&self) -> Option<String> {
        Some(self.spelled(self.resource.as_ref()?.id()))
    }

    /// Returns an id in one of the spellings by which rows of one resource differ.
    pub(super) fn spelled(&self, id: String) -> String {
        match self.spelling % 16 {
            0..10 => id,
            10..13 => id.to_ascii_lowercase(),
            13..15 => id.replace("/resourceGroups/RG-", "/resourcegroups/rg-"),
            _ => id + "/",
        }
    }
}

/// Returns the currency that a subscription, or the enrollment itself, is billed in.
fn currency(ledger: &Ledger, subscription: Option<u8>) -> &'static str {
    let own = || subscription.map_or("USD", |place| enrollment::account_of(place).currency);
    ledger.currency.map_or_else(own, Currency::code)
}

/// Returns the quantity after every surge of the enrollment.
fn surged(ledger: &Ledger, priced: &Priced, day: i64) -> i64 {
    let surges = ledger.surges.iter();
    surges.fold(priced.quantity, |quantity, surge| surge.applied(priced.meter, day, quantity))
}

fn usage(resource: &Resource, day: i64, slot: u64, twin: bool, chance: &mut Chance) -> Priced {
    let meters = resource.kind.meters;
    // The first meter runs every day; the others take turns.
    let others = meters.len() as u64 - 1;
    let meter = match slot {
        1.. if others > 0 => {
            &meters[1 + ((slot + day.unsigned_abs() + resource.number) % others) as usize]
        }
        _ => &meters[0],
    };
    let mut quantity = if meter.quantity % 1_000_000 == 0 {
        meter.quantity * (resource.size / 100).max(1) // whole hours of whole instances
    } else {
        let noise = 90_000 + chance.below(20_000) as i64;
        meter.quantity * resource.size / 100 * weekday_percent(day) / 100 * noise / 100_000
    };
    if twin {
        quantity = quantity * 3 / 4;
    }
    let reserved = resource.reserved && std::ptr::eq(meter, catalog::RESERVED);
    Priced { meter, quantity, price: meter.price * resource.discount / 1000, reserved }
}

fn charged(charge: Charge, chance: &mut Chance) -> Priced {
    const ONE: i64 = 1_000_000;
    const UNIT: i64 = 1_000_000_000;
    let (meter, quantity, price) = match charge {
        Charge::Usage | Charge::NoResource => {
            (&catalog::SECURITY, catalog::SECURITY.quantity * 3, catalog::SECURITY.price)
        }
        Charge::MarketplaceUsage | Charge::LateThirdParty => {
            (&catalog::MARKETPLACE, 1 + chance.below(48_000_000) as i64, catalog::MARKETPLACE.price)
        }
        Charge::MarketplaceSubscription => (&catalog::MARKETPLACE, ONE, 250 * UNIT),
        Charge::MarketplacePurchase => (&catalog::MARKETPLACE, ONE, 1_199_990_000_000),
        Charge::ReservationInstallment => (catalog::RESERVED, 4 * ONE, 87_416_666_667),
        Charge::ReservationPurchase => {
            (catalog::RESERVED, ONE, (900 + chance.below(600) as i64) * UNIT)
        }
        Charge::Refund => {
            (catalog::RESERVED, -ONE, 341_870_000_000 + chance.below(UNIT as u64) as i64)
        }
        Charge::UnusedReservation => {
            (catalog::RESERVED, (1 + chance.below(6) as i64) * ONE, 119_748_858)
        }
        Charge::RoundingAdjustment => (&catalog::SECURITY, -ONE, 10_000),
        Charge::Rounding(_) => (&catalog::SECURITY, ONE, 0),
    };
    Priced { meter, quantity, price, reserved: false }
}

/// Returns the percentage of its first price that a row costs at `as_of`: a few rows are rated
/// again once, within four days after their own.
fn restatement(day: i64, as_of: i64, chance: &mut Chance) -> i64 {
    let (restated, hours) = (chance.percent(4), 24 + chance.below(96) as i64);
    let percent = if chance.percent(50) { 60 } else { 130 };
    if restated && 24 * day + hours <= as_of { percent } else { 100 }
}
