//! The values that the source allows to be published of a scope: every series, at each of the
//! source's steps.

use std::collections::BTreeMap;
use std::sync::Arc;

use azure_billing_simulator::Money;
use jiff::ToSpan;
use jiff::civil::Date;

use crate::outlook::{self, DaySums, Known};
use crate::rows::{self, Fact};
use crate::scopes::Scope;
use crate::series::{self, Series, Writer};
use crate::source::Source;

/// The days that the daily family reaches back, today included.
const WINDOW_DAYS: i64 = 35;
/// The days from a day's start until none of its rows changes any more, and one more.
const MOVING_DAYS: i64 = 6;

/// The readings that a scope's series come from: each of them shows the source at one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct View {
    /// The step of the open period.
    pub(crate) open: usize,
    /// The step of the days before it.
    pub(crate) previous: usize,
    /// True if the previous period was read.
    pub(crate) knows_previous: bool,
    /// True if the older days of the window were read.
    pub(crate) knows_window: bool,
}

type Days = BTreeMap<Date, Arc<[Fact]>>;

/// All rows of all scopes at all steps.
pub(crate) struct Truth {
    pub(crate) scopes: Vec<Scope>,
    pub(crate) today: Date,
    /// The first day whose rows change from step to step.
    first_moving: Date,
    /// Days that no step changes, by scope.
    settled: Vec<Days>,
    /// The other days, by step and scope.
    moving: Vec<Vec<Days>>,
}

impl Truth {
    /// Reads the source as it will be at each step, by a twin that has no faults.
    pub(crate) fn read(source: &Source, scopes: Vec<Scope>, today: Date) -> Self {
        let first_moving = source.first_day().saturating_sub(MOVING_DAYS.days());
        let mut truth =
            Self { scopes, today, first_moving, settled: Vec::new(), moving: Vec::new() };
        let yesterday = first_moving.saturating_sub(1.day());
        truth.settled = truth.days(source, 0, truth.first_day(), yesterday);
        truth.moving =
            (0..source.steps()).map(|step| truth.days(source, step, first_moving, today)).collect();
        truth
    }

    fn days(&self, source: &Source, step: usize, first: Date, last: Date) -> Vec<Days> {
        let (router, labels) = (source.twin_at(step), series::labels());
        let of = |scope: &Scope| {
            let mut days = BTreeMap::<Date, Vec<Fact>>::new();
            for fact in source.wait(rows::read(&router, scope, (first, last), &labels)) {
                days.entry(fact.date).or_default().push(fact);
            }
            days.into_iter().map(|(date, facts)| (date, facts.into())).collect()
        };
        self.scopes.iter().map(of).collect()
    }

    /// Returns the first day of the open month.
    pub(crate) fn open_from(&self) -> Date {
        self.today.first_of_month()
    }

    /// Returns the first day of the month before it.
    pub(crate) fn previous_from(&self) -> Date {
        self.open_from().saturating_sub(1.month())
    }

    fn window_from(&self) -> Date {
        self.today.saturating_sub((WINDOW_DAYS - 1).days())
    }

    fn first_day(&self) -> Date {
        self.previous_from().min(self.window_from())
    }

    /// Returns whether the days before the open period change from step to step.
    pub(crate) fn previous_moves(&self) -> bool {
        self.first_moving < self.open_from()
    }

    /// Returns whether the window has days that belong to no other part.
    pub(crate) fn has_window(&self) -> bool {
        self.window_from() < self.previous_from()
    }

    /// Returns the rows of each day that a view shows, and no rows of other days.
    fn shown(&self, scope: usize, view: View) -> Known {
        let mut days = BTreeMap::new();
        let all = self.first_day().series(1.day()).take_while(|day| *day <= self.today);
        for date in all {
            let (known, step) = if date >= self.open_from() {
                (true, view.open)
            } else if date >= self.previous_from() {
                (view.knows_previous, view.previous)
            } else {
                (view.knows_window, view.previous)
            };
            if known {
                let days_of_step = match date {
                    date if date < self.first_moving => &self.settled[scope],
                    _ => &self.moving[step][scope],
                };
                let facts = days_of_step.get(&date).cloned().unwrap_or_default();
                days.insert(date, DaySums::of(facts));
            }
        }
        Known { days, today: self.today, open_from: self.open_from() }
    }

    /// Returns every series of a scope.
    pub(crate) fn series(&self, scope: usize, view: View) -> Series {
        let known = self.shown(scope, view);
        let mut writer = Writer::of(self.scopes[scope].label);
        let open = series::sums(known.facts_from(self.open_from()));
        series::write_sums(&mut writer, &open);
        let before = known.facts_between(self.previous_from(), self.open_from());
        let before = series::sums(before);
        if view.knows_previous {
            series::write_previous(&mut writer, &before, self.previous_from());
        }
        let budgets = if scope == 0 { &crate::scopes::BUDGETS[..] } else { &[] };
        // Reports cover whole months, of which days are dropped again, but their currencies stay.
        let forgotten =
            if self.scopes[scope].is_by_report() { self.first_day() } else { self.open_from() };
        let older = series::sums(known.facts_between(forgotten, self.open_from()));
        let expected = before.keys().chain(older.keys()).map(|labels| labels.currency.as_str());
        for currency in expected.chain(budgets.iter().map(|budget| budget.2)) {
            if open.keys().all(|labels| labels.currency != currency) {
                let labels =
                    [("charge_type", "usage"), ("publisher_type", ""), ("pricing_model", "")];
                let labels = [&labels[..], &[("currency", currency)]].concat();
                writer.exact("scope_pretax_cost", &labels, Money::default());
            }
        }
        outlook::write_days(&mut writer, &known, self.window_from());
        outlook::write_usual(&mut writer, &known);
        outlook::write_forecast(&mut writer, &known, view.knows_previous);
        for budget in budgets {
            outlook::write_budget(&mut writer, budget, &open, &before, view.knows_previous);
        }
        writer.series
    }
}
