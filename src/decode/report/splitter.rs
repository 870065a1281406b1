//! Splits CSV as the `csv` crate does, in parts of any size, in half of its time. Reports have
//! fifty short columns of which half are read: separators are found for 64 bytes at once, and
//! unwanted columns are skipped. A test compares it with the crate.
//!
//! This module knows no column, refuses no file and limits no record: the reader does.

use std::ops::Range;

/// The number of bytes that are examined together.
const BLOCK: usize = 64;

/// Splits a file record by record.
#[derive(Debug, Default)]
pub(super) struct Splitter {
    /// The ranges of the record's fields: in the part of the file, or in `text` if it was copied.
    fields: Vec<Range<usize>>,
    /// The copy of a record that did not end in the part in which it began, or that contains
    /// doubled quotes.
    text: Vec<u8>,
    copied: bool,
    /// The start of the field that is not complete yet, and (`end`) the end of its quoted text.
    start: usize,
    end: usize,
    /// The bytes of the record so far, copied or not.
    length: usize,
    place: Place,
    /// The columns that are read; empty means all of them.
    wanted: Vec<bool>,
}

/// The state after the last byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    /// Between two records. Empty lines are no records.
    #[default]
    Between,
    /// Before the first byte of a field.
    Start,
    Plain,
    Quoted,
    /// After a quote within quotes: the closing quote, or the first half of a doubled quote.
    Quote,
}

/// The result of reading a part of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Split<'p> {
    /// The part ended before the record did.
    More,
    /// A record is complete; the rest of the part follows it. Contains the record's bytes, unless
    /// they were copied.
    Record(Option<&'p [u8]>),
}

impl Splitter {
    /// Adds columns to those that are read. From now on all others may contain anything.
    pub(super) fn want(&mut self, columns: impl Iterator<Item = usize>) {
        for column in columns {
            if self.wanted.len() <= column {
                self.wanted.resize(column + 1, false);
            }
            self.wanted[column] = true;
        }
    }

    /// Returns whether a record has begun and not ended.
    pub(super) fn is_begun(&self) -> bool {
        self.place != Place::Between
    }

    /// Returns the last complete record, by what [`Split::Record`] returned, and its fields'
    /// ranges.
    pub(super) fn record<'r>(&'r self, line: Option<&'r [u8]>) -> (&'r [u8], &'r [Range<usize>]) {
        (line.unwrap_or(&self.text), &self.fields)
    }

    /// Returns the size of the record so far: bytes and complete fields.
    pub(super) fn size(&self) -> (usize, usize) {
        (self.length, self.fields.len())
    }

    /// Reads a part up to the end of a record at most, and removes what it read.
    pub(super) fn split<'p>(&mut self, part: &mut &'p [u8]) -> Split<'p> {
        if self.place == Place::Between {
            let blank = part.iter().position(|byte| !matches!(byte, b'\r' | b'\n'));
            *part = &part[blank.unwrap_or(part.len())..];
            if part.is_empty() {
                return Split::More;
            }
            self.fields.clear();
            self.text.clear();
            (self.copied, self.start, self.length, self.place) = (false, 0, 0, Place::Start);
        }
        let bytes = *part;
        // The start of the piece that is neither copied nor known to be a field.
        let mut from = 0;
        for (block, start) in bytes.chunks(BLOCK).zip((0..).step_by(BLOCK)) {
            let mut marks = marks(block);
            while marks != 0 {
                let at = start + marks.trailing_zeros() as usize;
                marks &= marks - 1;
                match (self.place, bytes[at]) {
                    (Place::Start, b'"') if from == at => {
                        (self.place, from) = (Place::Quoted, at + 1);
                        if !self.copied {
                            self.start = from;
                        }
                    }
                    (Place::Quoted, b'"') => {
                        if self.copied {
                            self.copy(&bytes[from..at]);
                        }
                        (self.place, self.end, from) = (Place::Quote, at, at + 1);
                    }
                    // Two quotes stand for one, which begins the next piece.
                    (Place::Quote, b'"') if from == at => {
                        self.place = Place::Quoted;
                        self.copy_from_here(bytes);
                    }
                    // Separators within quotes, and other quotes, are text.
                    (Place::Quoted, _) | (_, b'"') => {}
                    (_, separator) => {
                        self.field(bytes, from, at);
                        from = at + 1;
                        self.start = if self.copied {
                            // Texts side by side could join two halves of a character.
                            self.text.push(b',');
                            self.text.len()
                        } else {
                            from
                        };
                        self.place = Place::Start;
                        if separator != b',' {
                            self.place = Place::Between;
                            self.length += from;
                            *part = &bytes[from..];
                            return Split::Record((!self.copied).then_some(&bytes[..at]));
                        }
                    }
                }
            }
        }
        self.leave(bytes, from);
        *part = &[];
        Split::More
    }

    /// Ends a field before a separator.
    fn field(&mut self, bytes: &[u8], from: usize, at: usize) {
        let in_quotes = self.place == Place::Quote;
        if in_quotes && from < at {
            // The text after the closing quote is part of the field.
            self.copy_from_here(bytes);
        }
        let end = if self.copied {
            self.copy(&bytes[from..at]);
            self.text.len()
        } else if in_quotes {
            self.end
        } else {
            at
        };
        self.fields.push(self.start..end);
    }

    /// Copies the record so far, because it does not end in this part.
    fn leave(&mut self, bytes: &[u8], from: usize) {
        if self.copied {
            self.copy(&bytes[from..]);
        } else {
            let in_quotes = self.place == Place::Quote;
            let whole = if in_quotes { self.end } else { bytes.len() };
            self.text.extend_from_slice(&bytes[..whole]);
            self.copied = true;
            if in_quotes {
                self.copy(&bytes[from..]);
            }
        }
        if from < bytes.len() && self.place != Place::Quoted {
            self.place = Place::Plain;
        }
        self.length += bytes.len();
    }

    /// Copies the record up to the end of the quotes, because from there on the field differs from
    /// the file's bytes. Skips unwanted columns, where that does not matter.
    fn copy_from_here(&mut self, bytes: &[u8]) {
        if !self.copied && self.is_wanted() {
            self.text.extend_from_slice(&bytes[..self.end]);
            self.copied = true;
        }
    }

    fn is_wanted(&self) -> bool {
        self.wanted.is_empty() || self.wanted.get(self.fields.len()).is_some_and(|wanted| *wanted)
    }

    fn copy(&mut self, piece: &[u8]) {
        if self.is_wanted() {
            self.text.extend_from_slice(piece);
        }
    }
}

/// Returns a bit for each byte of a block that is a separator or a quote, the first byte's the
/// lowest. Written so that the compiler compares many bytes with one instruction.
fn marks(block: &[u8]) -> u64 {
    let mut last = [0; BLOCK];
    let bytes: &[u8; BLOCK] = block.first_chunk().unwrap_or_else(|| {
        last[..block.len()].copy_from_slice(block);
        &last
    });
    let marked = bytes
        .map(|byte| u8::from((byte == b',') | (byte == b'"') | (byte == b'\n') | (byte == b'\r')));
    let (eights, _) = marked.as_chunks();
    let eights = eights.iter().map(|eight| {
        // Each byte is 0 or 1; the factor moves the eight of them into the highest byte.
        u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56
    });
    eights.rev().fold(0, |marks, eight| marks << 8 | eight)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use csv::ReaderBuilder;
    use proptest::prelude::*;

    use super::*;

    /// Returns the records that the `csv` crate reads. It accepts rows of any length; our reader
    /// checks them.
    fn theirs(file: &str) -> Vec<Vec<String>> {
        let mut reader =
            ReaderBuilder::new().has_headers(false).flexible(true).from_reader(file.as_bytes());
        let records =
            reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect());
        records.collect()
    }

    fn ours(splitter: &mut Splitter, file: &str, size: usize) -> Vec<Vec<String>> {
        let mut records = Vec::new();
        for mut part in file.as_bytes().chunks(size).chain([b"\n".as_slice()]) {
            while let Split::Record(line) = splitter.split(&mut part) {
                let (text, fields) = splitter.record(line);
                let fields =
                    fields.iter().map(|field| String::from_utf8_lossy(&text[field.clone()]));
                records.push(fields.map(Cow::into_owned).collect());
            }
            assert!(part.is_empty());
        }
        records
    }

    fn files() -> impl Strategy<Value = String> {
        const PIECES: [&str; 12] =
            ["\"", "\"", ",", ",", "\n", "\r", "\r\n", "a", "é", " ", "a long one", "\"\""];
        let pieces = proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..40);
        pieces.prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn a_file_is_split_as_the_csv_crate_splits_it(file in files(), size in 1..9_usize) {
            let mut splitter = Splitter::default();
            let ours = ours(&mut splitter, &file, size);
            let mut theirs = theirs(&file);
            if splitter.is_begun() {
                // The file ends inside quotes: refused by our reader, but a record for the crate.
                theirs.pop();
            }
            prop_assert_eq!(ours, theirs);
        }

        #[test]
        fn what_is_not_wanted_changes_nothing_else(
            file in files(),
            size in 1..9_usize,
            wanted in proptest::collection::btree_set(0..6_usize, 1..4),
        ) {
            let only_wanted = |mut records: Vec<Vec<String>>| {
                for record in &mut records {
                    for (column, field) in record.iter_mut().enumerate() {
                        if !wanted.contains(&column) {
                            field.clear();
                        }
                    }
                }
                records
            };
            let all = ours(&mut Splitter::default(), &file, size);
            let mut splitter = Splitter::default();
            splitter.want(wanted.iter().copied());
            let some = ours(&mut splitter, &file, size);
            prop_assert_eq!(only_wanted(some), only_wanted(all));
        }
    }
}
