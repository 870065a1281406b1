//! Budgets: a limit for a month, quarter or year, of a whole scope or one part of it.

use jiff::civil::Date;

use super::amount::Amount;
use super::period::Period;

/// A cost limit that the user configures. Nothing enforces it; alerts compare costs with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The value of the `budget` label.
    pub name: String,
    /// The limit for one grain, in `currency`.
    pub amount: Amount,
    /// The currency of the limit. Costs in other currencies do not count.
    pub currency: String,
    /// The time for which the limit applies.
    pub grain: Grain,
    /// The first day of a month, on which the first grain begins.
    pub start: Date,
    /// The costs that count.
    pub only: Only,
}

/// The time for which the limit of a budget applies, in billing periods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grain {
    /// One period.
    Month,
    /// Three periods.
    Quarter,
    /// Twelve periods.
    Year,
}

impl Grain {
    /// All grains, the shortest first.
    pub const ALL: [Self; 3] = [Self::Month, Self::Quarter, Self::Year];

    /// Returns the spelling in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        }
    }

    const fn months(self) -> i32 {
        match self {
            Self::Month => 1,
            Self::Quarter => 3,
            Self::Year => 12,
        }
    }
}

/// The part of a scope that counts. Names and values are compared without regard to case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Only {
    /// The whole scope.
    #[default]
    All,
    /// One department, by its name.
    Department(String),
    /// One enrollment account, by its name.
    Account(String),
    /// One subscription, by its id.
    Subscription(String),
    /// One service, by the name of the `service_name` label.
    Service(String),
    /// One value of a configured tag key.
    Tag {
        /// The key as `metrics.tags.keys` spells it.
        key: String,
        /// The value.
        value: String,
    },
}

impl Budget {
    /// Returns the periods of the grain that contains a day, up to the period of that day. `None`
    /// before the budget starts.
    pub fn periods(&self, day: Date) -> Option<Vec<Period>> {
        let month = |day: Date| i32::from(day.year()) * 12 + i32::from(day.month()) - 1;
        let (start, now) = (month(self.start), month(day));
        let elapsed = now.checked_sub(start).filter(|elapsed| *elapsed >= 0)?;
        let into_grain = elapsed % self.grain.months();
        let period = Period::of(day);
        Some((0..=into_grain).rev().map(|months| period.months_before(months)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_grain_begins_where_the_budget_does_and_comes_again() {
        let budget = |grain, start| Budget {
            name: String::new(),
            amount: Amount::ZERO,
            currency: String::new(),
            grain,
            start,
            only: Only::All,
        };
        for (grain, start, day, periods) in [
            (Grain::Month, date(2026, 7, 1), date(2026, 11, 23), "2026-11"),
            (Grain::Quarter, date(2026, 7, 1), date(2026, 11, 23), "2026-10 2026-11"),
            (Grain::Quarter, date(2026, 7, 1), date(2027, 1, 1), "2027-01"),
            (Grain::Year, date(2026, 10, 1), date(2026, 12, 31), "2026-10 2026-11 2026-12"),
            (Grain::Year, date(2025, 12, 1), date(2026, 12, 31), "2026-12"),
            (Grain::Quarter, date(2024, 2, 1), date(2026, 1, 31), "2025-11 2025-12 2026-01"),
            (Grain::Year, date(2026, 7, 1), date(2026, 6, 30), "none"),
        ] {
            let names = |periods: Vec<Period>| {
                periods.iter().map(Period::to_string).collect::<Vec<_>>().join(" ")
            };
            let found = budget(grain, start).periods(day).map_or("none".to_owned(), names);
            assert_eq!(found, periods, "{grain:?} from {start} on {day}");
        }
    }
}
