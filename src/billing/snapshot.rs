//! What is published of a scope: everything that is asked of its days, computed once when they
//! change, made whole and never changed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use super::amount::Amount;
use super::budget::{Budget, Only};
use super::charge::ChargeType;
use super::days::Usual;
use super::families::{Bound, Folded, Kept, OTHER, SERVICE_DAYS, Sums, Tables};
use super::ledger::{Day, Ledger, newest_usage};
use super::names::Names;
use super::period::{Period, day_of, end_of};
use super::rules::Rules;
use super::strings::{Strings, Symbol, Translation, sorted};

/// The published state of a scope.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub(super) period: Period,
    pub(super) strings: Strings,
    pub(super) names: Names,
    pub(super) current: Tables,
    /// Where the period before is known whole.
    pub(super) previous: Option<Tables>,
    pub(super) previous_changed: Option<Timestamp>,
    pub(super) previous_settled: bool,
    pub(super) newest_usage: Option<Timestamp>,
    pub(super) latest_complete: Option<Date>,
    pub(super) daily: BTreeMap<(Date, ChargeType, String), Amount>,
    pub(super) latest_day: BTreeMap<(ChargeType, String), Amount>,
    pub(super) usual_day: BTreeMap<String, Usual>,
    pub(super) services: ServiceDays,
    pub(super) forecast: BTreeMap<String, f64>,
    pub(super) budgets: Vec<(Budget, Option<Amount>)>,
    pub(super) folded: Folded,
}

/// The days of services, folded by the cost of the latest day.
#[derive(Clone, Debug, Default)]
pub(super) struct ServiceDays {
    /// By service, kind of charge and currency.
    pub(super) latest: Sums<[Symbol; 3]>,
    /// Usage of all usual days by service and currency.
    pub(super) usual: Sums<[Symbol; 2]>,
    pub(super) usual_count: usize,
}

impl Ledger {
    /// The state of a scope in a period, as it was read at a moment. `settled`: the period before is
    /// not read again.
    pub fn snapshot(
        &self,
        period: Period,
        read_at: Timestamp,
        rules: &Rules,
        settled: bool,
    ) -> Snapshot {
        let complete = self.complete_days(rules.day_complete_after);
        let mut unsorted = Unsorted::of(self, period, &complete, rules);
        let (strings, rank) = sorted(&unsorted.strings);
        let newest_usage = newest_usage(&self.days).or(self.past.newest_usage);
        let since = rules.window_start(day_of(read_at));
        let daily = self
            .daily(since)
            .map(|((day, kind, currency), amount)| ((day, kind, currency.to_owned()), amount));
        let usual_day = self.usual_day(&complete);
        let latest =
            complete.last().map(|(_, day)| self.day_costs(day)).unwrap_or_default().into_iter();
        let mut latest_day: BTreeMap<_, _> = latest
            .map(|((kind, currency), amount)| ((kind, currency.to_owned()), amount))
            .collect();
        for currency in usual_day.keys() {
            latest_day.entry((ChargeType::Usage, currency.clone())).or_default();
        }
        let mut snapshot = Snapshot {
            period,
            names: Names::default(),
            current: Tables::default(),
            previous: unsorted.previous.take().map(|tables| ranked(&tables, &rank)),
            previous_changed: self.changed(period.before()),
            previous_settled: settled,
            newest_usage: newest_usage.map(|day| end_of(day).min(read_at)),
            latest_complete: complete.last().map(|(date, _)| *date),
            daily: daily.collect(),
            latest_day,
            usual_day,
            services: unsorted.services.ranked(&rank),
            forecast: self.forecast(period, rules.day_complete_after),
            budgets: self.budgets(rules, day_of(read_at)),
            folded: Folded::new(),
            strings,
        };
        snapshot.current.absorb(&unsorted.current, &rank);
        snapshot.names.supersede(&unsorted.names, &rank);
        snapshot.fold(rules);
        snapshot
    }

    /// The budgets that have begun, and what is spent of each.
    fn budgets(&self, rules: &Rules, today: Date) -> Vec<(Budget, Option<Amount>)> {
        let begun =
            rules.budgets.iter().filter_map(|budget| Some((budget, budget.periods(today)?)));
        begun
            .map(|(budget, periods)| (budget.clone(), self.spent(budget, &periods, today)))
            .collect()
    }

    /// What was spent of a budget in some periods. `None` where a closed one is not known.
    fn spent(&self, budget: &Budget, periods: &[Period], today: Date) -> Option<Amount> {
        let mut spent = Amount::ZERO;
        for &period in periods {
            let (mut strings, mut tables) = (Strings::default(), Tables::default());
            let whole = self.absorb_bill(period, &mut strings, &mut tables);
            if !whole && period != Period::of(today) {
                return None;
            }
            spent += spent_of(&tables, &strings, budget);
        }
        Some(spent)
    }
}

fn ranked(tables: &Tables, rank: impl Fn(Symbol) -> Symbol) -> Tables {
    let mut ranked = Tables::default();
    ranked.absorb_bill(tables, rank);
    ranked
}

/// The part of a bill that counts against a budget.
fn spent_of(tables: &Tables, strings: &Strings, budget: &Budget) -> Amount {
    let same =
        |symbol: &Symbol, text: &str| strings.get(*symbol).to_lowercase() == text.to_lowercase();
    let sum = |amounts: &mut dyn Iterator<Item = (&[Symbol], &Amount)>,
               counts: &dyn Fn(&[Symbol]) -> bool| {
        let counted = amounts.filter(|(key, _)| {
            key.last().is_some_and(|currency| same(currency, &budget.currency)) && counts(key)
        });
        counted.map(|(_, amount)| *amount).sum::<Amount>()
    };
    fn keys<const N: usize>(
        sums: &Sums<[Symbol; N]>,
    ) -> impl Iterator<Item = (&[Symbol], &Amount)> {
        sums.iter().map(|(key, amount)| (key.as_slice(), amount))
    }
    match &budget.only {
        Only::All => sum(&mut keys(&tables.scope_cost), &|_| true),
        Only::Department(name) => sum(&mut keys(&tables.account_cost), &|key| same(&key[0], name)),
        Only::Account(name) => sum(&mut keys(&tables.account_cost), &|key| same(&key[1], name)),
        Only::Subscription(id) => {
            sum(&mut keys(&tables.subscription_cost), &|key| same(&key[0], id))
        }
        Only::Service(name) => sum(&mut keys(&tables.service_cost), &|key| same(&key[1], name)),
        Only::Tag { key: tag, value } => {
            sum(&mut keys(&tables.tag_cost), &|key| same(&key[0], tag) && same(&key[1], value))
        }
    }
}

/// Sums in the symbols of one arena, before it is sorted.
struct Unsorted {
    strings: Strings,
    names: Names,
    current: Tables,
    previous: Option<Tables>,
    services: ServiceDays,
}

impl Unsorted {
    fn of(ledger: &Ledger, period: Period, complete: &[(Date, &Day)], rules: &Rules) -> Self {
        let mut strings = Strings::default();
        let none = strings.intern("");
        strings.intern(OTHER);
        let (mut current, mut names) = (Tables::default(), Names::default());
        let mut translation = Translation::new(&ledger.strings, &mut strings);
        let range = period.days();
        for (_, day) in ledger.days.range(range.first..=range.last) {
            current.absorb(&day.tables, |symbol| translation.translate(symbol));
        }
        for day in ledger.days.values() {
            names.supersede(&day.names, |symbol| translation.translate(symbol));
        }
        let mut services = ServiceDays::default();
        if let Some((_, latest)) = complete.last() {
            let translated = latest.tables.service_charge.iter();
            services.latest = translated
                .map(|(key, amount)| (key.map(|symbol| translation.translate(symbol)), *amount))
                .collect();
        }
        if let Some((usual, count)) = ledger.usual_service_days(complete) {
            let translated = usual.into_iter();
            services.usual = translated
                .map(|(key, amount)| (key.map(|symbol| translation.translate(symbol)), amount))
                .collect();
            services.usual_count = count;
        }
        let usage = strings.intern(ChargeType::Usage.as_str());
        // A service that is usual and cost nothing on the latest day has a series that says so.
        for [service, currency] in services.usual.keys() {
            services.latest.entry([*service, usage, *currency]).or_default();
        }
        let mut previous = Tables::default();
        let known = ledger.absorb_bill(period.before(), &mut strings, &mut previous);
        let expected =
            ledger.past.currencies.iter().cloned().chain(ledger.currencies_of(period.before()));
        for currency in expected.chain(rules.budgets.iter().map(|budget| budget.currency.clone())) {
            let currency = strings.intern(&currency);
            if !current.scope_cost.keys().any(|[.., known]| *known == currency) {
                current.scope_cost.insert([usage, none, none, currency], Amount::ZERO);
            }
        }
        Self { strings, names, current, previous: known.then_some(previous), services }
    }
}

impl ServiceDays {
    fn ranked(&self, rank: impl Fn(Symbol) -> Symbol) -> Self {
        Self {
            latest: self.latest.iter().map(|(key, amount)| (key.map(&rank), *amount)).collect(),
            usual: self.usual.iter().map(|(key, amount)| (key.map(&rank), *amount)).collect(),
            usual_count: self.usual_count,
        }
    }
}

impl Snapshot {
    fn fold(&mut self, rules: &Rules) {
        self.current.fold(&rules.limits, &self.strings, &mut self.folded);
        if let Some(previous) = &mut self.previous {
            // The count is of the current period.
            previous.fold(&rules.limits, &self.strings, &mut Folded::new());
        }
        let fold = SERVICE_DAYS.of(&rules.limits, &self.strings);
        let kept: Kept = fold.fold(&mut self.services.latest, &mut self.folded);
        let by_usage = Bound { stay: 1, ..SERVICE_DAYS };
        by_usage.of(&rules.limits, &self.strings).follow(&kept, &mut self.services.usual);
    }
}
