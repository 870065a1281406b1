//! One gzip member of two parts: blocks that are kept compressed from one publish to the next, and
//! a last block that is made at each scrape.
//!
//! Two members, one after the other, would be simpler and are legal; browsers and older curls read
//! only the first of them, as if it were the whole.

use std::io::{self, Write};
use std::sync::Arc;

use bytes::Bytes;
use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

use super::format::Coding;
use super::parallel_map::parallel_map;

/// The level of compression. Sorted series repeat each other: higher levels take twice the time for
/// a few percent.
const LEVEL: Compression = Compression::new(3);

/// The size of the pieces that are compressed separately, so that every core has a share and the
/// bytes are the same on any machine. A piece cannot refer back to the one before, which costs less
/// than a percent.
const PIECE: usize = 2 * 1024 * 1024;

/// The header of RFC 1952: magic, deflate, no flags, no time, unknown system.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

/// A text that is the same for many scrapes, as it is and compressed: the part of an exposition
/// that changes only when the exporter publishes. An empty one is the default.
#[derive(Debug)]
pub struct CachedText {
    text: Vec<Bytes>,
    gzip: GzipPrefix,
}

impl CachedText {
    /// Compresses a text, in parts that end with a whole line. They are 0.0.4 and OpenMetrics at
    /// once: without counters' metadata, units and an end.
    ///
    /// # Errors
    /// Returns an error if the text cannot be compressed, which is a bug.
    pub fn new(text: Vec<Bytes>) -> io::Result<Self> {
        let gzip = GzipPrefix::of(&text)?;
        Ok(Self { text, gzip })
    }

    /// Returns the text, part by part.
    pub fn parts(&self) -> &[Bytes] {
        &self.text
    }
}

impl Default for CachedText {
    fn default() -> Self {
        let gzip = GzipPrefix { bytes: Bytes::from_static(&HEADER), crc: Crc::new() };
        Self { text: Vec::new(), gzip }
    }
}

/// The text of one scrape: one that is cached, and after it one that is written for this scrape.
#[derive(Debug)]
pub struct ScrapeText {
    cached: Arc<CachedText>,
    live: String,
}

impl ScrapeText {
    /// Returns a cached text, and what follows it in this scrape.
    pub fn new(cached: Arc<CachedText>, live: String) -> Self {
        Self { cached, live }
    }

    /// Returns the bytes of an answer, part by part. Cached ones are shared and never copied.
    ///
    /// # Errors
    /// Returns an error if the text cannot be compressed, which is a bug.
    pub fn coded(self, coding: Coding) -> io::Result<Vec<Bytes>> {
        let CachedText { text, gzip } = &*self.cached;
        let (mut parts, live) = match coding {
            Coding::Identity => (text.clone(), self.live.into()),
            Coding::Gzip => (vec![gzip.bytes.clone()], gzip.end(&self.live)?),
        };
        parts.push(live);
        Ok(parts)
    }
}

/// A text of which nothing is cached.
impl From<String> for ScrapeText {
    fn from(live: String) -> Self {
        Self::new(Arc::default(), live)
    }
}

/// The kept part: the header and blocks that end on a whole byte, so that others can follow.
#[derive(Debug)]
struct GzipPrefix {
    /// The bytes.
    bytes: Bytes,
    /// The checksum of the text in them.
    crc: Crc,
}

impl GzipPrefix {
    /// Compresses a text in parts.
    fn of(text: &[Bytes]) -> io::Result<Self> {
        let pieces: Vec<&[u8]> = text.iter().flat_map(|part| part.chunks(PIECE)).collect();
        let (mut bytes, mut crc) = (HEADER.to_vec(), Crc::new());
        for compressed in parallel_map(pieces.len(), |number| compressed(pieces[number])) {
            let (blocks, after) = compressed?;
            bytes.extend_from_slice(&blocks);
            crc.combine(&after);
        }
        bytes.shrink_to_fit();
        Ok(Self { bytes: bytes.into(), crc })
    }

    /// Returns the end of the member: a text of its own, and the checksum of both.
    fn end(&self, text: &str) -> io::Result<Bytes> {
        let mut encoder = DeflateEncoder::new(Vec::new(), LEVEL);
        let written = encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish());
        let mut bytes = written?;
        let mut crc = Crc::new();
        crc.combine(&self.crc);
        crc.combine(&crc_of(text.as_bytes()));
        bytes.extend_from_slice(&crc.sum().to_le_bytes());
        bytes.extend_from_slice(&crc.amount().to_le_bytes());
        Ok(bytes.into())
    }
}

/// Returns the blocks of a piece, and its checksum.
fn compressed(piece: &[u8]) -> io::Result<(Vec<u8>, Crc)> {
    let mut encoder = DeflateEncoder::new(Vec::new(), LEVEL);
    // A sync flush completes what was written without marking it as the end.
    encoder.write_all(piece).and_then(|()| encoder.flush())?;
    Ok((std::mem::take(encoder.get_mut()), crc_of(piece)))
}

fn crc_of(bytes: &[u8]) -> Crc {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn both_parts_are_one_member_that_reads_as_one_text() {
        let line = "x{a=\"b\"} 1\n";
        // More pieces than cores, the last of them short.
        let long = line.repeat((11 * PIECE + 1) / line.len());
        let one = |text: &'static str| vec![text.to_owned()];
        for (cached, live) in [
            (vec![], ""),
            (one("a 1\n"), ""),
            (one(""), "b 2\n"),
            (vec![long, "a 1\n".to_owned()], "b 2\n"),
        ] {
            let parts: Vec<Bytes> = cached.iter().cloned().map(Bytes::from).collect();
            let (text, cached) = (Arc::new(CachedText::new(parts).unwrap()), cached.concat());
            for live in [live, "c 3\n"] {
                let scrape = || ScrapeText::new(text.clone(), live.to_owned());
                let whole = [cached.as_str(), live].concat();
                assert!(scrape().coded(Coding::Identity).unwrap().concat() == whole.as_bytes());
                let member = scrape().coded(Coding::Gzip).unwrap().concat();
                // Reads a single member, and compares its checksum and length.
                let mut decoder = flate2::read::GzDecoder::new(member.as_slice());
                let mut text = String::new();
                decoder.read_to_string(&mut text).unwrap();
                assert!(text == whole, "{} bytes", cached.len());
                assert!(decoder.into_inner().is_empty(), "nothing behind the member");
            }
        }
    }
}
