//! What the keys of a row say. Rows of a page have the same keys in the same order, so that a key is
//! compared with one name and not looked up among all.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, Visitor};

use super::fields::TextField;
use crate::billing::same::same;

/// What a key of the properties says of its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Text(TextField),
    Cost,
    PretaxCost,
    CostInBillingCurrency,
    Quantity,
    UsageQuantity,
    Meter,
    Estimated,
    Unused,
}

impl Field {
    fn of(name: &str) -> Self {
        match name {
            "cost" => Self::Cost,
            "pretaxCost" => Self::PretaxCost,
            "costInBillingCurrency" => Self::CostInBillingCurrency,
            "quantity" => Self::Quantity,
            "usageQuantity" => Self::UsageQuantity,
            "meterDetails" => Self::Meter,
            "isEstimated" => Self::Estimated,
            name => TextField::of_property(name).map_or(Self::Unused, Self::Text),
        }
    }
}

/// The keys of the row before, in their order, and what they say: rows of a page are alike, so that
/// one comparison recognises a key.
#[derive(Debug, Default)]
pub(super) struct Layout<'de>(Vec<(&'de str, Field)>);

impl<'de> Layout<'de> {
    /// Keys beyond are looked up each time.
    const LONGEST: usize = 256;

    fn field(&mut self, place: usize, name: &'de str) -> Field {
        match self.0.get_mut(place) {
            Some((known, field)) if same(known, name) => *field,
            Some(other) => {
                *other = (name, Field::of(name));
                other.1
            }
            None => {
                let field = Field::of(name);
                if self.0.len() < Self::LONGEST {
                    self.0.push((name, field));
                }
                field
            }
        }
    }
}

/// Reads a key at its place.
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

    /// A name with escapes.
    fn visit_str<E: Error>(self, name: &str) -> Result<Field, E> {
        Ok(Field::of(name))
    }
}
