//! Time goes by: periods open and close, days are forgotten, bills stay.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use jiff::civil::Date;

use super::{Past, Retention, ScopeTotals};
use crate::billing::families::{Combine, Tables};
use crate::billing::interner::Translation;
use crate::billing::names::Nameless;
use crate::billing::period::{Period, day_of, end_of};

/// A budget of a year looks back so far.
const MONTHS_KEPT: i32 = 12;

impl ScopeTotals {
    /// Makes a period the open one. Returns what has no name for it.
    pub(super) fn advance(&mut self, period: Period) -> Nameless {
        let nameless = match self.open {
            Some(open) if open > period => self.rewind(period),
            Some(open) if open < period => self.close(period),
            _ => Nameless::new(),
        };
        self.open = Some(period);
        nameless
    }

    /// Forgets a later period: the clock was set back, and what it brought is read again.
    fn rewind(&mut self, period: Period) -> Nameless {
        let first = period.days().first;
        self.days.retain(|bucket, _| bucket.date < first);
        self.periods.retain(|known, _| *known < period);
        let nameless = self.names.forget_from(first);
        self.compact(nameless)
    }

    /// Keeps of the periods before one only what is asked of a bill.
    fn close(&mut self, period: Period) -> Nameless {
        for (_, book) in self.periods.range_mut(..period) {
            book.tables.drop_open_only();
        }
        self.names.thin_before(period.days().first);
        Nameless::new()
    }

    /// Forgets the days before one, but not the bills of their periods, which currencies occurred
    /// in them and when usage was last seen.
    ///
    /// A bill is worth keeping where each of its days was read so long after its end that it held
    /// all of it; else the period is read again by whoever needs it.
    pub fn forget_before(&mut self, day: Date, complete_after: SignedDuration) {
        let gone = self.days.keys().take_while(|bucket| bucket.date < day);
        let gone: BTreeSet<Period> = gone.map(|bucket| Period::of(bucket.date)).collect();
        let oldest = Period::of(day).months_before(MONTHS_KEPT);
        self.periods.retain(|period, _| *period >= oldest);
        if gone.is_empty() {
            return;
        }
        for period in &gone {
            let whole = self.knows_bill(*period) && self.was_complete(*period, complete_after);
            let keys = self.known_tag_keys(*period);
            if let Some(book) = self.periods.get_mut(period) {
                book.left = if whole { Retention::Bill(keys) } else { Retention::Rest };
            }
        }
        let today = self.read_at.map_or(Date::MAX, day_of);
        let newest_usage = self.newest_usage(today).or(self.past.newest_usage);
        self.past = Past { newest_usage, currencies: self.currencies() };
        self.days.retain(|bucket, _| bucket.date >= day);
        let known: BTreeSet<Period> =
            self.days.keys().map(|bucket| Period::of(bucket.date)).collect();
        self.periods
            .retain(|period, book| !matches!(book.left, Retention::Rest) || known.contains(period));
        self.compact(Nameless::new());
    }

    fn was_complete(&self, period: Period, complete_after: SignedDuration) -> bool {
        self.buckets_of(period.days()).all(|(bucket, known)| {
            let due = end_of(bucket.date).saturating_add(complete_after);
            due.is_ok_and(|due| known.read_at >= due)
        })
    }

    /// Stores again only the texts that are still needed: resources come and go, and their ids
    /// would pile up. A name is needed as long as a sum is, also when its day is forgotten. Returns
    /// what of the nameless still has sums.
    fn compact(&mut self, mut nameless: Nameless) -> Nameless {
        let all = std::mem::take(&mut self.strings);
        let mut translation = Translation::new(all.texts(), &mut self.strings);
        let mut symbol = |symbol| translation.translate(symbol);
        for book in self.periods.values_mut() {
            let mut tables = Tables::default();
            tables.combine(Combine::Add, &book.tables, &mut symbol);
            book.tables = tables;
            if let Retention::Bill(keys) = &mut book.left {
                keys.iter_mut().for_each(|key| *key = symbol(*key));
            }
        }
        for known in self.days.values_mut() {
            *known = known.translated(&mut symbol);
        }
        self.names.retain(|symbol| translation.has(symbol));
        nameless.retain(|named| named.symbols().iter().all(|symbol| translation.has(*symbol)));
        let mut symbol = |symbol| translation.translate(symbol);
        self.names = self.names.translated(&mut symbol);
        nameless.into_iter().map(|named| named.translated(&mut symbol)).collect()
    }
}
