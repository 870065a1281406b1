//! Values as bytes: `postcard`, gzipped. Ids of resources are long and alike, so that they shrink to
//! a tenth; and gzip's checksum finds the flipped bits that the database would hand out.

use std::io::{BufWriter, Read, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The bytes of a value.
pub(super) fn encode(value: &impl Serialize) -> Result<Vec<u8>, String> {
    let written = || -> Result<Vec<u8>, Box<dyn std::error::Error>> {
        let zipped = BufWriter::new(GzEncoder::new(Vec::new(), Compression::fast()));
        let mut zipped = postcard::to_io(value, zipped)?;
        zipped.flush()?;
        Ok(zipped.into_inner()?.finish()?)
    };
    written().map_err(|error| format!("cannot be encoded: {error}"))
}

/// The value of some bytes, if they are whole.
pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    let mut plain = Vec::with_capacity(bytes.len().saturating_mul(8));
    let unzipped = GzDecoder::new(bytes).read_to_end(&mut plain);
    unzipped.map_err(|error| format!("is damaged: {error}"))?;
    postcard::from_bytes(&plain).map_err(|error| format!("is damaged: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flipped_bit_never_gives_another_value() {
        let value: Vec<String> = (0..200).map(|number| format!("resource-{number}")).collect();
        let bytes = encode(&value).unwrap();
        assert_eq!(decode::<Vec<String>>(&bytes).unwrap(), value);
        // The ten bytes of gzip's head say nothing about the value.
        for place in 10..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[place] ^= 1 << (place % 8);
            // Some bits only fill up a byte.
            let read = decode::<Vec<String>>(&damaged);
            assert!(read.is_err() || read == Ok(value.clone()), "byte {place}");
        }
        assert!(decode::<Vec<String>>(&bytes[..bytes.len() - 1]).is_err());
    }
}
