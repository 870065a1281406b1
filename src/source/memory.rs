//! What is learnt of a scope's sources while they are used. It is stored, because learning it again
//! costs calls, but nothing is lost without it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Source;
use crate::billing::period::Period;
use crate::billing::span::Span;

/// The version of the stored form. Another one is forgotten.
const VERSION: u8 = 1;

/// The time for which a source is not used after it had no answer. It may have one tomorrow.
const REFUSED_FOR: SignedDuration = SignedDuration::from_hours(24);

/// The number of periods of which the last report is remembered; older ones are not planned.
const PERIODS: usize = 14;

/// What is known of the sources of one scope.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceMemory {
    /// True if the list has answered a reading by date with the whole period.
    filter_ignored: bool,
    /// True if the list has answered a reading of late rows with the whole period.
    late_unfiltered: bool,
    /// The time at which a source last had no answer although another had one.
    refused_at: BTreeMap<Source, Timestamp>,
    /// The time at which a period was last read by a report.
    reported_at: BTreeMap<Period, Timestamp>,
}

impl SourceMemory {
    /// Returns the stored form.
    pub fn encode(&self) -> Vec<u8> {
        // Encoding into memory fails for no value of these types; an empty form is forgotten.
        postcard::to_allocvec(&(VERSION, self)).unwrap_or_default()
    }

    /// Reads the stored form; `None` if it is of another version or damaged.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        match bytes.first() {
            Some(&VERSION) => postcard::from_bytes::<(u8, Self)>(bytes).ok().map(|(_, it)| it),
            _ => None,
        }
    }

    /// Records that a source was read.
    pub fn completed(&mut self, source: Source, span: Span, began: Timestamp) {
        if source == Source::CostDetails {
            self.reported_at.insert(Period::of(span.days().first), began);
            while self.reported_at.len() > PERIODS {
                self.reported_at.pop_first();
            }
        }
    }

    /// Records that a source had no answer, although another has one: it is not used for a day.
    pub fn refuse(&mut self, source: Source, at: Timestamp) {
        self.refused_at.insert(source, at);
    }

    /// Records that the dates of a reading were ignored: from now on, periods are read.
    pub(crate) fn distrust_filter(&mut self) {
        self.filter_ignored = true;
    }

    /// Records that a reading of late rows was answered with the whole period.
    pub(crate) fn distrust_late_filter(&mut self) {
        self.late_unfiltered = true;
    }

    pub(super) fn filter_ignored(&self) -> bool {
        self.filter_ignored
    }

    pub(super) fn late_unfiltered(&self) -> bool {
        self.late_unfiltered
    }

    pub(super) fn is_refused(&self, source: Source, now: Timestamp) -> bool {
        self.refused_at.get(&source).is_some_and(|at| {
            let age = now.duration_since(*at);
            age >= SignedDuration::ZERO && age < REFUSED_FOR
        })
    }

    pub(super) fn reported_at(&self, period: Period) -> Option<Timestamp> {
        self.reported_at.get(&period).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_learnt_survives_and_another_form_is_forgotten() {
        let at: Timestamp = "2026-11-23T02:00:00Z".parse().unwrap();
        let november = Period::of("2026-11-01".parse().unwrap());
        let mut memory = SourceMemory::default();
        memory.distrust_filter();
        memory.refuse(Source::CostDetails, at);
        memory.completed(Source::CostDetails, Span::Period(november), at);
        let mut bytes = memory.encode();
        assert_eq!(SourceMemory::decode(&bytes), Some(memory));
        assert_eq!(SourceMemory::decode(&bytes[..bytes.len() - 1]), None);
        bytes[0] += 1;
        assert_eq!(SourceMemory::decode(&bytes), None);
        assert_eq!(SourceMemory::decode(&[]), None);
    }

    #[test]
    fn only_the_newest_reports_are_remembered() {
        let mut memory = SourceMemory::default();
        let at: Timestamp = "2026-11-23T02:00:00Z".parse().unwrap();
        let november = Period::of("2026-11-01".parse().unwrap());
        for month in (0..20).rev() {
            let span = Span::Period(november.months_before(month));
            memory.completed(Source::CostDetails, span, at);
            memory.completed(Source::UsageDetails, span, at);
        }
        assert_eq!(memory.reported_at.len(), PERIODS);
        assert!(memory.reported_at(november.months_before(13)).is_some());
    }
}
