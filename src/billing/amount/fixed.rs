//! Serializes a fraction as sixteen bytes: a number of variable length would be longer and slower.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserializer, Serializer};

pub(super) fn serialize<S: Serializer>(fraction: &i128, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_bytes(&fraction.to_le_bytes())
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<i128, D::Error> {
    struct Bytes;

    impl Visitor<'_> for Bytes {
        type Value = i128;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("sixteen bytes")
        }

        fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<i128, E> {
            let bytes = bytes.try_into().map_err(|_| E::invalid_length(bytes.len(), &self))?;
            Ok(i128::from_le_bytes(bytes))
        }
    }

    from.deserialize_bytes(Bytes)
}
