//! A CSV field while it is written.

use super::super::money::json_number;

/// The most digits and signs of a number.
const NUMBER: usize = 64;

/// A date as the format writes it.
pub(super) type Day = [u8; 10];

/// Appends one field, without a separator.
pub(super) struct Cell<'a> {
    pub(super) out: &'a mut Vec<u8>,
    /// The row's date, and the first and the last date of its period.
    pub(super) dates: [Day; 3],
}

impl Cell<'_> {
    /// Appends text, in quotes where it needs them.
    pub(super) fn text(&mut self, text: &str) {
        let special = |byte: u8| matches!(byte, b',' | b'"' | b'\n' | b'\r');
        // Looking at every byte is faster than stopping at the first, and few texts need quotes.
        if text.bytes().fold(false, |found, byte| found | special(byte)) {
            self.out.push(b'"');
            self.quoted(text);
            self.out.push(b'"');
        } else {
            self.plain(text);
        }
    }

    /// Appends text that needs no quotes.
    pub(super) fn plain(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    /// Appends one of the row's dates.
    pub(super) fn date(&mut self, which: usize) {
        self.out.extend_from_slice(&self.dates[which]);
    }

    /// Appends text inside quotes that the caller writes.
    pub(super) fn quoted(&mut self, text: &str) {
        let mut parts = text.split('"');
        self.plain(parts.next().unwrap_or_default());
        for part in parts {
            self.plain("\"\"");
            self.plain(part);
        }
    }

    /// Appends `units` of 10^-`decimals`, plain or, as .NET writes some, with an exponent.
    pub(super) fn number(&mut self, units: i128, decimals: usize, exponent: bool) {
        match u64::try_from(units.unsigned_abs()) {
            Ok(magnitude) if !exponent => self.digits(units < 0, magnitude, decimals),
            _ => self.plain(&json_number(units, decimals as u32)),
        }
    }

    fn digits(&mut self, negative: bool, mut magnitude: u64, decimals: usize) {
        let (mut digits, mut at) = ([b'0'; NUMBER], NUMBER);
        let mut decimals = if magnitude == 0 { 0 } else { decimals };
        while decimals > 0 && magnitude.is_multiple_of(10) {
            (magnitude, decimals) = (magnitude / 10, decimals - 1);
        }
        let mut written = 0;
        while magnitude > 0 || written <= decimals {
            if written == decimals && decimals > 0 {
                at -= 1;
                digits[at] = b'.';
            }
            at -= 1;
            digits[at] = b'0' + (magnitude % 10) as u8;
            (magnitude, written) = (magnitude / 10, written + 1);
        }
        if negative {
            at -= 1;
            digits[at] = b'-';
        }
        self.out.extend_from_slice(&digits[at..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl Fn(&mut Cell<'_>)) -> String {
        let mut out = Vec::new();
        write(&mut Cell { out: &mut out, dates: [*b"11/20/2026"; 3] });
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_are_exact_however_small_or_large() {
        for (units, decimals, text) in [
            (0, 15, "0"),
            (1, 15, "0.000000000000001"),
            (-1_500_000, 6, "-1.5"),
            (24_000_000, 6, "24"),
            (10, 0, "10"),
            (123_456_789_012_345_678_901_234, 15, "123456789.012345678901234"),
        ] {
            assert_eq!(written(|cell| cell.number(units, decimals, false)), text);
        }
        assert_eq!(written(|cell| cell.number(10_000_000_000, 15, true)), "1E-05");
    }

    #[test]
    fn text_is_quoted_where_a_reader_would_misread_it() {
        for (text, field) in
            [("a b", "a b"), ("a,b", "\"a,b\""), ("a\"b", "\"a\"\"b\""), ("a\nb", "\"a\nb\"")]
        {
            assert_eq!(written(|cell| cell.text(text)), field);
        }
    }
}
