//! A sudden change in the cost of a service, with which alerts are tested.

use std::str::FromStr;

use jiff::civil::Date;

use super::{calendar::day_of, catalog::Meter};

/// A change of a service: from a day on, it uses so many percent of what it would have used.
/// Purchases and refunds stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CostAnomaly {
    /// The meter category, as `Storage`. One that the enrollment does not have has no effect.
    pub service: String,
    /// The percentage: 200 is twice as much, 0 nothing.
    pub percent: u16,
    /// The first day.
    pub first: Date,
}

impl CostAnomaly {
    /// Returns the quantity of a meter on a day, in the unit of `quantity`.
    pub(super) fn applied(&self, meter: &Meter, day: i64, quantity: i64) -> i64 {
        if meter.category == self.service && day >= day_of(self.first) {
            quantity * i64::from(self.percent) / 100
        } else {
            quantity
        }
    }
}

/// Reads `SERVICE=PERCENT@FIRST-DAY`, as in `Storage=200@2026-11-20`.
impl FromStr for CostAnomaly {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no surge; write SERVICE=PERCENT@YYYY-MM-DD");
        let (service, rest) = text.rsplit_once('=').ok_or_else(wrong)?;
        let (percent, first) = rest.split_once('@').ok_or_else(wrong)?;
        let percent = percent.parse().map_err(|_| wrong())?;
        let first = first.parse().map_err(|_| wrong())?;
        match service {
            "" => Err(wrong()),
            service => Ok(Self { service: service.to_owned(), percent, first }),
        }
    }
}
