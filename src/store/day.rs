//! A day as it is stored: in parts of a bounded size, each encoded by itself, so that nobody needs to
//! hold all of a large one.

use super::Error;
use super::code::{decode, encode};
use crate::billing::ledger::Ledger;

/// Parts of a day, each behind its length.
#[derive(Debug, Default)]
pub(super) struct StoredDay(pub(super) Vec<u8>);

/// How long a length is.
const LENGTH: usize = size_of::<u32>();

impl StoredDay {
    /// Adds some of its rows.
    ///
    /// # Errors
    /// [`Error::Lost`] when they cannot be kept at all, which is a bug.
    pub(super) fn push(&mut self, part: &Ledger) -> Result<(), Error> {
        let bytes = encode(part).map_err(Error::Lost)?;
        let length = u32::try_from(bytes.len()).map_err(|error| Error::Lost(error.to_string()))?;
        self.0.extend_from_slice(&length.to_le_bytes());
        self.0.extend_from_slice(&bytes);
        Ok(())
    }

    /// Its rows, part by part.
    pub(super) fn parts(&self) -> impl Iterator<Item = Result<Ledger, String>> {
        let mut rest = self.0.as_slice();
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let part = rest.split_first_chunk::<LENGTH>().and_then(|(length, behind)| {
                behind.split_at_checked(u32::from_le_bytes(*length) as usize)
            });
            let (part, behind) = part.unwrap_or_default();
            rest = behind;
            // Nothing is no part of anything.
            Some(decode(part))
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::billing::charge::Charge;
    use crate::billing::ledger::Slot;

    fn part(number: usize) -> Ledger {
        let mut part = Ledger::default();
        let charge = Charge { instance_id: format!("/x/{number}").into(), ..Charge::default() };
        (0..=number).for_each(|_| part.add(&charge, Slot::own(date(2026, 11, 1))));
        part
    }

    #[test]
    fn parts_come_back_in_their_order_and_a_damaged_day_is_never_shorter() {
        let mut day = StoredDay::default();
        assert_eq!(day.parts().count(), 0);
        for number in 0..3 {
            day.push(&part(number)).unwrap();
        }
        let rows: Vec<u64> = day.parts().map(|part| part.unwrap().rows()).collect();
        assert_eq!(rows, [1, 2, 3]);
        let boundaries: Vec<usize> = (0..3)
            .scan(0, |end, number| {
                *end += LENGTH + encode(&part(number)).unwrap().len();
                Some(*end)
            })
            .collect();
        for length in (1..day.0.len()).filter(|length| !boundaries.contains(length)) {
            let cut = StoredDay(day.0[..length].to_vec());
            assert!(cut.parts().any(|part| part.is_err()), "{length} bytes");
        }
    }
}
