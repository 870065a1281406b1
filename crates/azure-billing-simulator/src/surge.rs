//! A service that suddenly costs more, or less: what alerts are tried on.

use std::str::FromStr;

use jiff::civil::Date;

use super::{calendar::day_of, catalog::Meter};

/// From a day on, a service uses so many percent of what it would have. Purchases and refunds stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Surge {
    /// The meter category, as `Storage`. Anything else than one of the enrollment's has no effect.
    pub service: String,
    /// 200 is twice as much, 0 nothing.
    pub percent: u16,
    /// The first day.
    pub first: Date,
}

impl Surge {
    /// The quantity of a meter on a day, in the unit it is given in.
    pub(super) fn applied(&self, meter: &Meter, day: i64, quantity: i64) -> i64 {
        if meter.category == self.service && day >= day_of(self.first) {
            quantity * i64::from(self.percent) / 100
        } else {
            quantity
        }
    }
}

/// `SERVICE=PERCENT@FIRST-DAY`, as in `Storage=200@2026-11-20`.
impl FromStr for Surge {
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
