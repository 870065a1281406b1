//! The meaning of a row's keys. Rows of a page have the same keys in the same order, so that a key
//! is compared with one name instead of being looked up among all.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, Visitor};

use super::fields::TextField;
use super::repair::REPLACEMENT;
use crate::billing::short_str_eq::short_str_eq;

/// The meaning of a key of the properties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Text(TextField),
    Cost,
    PretaxCost,
    CostInBillingCurrency,
    Quantity,
    UsageQuantity,
    EffectivePrice,
    UnitPrice,
    PayGPrice,
    Meter,
    Estimated,
    Unused,
    /// A name in which the page was repaired: it may be the name of the cost.
    Unreadable,
}

impl Field {
    fn of(name: &str, repaired: bool) -> Self {
        match name {
            "cost" => Self::Cost,
            "pretaxCost" => Self::PretaxCost,
            "costInBillingCurrency" => Self::CostInBillingCurrency,
            "quantity" => Self::Quantity,
            "usageQuantity" => Self::UsageQuantity,
            "effectivePrice" => Self::EffectivePrice,
            "unitPrice" => Self::UnitPrice,
            "payGPrice" => Self::PayGPrice,
            "meterDetails" => Self::Meter,
            "isEstimated" => Self::Estimated,
            name if repaired && name.contains(REPLACEMENT) => Self::Unreadable,
            name => TextField::of_property(name).map_or(Self::Unused, Self::Text),
        }
    }
}

/// The keys of the previous row, in their order, with their meaning: rows of a page are alike, so
/// that one comparison recognises a key.
#[derive(Debug)]
pub(super) struct Layout<'de> {
    keys: Vec<(&'de str, Field)>,
    /// True if the page was repaired.
    pub(super) repaired: bool,
}

impl<'de> Layout<'de> {
    /// The most keys that are kept; further ones are looked up each time.
    const LONGEST: usize = 256;

    pub(super) fn new(repaired: bool) -> Self {
        Self { keys: Vec::new(), repaired }
    }

    fn field(&mut self, place: usize, name: &'de str) -> Field {
        match self.keys.get_mut(place) {
            Some((known, field)) if short_str_eq(known, name) => *field,
            Some(other) => {
                *other = (name, Field::of(name, self.repaired));
                other.1
            }
            None => {
                let field = Field::of(name, self.repaired);
                if self.keys.len() < Self::LONGEST {
                    self.keys.push((name, field));
                }
                field
            }
        }
    }
}

/// Reads the key at a position of the row.
pub(super) struct Key<'l, 'de>(pub(super) &'l mut Layout<'de>, pub(super) usize);

impl<'de> DeserializeSeed<'de> for Key<'_, 'de> {
    type Value = Field;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Field, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key<'_, 'de> {
    type Value = Field;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a property")
    }

    fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<Field, E> {
        Ok(self.0.field(self.1, name))
    }

    /// Reads a name with escapes, which cannot be borrowed from the page.
    fn visit_str<E: Error>(self, name: &str) -> Result<Field, E> {
        Ok(Field::of(name, self.0.repaired))
    }
}
