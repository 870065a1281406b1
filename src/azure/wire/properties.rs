//! The `properties` of a row in its three shapes: old (api-versions up to 2019-01-01), legacy (EA
//! since then) and modern (Microsoft Customer Agreement). Names never clash in meaning, so one
//! reader takes them all; which field wins where two occur is said in [`Properties::charge`].

use std::borrow::Cow;
use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor,
};
use serde_json::value::RawValue;

use crate::billing::amount::{Amount, Parsed};
use crate::billing::charge::{Charge, ChargeType};

use super::dates::Days;
use super::fields::TextField;
use super::layout::{Field, Key, Layout};
use super::text::{Text, shortened};

/// The fields of a row that are used, as sent. `serde`'s own `alias` refuses rows that hold two
/// spellings of one thing, and real ones do.
#[derive(Debug)]
pub(super) struct Properties<'a> {
    pub(super) cost: Option<&'a str>,
    pub(super) pretax_cost: Option<&'a str>,
    pub(super) cost_in_billing_currency: Option<&'a str>,
    pub(super) quantity: Option<&'a str>,
    pub(super) usage_quantity: Option<&'a str>,
    /// By [`TextField`].
    texts: [Cow<'a, str>; TextField::COUNT],
    is_estimated: Option<bool>,
    meter: Meter<'a>,
}

impl Default for Properties<'_> {
    fn default() -> Self {
        Self {
            cost: None,
            pretax_cost: None,
            cost_in_billing_currency: None,
            quantity: None,
            usage_quantity: None,
            texts: [const { Cow::Borrowed("") }; TextField::COUNT],
            is_estimated: None,
            meter: Meter::default(),
        }
    }
}

/// The details of a meter, which are sent when they are asked for.
#[derive(Debug, Default)]
struct Meter<'a> {
    unit: Cow<'a, str>,
    category: Cow<'a, str>,
    sub_category: Cow<'a, str>,
    name: Cow<'a, str>,
}

/// A row and what had to be done to it.
#[derive(Debug)]
pub(super) struct ReadRow<'a> {
    pub(super) charge: Charge<'a>,
    /// Amounts that had more decimals than are kept.
    pub(super) rounded: u64,
}

impl<'a> Properties<'a> {
    /// Where a text goes.
    pub(super) fn text(&mut self, field: TextField) -> &mut Cow<'a, str> {
        &mut self.texts[field as usize]
    }

    /// The row in the terms of the domain, or what is wrong with it.
    pub(super) fn charge<'r>(
        &'r self,
        tags: Vec<(Cow<'r, str>, Cow<'r, str>)>,
        days: &mut Days,
    ) -> Result<ReadRow<'r>, String> {
        use TextField as F;
        let cost = amount("cost", [self.cost_in_billing_currency, self.cost, self.pretax_cost])?;
        let quantity = amount("quantity", [self.quantity, self.usage_quantity, None])?;
        let (instance_id, instance_name) = resource(
            self.first([F::ResourceId, F::InstanceId]),
            self.get(F::ResourceName),
            self.get(F::InstanceName),
        );
        let date = days.read(self.first([F::Date, F::UsageStart]))?;
        let charge_type = ChargeType::parse(self.get(F::ChargeType));
        let meter = &self.meter;
        let category = [&meter.category, self.get(F::MeterCategory), self.get(F::ConsumedService)];
        let text = Cow::Borrowed;
        let charge = Charge {
            date,
            cost: cost.amount,
            quantity: quantity.amount,
            currency: text(self.first([F::BillingCurrencyCode, F::BillingCurrency, F::Currency])),
            unit: text(first([&meter.unit, self.get(F::UnitOfMeasure)])),
            instance_id: text(instance_id),
            instance_name: text(instance_name),
            subscription_id: text(self.first([F::SubscriptionId, F::SubscriptionGuid])),
            resource_group: text(self.get(F::ResourceGroup)),
            location: text(self.first([F::ResourceLocation, F::InstanceLocation, F::Location])),
            subscription_name: text(self.get(F::SubscriptionName)),
            department: text(self.first([
                F::DepartmentName,
                F::InvoiceSectionName,
                F::InvoiceSection,
            ])),
            account: text(self.get(F::AccountName)),
            cost_center: text(self.get(F::CostCenter)),
            service_name: text(first(category)),
            subcategory: text(first([&meter.sub_category, self.get(F::MeterSubCategory)])),
            meter: text(first([&meter.name, self.get(F::MeterName)])),
            product: text(self.first([F::ProductOrderId, F::ReservationId, F::Product])),
            tags,
            estimated: self.is_estimated,
            // "Monthly" is the specification's word, "Recurring" the data's.
            recurring: charge_type == ChargeType::Purchase
                && ["recurring", "monthly"]
                    .iter()
                    .any(|word| self.get(F::Frequency).eq_ignore_ascii_case(word)),
            charge_type,
            publisher_type: text(self.get(F::PublisherType)),
            pricing_model: text(self.get(F::PricingModel)),
            ..Charge::default()
        };
        Ok(ReadRow { charge, rounded: u64::from(cost.rounded) + u64::from(quantity.rounded) })
    }

    fn get(&self, field: TextField) -> &str {
        &self.texts[field as usize]
    }

    /// The first that is not empty.
    fn first<const N: usize>(&self, fields: [TextField; N]) -> &str {
        first(fields.map(|field| self.get(field)))
    }
}

/// The first that is not empty.
fn first<const N: usize>(texts: [&str; N]) -> &str {
    texts.into_iter().find(|text| !is_blank(text)).unwrap_or_default()
}

/// Most texts show with their first byte that they are not.
fn is_blank(text: &str) -> bool {
    !text.bytes().next().is_some_and(|byte| byte.is_ascii_graphic()) && text.trim().is_empty()
}

/// Modern rows have no id field: their `instanceName` holds the whole id.
fn resource<'a>(id: &'a str, resource_name: &'a str, instance_name: &'a str) -> (&'a str, &'a str) {
    if id.is_empty() && instance_name.contains('/') {
        (instance_name, resource_name)
    } else {
        (id, first([resource_name, instance_name]))
    }
}

/// The first that is not null.
fn amount(field: &str, sent: [Option<&str>; 3]) -> Result<Parsed, String> {
    match sent.into_iter().flatten().find(|text| *text != "null") {
        None => Ok(Parsed { amount: Amount::ZERO, rounded: false }),
        Some(text) => {
            Amount::parse(text).map_err(|error| format!("{field} {}: {error}", shortened(text)))
        }
    }
}

/// Reads the properties of a row into their place.
pub(super) struct PropertiesSeed<'p, 'de> {
    pub(super) row: &'p mut Properties<'de>,
    pub(super) layout: &'p mut Layout<'de>,
}

impl<'de> DeserializeSeed<'de> for PropertiesSeed<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for PropertiesSeed<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the properties of a usage row")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { row, layout } = self;
        let mut place = 0;
        while let Some(field) = map.next_key_seed(Key(layout, place))? {
            place += 1;
            let number = match field {
                Field::Text(field) => {
                    *row.text(field) = map.next_value::<Text<'de>>()?.0;
                    continue;
                }
                Field::Unused => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
                Field::Meter => {
                    row.meter = map.next_value()?;
                    continue;
                }
                Field::Estimated => {
                    row.is_estimated = map.next_value()?;
                    continue;
                }
                Field::Cost => &mut row.cost,
                Field::PretaxCost => &mut row.pretax_cost,
                Field::CostInBillingCurrency => &mut row.cost_in_billing_currency,
                Field::Quantity => &mut row.quantity,
                Field::UsageQuantity => &mut row.usage_quantity,
            };
            *number = Some(map.next_value::<&RawValue>()?.get());
        }
        Ok(())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Meter<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MeterVisitor)
    }
}

struct MeterVisitor;

impl<'de> Visitor<'de> for MeterVisitor {
    type Value = Meter<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the details of a meter")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Meter::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut meter = Meter::default();
        while let Some(Text(field)) = map.next_key::<Text<'de>>()? {
            let text = match field.as_ref() {
                "unit" | "unitOfMeasure" => &mut meter.unit,
                "meterCategory" => &mut meter.category,
                "meterSubCategory" => &mut meter.sub_category,
                "meterName" => &mut meter.name,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            *text = map.next_value::<Text<'de>>()?.0;
        }
        Ok(meter)
    }
}
