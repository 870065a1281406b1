//! A reader of CSV that shares no code with the simulator's writer.

use std::collections::BTreeMap;

use super::{
    super::{super::Money, client::units},
    Line,
};

/// Reads the records of a text whose fields may contain commas, quotes and line ends. Written by
/// hand, because the simulator's own writer is what is tested.
fn records(text: &str) -> Vec<Vec<String>> {
    let (mut records, mut record, mut field) = (Vec::new(), Vec::new(), String::new());
    let mut quoted = false;
    let mut characters = text.trim_start_matches('\u{feff}').chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                field.push('"');
                characters.next();
            }
            '"' => quoted = !quoted,
            ',' if !quoted => record.push(std::mem::take(&mut field)),
            '\r' if !quoted => {}
            '\n' if !quoted => {
                record.push(std::mem::take(&mut field));
                records.push(std::mem::take(&mut record));
            }
            other => field.push(other),
        }
    }
    assert!(!quoted && record.is_empty(), "the text ends inside a record");
    records
}

/// Returns lines by column name: lower case and English.
pub(super) fn parse(text: &str) -> Vec<Line> {
    let mut records = records(text).into_iter();
    let english = |name: String| match name.split_once(" (") {
        Some((_, name)) => name.trim_end_matches(')').to_lowercase(),
        None => name.to_lowercase(),
    };
    let names: Vec<String> = records.next().unwrap().into_iter().map(english).collect();
    let line = |record: Vec<String>| {
        assert_eq!(record.len(), names.len(), "{record:?}");
        names.iter().cloned().zip(record).collect()
    };
    records.map(line).collect()
}

/// Adds up lines by currency.
pub(super) fn added_up(lines: &[Line]) -> BTreeMap<String, Money> {
    let mut sums = BTreeMap::<String, i128>::new();
    for line in lines {
        let field = |new: &str, old: &str| line.get(new).or_else(|| line.get(old)).unwrap();
        let currency = field("billingcurrencycode", "billingcurrency").clone();
        *sums.entry(currency).or_default() += units(field("costinbillingcurrency", "cost"));
    }
    sums.into_iter().map(|(currency, units)| (currency, Money::from_units(units))).collect()
}

pub(super) fn of_rule(line: &Line) -> bool {
    !line["costallocationrulename"].is_empty()
}
