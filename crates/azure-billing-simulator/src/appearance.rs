//! Decides which row is at which place of a day, and at which refresh it appears.

use jiff::civil::Date;

use super::{
    calendar::date_of,
    chance::{Chance, mix},
    charges::{self, Charge, Part},
    enrollment::{self, Scope},
    ledger::{Ledger, SETTLED_HOURS},
    selection::{Rows, Selection, View},
};

impl Ledger {
    /// Returns the charge of a place, and the place that its content is taken from: some rows are
    /// equal to the one before them, some differ from it in their quantity alone.
    pub(super) fn origin(&self, day: i64, index: u64) -> Origin {
        let usage = self.rows_per_day - charges::PLACES;
        if index >= usage {
            let (date, place) = (date_of(day), index - usage);
            let charge = match (charges::due(date, place), self.rounding_place(date, place)) {
                (_, Some(part)) => Charge::Rounding(part),
                (Charge::LateThirdParty, _) if !self.late_third_party => Charge::Usage,
                (charge, _) => charge,
            };
            return Origin { charge, source: index, twin: false };
        }
        match (index % 97, index % 89) {
            (50, _) => self.origin(day, index - 1),
            (_, 40) => Origin { twin: true, ..self.origin(day, index - 1) },
            _ => Origin { charge: Charge::Usage, source: index, twin: false },
        }
    }

    /// Returns the resource of a place, and the number of rows before it of the same day or, where
    /// a day has no room for all resources and they take turns, of the same resource.
    pub(super) fn resource_number(&self, day: i64, source: u64) -> (u64, u64) {
        let place = if self.rows_per_day >= self.resources {
            source
        } else {
            day.unsigned_abs() * self.rows_per_day + source
        };
        (place % self.resources, place / self.resources)
    }

    /// Returns the part that a place of a date holds the rounding of, if the enrollment has such
    /// rows: three places of a month's last day.
    fn rounding_place(&self, date: Date, place: u64) -> Option<Part> {
        self.rounding_after?;
        let part = Part::ALL.get(usize::try_from(place.checked_sub(3)?).ok()?)?;
        (date.day() == date.days_in_month()).then_some(*part)
    }

    /// Returns whether a reading covers the place that a row comes from, whether or not the row has
    /// appeared.
    pub(super) fn covers(&self, selection: Selection, day: i64, origin: &Origin) -> bool {
        let (charge, scope) = (origin.charge, selection.scope);
        let belongs = scope == Scope::BillingAccount || {
            let (number, _) = self.resource_number(day, origin.source);
            let subscription = || enrollment::subscription_of(self.seed, number);
            scope.contains(charge.has_subscription().then(subscription))
        };
        belongs
            && match selection.rows {
                Rows::Billed => true,
                Rows::Dated => charge != Charge::LateThirdParty,
                Rows::Late => charge == Charge::LateThirdParty,
            }
            && (selection.view == View::Actual || !charge.is_reservation_purchase())
    }

    /// Returns whether a charge other than a rounding is a row at `as_of`. Roundings follow from
    /// all other rows, so that `rounding` says when they are rows.
    pub(super) fn is_row(&self, day: i64, origin: &Origin, as_of: i64) -> bool {
        let is_elsewhere = origin.charge == Charge::Refund && self.refunds_elsewhere;
        !is_elsewhere && self.has_appeared(day, origin.source, as_of)
    }

    /// Returns whether a row has appeared. Most usage shows 4 to 12 hours after it, a little of it
    /// up to three days after its day.
    pub(super) fn has_appeared(&self, day: i64, source: u64, as_of: i64) -> bool {
        let as_of = as_of - self.amendments.delay_of(day);
        if as_of >= 24 * day + SETTLED_HOURS {
            return true;
        }
        let mut chance = Chance::new(mix(mix(self.seed ^ 0xFA7E, day.unsigned_abs()), source));
        let late = chance.percent(3);
        let delay = if late { 48 + chance.below(48) } else { 4 + chance.below(32) };
        24 * day + delay as i64 <= as_of
    }
}

/// The place that the content of a row comes from.
pub(super) struct Origin {
    pub(super) charge: Charge,
    pub(super) source: u64,
    /// True for the second instance of a scale set: the same row with another quantity.
    pub(super) twin: bool,
}
