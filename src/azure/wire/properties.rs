//! The `properties` of a row in its three shapes: old (api-versions up to 2019-01-01), legacy (EA
//! since then) and modern (Microsoft Customer Agreement). Names never clash in meaning, so one
//! reader takes them all; which field wins where two occur is said in [`Properties::charge`].

use std::borrow::Cow;
use std::fmt;

use jiff::civil::Date;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::billing::amount::{Amount, Parsed};
use crate::billing::charge::{Charge, ChargeType};

use super::fields::TextField;
use super::text::Text;

/// The fields of a row that are used, as sent. `serde`'s own `alias` refuses rows that hold two
/// spellings of one thing, and real ones do.
#[derive(Debug, Default)]
pub(super) struct Properties<'a> {
    pub(super) cost: Option<&'a str>,
    pub(super) pretax_cost: Option<&'a str>,
    pub(super) cost_in_billing_currency: Option<&'a str>,
    pub(super) quantity: Option<&'a str>,
    pub(super) usage_quantity: Option<&'a str>,
    pub(super) currency: Cow<'a, str>,
    pub(super) billing_currency: Cow<'a, str>,
    pub(super) billing_currency_code: Cow<'a, str>,
    pub(super) date: Cow<'a, str>,
    pub(super) usage_start: Cow<'a, str>,
    pub(super) resource_id: Cow<'a, str>,
    pub(super) instance_id: Cow<'a, str>,
    pub(super) resource_name: Cow<'a, str>,
    pub(super) instance_name: Cow<'a, str>,
    pub(super) resource_location: Cow<'a, str>,
    pub(super) instance_location: Cow<'a, str>,
    pub(super) location: Cow<'a, str>,
    pub(super) resource_group: Cow<'a, str>,
    pub(super) subscription_id: Cow<'a, str>,
    pub(super) subscription_guid: Cow<'a, str>,
    pub(super) charge_type: Cow<'a, str>,
    pub(super) publisher_type: Cow<'a, str>,
    pub(super) pricing_model: Cow<'a, str>,
    pub(super) unit_of_measure: Cow<'a, str>,
    pub(super) subscription_name: Cow<'a, str>,
    pub(super) department_name: Cow<'a, str>,
    pub(super) invoice_section: Cow<'a, str>,
    pub(super) invoice_section_name: Cow<'a, str>,
    pub(super) account_name: Cow<'a, str>,
    pub(super) cost_center: Cow<'a, str>,
    pub(super) consumed_service: Cow<'a, str>,
    pub(super) meter_category: Cow<'a, str>,
    pub(super) meter_sub_category: Cow<'a, str>,
    pub(super) meter_name: Cow<'a, str>,
    pub(super) product: Cow<'a, str>,
    pub(super) product_order_id: Cow<'a, str>,
    pub(super) reservation_id: Cow<'a, str>,
    pub(super) frequency: Cow<'a, str>,
    is_estimated: Option<bool>,
    meter: Meter<'a>,
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
    /// The row in the terms of the domain, or what is wrong with it.
    pub(super) fn charge(
        self,
        tags: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    ) -> Result<ReadRow<'a>, String> {
        let cost = amount("cost", [self.cost_in_billing_currency, self.cost, self.pretax_cost])?;
        let quantity = amount("quantity", [self.quantity, self.usage_quantity, None])?;
        let (instance_id, instance_name) = resource(
            first([self.resource_id, self.instance_id]),
            self.resource_name,
            self.instance_name,
        );
        let charge_type = ChargeType::parse(&self.charge_type);
        let charge = Charge {
            date: day(&first([self.date, self.usage_start]))?,
            cost: cost.amount,
            quantity: quantity.amount,
            currency: first([self.billing_currency_code, self.billing_currency, self.currency]),
            unit: first([self.meter.unit, self.unit_of_measure]),
            instance_id,
            instance_name,
            subscription_id: first([self.subscription_id, self.subscription_guid]),
            resource_group: self.resource_group,
            location: first([self.resource_location, self.instance_location, self.location]),
            subscription_name: self.subscription_name,
            department: first([
                self.department_name,
                self.invoice_section_name,
                self.invoice_section,
            ]),
            account: self.account_name,
            cost_center: self.cost_center,
            service_name: first([self.meter.category, self.meter_category, self.consumed_service]),
            subcategory: first([self.meter.sub_category, self.meter_sub_category]),
            meter: first([self.meter.name, self.meter_name]),
            product: first([self.product_order_id, self.reservation_id, self.product]),
            tags,
            estimated: self.is_estimated,
            // "Monthly" is the specification's word, "Recurring" the data's.
            recurring: charge_type == ChargeType::Purchase
                && ["recurring", "monthly"]
                    .iter()
                    .any(|word| self.frequency.eq_ignore_ascii_case(word)),
            charge_type,
            publisher_type: self.publisher_type,
            pricing_model: self.pricing_model,
        };
        Ok(ReadRow { charge, rounded: u64::from(cost.rounded) + u64::from(quantity.rounded) })
    }
}

/// The first that is not empty.
fn first<const N: usize>(texts: [Cow<'_, str>; N]) -> Cow<'_, str> {
    texts.into_iter().find(|text| !text.trim().is_empty()).unwrap_or_default()
}

/// Modern rows have no id field: their `instanceName` holds the whole id.
fn resource<'a>(
    id: Cow<'a, str>,
    resource_name: Cow<'a, str>,
    instance_name: Cow<'a, str>,
) -> (Cow<'a, str>, Cow<'a, str>) {
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

/// The day of a date or time: `2026-11-20`, or in reports `11/20/2026`. `0001-01-01` is Azure's way
/// to say none.
fn day(text: &str) -> Result<Option<Date>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let date = if text.contains('/') {
        american(text)
    } else {
        text.get(..10).and_then(|date| date.parse::<Date>().ok())
    };
    match date {
        Some(date) if date.year() == 1 => Ok(None),
        Some(date) => Ok(Some(date)),
        None => Err(format!("date {}: not a date", shortened(text))),
    }
}

/// Month first, with or without leading zeros, perhaps with a time behind it.
fn american(text: &str) -> Option<Date> {
    let mut parts = text.split([' ', 'T']).next()?.split('/');
    let (month, day) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let year = parts.next().filter(|year| year.len() == 4)?.parse().ok()?;
    Date::new(year, month, day).ok().filter(|_| parts.next().is_none())
}

/// Enough of a value to recognise it in a log line.
fn shortened(text: &str) -> String {
    let start: String = text.chars().take(40).collect();
    if start.len() < text.len() { format!("{start:?}…") } else { format!("{start:?}") }
}

impl<'de: 'a, 'a> Deserialize<'de> for Properties<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PropertiesVisitor)
    }
}

struct PropertiesVisitor;

impl<'de> Visitor<'de> for PropertiesVisitor {
    type Value = Properties<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the properties of a usage row")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Properties::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut row = Properties::default();
        while let Some(Text(field)) = map.next_key::<Text<'de>>()? {
            let text = match field.as_ref() {
                "cost" => &mut row.cost,
                "pretaxCost" => &mut row.pretax_cost,
                "costInBillingCurrency" => &mut row.cost_in_billing_currency,
                "quantity" => &mut row.quantity,
                "usageQuantity" => &mut row.usage_quantity,
                "meterDetails" => {
                    row.meter = map.next_value()?;
                    continue;
                }
                "isEstimated" => {
                    row.is_estimated = map.next_value()?;
                    continue;
                }
                field => {
                    match TextField::of_property(field) {
                        Some(place) => *row.text(place) = map.next_value::<Text<'de>>()?.0,
                        None => _ = map.next_value::<IgnoredAny>()?,
                    }
                    continue;
                }
            };
            *text = Some(map.next_value::<&RawValue>()?.get());
        }
        Ok(row)
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
