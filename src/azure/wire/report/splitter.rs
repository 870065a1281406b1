//! CSV taken apart as the `csv` crate does it, in parts of any size, in half of its time. Reports have
//! fifty short columns of which half are looked at: what separates them is found for 64 bytes at
//! once, and columns that nobody wants are passed over. A test compares it with the crate.
//!
//! Nothing here knows what a column means, refuses a file or bounds a record: the reader does.

/// So many bytes are looked at together.
const BLOCK: usize = 64;

/// A record of columns; what was left out is empty.
#[derive(Debug, Default)]
pub(super) struct Splitter {
    /// Its fields without a gap, and where each ends.
    text: Vec<u8>,
    ends: Vec<usize>,
    /// Bytes of the record so far, copied or not.
    length: usize,
    place: Place,
    /// The columns that are copied; all of them as long as it is empty.
    wanted: Vec<bool>,
}

/// Where the last byte left it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    /// After a record. Empty lines are none.
    #[default]
    Between,
    /// Before a field's first byte.
    Start,
    Plain,
    Quoted,
    /// After a quote within quotes: the end of them, or the first half of a quote.
    Quote,
}

/// What a part of a file was good for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Split {
    /// It ended before the record did.
    More,
    /// A record is complete; the rest of the part comes after it.
    Record,
}

impl Splitter {
    /// No longer copies other columns than these.
    pub(super) fn want(&mut self, columns: impl Iterator<Item = usize>) {
        for column in columns {
            if self.wanted.len() <= column {
                self.wanted.resize(column + 1, false);
            }
            self.wanted[column] = true;
        }
    }

    /// Whether a record was begun and not ended.
    pub(super) fn is_begun(&self) -> bool {
        self.place != Place::Between
    }

    /// The fields of the record that ended last.
    pub(super) fn record(&self) -> (&[u8], &[usize]) {
        (&self.text, &self.ends)
    }

    /// How much of a record there is: bytes and whole fields.
    pub(super) fn size(&self) -> (usize, usize) {
        (self.length, self.ends.len())
    }

    /// Reads a part up to the end of a record at most, and takes off what it read.
    pub(super) fn split(&mut self, part: &mut &[u8]) -> Split {
        if self.place == Place::Between {
            let blank = part.iter().position(|byte| !matches!(byte, b'\r' | b'\n'));
            *part = &part[blank.unwrap_or(part.len())..];
            if part.is_empty() {
                return Split::More;
            }
            self.text.clear();
            self.ends.clear();
            (self.length, self.place) = (0, Place::Start);
        }
        let bytes = *part;
        // Where the piece begins that is not copied yet.
        let mut from = 0;
        for (block, start) in bytes.chunks(BLOCK).zip((0..).step_by(BLOCK)) {
            let mut marks = marks(block);
            while marks != 0 {
                let at = start + marks.trailing_zeros() as usize;
                marks &= marks - 1;
                match (self.place, bytes[at]) {
                    (Place::Start, b'"') if from == at => {
                        (self.place, from) = (Place::Quoted, at + 1);
                    }
                    (Place::Quoted, b'"') => {
                        self.copy(&bytes[from..at]);
                        (self.place, from) = (Place::Quote, at + 1);
                    }
                    // Two quotes are one, which begins the next piece.
                    (Place::Quote, b'"') if from == at => self.place = Place::Quoted,
                    // Others mean themselves.
                    (Place::Quoted, _) | (_, b'"') => {}
                    (_, separator) => {
                        self.copy(&bytes[from..at]);
                        self.ends.push(self.text.len());
                        (self.place, from) = (Place::Start, at + 1);
                        if separator != b',' {
                            self.place = Place::Between;
                            self.length += from;
                            *part = &bytes[from..];
                            return Split::Record;
                        }
                    }
                }
            }
        }
        self.copy(&bytes[from..]);
        if from < bytes.len() && self.place != Place::Quoted {
            self.place = Place::Plain;
        }
        self.length += bytes.len();
        *part = &[];
        Split::More
    }

    fn copy(&mut self, piece: &[u8]) {
        if self.wanted.is_empty() || self.wanted.get(self.ends.len()).is_some_and(|wanted| *wanted)
        {
            self.text.extend_from_slice(piece);
        }
    }
}

/// A bit for each byte of a block that may separate, the first byte's the lowest. Written so that the
/// compiler compares many bytes with one instruction.
fn marks(block: &[u8]) -> u64 {
    let bytes: [u8; BLOCK] = block.first_chunk().copied().unwrap_or_else(|| {
        let mut last = [0; BLOCK];
        last[..block.len()].copy_from_slice(block);
        last
    });
    let marked = bytes
        .map(|byte| u8::from((byte == b',') | (byte == b'"') | (byte == b'\n') | (byte == b'\r')));
    let (eights, _) = marked.as_chunks();
    let eights = eights.iter().map(|eight| {
        // Each byte is 0 or 1; the factor brings the eight of them together in the highest byte.
        u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56
    });
    eights.rev().fold(0, |marks, eight| marks << 8 | eight)
}

#[cfg(test)]
mod tests {
    use csv::ReaderBuilder;
    use proptest::prelude::*;

    use super::*;

    /// What the `csv` crate makes of a file. It is told to forgive what we tell of by ourselves.
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
            while splitter.split(&mut part) == Split::Record {
                let (text, ends) = splitter.record();
                let starts = [0].iter().chain(ends);
                let fields = starts.zip(ends).map(|(start, end)| &text[*start..*end]);
                records
                    .push(fields.map(|field| str::from_utf8(field).unwrap().to_owned()).collect());
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
                // It ends inside of quotes: what is refused here is a record there.
                theirs.pop();
            }
            prop_assert_eq!(ours, theirs);
        }

        #[test]
        fn what_is_not_wanted_is_empty_and_changes_nothing_else(
            file in files(),
            size in 1..9_usize,
            wanted in proptest::collection::btree_set(0..6_usize, 1..4),
        ) {
            let all = ours(&mut Splitter::default(), &file, size);
            let mut splitter = Splitter::default();
            splitter.want(wanted.iter().copied());
            let some = ours(&mut splitter, &file, size);
            let mut expected = all;
            for record in &mut expected {
                for (column, field) in record.iter_mut().enumerate() {
                    if !wanted.contains(&column) {
                        field.clear();
                    }
                }
            }
            prop_assert_eq!(some, expected);
        }
    }
}
