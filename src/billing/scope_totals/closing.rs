//! The changes with time: periods open and close, days are forgotten, bills stay.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use jiff::civil::Date;

use super::{Past, Retention, ScopeTotals};
use crate::billing::families::{Combine, Tables};
use crate::billing::interner::Translation;
use crate::billing::names::Nameless;
use crate::billing::period::{Period, day_of, end_of};

/// The number of months before the first kept day whose sums are kept, for yearly budgets.
const MONTHS_KEPT: i32 = 12;

impl ScopeTotals {
    /// Makes a period the open one. Returns what lost its name by that.
    pub(super) fn advance(&mut self, period: Period) -> Nameless {
        let nameless = match self.open {
            Some(open) if open > period => self.rewind(period),
            Some(open) if open < period => self.close(period),
            _ => Nameless::new(),
        };
        self.open = Some(period);
        nameless
    }

    /// Forgets later periods: the clock was set back, and their days are read again.
    fn rewind(&mut self, period: Period) -> Nameless {
        let first = period.days().first;
        self.days.retain(|bucket, _| bucket.date < first);
        self.periods.retain(|known, _| *known < period);
        self.months.retain(|known, _| *known < period);
        let nameless = self.names.forget_from(first);
        self.compact(nameless)
    }

    /// Reduces the periods before the given one to what a bill needs.
    fn close(&mut self, period: Period) -> Nameless {
        for (_, period_totals) in self.periods.range_mut(..period) {
            period_totals.tables.drop_open_only();
        }
        self.names.thin_before(period.days().first);
        Nameless::new()
    }

    /// Forgets the days before the given one, but not the bills of their periods, their currencies
    /// and the day of the newest usage.
    ///
    /// A bill is kept if each of its days was read late enough after its end to be complete;
    /// otherwise the period is read again when it is needed.
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
            if let Some(period_totals) = self.periods.get_mut(period) {
                period_totals.retention =
                    if whole { Retention::Bill(keys) } else { Retention::Rest };
            }
        }
        let today = self.read_at.map_or(Date::MAX, day_of);
        let newest_usage = self.newest_usage(today).or(self.past.newest_usage);
        self.past = Past { newest_usage, currencies: self.currencies() };
        self.days.retain(|bucket, _| bucket.date >= day);
        self.forget_control();
        let known: BTreeSet<Period> =
            self.days.keys().map(|bucket| Period::of(bucket.date)).collect();
        self.periods.retain(|period, period_totals| {
            !matches!(period_totals.retention, Retention::Rest) || known.contains(period)
        });
        self.compact(Nameless::new());
    }

    fn was_complete(&self, period: Period, complete_after: SignedDuration) -> bool {
        self.buckets_of(period.days()).all(|(bucket, summary)| {
            let due = end_of(bucket.date).saturating_add(complete_after);
            due.is_ok_and(|due| summary.read_at >= due)
        })
    }

    /// Removes the texts that are no longer needed: resources come and go, and their ids would pile
    /// up. A name is needed as long as a sum is, even if its day is forgotten. Returns which things
    /// without a name still have sums.
    fn compact(&mut self, mut nameless: Nameless) -> Nameless {
        let all = std::mem::take(&mut self.strings);
        let mut translation = Translation::new(all.texts(), &mut self.strings);
        let mut symbol = |symbol| translation.translate(symbol);
        for period_totals in self.periods.values_mut() {
            let mut tables = Tables::default();
            tables.combine(Combine::Add, &period_totals.tables, &mut symbol);
            period_totals.tables = tables;
            if let Retention::Bill(keys) = &mut period_totals.retention {
                keys.iter_mut().for_each(|key| *key = symbol(*key));
            }
        }
        for summary in self.days.values_mut() {
            *summary = summary.translated(&mut symbol);
        }
        self.names.retain(|symbol| translation.has(symbol));
        nameless.retain(|named| named.symbols().iter().all(|symbol| translation.has(*symbol)));
        let mut symbol = |symbol| translation.translate(symbol);
        self.names = self.names.translated(&mut symbol);
        nameless.into_iter().map(|named| named.translated(&mut symbol)).collect()
    }
}
