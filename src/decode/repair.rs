//! Makes JSON readable whose texts cannot be decoded: half a surrogate pair, an invalid escape, a
//! raw control character and bytes that are no UTF-8 each become U+FFFD, and numbers that no `f64`
//! can represent become texts.
//!
//! Only input that a strict reader has refused comes here, so nothing here needs to be fast. Syntax
//! is never repaired: a page that was cut off stays cut off.

use std::ops::Range;

/// The replacement for something that cannot be decoded.
pub(super) const REPLACEMENT: char = char::REPLACEMENT_CHARACTER;
/// The most repairs. A body that needs more is no text, and would grow to three times its size.
const MOST_REPAIRS: usize = 100_000;
/// The length from which on a number without an exponent may exceed an `f64`.
const LONG_NUMBER: usize = 300;

/// Returns the JSON with its texts made readable, or `None` if nothing needs a repair.
pub(super) fn repaired(json: &[u8]) -> Option<Vec<u8>> {
    let mut repair = Repair { json, ..Repair::default() };
    let mut at = 0;
    for chunk in json.utf8_chunks() {
        let end = at + chunk.valid().len();
        repair.walk(at, end);
        at = end + chunk.invalid().len();
        if end < at {
            repair.replace(end..at);
        }
        if repair.count > MOST_REPAIRS {
            return None;
        }
    }
    (repair.count > 0).then(|| repair.finish())
}

/// Returns whether `serde_json` refuses a number because it exceeds an `f64`.
pub(super) fn is_beyond_f64(number: &str) -> bool {
    (number.len() >= LONG_NUMBER || number.contains(['e', 'E']))
        && number.parse::<f64>().is_ok_and(f64::is_infinite)
}

#[derive(Default)]
struct Repair<'j> {
    json: &'j [u8],
    repaired: Vec<u8>,
    /// The end of the input that was copied to `repaired`.
    done: usize,
    count: usize,
    in_string: bool,
}

impl Repair<'_> {
    /// Repairs a piece of valid UTF-8. An escape that is cut off by its end is invalid.
    fn walk(&mut self, mut at: usize, end: usize) {
        while at < end && self.count <= MOST_REPAIRS {
            at = match (self.in_string, self.json[at]) {
                (_, b'"') => {
                    self.in_string = !self.in_string;
                    at + 1
                }
                (true, b'\\') => self.escape(at, end),
                (true, ..0x20) => self.replace(at..at + 1),
                (false, b'-' | b'0'..=b'9') => self.number(at, end),
                _ => at + 1,
            };
        }
    }

    /// Repairs an escape, and returns where it ends.
    fn escape(&mut self, at: usize, end: usize) -> usize {
        let behind = &self.json[at + 1..end];
        match (behind.first(), unit(&self.json[at..end])) {
            (Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't'), _) => at + 2,
            (_, Some(0xD800..=0xDBFF))
                if matches!(unit(&self.json[at + 6..end]), Some(0xDC00..=0xDFFF)) =>
            {
                at + 12
            }
            (_, Some(0xD800..=0xDFFF)) => self.replace(at..at + 6),
            (_, Some(_)) => at + 6,
            (None, None) => self.replace(at..at + 1),
            (Some(_), None) => {
                let more = behind[1..].iter().take_while(|byte| **byte & 0xC0 == 0x80).count();
                self.replace(at..at + 2 + more)
            }
        }
    }

    /// Repairs a number, and returns where it ends.
    fn number(&mut self, at: usize, end: usize) -> usize {
        let of_number = |byte: &&u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
        let stop = at + self.json[at..end].iter().take_while(of_number).count();
        let number = &self.json[at..stop];
        if std::str::from_utf8(number).is_ok_and(is_beyond_f64) {
            let quoted = [b"\"", number, b"\""].concat();
            self.put(at..stop, &quoted);
        }
        stop
    }

    fn replace(&mut self, place: Range<usize>) -> usize {
        self.put(place, REPLACEMENT.encode_utf8(&mut [0; 4]).as_bytes())
    }

    /// Replaces a range, and returns where it ends.
    fn put(&mut self, place: Range<usize>, by: &[u8]) -> usize {
        self.repaired.extend_from_slice(&self.json[self.done..place.start]);
        self.repaired.extend_from_slice(by);
        self.count += 1;
        self.done = place.end;
        self.done
    }

    fn finish(mut self) -> Vec<u8> {
        self.repaired.extend_from_slice(&self.json[self.done..]);
        self.repaired
    }
}

/// Returns the UTF-16 unit of the escape that the text begins with.
fn unit(text: &[u8]) -> Option<u16> {
    let digits = text.strip_prefix(b"\\u")?.first_chunk::<4>()?;
    digits.iter().try_fold(0, |unit, digit| {
        Some(unit << 4 | u16::try_from(char::from(*digit).to_digit(16)?).ok()?)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    #[test]
    fn what_cannot_be_decoded_is_replaced_and_nothing_else() {
        let cases: [(&[u8], &str); 14] = [
            (br#""vm\ud83d""#, r#""vm�""#),
            (br#""\ude00 vm""#, r#""� vm""#),
            (br#""\ud83d\ud83d\ude00\n""#, r#""�\ud83d\ude00\n""#),
            (br#""\ud83d\u0041""#, r#""�\u0041""#),
            (br#""a\qb\u12x4\"""#, r#""a�b�12x4\"""#),
            (b"\"a\\\xc3\xa9b\"", "\"a�b\""),
            (b"\"a\tb\n\"\n", "\"a�b�\"\n"),
            (b"\"caf\xe9\"", "\"caf�\""),
            (b"\"cut\\\xff\"", "\"cut��\""),
            (b"\"cut\\u00\xff\"", "\"cut�00�\""),
            (b"{\"a\\\\\": \"\\ud83d\"}", "{\"a\\\\\": \"�\"}"),
            (b"[1e400,-1e400]", "[\"1e400\",\"-1e400\"]"),
            (b"\"ends in \\ud83d", "\"ends in �"),
            (b"\"ends in \\", "\"ends in �"),
        ];
        for (sent, expected) in cases {
            let repaired = String::from_utf8(repaired(sent).unwrap()).unwrap();
            assert_eq!(repaired, expected, "{}", String::from_utf8_lossy(sent));
        }
    }

    #[test]
    fn what_can_be_decoded_needs_no_repair() {
        for sound in [
            "",
            "{\"a\": [1, -2.5e-400, 1e308, true, null, \"\\ud83d\\ude00 é \\\\ \\\" \\/\\b\\f\"]}",
            "{\"value\":[{\"properties\":{\"cost\":1}",
            "NaN \\ud83d \t",
        ] {
            assert_eq!(repaired(sound.as_bytes()), None, "{sound}");
        }
        assert_eq!(repaired(&[b"\"", [0xFF; 200_000].as_slice()].concat()), None, "no text at all");
    }

    proptest! {
        #[test]
        fn whatever_stands_between_quotes_can_be_read_afterwards(
            bytes in proptest::collection::vec(
                prop_oneof![any::<u8>(), proptest::sample::select(b"\\u\\ud83dDe00n\"".to_vec())],
                0..60,
            )
        ) {
            let bytes: Vec<u8> = bytes.into_iter().filter(|byte| *byte != b'"').collect();
            let sent = [b"\"".as_slice(), &bytes, b" \""].concat();
            let read = repaired(&sent).unwrap_or(sent);
            prop_assert!(serde_json::from_slice::<Value>(&read).is_ok());
            prop_assert_eq!(repaired(&read), None);
        }
    }
}
