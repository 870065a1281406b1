//! A report's blobs: their lengths, and their bytes while they are sent.

use std::sync::Arc;

use axum::body::Bytes;

use super::{
    super::ledger::Ledger,
    format::Format,
    lines::{Lines, Place, Reading},
};

/// Bytes generated at once: enough to be fast, and few enough to take little memory.
const CHUNK: usize = 128 * 1024;
/// Rows between two moments at which other requests may run.
const ROWS_AT_ONCE: u64 = 2000;

/// A blob.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Part {
    start: Place,
    pub(in super::super) bytes: u64,
}

/// Cuts a report into blobs of so many rows and finds the length of each.
pub(in super::super) async fn measure(
    ledger: &Arc<Ledger>,
    reading: &Arc<Reading>,
    format: &Format,
    rows_per_blob: Option<u64>,
) -> Vec<Part> {
    let most = rows_per_blob.unwrap_or(u64::MAX).max(1);
    let mut lines = Lines::new(ledger, reading, reading.start());
    let (mut parts, mut text) = (Vec::<Part>::new(), Vec::with_capacity(4096));
    let (mut start, mut rows, mut total) = (lines.place(), 0, 0_u64);
    while let Some(line) = lines.next() {
        if rows == most || parts.is_empty() {
            parts.push(Part { start, bytes: format.header().len() as u64 });
            rows = 0;
        }
        text.clear();
        format.write(&mut text, &line);
        if let Some(part) = parts.last_mut() {
            part.bytes += text.len() as u64;
        }
        (start, rows, total) = (lines.place(), rows + 1, total + 1);
        if total.is_multiple_of(ROWS_AT_ONCE) {
            tokio::task::yield_now().await;
        }
    }
    parts
}

/// Returns the length at which a blob ends inside a quoted field, after that many rows or, if it
/// has fewer, in the last of them.
pub(in super::super) fn inside_quotes(
    ledger: &Arc<Ledger>,
    reading: &Arc<Reading>,
    format: &Format,
    part: Part,
    after_rows: usize,
) -> u64 {
    let (mut length, mut text) = (format.header().len() as u64, Vec::new());
    let mut end = length;
    for (place, line) in Lines::new(ledger, reading, part.start).enumerate() {
        text.clear();
        format.write(&mut text, &line);
        if length + text.len() as u64 > part.bytes {
            break;
        }
        if let Some(quote) = text.iter().position(|byte| *byte == b'"') {
            end = length + quote as u64 + 1;
            if place >= after_rows {
                break;
            }
        }
        length += text.len() as u64;
    }
    end
}

/// The bytes of a blob, up to a limit.
pub(in super::super) struct Chunks {
    lines: Lines,
    format: Arc<Format>,
    left: u64,
    begun: bool,
}

impl Chunks {
    pub(in super::super) fn new(
        ledger: &Arc<Ledger>,
        reading: &Arc<Reading>,
        format: Arc<Format>,
        part: Part,
        bytes: u64,
    ) -> Self {
        let lines = Lines::new(ledger, reading, part.start);
        Self { lines, format, left: bytes, begun: false }
    }
}

impl Iterator for Chunks {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        if self.left == 0 {
            return None;
        }
        let mut chunk = Vec::with_capacity(CHUNK + 4096);
        if !std::mem::replace(&mut self.begun, true) {
            chunk.extend_from_slice(self.format.header());
        }
        while chunk.len() < CHUNK && (chunk.len() as u64) < self.left {
            match self.lines.next() {
                Some(line) => self.format.write(&mut chunk, &line),
                None => break,
            }
        }
        chunk.truncate(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left = if chunk.is_empty() { 0 } else { self.left - chunk.len() as u64 };
        (!chunk.is_empty()).then(|| Bytes::from(chunk))
    }
}
