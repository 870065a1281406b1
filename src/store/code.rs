//! Encodes values as bytes: `postcard`, gzipped. Ids of resources are long and similar, so that
//! they shrink to a tenth; and gzip's checksum detects flipped bits, which the database would
//! return.

use std::io::{self, BufWriter, Read, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The length of a piece, in bytes.
const PIECE: usize = 64 * 1024;

/// Returns the bytes of a value.
pub(super) fn encode(value: &impl Serialize) -> Result<Vec<u8>, String> {
    encode_into(value, Vec::new())
}

/// Passes the bytes of a large value in pieces. As one piece it would take up several times its
/// length, in a buffer that doubles while it grows and in pages of the database that are powers of
/// two.
pub(super) fn encode_in_pieces(
    value: &impl Serialize,
    each: impl FnMut(&[u8]) -> io::Result<()>,
) -> Result<(), String> {
    let mut rest = encode_into(value, Pieces { piece: Vec::with_capacity(PIECE), each })?;
    (rest.each)(&rest.piece).map_err(|error| error.to_string())
}

fn encode_into<W: Write>(value: &impl Serialize, to: W) -> Result<W, String> {
    let written = || -> Result<W, Box<dyn std::error::Error + '_>> {
        let zipped = BufWriter::new(GzEncoder::new(to, Compression::fast()));
        let mut zipped = postcard::to_io(value, zipped)?;
        zipped.flush()?;
        let zipped = zipped.into_inner().map_err(|error| error.into_error())?;
        Ok(zipped.finish()?)
    };
    written().map_err(|error| format!("cannot be encoded: {error}"))
}

struct Pieces<F> {
    piece: Vec<u8>,
    each: F,
}

impl<F: FnMut(&[u8]) -> io::Result<()>> Write for Pieces<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.piece.len() == PIECE {
            (self.each)(&self.piece)?;
            self.piece.clear();
        }
        let fits = bytes.len().min(PIECE - self.piece.len());
        self.piece.extend_from_slice(&bytes[..fits]);
        Ok(fits)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Returns the value of some bytes; an error if they are damaged.
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
        // The ten bytes of gzip's header do not affect the value.
        for place in 10..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[place] ^= 1 << (place % 8);
            // Some bits are only padding.
            let read = decode::<Vec<String>>(&damaged);
            assert!(read.is_err() || read == Ok(value.clone()), "byte {place}");
        }
        assert!(decode::<Vec<String>>(&bytes[..bytes.len() - 1]).is_err());
    }

    #[test]
    fn pieces_are_the_same_bytes() {
        let numbers = |length: u64| -> Vec<u64> {
            (0..length).map(|number| number.wrapping_mul(0x9E37_79B9_7F4A_7C15)).collect()
        };
        for length in [0, 1, 10_000, 100_000] {
            let value = numbers(length);
            let mut pieces = Vec::new();
            let keep = |piece: &[u8]| {
                pieces.push(piece.to_vec());
                Ok(())
            };
            encode_in_pieces(&value, keep).unwrap();
            assert_eq!(pieces.concat(), encode(&value).unwrap());
            assert!(pieces.iter().rev().skip(1).all(|piece| piece.len() == PIECE));
            assert_eq!(pieces.len() > 1, length >= 10_000);
        }
    }
}
