//! The meter of a row of the list: `meterDetails`, `isEstimated`.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::text::{Text, skip_list};

/// The details of a meter, which Azure sends on request.
#[derive(Debug, Default)]
pub(super) struct Meter<'a> {
    pub(super) unit: Cow<'a, str>,
    pub(super) category: Cow<'a, str>,
    pub(super) sub_category: Cow<'a, str>,
    pub(super) name: Cow<'a, str>,
    /// True if it is no object, or one of its texts is no text.
    pub(super) unreadable: bool,
}

impl Meter<'_> {
    /// Returns whether one of its texts satisfies a condition.
    pub(super) fn any(&self, condition: impl Fn(&str) -> bool) -> bool {
        [&self.unit, &self.category, &self.sub_category, &self.name]
            .into_iter()
            .any(|text| condition(text))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Meter<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MeterVisitor)
    }
}

struct MeterVisitor;

fn no_meter<'de, E>() -> Result<Meter<'de>, E> {
    Ok(Meter { unreadable: true, ..Meter::default() })
}

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
        while let Some(field) = map.next_key::<Text<'de>>()? {
            let text = match field.text.as_ref() {
                "unit" | "unitOfMeasure" => &mut meter.unit,
                "meterCategory" => &mut meter.category,
                "meterSubCategory" => &mut meter.sub_category,
                "meterName" => &mut meter.name,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            let sent = map.next_value::<Text<'de>>()?;
            *text = sent.text;
            meter.unreadable |= sent.unreadable;
        }
        Ok(meter)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
        no_meter()
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        no_meter()
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        no_meter()
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
        no_meter()
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        no_meter()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        skip_list(list)?;
        no_meter()
    }
}
