//! The `properties` of a row in its three shapes: old (api-versions up to 2019-01-01), legacy (EA
//! since then) and modern (Microsoft Customer Agreement). No name has two meanings, so one reader
//! takes them all; [`Properties::charge`] decides which field wins if two occur. A report has the
//! same fields as columns.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::fields::{AmountField, TextField};
use super::layout::{Field, Key, Layout};
use super::meter::Meter;
use super::repair::REPLACEMENT;
use super::text::{Text, said, skip_list};

/// The used fields of a row, as sent. `serde`'s own `alias` refuses rows with two spellings of one
/// field, and real rows have them.
#[derive(Debug)]
pub(super) struct Properties<'a> {
    /// The amounts, by [`AmountField`].
    amounts: [Option<&'a str>; AmountField::COUNT],
    /// The texts, by [`TextField`].
    texts: [Cow<'a, str>; TextField::COUNT],
    pub(super) is_estimated: Option<bool>,
    pub(super) meter: Meter<'a>,
    /// True if a text cannot be read, and (`unreadable_date`) if that text is the date.
    pub(super) unreadable: bool,
    pub(super) unreadable_date: bool,
}

impl Default for Properties<'_> {
    fn default() -> Self {
        Self {
            amounts: [None; AmountField::COUNT],
            texts: [const { Cow::Borrowed("") }; TextField::COUNT],
            is_estimated: None,
            meter: Meter::default(),
            unreadable: false,
            unreadable_date: false,
        }
    }
}

impl<'a> Properties<'a> {
    /// Returns an amount as sent; `None` if the row has none.
    pub(super) fn amount(&self, field: AmountField) -> Option<&'a str> {
        self.amounts[field as usize]
    }

    pub(super) fn set_amount(&mut self, field: AmountField, sent: &'a str) {
        self.amounts[field as usize] = Some(sent);
    }

    /// Returns the place of a text.
    pub(super) fn text(&mut self, field: TextField) -> &mut Cow<'a, str> {
        &mut self.texts[field as usize]
    }

    /// Returns the text of a field; empty if the row has none.
    pub(super) fn get(&self, field: TextField) -> &str {
        &self.texts[field as usize]
    }

    /// Marks the row as one with a text that cannot be read.
    pub(super) fn mark_unreadable(&mut self, field: TextField) {
        self.unreadable = true;
        self.unreadable_date |= matches!(field, TextField::Date | TextField::UsageStart);
    }

    /// Marks the row as unreadable if one of its texts was replaced by the repair of its page.
    pub(super) fn mark_replaced(&mut self) {
        let is_replaced = |text: &str| text.contains(REPLACEMENT);
        self.unreadable |=
            self.texts.iter().any(|text| is_replaced(text)) || self.meter.any(is_replaced);
    }

    fn set_text(&mut self, field: TextField, sent: Text<'a>) {
        *self.text(field) = sent.text;
        if sent.unreadable {
            self.mark_unreadable(field);
        }
    }

    /// Reads whether the cost is estimated: a boolean, or a text of one.
    fn set_estimated(&mut self, sent: &Text<'_>) {
        self.is_estimated = said(&sent.text);
        self.unreadable |= sent.unreadable || self.is_estimated.is_none() && !sent.text.is_empty();
    }
}

/// Reads the properties of a row in place.
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
            match field {
                Field::Text(field) => row.set_text(field, map.next_value()?),
                Field::Amount(field) => {
                    row.set_amount(field, map.next_value::<&RawValue>()?.get());
                }
                Field::Unused => _ = map.next_value::<IgnoredAny>()?,
                Field::Meter => {
                    row.meter = map.next_value()?;
                    row.unreadable |= row.meter.unreadable;
                }
                Field::Estimated => row.set_estimated(&map.next_value()?),
                Field::Unreadable => return Err(unreadable_name()),
            }
        }
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        self.none()
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        self.none()
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        self.none()
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        self.none()
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        self.none()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<(), A::Error> {
        skip_list(list)?;
        self.none()
    }
}

impl PropertiesSeed<'_, '_> {
    /// Reads another value than an object: the row has no properties.
    fn none<E>(self) -> Result<(), E> {
        self.row.unreadable = true;
        Ok(())
    }
}

/// Returns the error for a replaced name whose value the sum may need.
pub(super) fn unreadable_name<E: Error>() -> E {
    E::custom("a name that cannot be read")
}
